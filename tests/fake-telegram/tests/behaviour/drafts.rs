//! What a client sees of a message while it is written.

use frontdesk_fake_telegram::{Config, FakeTelegram, RateLimits};
use serde_json::{Value, json};

use super::common::{call, post, refusal, result, to_42, with_chat};

fn draft(id: i64, text: &str) -> Value {
    json!({"chat_id": 42, "draft_id": id, "text": text, "can_stop": true})
}

#[tokio::test]
async fn a_draft_is_shown_until_the_message_comes() {
    let telegram = with_chat().await;
    for text in ["", "The", "The price"] {
        result(&telegram, "sendMessageDraft", draft(7, text)).await;
    }
    let drafts = telegram.drafts(42);
    let texts: Vec<_> = drafts.iter().map(|draft| draft.text.as_str()).collect();
    assert_eq!(texts, ["", "The", "The price"]);
    assert!(drafts.is_sorted_by_key(|draft| draft.at) && drafts[0].at > 0);
    assert_eq!(
        telegram.shown_draft(42).map(|draft| draft.text).as_deref(),
        Some("The price")
    );
    assert_eq!(telegram.bot_messages(42).len(), 0);

    result(&telegram, "sendMessage", to_42("The price is 5.")).await;
    assert!(telegram.shown_draft(42).is_none());
    assert_eq!(telegram.drafts(42).len(), 3);
}

#[tokio::test]
async fn a_draft_that_is_not_renewed_goes_by_itself() {
    let config = Config {
        time_scale: 0.0,
        open_chats: true,
        ..Config::default()
    };
    let telegram = FakeTelegram::start(config).await.unwrap();
    result(&telegram, "sendMessageDraft", draft(7, "The")).await;
    assert_eq!(
        (telegram.drafts(42).len(), telegram.shown_draft(42).is_some()),
        (1, false)
    );
}

#[tokio::test]
async fn drafts_have_limits() {
    let telegram = with_chat().await;
    telegram.add_group(-100, "Agents", false);
    let with = |name: &str, value: Value| {
        let mut draft = draft(7, "x");
        draft[name] = value;
        draft
    };
    for (wrong, why) in [
        (with("chat_id", json!(-100)), "private chats"),
        (with("draft_id", json!(0)), "non-zero"),
        (with("draft_id", Value::Null), "non-zero"),
        (with("text", json!("x".repeat(4097))), "too long"),
        (
            with("entities", json!([{"type": "bold", "offset": 0, "length": 2}])),
            "entity beginning",
        ),
        (with("parse_mode", json!("HTML")), "strict"),
    ] {
        let (status, said) = refusal(&telegram, "sendMessageDraft", wrong).await;
        assert!(status == 400 && said.contains(why), "{said}");
    }
    assert_eq!(telegram.drafts(42).len(), 0);
    result(&telegram, "sendMessageDraft", draft(7, &"😀".repeat(4096))).await;

    telegram.rate_limits(Some(RateLimits {
        chat_burst: 1.0,
        ..RateLimits::default()
    }));
    result(&telegram, "sendMessageDraft", draft(7, "a")).await;
    let (_, body) = call(&telegram, "sendMessageDraft", draft(7, "b")).await.unwrap();
    assert_eq!(body["parameters"]["retry_after"], 1);
}

#[tokio::test]
async fn an_older_server_does_not_know_drafts() {
    let telegram = with_chat().await;
    telegram.know_drafts(false);
    let answer = refusal(&telegram, "sendMessageDraft", draft(7, "x")).await;
    assert_eq!(answer, (404, "Not Found: method not found".to_owned()));
}

#[tokio::test]
async fn a_client_stops_what_is_shown() {
    let telegram = with_chat().await;
    assert!(telegram.stop_draft(42).is_err());
    result(
        &telegram,
        "sendMessageDraft",
        json!({"chat_id": 42, "draft_id": 6, "text": "x"}),
    )
    .await;
    assert!(telegram.stop_draft(42).is_err(), "it has no button");
    result(&telegram, "sendMessageDraft", draft(7, "The")).await;
    telegram.stop_draft(42).unwrap();
    assert!(telegram.shown_draft(42).is_none());

    let mut kept = draft(8, "Again");
    kept["keep_on_stop"] = true.into();
    result(&telegram, "sendMessageDraft", kept).await;
    let stop = post(
        format!("{}/fake/stop", telegram.url()),
        json!({"chat": 42}).to_string().into(),
    );
    assert_eq!(stop.await.unwrap().0, 200);
    assert_eq!(telegram.shown_draft(42).map(|draft| draft.draft_id), Some(8));

    let updates = result(&telegram, "getUpdates", json!({})).await;
    let stops: Vec<_> = updates
        .as_array()
        .unwrap()
        .iter()
        .map(|update| &update["stopped_message_generation"])
        .collect();
    assert_eq!(
        (stops[0]["draft_id"].as_i64(), stops[1]["draft_id"].as_i64()),
        (Some(7), Some(8))
    );
    assert_eq!(stops[0]["chat"]["id"], 42);
}
