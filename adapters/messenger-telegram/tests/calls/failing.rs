//! What becomes of a call that does not work. Every error's text is searched for the token.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use frontdesk_core::id::ChatId;
use frontdesk_core::port::messenger::{Action, LimitScope, Messenger, MessengerError, OutboundCall, Sent};
use frontdesk_core::text::RichText;
use serde_json::{Value, json};

use crate::server::{KeptLog, SECRET_HALF, Server, Step};

fn hello() -> OutboundCall {
    OutboundCall {
        chat: ChatId(42),
        thread: None,
        action: Action::Send {
            content: RichText::plain("hello"),
            keyboard: None,
        },
    }
}

fn checked(error: MessengerError) -> MessengerError {
    let mut texts = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        texts = format!("{texts} {inner} {inner:?}");
        cause = inner.source();
    }
    assert!(!texts.contains(SECRET_HALF), "{texts}");
    error
}

async fn outcome(step: Step) -> Result<Sent, MessengerError> {
    Server::start([step])
        .messenger()
        .call(&hello())
        .await
        .map_err(checked)
}

async fn refused(code: u16, description: &str, parameters: Value) -> Result<Sent, MessengerError> {
    let body = json!({"ok": false, "error_code": code, "description": description, "parameters": parameters});
    outcome(Step::Answer(code, "", body.to_string())).await
}

fn waits(outcome: Result<Sent, MessengerError>) -> (u64, LimitScope) {
    match outcome {
        Err(MessengerError::RateLimited { retry_after, scope }) => (retry_after.as_secs(), scope),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_429_says_how_long_wherever_it_says_so() {
    for seconds in [1_u64, 61, 13_938, 86_400] {
        let outcome = refused(429, "Too Many Requests", json!({"retry_after": seconds})).await;
        assert_eq!(waits(outcome), (seconds, LimitScope::Chat));
    }
    let text = refused(429, "Too Many Requests: retry after 17", json!(null)).await;
    assert_eq!(waits(text).0, 17);
    let silent = refused(429, "Too Many Requests", json!({})).await;
    assert_eq!(waits(silent).0, 5);
    let endless = refused(429, "", json!({"retry_after": u64::MAX})).await;
    assert!(waits(endless).0 <= 30 * 86_400);
    let header = "Retry-After: 23\r\n";
    let body = json!({"ok": false, "error_code": 429, "description": "Too Many Requests"}).to_string();
    assert_eq!(waits(outcome(Step::Answer(429, header, body)).await).0, 23);
    let page = outcome(Step::Answer(429, header, "<html>slow down</html>".to_owned())).await;
    assert_eq!(waits(page).0, 23);
}

#[tokio::test]
async fn a_call_without_a_chat_is_limited_as_the_bot() {
    let body = json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 3}}).to_string();
    let server = Server::start([Step::Answer(429, "", body)]);
    let error = server.messenger().probe().await.unwrap_err();
    assert!(matches!(
        error,
        MessengerError::RateLimited {
            scope: LimitScope::Bot,
            ..
        }
    ));
}

#[tokio::test]
async fn refusals_are_told_apart_by_meaning() {
    use MessengerError as E;
    type Is = fn(&E) -> bool;
    let table: [(u16, &str, Is); 24] = [
        (403, "Forbidden: bot was blocked by the user", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (403, "Forbidden: user is deactivated", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (403, "Forbidden: bot was kicked from the supergroup chat", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (403, "Forbidden: bot is not a member of the channel chat", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (403, "Forbidden: the group chat was deleted", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            |e| matches!(e, E::ChatGone(_)),
        ),
        (400, "Bad Request: USER_IS_BLOCKED", |e| {
            matches!(e, E::ChatGone(_))
        }),
        (403, "Forbidden: bot can't send messages to bots", |e| {
            matches!(e, E::Rejected(_))
        }),
        (400, "Bad Request: chat not found", |e| {
            matches!(e, E::Rejected(_))
        }),
        (400, "Bad Request: message is too long", |e| {
            matches!(e, E::Rejected(_))
        }),
        (400, "Bad Request: message text is empty", |e| {
            matches!(e, E::Rejected(_))
        }),
        (400, "Bad Request: message thread not found", |e| {
            matches!(e, E::ThreadGone)
        }),
        (400, "Bad Request: TOPIC_DELETED", |e| matches!(e, E::ThreadGone)),
        (
            400,
            "Bad Request: can't parse entities: unexpected end tag",
            |e| matches!(e, E::BadEntities(_)),
        ),
        (400, "Bad Request: ENTITIES_TOO_LONG", |e| {
            matches!(e, E::BadEntities(_))
        }),
        (
            400,
            "Bad Request: entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 4",
            |e| matches!(e, E::BadEntities(_)),
        ),
        (
            400,
            "Bad Request: receive an entity with incorrect offset or length",
            |e| matches!(e, E::BadEntities(_)),
        ),
        (401, "Unauthorized", |e| matches!(e, E::Unauthorised(_))),
        (404, "Not Found", |e| matches!(e, E::Unauthorised(_))),
        (404, "Not Found: method not found", |e| {
            matches!(e, E::Rejected(_))
        }),
        (413, "Request Entity Too Large", |e| matches!(e, E::Rejected(_))),
        (500, "Internal Server Error: restart", |e| {
            matches!(e, E::Unknown(_))
        }),
        (502, "Bad Gateway", |e| matches!(e, E::Unknown(_))),
        (418, "", |e| matches!(e, E::Rejected(_))),
    ];
    for (code, description, is) in table {
        let error = refused(code, description, json!(null)).await.unwrap_err();
        assert!(is(&error), "{code} {description}: {error:?}");
    }
    let moved = refused(
        400,
        "Bad Request: group chat was upgraded",
        json!({"migrate_to_chat_id": -100_777}),
    )
    .await;
    assert!(matches!(moved, Err(E::ChatMoved { to: ChatId(-100_777) })));
    let odd = outcome(Step::Answer(
        400,
        "",
        json!({"ok": false, "description": 5}).to_string(),
    ))
    .await;
    assert!(matches!(odd, Err(E::Rejected(_))));
}

#[tokio::test]
async fn what_is_done_already_is_fine() {
    for description in [
        "Bad Request: message is not modified: specified new message content is the same",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ] {
        assert!(
            refused(400, description, json!(null)).await.is_ok(),
            "{description}"
        );
    }
}

#[tokio::test]
async fn a_success_stays_one_whatever_its_body() {
    for body in [
        r#"{"ok":true}"#,
        r#"{"ok":true,"result":[]}"#,
        r#"{"ok":true,"result":{"message_id":"x","chat":7,"text":"\ud800"}}"#,
    ] {
        let sent = outcome(Step::Answer(200, "", body.to_owned())).await.unwrap();
        assert_eq!(sent.channel_message_id, None, "{body}");
    }
    let cut = Step::Cut(200, r#"{"ok": true, "result": {"message_id": 5, "te"#.to_owned());
    assert_eq!(outcome(cut).await.unwrap(), Sent::default());
}

#[tokio::test]
async fn no_clear_answer_after_the_write_is_unknown() {
    let echo = format!("<html>/bot8012345678:{SECRET_HALF}/sendMessage</html>");
    for step in [
        Step::Answer(502, "", echo.clone()),
        Step::Answer(200, "", echo.clone()),
        Step::Answer(200, "", "{}".to_owned()),
        Step::Answer(200, "", String::new()),
        Step::Answer(403, "", echo),
        Step::Answer(302, "Location: http://127.0.0.1:1/elsewhere\r\n", String::new()),
        Step::Cut(200, r#"{"o"#.to_owned()),
        Step::Cut(502, String::new()),
        Step::DropRead,
        Step::Hang,
    ] {
        let said = format!("{step:?}");
        let start = Instant::now();
        let error = outcome(step).await.unwrap_err();
        assert!(matches!(error, MessengerError::Unknown(_)), "{said}: {error:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{said}");
    }
}

#[tokio::test]
async fn an_error_that_repeats_the_token_is_redacted() {
    let echo =
        format!("Bad Request: no such path /bot8012345678:{SECRET_HALF}/sendMessage\nsee {SECRET_HALF}");
    let Err(MessengerError::Rejected(text)) = refused(400, &echo, json!(null)).await else {
        panic!("not rejected")
    };
    assert_eq!(
        text,
        "sendMessage: 400 Bad Request: no such path /bot[redacted]/sendMessage see [redacted]"
    );
    let body = json!({"ok": false, "error_code": 400, "description": "bad secret s3cret"}).to_string();
    let server = Server::start([Step::Answer(400, "", body)]);
    let error = server
        .client()
        .set_webhook("https://x.example", "s3cret", &[], 1)
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(!format!("{:?}", server.client()).contains(SECRET_HALF));
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let https_to_http = Server::start([Step::DropUnread]);
    let host = https_to_http.settings().api_url.replace("http:", "https:");
    for url in [
        format!("http://127.0.0.1:{port}"),
        "https://frontdesk.invalid".to_owned(),
        host,
    ] {
        let mut settings = https_to_http.settings();
        settings.api_url.clone_from(&url);
        let log = slog::Logger::root(slog::Discard, slog::o!());
        let client = frontdesk_telegram::TelegramClient::new(settings, log).unwrap();
        let messenger = frontdesk_telegram::TelegramMessenger::new(client);
        let error = checked(messenger.call(&hello()).await.unwrap_err());
        assert!(
            matches!(error, MessengerError::Unreachable(_)),
            "{url}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_dropped_before_the_read_never_counts_as_done() {
    // Whether a byte of the body left is the kernel's luck; claiming that none did would not be safe.
    let error = outcome(Step::DropUnread).await.unwrap_err();
    assert!(
        matches!(error, MessengerError::Unknown(_) | MessengerError::Unreachable(_)),
        "{error:?}"
    );
}

#[tokio::test]
async fn after_shutting_down_nothing_is_written() {
    let server = Server::start([Step::Hang, Step::Hang]);
    let client = server.client();
    let messenger = frontdesk_telegram::TelegramMessenger::new(client.clone());
    let call = hello();
    let start = Instant::now();
    let (error, ()) = tokio::join!(messenger.call(&call), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        client.shut_down();
    });
    assert!(matches!(error, Err(MessengerError::Unknown(_))), "{error:?}");
    assert!(start.elapsed() < Duration::from_millis(600));
    let after = messenger.call(&hello()).await.unwrap_err();
    assert!(matches!(after, MessengerError::Unreachable(_)), "{after:?}");
}

#[tokio::test]
async fn log_lines_tell_the_method_and_not_the_token() {
    let server = Server::start([Step::Answer(502, "", String::new()), Step::DropRead]);
    let kept = KeptLog::default();
    let log = slog::Logger::root(slog::Fuse(kept.clone()), slog::o!());
    let client = frontdesk_telegram::TelegramClient::new(server.settings(), log).unwrap();
    for _ in 0..2 {
        assert!(client.get_me().await.is_err());
    }
    let lines = kept.0.lock().unwrap().clone();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.contains("method=getMe") && lines.contains("status=502"),
        "{lines}"
    );
    assert!(!lines.contains(SECRET_HALF), "{lines}");
}
