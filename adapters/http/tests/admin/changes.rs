//! Changes: what they do, what they refuse, and what the audit log says of them.

use frontdesk_core::audit::AuditChain;
use frontdesk_core::port::back_office::AuditStore as _;
use serde_json::{Value, json};

use crate::world::World;

async fn id_of(world: &World, chat: i64, field: &str) -> String {
    let all = world.get("/conversations").await;
    let cases = all["items"].as_array().unwrap();
    let case = cases
        .iter()
        .find(|case| case["client"]["chat_id"] == chat)
        .unwrap();
    case[field].as_str().unwrap().to_owned()
}

/// Actions in the audit log, oldest first, which is seen to be whole.
async fn audited(world: &World) -> Vec<String> {
    let mut chain = AuditChain::default();
    let entries = world.store.audit_since(0, 100).await.unwrap();
    for entry in &entries {
        chain.take(entry).unwrap();
    }
    // Three tokens were made with the world.
    entries
        .into_iter()
        .skip(3)
        .map(|entry| format!("{} {}", entry.action, entry.actor))
        .collect()
}

#[tokio::test]
async fn closing_is_done_in_the_chat_and_waited_for() {
    let world = World::open().await;
    let id = id_of(&world, 1, "id").await;
    let answer = world
        .ask_while_time_goes_on(&format!("/conversations/{id}/close"), true)
        .await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], "closed");
    // Once more changes nothing, and nothing waits.
    let again = world
        .ask("POST", &format!("/conversations/{id}/close"), &world.agent, None)
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(world.get("/work").await["turns"]["waiting"], 0);
    let answer = world
        .ask_while_time_goes_on(&format!("/conversations/{id}/archive"), true)
        .await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status, &body["status"]), (200, &json!("archived")));
}

#[tokio::test]
async fn an_order_that_takes_long_is_202_and_stays() {
    let world = World::open().await;
    let id = id_of(&world, 1, "id").await;
    let answer = world
        .ask_while_time_goes_on(&format!("/conversations/{id}/close"), false)
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(world.get("/work").await["turns"]["waiting"], 1);
    world.work().await;
    assert_eq!(
        world.get(&format!("/conversations/{id}")).await["status"],
        "closed"
    );
}

#[tokio::test]
async fn an_open_case_is_not_archived() {
    let world = World::open().await;
    let id = id_of(&world, 1, "id").await;
    let answer = world
        .ask(
            "POST",
            &format!("/conversations/{id}/archive"),
            &world.agent,
            None,
        )
        .await;
    assert_eq!(answer.status, 409);
    assert_eq!(world.get("/work").await["turns"]["waiting"], 0);
}

#[tokio::test]
async fn a_lead_moves_along_legal_ways_only() {
    let world = World::open().await;
    let id = id_of(&world, 3, "lead_id").await;
    let path = format!("/leads/{id}/stage");
    let ask = async |body: &str| world.ask("POST", &path, &world.agent, Some(body)).await;
    for (body, status) in [
        (r#"{"stage":"won"}"#, 422),
        (r#"{"stage":"lost"}"#, 422),
        (r#"{"stage":"lost","reason":""}"#, 422),
        (r#"{"stage":"sold"}"#, 400),
        (r#"{"stage":"contacted","colour":"red"}"#, 400),
        (r#"{"stage":7}"#, 400),
        ("{}", 400),
        ("{", 400),
        ("", 400),
    ] {
        assert_eq!(ask(body).await.status, status, "{body}");
    }
    assert_eq!(audited(&world).await, Vec::<String>::new());
    let answer = ask(r#"{"stage":"contacted"}"#).await;
    assert_eq!(answer.status, 200);
    let answer = ask(r#"{"stage":"lost","reason":"too expensive"}"#).await;
    let file: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(file["lead"]["lead_stage"], "lost");
    assert_eq!(file["history"][2]["reason"], "too expensive");
    assert_eq!(file["history"][2]["by"], "the agent");
    assert_eq!(world.get(&format!("/leads/{id}")).await, file, "as it is kept");
    let log = audited(&world).await;
    assert_eq!(log.len(), 2);
    assert!(
        log.iter().all(|line| line.starts_with("lead.stage agent:")),
        "{log:?}"
    );
    let entries = world.get("/audit?limit=1").await;
    assert_eq!(
        entries["items"][0]["detail"],
        json!({ "from": "contacted", "to": "lost" })
    );
}

#[tokio::test]
async fn bodies_of_another_kind_are_refused() {
    let world = World::open().await;
    let id = id_of(&world, 3, "lead_id").await;
    let path = format!("/admin/api/v1/leads/{id}/stage");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {}\r\n",
        world.agent
    );
    let body = r#"{"stage":"contacted"}"#;
    let plain = format!("{head}Content-Type: text/plain\r\nContent-Length: 21\r\n\r\n{body}");
    assert_eq!(world.ask_raw("POST", &path, &plain).await.status, 415);
    let without = format!("{head}Content-Length: 21\r\n\r\n{body}");
    assert_eq!(world.ask_raw("POST", &path, &without).await.status, 415);
    let long = format!("{head}Content-Type: application/json\r\nContent-Length: 65537\r\n\r\n");
    assert_eq!(world.ask_raw("POST", &path, &long).await.status, 413);
    let fine =
        format!("{head}Content-Type: application/json; charset=utf-8\r\nContent-Length: 21\r\n\r\n{body}");
    assert_eq!(world.ask_raw("POST", &path, &fine).await.status, 200);
}

#[tokio::test]
async fn dead_letters_are_retried_and_dropped_once() {
    let world = World::open().await;
    let number = world.dead_letter().await;
    let listed = world.get("/dead-letters").await;
    assert_eq!(listed["items"][0]["id"], number);
    let retry = format!("/dead-letters/{number}/retry");
    assert_eq!(world.ask("POST", &retry, &world.admin, None).await.status, 204);
    assert_eq!(world.ask("POST", &retry, &world.admin, None).await.status, 404);
    assert_eq!(world.get("/work").await["turns"]["waiting"], 1);
    let log = audited(&world).await;
    assert_eq!(log.len(), 1);
    assert!(log[0].starts_with("dead_letter.retry agent:"), "{log:?}");
}

#[tokio::test]
async fn a_token_is_made_used_and_taken_back() {
    let world = World::open().await;
    let body = r#"{"name":"nightly report","role":"viewer","expires_at":"2030-01-01T00:00:00Z"}"#;
    let answer = world.ask("POST", "/tokens", &world.admin, Some(body)).await;
    assert_eq!(answer.status, 201);
    let made: Value = serde_json::from_str(&answer.body).unwrap();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with(made["token"]["prefix"].as_str().unwrap()));
    assert_eq!(world.ask("GET", "/work", secret, None).await.status, 200);
    let listed = world.get("/tokens").await;
    assert_eq!(listed["items"][0]["name"], "nightly report");
    assert!(!listed.to_string().contains(secret), "never again");
    let agent = made["token"]["agent_id"].as_str().unwrap();
    let second = format!(r#"{{"name":"second","agent_id":"{agent}"}}"#);
    let second = world.ask("POST", "/tokens", &world.admin, Some(&second)).await;
    let second: Value = serde_json::from_str(&second.body).unwrap();
    assert_eq!(second["token"]["agent_name"], "nightly report");
    let path = format!("/tokens/{}", made["token"]["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(world.ask("DELETE", &path, &world.admin, None).await.status, 204);
    }
    assert_eq!(world.ask("GET", "/work", secret, None).await.status, 401);
    for (body, status) in [
        (r#"{"name":"x"}"#, 400),
        (r#"{"name":"x","role":"owner"}"#, 400),
        (r#"{"name":"","role":"viewer"}"#, 422),
        (
            r#"{"name":"x","role":"viewer","expires_at":"2020-01-01T00:00:00Z"}"#,
            422,
        ),
        (
            r#"{"name":"x","agent_id":"01999999-9999-7999-8999-999999999999"}"#,
            422,
        ),
    ] {
        assert_eq!(
            world
                .ask("POST", "/tokens", &world.admin, Some(body))
                .await
                .status,
            status,
            "{body}"
        );
    }
    let log = audited(&world).await;
    let actions: Vec<_> = log.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(actions, ["token.create", "token.create", "token.revoke"]);
}
