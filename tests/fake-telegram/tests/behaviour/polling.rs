//! getUpdates as Telegram serves it.

use super::common::{SOON, call, refusal, result, texts};
use frontdesk_fake_telegram::{Condition, Config, FakeTelegram};
use serde_json::json;

#[tokio::test]
async fn an_offset_confirms() {
    let telegram = FakeTelegram::start(Config {
        first_update_id: 500,
        ..Config::default()
    })
    .await
    .unwrap();
    for text in ["one", "two", "three"] {
        telegram.user_text(42, text);
    }
    let first = result(&telegram, "getUpdates", json!({"limit": 2})).await;
    assert_eq!(texts(&first), ["one", "two"]);
    assert_eq!(first[1]["update_id"], 501);
    let again = result(&telegram, "getUpdates", json!({})).await;
    assert_eq!(texts(&again), ["one", "two", "three"], "nothing was confirmed");
    let rest = result(&telegram, "getUpdates", json!({"offset": 502})).await;
    assert_eq!(texts(&rest), ["three"]);
    let last = result(&telegram, "getUpdates", json!({"offset": -1})).await;
    assert_eq!(texts(&last), ["three"]);
    result(&telegram, "getUpdates", json!({"offset": 503})).await;
    telegram.wait_delivered_all(SOON).await.unwrap();
    telegram.stop().await;
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_update() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    let poll = result(&telegram, "getUpdates", json!({"timeout": 30}));
    let write = async {
        let condition = Condition::Calls {
            method: "getUpdates".to_owned(),
            count: 1,
        };
        telegram.wait_for(condition, SOON).await.unwrap();
        telegram.user_text(42, "hello");
    };
    let (updates, ()) = tokio::join!(poll, write);
    assert_eq!(texts(&updates), ["hello"]);
}

#[tokio::test]
async fn a_second_poller_ends_the_first() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    let first = refusal(&telegram, "getUpdates", json!({"timeout": 30}));
    let second = async {
        let condition = Condition::Calls {
            method: "getUpdates".to_owned(),
            count: 1,
        };
        telegram.wait_for(condition, SOON).await.unwrap();
        result(&telegram, "getUpdates", json!({"timeout": 0})).await
    };
    let ((status, description), updates) = tokio::join!(first, second);
    assert_eq!(status, 409);
    assert!(
        description.starts_with("Conflict: terminated by other getUpdates request"),
        "{description}"
    );
    assert_eq!(updates, json!([]));
}

#[tokio::test]
async fn polling_is_refused_while_a_webhook_is_set() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    telegram.set_webhook("http://127.0.0.1:9/hook", "s").unwrap();
    let (status, description) = refusal(&telegram, "getUpdates", json!({})).await;
    assert_eq!(status, 409);
    assert!(description.starts_with("Conflict: can't use getUpdates method while webhook is active"));
    telegram.delete_webhook();
    assert_eq!(call(&telegram, "getUpdates", json!({})).await.unwrap().0, 200);
}

#[tokio::test]
async fn confirmed_updates_come_again_on_request() {
    let telegram = FakeTelegram::start(Config {
        deliver_times: 3,
        ..Config::default()
    })
    .await
    .unwrap();
    let id = telegram.user_text(42, "hello");
    let mut seen = 0;
    for offset in [0, id + 1, id + 1, id + 1] {
        seen += texts(&result(&telegram, "getUpdates", json!({"offset": offset})).await).len();
    }
    assert_eq!(seen, 3);
    telegram.wait_delivered_all(SOON).await.unwrap();
}

#[tokio::test]
async fn kinds_that_are_not_allowed_are_not_made() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    result(
        &telegram,
        "getUpdates",
        json!({"allowed_updates": ["callback_query"]}),
    )
    .await;
    telegram.user_text(42, "hello");
    assert_eq!(result(&telegram, "getUpdates", json!({})).await, json!([]));
    assert_eq!(telegram.stats().updates_filtered, 1);
}

#[tokio::test]
async fn raw_bytes_are_kept_as_they_are() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    telegram.raw_bytes(&br#"{"update_id": 7,  "some_future_kind":{"a":1}}"#[..]);
    let updates = result(&telegram, "getUpdates", json!({})).await;
    assert_eq!(updates[0]["some_future_kind"]["a"], 1);
}
