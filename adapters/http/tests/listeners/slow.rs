//! Clients that take their time.

use std::time::{Duration, Instant};

use frontdesk_http::Limits;

use crate::client::{Client, ask, plain, update};
use crate::fixture::{CURRENT, Desk, Plan, quick};

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_client_that_says_nothing_is_hung_up_on() {
    let desk = Desk::with(Limits {
        header_timeout: SHORT,
        ..quick()
    });
    let mut client = Client::connect(desk.addr).await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_head_that_trickles_is_hung_up_on() {
    let desk = Desk::with(Limits {
        header_timeout: SHORT,
        ..quick()
    });
    let begun = Instant::now();
    let mut client = Client::connect(desk.addr).await;
    client.send("GET /health/live HTTP/1.1\r\n").await;
    while client.hears_nothing_for(Duration::from_millis(20)).await {
        client.send_while_possible("X-Slow: x\r\n").await;
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "a trickle keeps a connection open for ever"
        );
    }
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(ask(desk.addr, &plain("GET", "/health/live")).await.status, 200);
}

#[tokio::test]
async fn the_time_for_a_head_counts_on_every_request_and_idle_time_is_its_own() {
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT * 5,
        ..quick()
    };
    let desk = Desk::with(limits);
    let mut client = Client::connect(desk.addr).await;
    client.send(plain("GET", "/health/live")).await;
    assert_eq!(client.answer().await.status, 200);

    assert!(
        client.hears_nothing_for(SHORT * 2).await,
        "idle longer than a head may take"
    );
    client.send(plain("GET", "/health/live")).await;
    assert_eq!(client.answer().await.status, 200);

    let begun = Instant::now();
    client.send("GET /health").await;
    assert_eq!(client.rest().await, "");
    assert!(
        begun.elapsed() < SHORT * 4,
        "a begun head has less than an idle connection"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT * 2,
        ..quick()
    };
    let desk = Desk::with(limits);
    let mut client = Client::connect(desk.addr).await;
    client.send(plain("GET", "/health/live")).await;
    assert_eq!(client.answer().await.status, 200);
    let begun = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(
        begun.elapsed() > SHORT,
        "sooner than an idle connection should be"
    );
}

#[tokio::test]
async fn a_body_that_stalls_is_408_and_stores_nothing() {
    let desk = Desk::with(Limits {
        body_timeout: SHORT,
        ..quick()
    });
    let mut client = Client::connect(desk.addr).await;
    let request = update(CURRENT, r#"{"update_id":7}"#);
    client.send(&request[..request.len() - 5]).await;
    let answer = client.answer().await;
    answer.assert_problem(408);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
    assert_eq!(desk.received(), 0);
    assert_eq!(desk.log.count("WARN"), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    let request = update(CURRENT, r#"{"update_id":7}"#);
    client.send(&request[..request.len() - 5]).await;
    client.shut_write_side().await;
    client.rest().await;
    assert_eq!(desk.received(), 0);
}

#[tokio::test]
async fn a_slow_intake_is_no_slow_client() {
    let desk = Desk::with(Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT,
        ..quick()
    });
    desk.plan(Plan::Hold);
    let mut client = Client::connect(desk.addr).await;
    client.send(update(CURRENT, "{}")).await;
    assert!(client.hears_nothing_for(SHORT * 3).await);
    desk.door.release.notify_one();
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_no_answers_is_hung_up_on() {
    let desk = Desk::with(Limits {
        write_timeout: SHORT,
        connections: 1,
        ..quick()
    });
    let mut client = Client::connect(desk.addr).await;
    // Until both socket buffers are full and the server hangs up, which lets this write fail.
    let flood = plain("GET", "/none").repeat(400_000);
    client.send_while_possible(flood).await;
    assert_eq!(
        ask(desk.addr, &plain("GET", "/health/live")).await.status,
        200,
        "its place is free again"
    );
}
