//! The admin API of a running program, and the commands beside it.

use frontdesk_e2e::{Desk, PATIENCE, http};
use serde_json::{Value, json};

use crate::conversation::{Client, assert_says};
use crate::on_every_desk;

pub(crate) const TOKEN: &str = "bootstrap-token-of-this-test";

on_every_desk!(
    a_case_is_closed_archived_and_audited,
    90,
    crate::admin::close_and_archive
);

async fn ask(address: &str, method: &str, path: &str, token: &str) -> http::Answer {
    let request = format!(
        "{method} /admin/api/v1{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    http::send(address, request.as_bytes()).await
}

fn read(answer: &http::Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

async fn close_and_archive(mut desk: Desk) {
    desk.set("ADMIN_ADDR", "127.0.0.1:0");
    desk.set("ADMIN_TOKEN", TOKEN);
    let (mut running, address) = desk.start_with_admin().await;
    let mut ann = Client::new(&desk, 41);
    assert_says(&ann.says("/start").await, "Welcome to dev2production");
    assert_eq!(ask(&address, "GET", "/conversations", "wrong").await.status, 401);
    let listed = read(&ask(&address, "GET", "/conversations?status=active", TOKEN).await);
    let id = listed["items"][0]["id"].as_str().expect("a case").to_owned();
    for (action, status) in [("close", "closed"), ("archive", "archived")] {
        let answer = ask(&address, "POST", &format!("/conversations/{id}/{action}"), TOKEN).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(read(&answer)["status"], status);
    }
    // A token made beside the running program opens what its role may do.
    let made = desk
        .run(&[
            "token",
            "create",
            "--name",
            "report",
            "--role",
            "viewer",
            "--expires",
            "90d",
            "--json",
        ])
        .await
        .fine();
    let made: Value = serde_json::from_str(&made.stdout).expect("JSON");
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(ask(&address, "GET", "/leads", &secret).await.status, 200);
    assert_eq!(ask(&address, "GET", "/audit", &secret).await.status, 403);
    let revoke = ["token", "revoke", made["id"].as_str().expect("an id")];
    desk.run(&revoke).await.fine();
    assert_eq!(ask(&address, "GET", "/leads", &secret).await.status, 401);
    let log = read(&ask(&address, "GET", "/audit", TOKEN).await);
    let actions: Vec<&Value> = log["items"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    let expected = [
        "token.revoke",
        "token.create",
        "conversation.archive",
        "conversation.close",
    ];
    assert_eq!(json!(actions), json!(expected));
    let verified = desk.run(&["audit", "verify", "--json"]).await.fine();
    let verified: Value = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(
        (&verified["whole"], &verified["entries"]),
        (&json!(true), &json!(4))
    );
    assert!(running.program.is_alive());
    running.stop().await.fine();
    tamper(&desk).await;
}

/// The database refuses to change or cut the log; what its owner changes all the same is seen.
async fn tamper(desk: &Desk) {
    for forbidden in [
        "UPDATE audit_log SET actor = 'nobody' WHERE id = 2",
        "DELETE FROM audit_log WHERE id = 4",
    ] {
        let why = desk
            .database
            .attempt(forbidden)
            .await
            .expect_err("the log is append-only");
        assert!(why.contains("append-only"), "{why}");
    }
    desk.run(&["audit", "verify"]).await.fine();
    let on = if desk.database.is_postgres() {
        " ON audit_log"
    } else {
        ""
    };
    let tampered =
        format!("DROP TRIGGER audit_log_no_update{on}; UPDATE audit_log SET actor = 'nobody' WHERE id = 2");
    desk.database.execute(&tampered).await;
    let verified = desk.run(&["audit", "verify"]).await;
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.stderr.contains("broken after entry 1"), "{verified:?}");
}

/// Where the work is done by others, the API is that of a process which does nothing else.
pub async fn close_from_elsewhere(mut desk: Desk) {
    desk.set("ADMIN_TOKEN", TOKEN);
    let running = desk.start().await;
    let office = desk.start_office().await;
    let mut ann = Client::new(&desk, 41);
    assert_says(&ann.says("/start").await, "Welcome to dev2production");
    let listed = read(&ask(&office.address, "GET", "/conversations?status=active", TOKEN).await);
    let id = listed["items"][0]["id"].as_str().expect("a case").to_owned();
    let close = format!("/conversations/{id}/close");
    let mut answer = ask(&office.address, "POST", &close, TOKEN).await;
    // Kept, and not yet done: asked again, it says how the case stands.
    while answer.status == 202 {
        answer = ask(&office.address, "POST", &close, TOKEN).await;
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(read(&answer)["status"], "closed");
    let worker = &running.workers[0].address;
    assert_eq!(ask(worker, "GET", "/conversations", TOKEN).await.status, 404);
    office.program.terminate();
    office.program.wait(PATIENCE).await.fine();
    running.stop().await.fine();
}
