//! What goes over the wire.

use std::time::{Duration, Instant};

use frontdesk_core::id::{Channel, ChannelMessageId, ChatId, ThreadId, UpdateId};
use frontdesk_core::port::messenger::{
    Action, Button, Keyboard, Messenger, MessengerError, OutboundCall, Sent, UpdateSource,
};
use frontdesk_core::text::{Entity, RichText};
use frontdesk_telegram::{ALLOWED_UPDATES, BotCommand};
use serde_json::{Value, json};

use crate::server::{SECRET_HALF, Server, Step};

fn ok(result: &Value) -> Step {
    Step::Answer(200, "", json!({"ok": true, "result": result}).to_string())
}

fn send(content: RichText, keyboard: Option<Keyboard>, thread: Option<i64>) -> OutboundCall {
    OutboundCall {
        chat: ChatId(42),
        thread: thread.map(ThreadId),
        action: Action::Send { content, keyboard },
    }
}

async fn body_of(call: OutboundCall) -> Value {
    let server = Server::start([ok(&json!({"message_id": 77}))]);
    let sent = server.messenger().call(&call).await.unwrap();
    assert_eq!(sent.channel_message_id, Some(ChannelMessageId(77)));
    let request = server.requests().remove(0);
    assert_eq!(request.path, format!("/bot8012345678:{SECRET_HALF}/sendMessage"));
    let headers = request.headers.to_ascii_lowercase();
    assert!(headers.contains("content-type: application/json"), "{headers}");
    assert!(!headers.contains("transfer-encoding"), "{headers}");
    request.body
}

#[tokio::test]
async fn a_text_goes_with_entities_and_without_previews() {
    let entity = |kind: &str, length, url: Option<&str>| Entity {
        kind: kind.to_owned(),
        offset: 0,
        length,
        url: url.map(str::to_owned),
        language: Some("rust".to_owned()).filter(|_| matches!(kind, "bold" | "pre")),
    };
    let content = RichText {
        text: "<b>привет".to_owned(),
        entities: vec![
            entity("bold", 3, Some("ignored")),
            entity("text_link", 2, Some("https://a.example")),
            entity("text_link", 2, None),
            entity("pre", 2, None),
            entity("hologram", 2, None),
            entity("italic", 0, None),
        ],
    };
    let wanted = json!({
        "chat_id": 42,
        "message_thread_id": 9,
        "text": "<b>привет",
        "entities": [
            {"type": "bold", "offset": 0, "length": 3},
            {"type": "text_link", "offset": 0, "length": 2, "url": "https://a.example"},
            {"type": "pre", "offset": 0, "length": 2, "language": "rust"},
        ],
        "link_preview_options": {"is_disabled": true},
    });
    assert_eq!(body_of(send(content, None, Some(9))).await, wanted);
}

#[tokio::test]
async fn keyboards() {
    let button = |label: &str, data: &str| Button {
        label: label.to_owned(),
        data: data.to_owned(),
    };
    let rows = vec![vec![button("A", "a"), button("B", "b")], vec![button("C", "c")]];
    for (keyboard, wanted) in [
        (
            Keyboard::Inline(rows),
            json!({"inline_keyboard": [
                [{"text": "A", "callback_data": "a"}, {"text": "B", "callback_data": "b"}],
                [{"text": "C", "callback_data": "c"}],
            ]}),
        ),
        (
            Keyboard::ShareContact {
                label: "Share".to_owned(),
            },
            json!({
                "keyboard": [[{"text": "Share", "request_contact": true}]],
                "resize_keyboard": true,
                "one_time_keyboard": true,
            }),
        ),
        (Keyboard::Remove, json!({"remove_keyboard": true})),
    ] {
        let body = body_of(send(RichText::plain("x"), Some(keyboard), None)).await;
        assert_eq!(body["reply_markup"], wanted);
        assert_eq!(body.get("parse_mode"), None);
    }
}

#[tokio::test]
async fn taps_are_answered_and_probing_asks_who_one_is() {
    let server = Server::start([ok(&json!(true)), ok(&json!({"id": 8_012_345_678_i64}))]);
    let messenger = server.messenger();
    assert_eq!(messenger.channel(), Channel::TELEGRAM);
    let call = OutboundCall {
        chat: ChatId(42),
        thread: None,
        action: Action::AnswerTap {
            tap_id: "17".to_owned(),
            text: Some("Done".to_owned()),
        },
    };
    assert_eq!(messenger.call(&call).await.unwrap(), Sent::default());
    messenger.probe().await.unwrap();
    let [answer, probe] = server.requests().try_into().unwrap();
    assert!(answer.path.ends_with("/answerCallbackQuery") && probe.path.ends_with("/getMe"));
    assert_eq!(answer.body, json!({"callback_query_id": "17", "text": "Done"}));
}

#[tokio::test]
async fn polling_gives_the_bytes_as_they_came() {
    let updates = r#"{"ok":true, "result":[ {"update_id":5, "new":{"x":1.50}} ,{"update_id":6,"message":{"text":"\u00e4"}}]}"#;
    let server = Server::start([Step::Answer(200, "", updates.to_owned()), ok(&json!([]))]);
    let poller = server.poller();
    let got = poller
        .next_updates(Some(UpdateId(4)), Duration::from_secs(1))
        .await
        .unwrap();
    let got: Vec<String> = got
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(
        got,
        [
            r#"{"update_id":5, "new":{"x":1.50}}"#,
            r#"{"update_id":6,"message":{"text":"\u00e4"}}"#
        ]
    );
    assert!(
        poller
            .next_updates(None, Duration::ZERO)
            .await
            .unwrap()
            .is_empty()
    );
    let [first, second] = server.requests().try_into().unwrap();
    let wanted = json!({"offset": 5, "limit": 100, "timeout": 1, "allowed_updates": ALLOWED_UPDATES});
    assert_eq!(first.body, wanted);
    assert_eq!(second.body.get("offset"), None);
}

#[tokio::test]
async fn polling_beside_a_webhook_says_what_to_do() {
    for (description, hint) in [
        (
            "Conflict: can't use getUpdates method while webhook is active",
            "frontdesk telegram delete-webhook",
        ),
        (
            "Conflict: terminated by other getUpdates request",
            "another program",
        ),
    ] {
        let answer = json!({"ok": false, "error_code": 409, "description": description}).to_string();
        let server = Server::start([Step::Answer(409, "", answer)]);
        let error = server
            .poller()
            .next_updates(None, Duration::ZERO)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, MessengerError::Rejected(text) if text.contains(hint) && !text.contains('\n')),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_long_poll_nobody_waits_for_lets_go_at_once_and_the_next_works() {
    let server = Server::start([Step::Hang, ok(&json!([{"update_id": 1}]))]);
    let mut settings = server.settings();
    settings.poll_slack = Duration::from_secs(20);
    let client =
        frontdesk_telegram::TelegramClient::new(settings, slog::Logger::root(slog::Discard, slog::o!()))
            .unwrap();
    let poller = frontdesk_telegram::TelegramPoller::new(client);
    let start = Instant::now();
    let poll = poller.next_updates(None, Duration::from_secs(50));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), poll)
            .await
            .is_err()
    );
    let updates = poller.next_updates(None, Duration::from_secs(50)).await.unwrap();
    assert_eq!(updates.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn registration() {
    let info = json!({
        "url": "https://bot.example/webhook/telegram", "pending_update_count": 3, "max_connections": 40,
        "last_error_date": 1_700_000_000, "last_error_message": "Connection refused", "ip_address": [],
        "allowed_updates": ["message", 5], "new_field": {},
    });
    let me = json!({"id": 8_012_345_678_i64, "username": "desk_bot", "first_name": "Desk", "can_join_groups": true});
    let mut steps = vec![ok(&me), ok(&json!(true)), ok(&info)];
    steps.extend(std::iter::repeat_n(ok(&json!(true)), 5));
    let server = Server::start(steps);
    let client = server.client();
    let me = client.get_me().await.unwrap();
    assert_eq!((me.username.as_str(), me.can_join_groups), ("desk_bot", true));
    client
        .set_webhook(
            "https://bot.example/webhook/telegram",
            "s3cret",
            &ALLOWED_UPDATES,
            40,
        )
        .await
        .unwrap();
    let info = client.webhook_info().await.unwrap();
    assert_eq!(
        (info.pending_updates, info.max_connections, info.ip_address),
        (3, Some(40), None)
    );
    assert_eq!(info.allowed_updates, ["message"]);
    assert_eq!(info.last_error.as_deref(), Some("Connection refused"));
    assert!(info.last_error_at.is_some() && info.last_synchronization_error_at.is_none());
    client.delete_webhook().await.unwrap();
    let commands = [BotCommand {
        command: "help".to_owned(),
        description: "Help".to_owned(),
    }];
    client.set_commands(Some("ru"), &commands).await.unwrap();
    client.set_description(None, "Long").await.unwrap();
    client.set_short_description(Some("en"), "Short").await.unwrap();
    client.set_menu_button().await.unwrap();

    let bodies: Vec<(String, Value)> = server
        .requests()
        .into_iter()
        .map(|request| {
            (
                request.path.rsplit('/').next().unwrap_or_default().to_owned(),
                request.body,
            )
        })
        .collect();
    let wanted = [
        ("getMe", json!({})),
        (
            "setWebhook",
            json!({"url": "https://bot.example/webhook/telegram", "secret_token": "s3cret",
                "allowed_updates": ALLOWED_UPDATES, "max_connections": 40}),
        ),
        ("getWebhookInfo", json!({})),
        ("deleteWebhook", json!({})),
        (
            "setMyCommands",
            json!({"commands": [{"command": "help", "description": "Help"}],
                "scope": {"type": "all_private_chats"}, "language_code": "ru"}),
        ),
        ("setMyDescription", json!({"description": "Long"})),
        (
            "setMyShortDescription",
            json!({"short_description": "Short", "language_code": "en"}),
        ),
        ("setChatMenuButton", json!({"menu_button": {"type": "commands"}})),
    ];
    assert_eq!(bodies, wanted.map(|(method, body)| (method.to_owned(), body)));
}
