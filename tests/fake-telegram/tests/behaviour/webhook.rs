//! Webhook delivery: retries, order, duplicates.

use super::common::{Door, Reply, SOON, refusal, result};
use frontdesk_fake_telegram::{Button, Condition, Config, FakeTelegram};
use serde_json::json;

fn fast() -> Config {
    Config {
        time_scale: 0.02,
        ..Config::default()
    }
}

#[tokio::test]
async fn a_failing_update_holds_its_chat_and_no_other() {
    let (telegram, door) = (FakeTelegram::start(fast()).await.unwrap(), Door::open().await);
    for text in ["first", "second"] {
        telegram.user_text(1, text);
    }
    door.answers([Reply::status(500), Reply::status(503), Reply::status(404)]);
    telegram.set_webhook(&door.url, "a-secret").unwrap();
    telegram
        .wait_until("three failures", SOON, |fake| {
            (fake.stats().deliveries_failed == 3).then_some(())
        })
        .await
        .unwrap();
    telegram.user_text(2, "another chat");
    telegram.wait_delivered_all(SOON).await.unwrap();

    let texts = door.texts();
    assert_eq!(texts[..3], ["first", "first", "first"]);
    let of_chat_1: Vec<_> = texts.iter().filter(|text| *text != "another chat").collect();
    assert_eq!(of_chat_1, ["first", "first", "first", "first", "second"]);
    assert!(
        door.got()
            .iter()
            .all(|(_, secret)| secret.as_deref() == Some("a-secret"))
    );
    let waits: Vec<_> = telegram
        .deliveries()
        .iter()
        .take(3)
        .map(|delivery| delivery.retry_in_ms)
        .collect();
    assert_eq!(waits, [Some(0), Some(40), Some(80)], "0, 2 and 4 seconds, scaled");
    telegram.stop().await;
}

#[tokio::test]
async fn retry_after_is_honoured_and_does_not_grow_the_back_off() {
    let (telegram, door) = (FakeTelegram::start(fast()).await.unwrap(), Door::open().await);
    let later = Reply {
        retry_after: Some("3"),
        ..Reply::status(503)
    };
    door.answers([later.clone(), later, Reply::status(500)]);
    telegram.set_webhook(&door.url, "").unwrap();
    telegram.user_text(1, "hello");
    telegram.wait_delivered_all(SOON).await.unwrap();
    let waits: Vec<_> = telegram
        .deliveries()
        .iter()
        .map(|delivery| delivery.retry_in_ms)
        .collect();
    assert_eq!(waits, [Some(60), Some(60), Some(0), None]);
    assert_eq!(door.got()[0].1, None);
}

#[tokio::test]
async fn one_chat_waits_while_others_are_served() {
    let (telegram, door) = (FakeTelegram::start(fast()).await.unwrap(), Door::open().await);
    let an_hour = Reply {
        retry_after: Some("3600"),
        ..Reply::status(503)
    };
    door.answers([an_hour]);
    telegram.set_webhook(&door.url, "").unwrap();
    telegram.user_text(1, "held");
    telegram
        .wait_for(Condition::Deliveries { count: 1 }, SOON)
        .await
        .unwrap();
    for text in ["behind", "far behind"] {
        telegram.user_text(1, text);
    }
    for user in 2..50 {
        telegram.user_text(user, "free");
    }
    telegram
        .wait_for(Condition::Deliveries { count: 49 }, SOON)
        .await
        .unwrap();
    assert!(door.texts()[1..].iter().all(|text| text == "free"));

    // What waits survives the way from webhook to polling, with its order.
    telegram.delete_webhook();
    let left = result(&telegram, "getUpdates", json!({})).await;
    let left: Vec<_> = left
        .as_array()
        .unwrap()
        .iter()
        .map(|update| &update["message"]["text"])
        .collect();
    assert_eq!(left, ["held", "behind", "far behind"]);
}

#[tokio::test]
async fn each_update_is_delivered_n_times() {
    let config = Config {
        deliver_times: 3,
        ..fast()
    };
    let (telegram, door) = (FakeTelegram::start(config).await.unwrap(), Door::open().await);
    telegram.set_webhook(&door.url, "").unwrap();
    for number in 0..10 {
        telegram.user_text(number % 3 + 1, &format!("text {number}"));
    }
    telegram.wait_delivered_all(SOON).await.unwrap();
    let texts = door.texts();
    assert_eq!(texts.len(), 30);
    for number in 0..10 {
        assert_eq!(
            texts
                .iter()
                .filter(|text| **text == format!("text {number}"))
                .count(),
            3
        );
    }
    assert_eq!(telegram.stats().updates_taken, 10);
}

#[tokio::test]
async fn a_method_in_the_answer_is_run_and_is_a_violation() {
    let (telegram, door) = (FakeTelegram::start(fast()).await.unwrap(), Door::open().await);
    let body = json!({"method": "sendMessage", "chat_id": 1, "text": "quick"}).to_string();
    door.answers([Reply {
        body,
        ..Reply::status(200)
    }]);
    telegram.set_webhook(&door.url, "").unwrap();
    telegram.user_text(1, "hello");
    telegram.wait_for_messages(1, 1, SOON).await.unwrap();
    assert_eq!(telegram.violations().len(), 1);
}

#[tokio::test]
async fn updates_expire() {
    let config = Config {
        time_scale: 0.001,
        ..Config::default()
    };
    let (telegram, door) = (FakeTelegram::start(config).await.unwrap(), Door::open().await);
    telegram.open_chat(1);
    let keyboard = json!({"inline_keyboard": [[{"text": "Prices", "callback_data": "p"}]]});
    result(
        &telegram,
        "sendMessage",
        json!({"chat_id": 1, "text": "Pick", "reply_markup": keyboard}),
    )
    .await;
    door.answers(vec![Reply::status(500); 100]);
    telegram.set_webhook(&door.url, "").unwrap();
    telegram.tap(1, &Button::label("Prices")).unwrap();
    telegram.wait_delivered_all(SOON).await.unwrap();
    assert_eq!(telegram.stats().updates_expired, 1);
}

#[tokio::test]
async fn set_webhook_checks_what_it_gets() {
    let telegram = FakeTelegram::start(Config {
        time_scale: 0.0,
        ..Config::default()
    })
    .await
    .unwrap();
    let set = |params| refusal(&telegram, "setWebhook", params);
    let (status, why) = set(json!({"url": "http://example.com/hook"})).await;
    assert_eq!(
        (status, why.as_str()),
        (
            400,
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
        )
    );
    let (_, why) = set(json!({"url": "https://example.com/", "secret_token": "a b"})).await;
    assert_eq!(why, "Bad Request: secret token contains unallowed characters");
    for expected in ["Webhook was set", "Webhook is already set"] {
        assert_eq!(
            set(json!({"url": "https://example.com/", "secret_token": "ab"})).await,
            (200, expected.to_owned())
        );
    }
    let info = result(&telegram, "getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], "https://example.com/");
    assert_eq!(
        refusal(&telegram, "deleteWebhook", json!({})).await,
        (200, "Webhook was deleted".to_owned())
    );
}

#[tokio::test]
async fn one_set_webhook_a_second() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    let params = json!({"url": "https://example.com/"});
    assert_eq!(refusal(&telegram, "setWebhook", params.clone()).await.0, 200);
    assert_eq!(refusal(&telegram, "setWebhook", params).await.0, 429);
}
