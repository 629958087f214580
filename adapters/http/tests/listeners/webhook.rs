//! Every answer of the webhook's row in the table.

use std::time::Duration;

use frontdesk_http::{Intake, Limits, PublicSettings};

use crate::client::{Client, ask, plain, update};
use crate::fixture::{CANARY, CURRENT, Desk, PREVIOUS, Plan, loopback, quick};

fn body() -> String {
    format!(r#"{{"update_id":7,"text":"{CANARY}"}}"#)
}

#[tokio::test]
async fn a_kept_update_is_200_with_an_empty_body() {
    let desk = Desk::open();
    let answer = ask(desk.addr, &update(CURRENT, &body())).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(*desk.door.received.lock().unwrap(), [body().into_bytes()]);
    assert_eq!(desk.log.count("WARN") + desk.log.count("ERRO"), 0);
}

#[tokio::test]
async fn the_previous_secret_opens_too() {
    let desk = Desk::open();
    assert_eq!(ask(desk.addr, &update(PREVIOUS, &body())).await.status, 200);
    assert_eq!(desk.received(), 1);
}

#[tokio::test]
async fn a_wrong_or_missing_secret_is_401_and_stores_nothing() {
    let desk = Desk::open();
    let missing = "POST /webhook/telegram HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}".to_owned();
    let twice = update(CURRENT, &body()).replace("Host:", "X-Telegram-Bot-Api-Secret-Token: x\r\nHost:");
    let longer = update(&CURRENT.repeat(20), &body());
    for request in [
        missing,
        twice,
        longer,
        update("", &body()),
        update("current_Secret-2", &body()),
    ] {
        let answer = ask(desk.addr, &request).await;
        answer.assert_problem(401);
        assert!(answer.header("www-authenticate").is_some());
        assert!(!answer.body.contains(CANARY));
    }
    assert_eq!(desk.received(), 0);
    assert_eq!(
        desk.log.count("WARN"),
        1,
        "strangers cannot fill the log: {}",
        desk.log.text()
    );
    assert!(!desk.log.text().contains("Secret-"));
}

#[tokio::test]
async fn the_secret_is_judged_before_the_body_arrives() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    client
        .send("POST /webhook/telegram HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n")
        .await;
    client.answer().await.assert_problem(401);
}

#[tokio::test]
async fn expect_100_continue_is_honoured_for_a_right_secret() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    let request = update(CURRENT, &body()).replace("Host:", "Expect: 100-continue\r\nHost:");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    client.send(format!("{head}\r\n\r\n")).await;
    assert_eq!(client.answer().await.status, 100);
    client.send(body).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn without_secrets_the_webhook_is_off() {
    let mut settings = PublicSettings::new(loopback(), Vec::new());
    settings.limits = quick();
    let desk = Desk::public(settings);
    ask(desk.addr, &update("", &body())).await.assert_problem(404);
    ask(desk.addr, &update(CURRENT, &body()))
        .await
        .assert_problem(404);
    ask(desk.addr, &plain("GET", "/webhook/telegram"))
        .await
        .assert_problem(404);
    assert_eq!(desk.received(), 0);
}

#[tokio::test]
async fn what_is_no_update_is_400_and_quotes_nothing() {
    let desk = Desk::open();
    desk.plan(Plan::Say(Intake::NotAnUpdate("no update_id".to_owned())));
    let answer = ask(desk.addr, &update(CURRENT, &body())).await;
    answer.assert_problem(400);
    assert!(!answer.body.contains(CANARY));
    assert!(desk.log.text().contains("no update_id"));
    assert_eq!(desk.log.count("WARN"), 1);
    assert!(!desk.log.text().contains(CANARY));
}

#[tokio::test]
async fn try_later_is_503_with_whole_seconds() {
    let desk = Desk::open();
    for (wait, seconds) in [(Duration::ZERO, "1"), (Duration::from_millis(1_200), "2")] {
        desk.plan(Plan::Say(Intake::TryLater(wait)));
        let answer = ask(desk.addr, &update(CURRENT, &body())).await;
        answer.assert_problem(503);
        assert_eq!(answer.header("retry-after"), Some(seconds));
    }
    assert_eq!(desk.log.count("WARN"), 1, "an outage does not fill the log");
}

#[tokio::test]
async fn an_intake_that_hangs_is_503() {
    let desk = Desk::with(Limits {
        answer_timeout: Duration::from_millis(100),
        ..quick()
    });
    desk.plan(Plan::Hang);
    let answer = ask(desk.addr, &update(CURRENT, &body())).await;
    answer.assert_problem(503);
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_413() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    client
        .send_while_possible(update(CURRENT, &"x".repeat(1024 * 1024 + 1)))
        .await;
    let answer = client.answer().await;
    answer.assert_problem(413);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
    assert_eq!(desk.received(), 0);

    let exact = "x".repeat(1024 * 1024);
    assert_eq!(ask(desk.addr, &update(CURRENT, &exact)).await.status, 200);
    assert_eq!(desk.door.received.lock().unwrap()[0].len(), 1024 * 1024);
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_still_gets_the_413() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    let request = update(CURRENT, &"x".repeat(3 * 1024 * 1024));
    for part in request.as_bytes().chunks(64 * 1024) {
        client.send(part).await;
        // The refusal, and a reset if there were one, are under way before the next part.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    client.answer().await.assert_problem(413);
}

fn chunked(chunks: &[&str]) -> String {
    let mut request = format!(
        "POST /webhook/telegram HTTP/1.1\r\nHost: d\r\nX-Telegram-Bot-Api-Secret-Token: {CURRENT}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in chunks {
        let size = format!("{:x}\r\n", chunk.len());
        request.extend([&size, *chunk, "\r\n"]);
    }
    request + "0\r\n\r\n"
}

#[tokio::test]
async fn a_body_found_to_be_over_the_limit_is_413() {
    let desk = Desk::with(Limits {
        body_bytes: 1_000,
        ..quick()
    });
    let half = "x".repeat(500);
    ask(desk.addr, &chunked(&[&half, &half, "x"]))
        .await
        .assert_problem(413);
    assert_eq!(desk.received(), 0);
    assert_eq!(ask(desk.addr, &chunked(&[&half, &half])).await.status, 200);
}

#[tokio::test]
async fn chunks_are_one_body_and_the_connection_lives_on() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    for _ in 0..2 {
        client.send(chunked(&[r#"{"upd"#, r#"ate_id":7}"#])).await;
        assert_eq!(client.answer().await.status, 200);
    }
    assert_eq!(
        *desk.door.received.lock().unwrap(),
        [br#"{"update_id":7}"#, br#"{"update_id":7}"#]
    );
}

#[tokio::test]
async fn other_methods_are_405_and_other_paths_404() {
    let desk = Desk::open();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = ask(desk.addr, &plain(method, "/webhook/telegram")).await;
        answer.assert_problem(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    for path in [
        "/",
        "/webhook",
        "/webhook/telegram/",
        "/webhook/Telegram",
        "/admin/",
        "/metrics",
        "//",
    ] {
        ask(desk.addr, &plain("GET", path)).await.assert_problem(404);
    }
    let query = update(CURRENT, &body()).replace("/telegram ", "/telegram?bot=1 ");
    assert_eq!(
        ask(desk.addr, &query).await.status,
        200,
        "a query changes nothing"
    );
}

#[tokio::test]
async fn a_panic_is_500_and_the_server_goes_on() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    desk.plan(Plan::Panic);
    client.send(update(CURRENT, &body())).await;
    client.answer().await.assert_problem(500);
    desk.plan(Plan::Say(Intake::Kept));
    client.send(update(CURRENT, &body())).await;
    assert_eq!(client.answer().await.status, 200, "even the connection goes on");
    assert_eq!(desk.log.count("ERRO"), 1);
    assert!(!desk.log.text().contains(CANARY));
}
