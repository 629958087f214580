//! Health, on both listeners.

use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_http::Limits;

use crate::client::{Client, ask, plain};
use crate::fixture::{Desk, quick};

#[tokio::test]
async fn live_and_ready_answer_on_both_listeners() {
    for desk in [Desk::open(), Desk::private()] {
        assert_eq!(ask(desk.addr, &plain("GET", "/health/live")).await.status, 200);

        let ready = ask(desk.addr, &plain("GET", "/health/ready")).await;
        assert_eq!(
            (ready.status, ready.header("content-type")),
            (200, Some("application/json"))
        );
        assert_eq!(ready.header("cache-control"), Some("no-store"));
        assert_eq!(ready.body, r#"{"ready":true,"store":{"state":"told"}}"#);

        *desk.check.ready.lock().unwrap() = Some(false);
        let unready = ask(desk.addr, &plain("GET", "/health/ready")).await;
        assert_eq!(unready.status, 503);
        assert_eq!(unready.body, r#"{"ready":false,"store":{"state":"told"}}"#);
        assert_eq!(
            ask(desk.addr, &plain("GET", "/health/live")).await.status,
            200,
            "alive all the same"
        );
    }
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let desk = Desk::open();
    let mut client = Client::connect(desk.addr).await;
    for path in ["/health/live", "/health/ready"] {
        client.send(plain("HEAD", path)).await;
        let head = client.answer_to_head().await;
        client.send(plain("GET", path)).await;
        let get = client.answer().await;
        assert_eq!(head.status, get.status);
        assert_eq!(head.header("content-length"), get.header("content-length"));
    }
}

#[tokio::test]
async fn other_methods_are_405() {
    for desk in [Desk::open(), Desk::private()] {
        for path in ["/health/live", "/health/ready"] {
            let answer = ask(desk.addr, &plain("POST", path)).await;
            answer.assert_problem(405);
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[tokio::test]
async fn metrics_are_on_the_private_listener_alone() {
    let desk = Desk::private();
    let page = ask(desk.addr, &plain("GET", "/metrics")).await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(page.body, "frontdesk_build_info 1\n");
    let other = ask(desk.addr, &plain("POST", "/metrics")).await;
    other.assert_problem(405);
    ask(Desk::open().addr, &plain("GET", "/metrics"))
        .await
        .assert_problem(404);
}

#[tokio::test]
async fn the_private_listener_has_no_webhook() {
    let desk = Desk::private();
    ask(desk.addr, &plain("POST", "/webhook/telegram"))
        .await
        .assert_problem(404);
    ask(desk.addr, &plain("GET", "/")).await.assert_problem(404);
}

#[tokio::test]
async fn a_check_that_hangs_is_503() {
    let desk = Desk::with(Limits {
        ready_timeout: Duration::from_millis(100),
        ..quick()
    });
    *desk.check.ready.lock().unwrap() = None;
    let answer = ask(desk.addr, &plain("GET", "/health/ready")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains(r#""ready":false"#));
}

#[tokio::test]
async fn many_clients_cost_one_check() {
    let desk = Desk::with(Limits {
        ready_max_age: Duration::from_mins(1),
        ..quick()
    });
    let asked: Vec<_> = (0..20)
        .map(|_| tokio::spawn(async move { ask(desk.addr, &plain("GET", "/health/ready")).await.status }))
        .collect();
    for status in asked {
        assert_eq!(status.await.unwrap(), 200);
    }
    assert_eq!(desk.check.asked.load(Ordering::Relaxed), 1);
}
