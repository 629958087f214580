//! What comes to the webhook that Telegram never sent, and what Telegram sends that nobody expected.

use std::time::Duration;

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE, SECRET, http};
use serde_json::{Value, json};

use crate::conversation::{Client, assert_says};
use crate::within_seconds;

/// The webhook's path.
const HOOK: &str = "/webhook/telegram";

/// Update ids of this file's own making; the fake counts from 2,000,001.
const IDS: i64 = 9_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    within_seconds(60, on(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    within_seconds(60, on(Backend::Postgres)).await;
}

async fn on(backend: Backend) {
    if let Some(desk) = Desk::new(backend, Mode::Webhook).await {
        holds(desk).await;
    }
}

pub(crate) async fn holds(mut desk: Desk) {
    // A client of these tests writes more than people do.
    desk.set("RATE_LIMIT_PER_HOUR", "1000");
    let mut running = desk.start().await;
    let address = running.address.clone();
    strangers(&desk, &address).await;
    no_updates(&address).await;
    kept(&desk, &address).await;
    undecodable(&desk, &address).await;
    private_messages_are_answered(&desk, &address).await;
    assert!(running.program.is_alive());
    let mut ann = Client::new(&desk, 31);
    assert_says(&ann.says("/start").await, "Welcome to dev2production");
    assert_eq!(desk.telegram.violations(), Vec::<String>::new());
    running.stop().await.fine();
}

fn text_from(update_id: i64, user: i64, text: &str) -> Value {
    json!({"update_id": update_id, "message": {"message_id": 1, "date": 1, "text": text,
        "chat": {"id": user, "type": "private"}, "from": {"id": user, "first_name": "Eve"}}})
}

/// Waits until the bot has written to a chat.
async fn answered(desk: &Desk, chat: i64, what: &str) {
    let answered = desk.telegram.wait_for_messages(chat, 1, PATIENCE).await;
    assert!(answered.is_ok(), "{what}: {answered:?}");
}

/// Wrong or no secret: 401, and nothing is kept.
async fn strangers(desk: &Desk, address: &str) {
    desk.telegram.open_chat(30);
    let update = text_from(IDS, 30, "/start").to_string();
    let almost = SECRET.replace('e', "E");
    for secret in [
        None,
        Some(""),
        Some("wrong"),
        Some(&SECRET[1..]),
        Some(almost.as_str()),
    ] {
        let answer = http::post(address, HOOK, secret, update.as_bytes()).await;
        assert_eq!(answer.status, 401, "{secret:?}: {answer:?}");
        assert!(!answer.body.contains("secret_that"), "{answer:?}");
    }
    // A stranger learns nothing about bodies either.
    assert_eq!(http::post(address, HOOK, None, b"no json").await.status, 401);
    // It was not kept: with the right secret the same id is new, and is answered.
    assert_eq!(http::post_update(address, update.as_bytes()).await.status, 200);
    answered(desk, 30, "the update of the strangers").await;
    assert_eq!(desk.telegram.bot_messages(30).len(), 1);
}

/// What is no update: 400; what is no POST: 405; what is too long: 413.
async fn no_updates(address: &str) {
    let mut invalid = b"{\"update_id\": ".to_vec();
    invalid.extend([0xff, 0xfe, b'}']);
    let bodies: [&[u8]; 12] = [
        b"",
        b" ",
        b"not json",
        b"{",
        b"[]",
        b"null",
        b"\"update_id\"",
        b"{}",
        b"{\"message\": {\"text\": \"hi\"}}",
        b"{\"update_id\": \"7\"}",
        b"{\"update_id\": 99999999999999999999}",
        &invalid,
    ];
    for body in bodies {
        let answer = http::post_update(address, body).await;
        assert_eq!(
            answer.status,
            400,
            "{:?}: {answer:?}",
            String::from_utf8_lossy(body)
        );
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = http::request(address, method, HOOK).await;
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert_eq!(answer.headers.get("allow").map(String::as_str), Some("POST"));
    }
    assert_eq!(http::request(address, "GET", "/somewhere/else").await.status, 404);
    let long = format!("{{\"update_id\": 1, \"x\": \"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(http::post_update(address, long.as_bytes()).await.status, 413);
    // The length is not believed either: told small, sent long.
    let chunked = format!(
        "POST {HOOK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
         X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    assert_eq!(http::send(address, chunked.as_bytes()).await.status, 413);
    let garbage = http::send(address, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").await;
    assert_eq!(garbage.status, 400, "{garbage:?}");
}

/// Whatever has an `update_id` is kept: 200, and an empty body.
async fn keep(address: &str, body: &[u8]) {
    let answer = http::post_update(address, body).await;
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, ""),
        "{start}: {answer:?}"
    );
}

/// Odd updates of every kind, none of which may stop what comes after it.
async fn kept(desk: &Desk, address: &str) {
    let mut id = IDS + 100;
    let mut next = || {
        id += 1;
        id
    };
    desk.telegram.open_chat(32);
    let half_a_mebibyte = "ы".repeat(256 << 10);
    let updates = [
        json!({"update_id": next(), "poll": {"id": "1", "question": "?", "options": []}}),
        json!({"update_id": next(), "inline_query": {"id": "1", "from": {"id": 32}, "query": "x", "offset": ""}}),
        json!({"update_id": next(), "chat_member": {"chat": {"id": -5}, "from": {"id": 32}}}),
        json!({"update_id": next(), "my_chat_member": {"chat": {"id": 32, "type": "private"}, "from": {"id": 32},
            "new_chat_member": {"status": "kicked", "user": {"id": 7_000_001}}}}),
        json!({"update_id": next(), "channel_post": {"chat": {"id": -100, "type": "channel"}, "text": "x"}}),
        json!({"update_id": next(), "callback_query": {"id": "1", "from": {"id": 32}, "data": "no such button"}}),
        json!({"update_id": next(), "callback_query": {"id": "2", "from": {"id": 32, "is_bot": true}}}),
        json!({"update_id": next(), "message_reaction": {"chat": {"id": 32}, "new_reaction": 5}}),
        json!({"update_id": next(), "message": {"chat": {"id": -7, "type": "group"}, "text": "/start"}}),
        text_from(next(), 32, &half_a_mebibyte),
    ];
    for update in updates {
        keep(address, update.to_string().as_bytes()).await;
    }
    assert_eq!(
        desk.telegram.bot_messages(-7).len(),
        0,
        "a group that is nobody's business is left alone"
    );
}

/// The updates that were given up.
async fn given_up(desk: &Desk) -> Vec<Value> {
    let letters = desk.dead_letters().await.into_iter();
    letters.filter(|letter| letter["queue"] == "turn").collect()
}

/// Authentic, with an id, and not to be understood: kept as dead letters.
async fn undecodable(desk: &Desk, address: &str) {
    let id = IDS + 1000;
    let deep = format!(
        "{{\"update_id\": {}, \"message\": {}1{}}}",
        id + 6,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let bodies = [
        format!("{{\"update_id\": {id}}}"),
        format!("{{\"update_id\": {}, \"hologram\": {{\"of\": 1}}}}", id + 1),
        format!("{{\"update_id\": {}, \"message\": \"no object\"}}", id + 2),
        format!("{{\"update_id\": {}, \"message\": {{}}}}", id + 3),
        format!("{{\"update_id\": {}, \"message\": null}}", id + 4),
        format!("{{\"update_id\": {}, \"callback_query\": []}}", id + 5),
        deep,
    ];
    for body in &bodies {
        keep(address, body.as_bytes()).await;
        // Telegram's repeat of it is one more thank-you, and no second letter.
        keep(address, body.as_bytes()).await;
    }
    let waiting = async {
        while given_up(desk).await.len() < bodies.len() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let all_there = tokio::time::timeout(PATIENCE, waiting).await;
    let letters = given_up(desk).await;
    assert!(all_there.is_ok() && letters.len() == bodies.len(), "{letters:#?}");
    for letter in &letters {
        assert!(
            letter["why"].as_str().is_some_and(|why| !why.is_empty()),
            "{letter}"
        );
    }
}

/// Every private message is answered, however odd it is.
async fn private_messages_are_answered(desk: &Desk, address: &str) {
    let base = IDS + 2000;
    let user = |n: i64| json!({"id": 4_503_599_627_300_000 + n, "first_name": "Eve"});
    let message = |n: i64, fields: Value| {
        let mut message = json!({"message_id": 1, "date": 1, "from": user(n)});
        for part in [json!({"chat": {"id": user(n)["id"], "type": "private"}}), fields] {
            if let (Some(message), Some(part)) = (message.as_object_mut(), part.as_object()) {
                message.extend(part.clone());
            }
        }
        json!({"update_id": base + n, "message": message}).to_string()
    };
    let mut bodies = vec![
        // The samples of Telegram's documentation have a chat without a type.
        message(
            0,
            json!({"text": "/start", "chat": {"id": user(0)["id"], "first_name": "Test"}}),
        ),
        message(1, json!({"hologram": {"of": "the future"}})),
        message(2, json!({"text": 5})),
        message(3, json!({"text": "nul \u{0} and \u{202e} and \u{fffe}"})),
        message(4, json!({"photo": "not a list", "caption": ["x"]})),
        message(5, json!({"text": ""})),
        message(6, json!({"sticker": {"file_id": "x"}})),
        message(
            7,
            json!({"text": "hi", "from": "nobody", "message_id": [], "date": "soon"}),
        ),
        message(8, json!({"contact": {"phone_number": 5}})),
        message(9, json!({"location": null, "text": "hello"})),
        // Fields of a size and depth that no person makes.
        message(
            10,
            json!({"text": "hello", "entities": vec![json!({"type": "bold"}); 5000]}),
        ),
        message(11, json!({"text": "ы".repeat(200_000)})),
        message(12, json!({"text": "LONE"})).replace("LONE", "half a pair: \\ud83d"),
    ];
    let depth = "[".repeat(5000) + &"]".repeat(5000);
    bodies.push(message(13, json!({"text": "hello", "x": "DEEP"})).replace("\"DEEP\"", &depth));
    let mut bodies: Vec<Vec<u8>> = bodies.into_iter().map(String::into_bytes).collect();
    let invalid = message(14, json!({"text": "hello LATIN"}));
    bodies.push(replaced(invalid.as_bytes(), b"LATIN", b"\xe4\xff\xc0\x80"));
    for n in 0..bodies.len() {
        desk.telegram
            .open_chat(user(i64::try_from(n).unwrap_or(0))["id"].as_i64().unwrap_or(0));
    }
    for body in &bodies {
        keep(address, body).await;
    }
    for (n, body) in bodies.iter().enumerate() {
        let chat = user(i64::try_from(n).unwrap_or(0))["id"].as_i64().unwrap_or(0);
        let start = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
        answered(desk, chat, &start).await;
    }
}

/// Bytes with one part replaced by others.
fn replaced(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap_or(0);
    [&bytes[..at], by, &bytes[at + part.len()..]].concat()
}
