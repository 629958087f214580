//! What the methods accept and refuse, and what the clients then see.

use std::time::Duration;

use super::common::{SOON, call, post, refusal, result, to_42, with_chat};
use frontdesk_fake_telegram::{Access, Button, Effect, Fault, RateLimits};
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_and_methods_are_checked() {
    let telegram = with_chat().await;
    assert_eq!(
        refusal(&telegram, "sendCake", json!({})).await,
        (404, "Not Found: method not found".to_owned())
    );
    let (status, _) = post(format!("{}/bot1:wrong/getMe", telegram.url()), "".into())
        .await
        .unwrap();
    assert_eq!(status, 401);
    assert_eq!(result(&telegram, "getMe", json!({})).await["id"], 7_000_001);
}

#[tokio::test]
async fn texts_are_measured_in_code_points_and_entities_in_utf16() {
    let telegram = with_chat().await;
    result(&telegram, "sendMessage", to_42(&"😀".repeat(4096))).await;
    let (_, why) = refusal(&telegram, "sendMessage", to_42(&"😀".repeat(4097))).await;
    assert_eq!(why, "Bad Request: message is too long");
    assert_eq!(
        refusal(&telegram, "sendMessage", to_42(" ")).await.1,
        "Bad Request: message text is empty"
    );
    let with = |offset: u32, length: u32| json!({"chat_id": 42, "text": "😀ab", "entities": [{"type": "bold", "offset": offset, "length": length}]});
    result(&telegram, "sendMessage", with(0, 4)).await;
    assert_eq!(refusal(&telegram, "sendMessage", with(0, 5)).await.0, 400);
    assert_eq!(refusal(&telegram, "sendMessage", with(1, 1)).await.0, 400);
}

#[tokio::test]
async fn callback_data_is_measured_in_bytes() {
    let telegram = with_chat().await;
    let with = |data: String| {
        let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": data}]]});
        json!({"chat_id": 42, "text": "Pick", "reply_markup": keyboard})
    };
    result(&telegram, "sendMessage", with("ы".repeat(32))).await;
    let (_, why) = refusal(&telegram, "sendMessage", with("ы".repeat(33))).await;
    assert_eq!(why, "Bad Request: BUTTON_DATA_INVALID");
}

#[tokio::test]
async fn a_tap_an_edit_an_answer() {
    let telegram = with_chat().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Prices", "callback_data": "p"}]]});
    let sent = result(
        &telegram,
        "sendMessage",
        json!({"chat_id": 42, "text": "Pick", "reply_markup": keyboard}),
    )
    .await;
    telegram.tap(42, &Button::label("Prices")).unwrap();
    assert!(telegram.tap(42, &Button::data("nothing")).is_err());
    let updates = result(&telegram, "getUpdates", json!({})).await;
    let query = &updates[0]["callback_query"];
    assert_eq!(query["data"], "p");
    let answer = json!({"callback_query_id": query["id"], "text": "Here"});
    result(&telegram, "answerCallbackQuery", answer).await;
    let (status, why) = refusal(
        &telegram,
        "answerCallbackQuery",
        json!({"callback_query_id": "1"}),
    )
    .await;
    assert!(status == 400 && why.contains("query is too old"), "{why}");

    let edit = json!({"chat_id": 42, "message_id": sent["message_id"], "text": "From 100"});
    result(&telegram, "editMessageText", edit.clone()).await;
    let (_, why) = refusal(&telegram, "editMessageText", edit).await;
    assert!(why.starts_with("Bad Request: message is not modified"), "{why}");
    let seen = telegram.wait_for_messages(42, 1, SOON).await.unwrap();
    assert_eq!(
        (seen[0].text.as_str(), seen[0].keyboard.len(), seen[0].edits),
        ("From 100", 0, 1)
    );
}

#[tokio::test]
async fn a_raw_message_can_be_answered() {
    let telegram = with_chat().await;
    telegram
        .raw_update(json!({"message": {"message_id": 1365, "date": 1, "chat": {"id": 43}, "text": "hi"}}));
    let reply = |id: i64| json!({"chat_id": 43, "text": "yes?", "reply_parameters": {"message_id": id}});
    let sent = result(&telegram, "sendMessage", reply(1365)).await;
    assert_eq!(sent["message_id"], 1366);
    assert_eq!(
        refusal(&telegram, "sendMessage", reply(9)).await.1,
        "Bad Request: message to be replied not found"
    );
}

#[tokio::test]
async fn chats_that_can_not_be_reached() {
    let telegram = with_chat().await;
    assert_eq!(
        refusal(&telegram, "sendMessage", json!({"chat_id": 43, "text": "x"}))
            .await
            .1,
        "Bad Request: chat not found"
    );
    telegram.set_access(42, Access::Blocked);
    assert_eq!(refusal(&telegram, "sendMessage", to_42("x")).await.0, 403);
    telegram.set_access(42, Access::MigratedTo(-100));
    let (_, body) = call(&telegram, "sendMessage", to_42("x")).await.unwrap();
    assert_eq!(body["parameters"]["migrate_to_chat_id"], -100);
}

#[tokio::test]
async fn topics_come_and_go() {
    let telegram = with_chat().await;
    telegram.add_group(-100, "Agents", true);
    let topic = result(
        &telegram,
        "createForumTopic",
        json!({"chat_id": -100, "name": "Anna"}),
    )
    .await;
    let thread = topic["message_thread_id"].as_i64().unwrap();
    let there = json!({"chat_id": -100, "message_thread_id": thread, "text": "Hello"});
    assert_eq!(
        result(&telegram, "sendMessage", there.clone()).await["message_thread_id"],
        thread
    );
    telegram.delete_topic(-100, thread);
    let (_, why) = refusal(&telegram, "sendMessage", there).await;
    assert_eq!(why, "Bad Request: message thread not found");
}

#[tokio::test]
async fn files_are_served() {
    let telegram = with_chat().await;
    let file = telegram.add_file("plan.pdf", "application/pdf", "%PDF", None);
    let got = result(&telegram, "getFile", json!({"file_id": file.file_id})).await;
    let path = got["file_path"].as_str().unwrap();
    let (status, bytes) = post(
        format!("{}/file/bot{}/{path}", telegram.url(), telegram.token()),
        "".into(),
    )
    .await
    .unwrap();
    assert_eq!((status, &bytes[..]), (200, &b"%PDF"[..]));
    let big = telegram.add_file("film.mp4", "video/mp4", "", Some(21 << 20));
    assert_eq!(
        refusal(&telegram, "getFile", json!({"file_id": big.file_id}))
            .await
            .1,
        "Bad Request: file is too big"
    );
}

#[tokio::test]
async fn faults_hit_what_they_are_for() {
    let telegram = with_chat().await;
    telegram.fault(
        Fault::new(Effect::TooManyRequests { retry_after: 86_400 })
            .method("sendMessage")
            .nth(2),
    );
    result(&telegram, "sendMessage", to_42("one")).await;
    let (status, body) = call(&telegram, "sendMessage", to_42("two")).await.unwrap();
    assert_eq!(
        (status, &body["parameters"]["retry_after"]),
        (429, &json!(86_400))
    );
    result(&telegram, "sendMessage", to_42("three")).await;

    telegram.clear_faults();
    telegram.fault(Fault::new(Effect::BadGateway).chat(42).times(1));
    assert_eq!(
        call(&telegram, "sendMessage", to_42("x")).await.unwrap(),
        (502, Value::Null)
    );
    telegram.fault(Fault::new(Effect::DropBefore).times(1));
    assert!(call(&telegram, "sendMessage", to_42("never")).await.is_none());
    telegram.fault(Fault::new(Effect::DropAfter).times(1));
    assert!(call(&telegram, "sendMessage", to_42("cut")).await.is_none());
    let texts: Vec<_> = telegram
        .bot_messages(42)
        .into_iter()
        .map(|seen| (seen.text, seen.cut))
        .collect();
    assert_eq!(
        texts,
        [
            ("one".to_owned(), false),
            ("three".to_owned(), false),
            ("cut".to_owned(), true)
        ]
    );
    assert_eq!(telegram.stats().messages_cut, 1);
}

#[tokio::test]
async fn a_client_that_leaves_during_a_slow_answer_is_cut() {
    let telegram = with_chat().await;
    telegram.fault(Fault::new(Effect::Slow { seconds: 60.0 }));
    let gone = tokio::time::timeout(
        Duration::from_millis(200),
        call(&telegram, "sendMessage", to_42("slow")),
    )
    .await;
    assert!(gone.is_err());
    telegram
        .wait_until("the cut", SOON, |fake| {
            (fake.stats().messages_cut == 1).then_some(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn floods_are_refused() {
    let telegram = with_chat().await;
    telegram.rate_limits(Some(RateLimits {
        chat_burst: 2.0,
        ..RateLimits::default()
    }));
    result(&telegram, "sendMessage", to_42("1")).await;
    result(&telegram, "sendMessage", to_42("2")).await;
    assert_eq!(
        refusal(&telegram, "sendMessage", to_42("3")).await.1,
        "Too Many Requests: retry after 1"
    );
}

#[tokio::test]
async fn the_control_api_mirrors_the_rust_one() {
    let telegram = with_chat().await;
    let fake =
        |path: &str, body: Value| post(format!("{}/fake/{path}", telegram.url()), body.to_string().into());
    assert_eq!(
        fake("text", json!({"user": 42, "text": "hi"})).await.unwrap().0,
        200
    );
    let fault = json!({"effect": "internal_error", "method": "sendMessage", "times": 1});
    assert_eq!(fake("faults", fault).await.unwrap().0, 200);
    assert_eq!(refusal(&telegram, "sendMessage", to_42("x")).await.0, 500);
    result(&telegram, "sendMessage", to_42("y")).await;
    let wait = json!({"until": "messages", "chat_id": 42, "count": 1});
    assert_eq!(fake("wait", wait).await.unwrap().0, 200);
    let wait = json!({"until": "delivered_all", "timeout_ms": 20});
    assert_eq!(fake("wait", wait).await.unwrap().0, 408);
    assert_eq!(fake("nonsense", json!({})).await.unwrap().0, 404);
    assert_eq!(
        fake("settings", json!({"rate_limits": true, "deliver_times": 2}))
            .await
            .unwrap()
            .0,
        200
    );
    assert_eq!(fake("reset", json!({})).await.unwrap().0, 200);
    assert_eq!(telegram.stats().calls, 0);
}

#[tokio::test]
async fn entities_are_checked_as_telegram_does() {
    let telegram = with_chat().await;
    let with = |entities: Value| json!({"chat_id": 42, "text": "😀 hello", "entities": entities});
    let link = json!([{"type": "text_link", "offset": 3, "length": 5, "url": "https://a.example"}]);
    let sent = result(&telegram, "sendMessage", with(link.clone())).await;
    assert_eq!(sent["entities"], link);
    for (entities, why) in [
        (json!([{"offset": 0, "length": 2}]), "can't parse MessageEntity"),
        (
            json!([{"type": "loud", "offset": 0, "length": 2}]),
            "can't parse MessageEntity",
        ),
        (
            json!([{"type": "text_link", "offset": 3, "length": 2}]),
            "can't parse MessageEntity",
        ),
        (
            json!([{"type": "bold", "offset": -1, "length": 2}]),
            "receive an entity with incorrect",
        ),
        (
            json!([{"type": "bold", "offset": 3, "length": 6}]),
            "entity beginning at UTF-16 offset 3",
        ),
        (
            json!([{"type": "bold", "offset": 1, "length": 3}]),
            "entity begins in a middle",
        ),
        (
            json!([{"type": "bold", "offset": 0, "length": 1}]),
            "entity beginning at UTF-16 offset 0",
        ),
    ] {
        let (status, said) = refusal(&telegram, "sendMessage", with(entities)).await;
        assert!(status == 400 && said.contains(why), "{said}");
    }
    let many = |count: usize| with(vec![json!({"type": "bold", "offset": 3, "length": 5}); count].into());
    result(&telegram, "sendMessage", many(100)).await;
    assert_eq!(
        refusal(&telegram, "sendMessage", many(101)).await.1,
        "Bad Request: ENTITIES_TOO_LONG"
    );
    let url = format!("https://a.example/{}", "x".repeat(9_500));
    let long = with(json!([{"type": "text_link", "offset": 3, "length": 5, "url": url}]));
    assert_eq!(
        refusal(&telegram, "sendMessage", long.clone()).await.1,
        "Bad Request: ENTITIES_TOO_LONG"
    );

    let parsed = json!({"chat_id": 42, "text": "*x*", "parse_mode": "MarkdownV2"});
    assert_eq!(refusal(&telegram, "sendMessage", parsed.clone()).await.0, 400);
    telegram.strict(false);
    result(&telegram, "sendMessage", parsed).await;
    let cut = result(&telegram, "sendMessage", many(101)).await;
    assert_eq!(cut["entities"].as_array().map(Vec::len), Some(100));
    assert_eq!(refusal(&telegram, "sendMessage", long).await.0, 400);
}
