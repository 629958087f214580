//! Stopping in order.

use std::time::{Duration, Instant};

use frontdesk_http::Limits;
use tokio::net::TcpStream;

use crate::client::{Client, ask, plain, update};
use crate::fixture::{CURRENT, Desk, Plan, quick};

#[tokio::test]
async fn stop_finishes_the_request_in_hand_and_takes_no_more() {
    let desk = Desk::open();
    desk.plan(Plan::Hold);
    let (addr, door) = (desk.addr, desk.door.clone());
    let mut idle = Client::connect(addr).await;
    idle.send(plain("GET", "/health/live")).await;
    assert_eq!(idle.answer().await.status, 200);
    let mut busy = Client::connect(addr).await;
    busy.send(update(CURRENT, "{}")).await;
    door.entered.notified().await;

    let stopped = desk.stop();
    assert_eq!(idle.rest().await, "", "idle connections are closed at once");
    assert!(TcpStream::connect(addr).await.is_err(), "no new connections");
    assert!(!stopped.is_finished(), "it waits for the request in hand");
    door.release.notify_one();
    let answer = busy.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"));
    stopped.await.unwrap();
}

#[tokio::test]
async fn readiness_fails_before_the_door_closes() {
    let desk = Desk::with(Limits {
        stop_notice: Duration::from_millis(500),
        ..quick()
    });
    let addr = desk.addr;
    let mut kept_alive = Client::connect(addr).await;
    kept_alive.send(plain("GET", "/health/ready")).await;
    assert_eq!(kept_alive.answer().await.status, 200);

    let stopped = desk.stop();
    loop {
        let answer = ask(addr, &plain("GET", "/health/ready")).await;
        if answer.status == 503 {
            assert!(answer.body.contains("stopping"));
            break;
        }
    }
    kept_alive.send(plain("GET", "/health/ready")).await;
    assert_eq!(kept_alive.answer().await.status, 503);
    assert_eq!(ask(addr, &plain("GET", "/health/live")).await.status, 200);
    assert_eq!(
        ask(addr, &update(CURRENT, "{}")).await.status,
        200,
        "updates are still kept"
    );
    stopped.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_grace_ends_even_if_a_request_does_not() {
    let desk = Desk::with(Limits {
        stop_grace: Duration::from_millis(200),
        ..quick()
    });
    desk.plan(Plan::Hang);
    let log = desk.log.clone();
    let mut client = Client::connect(desk.addr).await;
    client.send(update(CURRENT, "{}")).await;
    desk.door.entered.notified().await;
    let begun = Instant::now();
    desk.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(client.rest().await, "");
    assert!(log.text().contains("the grace is over"));
}

#[tokio::test]
async fn connections_that_never_spoke_do_not_delay_the_stop() {
    let desk = Desk::open();
    let mut silent = Client::connect(desk.addr).await;
    let mut known = Client::connect(desk.addr).await;
    known.send(plain("GET", "/health/live")).await;
    assert_eq!(known.answer().await.status, 200, "both are accepted by now");
    let begun = Instant::now();
    desk.stop().await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(silent.rest().await, "");
}
