//! Connections: kept alive, many at once, too many, and what the parser refuses.

use std::time::Duration;

use frontdesk_http::Limits;

use crate::client::{Client, ask, plain, update};
use crate::fixture::{CURRENT, Desk, Plan, quick};

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    for number in 1..=50 {
        client
            .send(update(CURRENT, &format!(r#"{{"update_id":{number}}}"#)))
            .await;
        assert_eq!(client.answer().await.status, 200);
    }
    assert_eq!(desk.received(), 50);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    client
        .send(update(CURRENT, "{}") + &plain("GET", "/none") + &update(CURRENT, "{}"))
        .await;
    for status in [200, 404, 200] {
        assert_eq!(client.answer().await.status, status);
    }
}

#[tokio::test]
async fn a_client_that_shuts_its_side_still_gets_its_answer() {
    let desk = Desk::open();
    desk.plan(Plan::Hold);
    let mut client = Client::connect(desk.addr).await;
    client.send(update(CURRENT, "{}")).await;
    client.shut_write_side().await;
    desk.door.entered.notified().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    desk.door.release.notify_one();
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_connections_at_once_lose_nothing() {
    let desk = Desk::open();
    let addr = desk.addr;
    let clients: Vec<_> = (0..64)
        .map(|client| {
            tokio::spawn(async move {
                let mut connection = Client::connect(addr).await;
                for request in 0..20 {
                    connection
                        .send(update(CURRENT, &format!("{}", client * 20 + request)))
                        .await;
                    assert_eq!(connection.answer().await.status, 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let mut seen: Vec<usize> = desk
        .door
        .received
        .lock()
        .unwrap()
        .iter()
        .map(|body| std::str::from_utf8(body).unwrap().parse().unwrap())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..64 * 20).collect::<Vec<_>>());
}

#[tokio::test]
async fn over_the_limit_connections_wait_and_then_get_their_turn() {
    let desk = Desk::with(Limits {
        connections: 1,
        ..quick()
    });
    let mut first = Client::connect(desk.addr).await;
    first.send(plain("GET", "/health/live")).await;
    assert_eq!(first.answer().await.status, 200);

    let mut second = Client::connect(desk.addr).await;
    second.send(plain("GET", "/health/live")).await;
    assert!(second.hears_nothing_for(Duration::from_millis(150)).await);
    assert!(desk.log.text().contains("connections are at their limit"));
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}

#[tokio::test]
async fn an_idle_connection_gives_way_when_others_wait() {
    let limits = Limits {
        connections: 1,
        header_timeout: Duration::from_millis(200),
        ..quick()
    };
    let desk = Desk::with(limits);
    let mut first = Client::connect(desk.addr).await;
    first.send(plain("GET", "/health/live")).await;
    assert_eq!(first.answer().await.status, 200);
    assert_eq!(ask(desk.addr, &plain("GET", "/health/live")).await.status, 200);
    assert_eq!(first.rest().await, "");
}

#[tokio::test]
async fn what_is_no_http_or_too_long_is_refused_and_hurts_nobody() {
    let desk = Desk::open();
    let long = format!(
        "GET /health/live HTTP/1.1\r\nHost: d\r\nX-Long: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let many = format!(
        "GET /health/live HTTP/1.1\r\nHost: d\r\n{}\r\n",
        "X-Many: x\r\n".repeat(100)
    );
    let smuggled =
        "POST /webhook/telegram HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}";
    for (request, status) in [
        ("\x16\x03\x01 hello\r\n\r\n", 400),
        (&long, 431),
        (&many, 431),
        (smuggled, 400),
    ] {
        let mut client = Client::connect(desk.addr).await;
        client.send_while_possible(request).await;
        assert_eq!(client.answer().await.status, status);
        assert_eq!(client.rest().await, "");
    }
    assert_eq!(ask(desk.addr, &plain("GET", "/health/live")).await.status, 200);
    assert_eq!(desk.received(), 0);
    assert_eq!(
        desk.log.count("WARN") + desk.log.count("ERRO"),
        0,
        "{}",
        desk.log.text()
    );
}
