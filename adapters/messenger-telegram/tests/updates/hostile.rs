//! Bytes and documents that no messenger should send.

use frontdesk_core::id::{ChatId, UpdateId, UserId};
use frontdesk_core::port::messenger::{DecodeError, PeekError, UpdateDecoder};
use frontdesk_core::time::Timestamp;
use frontdesk_telegram::TelegramDecoder;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{decode, message, peek, said, text, try_decode};

#[test]
fn a_private_message_with_a_chat_always_becomes_an_update() {
    for chat in [
        json!({"id": 42}),
        json!({"id": "42"}),
        json!({"id": 42.0, "type": 7}),
        json!({"type": "private"}),
        json!(null),
    ] {
        let update = message(json!({"text": "hi", "chat": chat}));
        assert_eq!(peek(&update).chat, ChatId(42), "{update}");
        assert_eq!(decode(&update).what, text("hi"), "{update}");
    }
    let unnamed = message(json!({"text": "hi", "from": "nobody", "message_id": [], "date": "soon"}));
    let update = decode(&unnamed);
    assert_eq!(
        (update.from.user_id, update.channel_message_id, update.at),
        (UserId(42), None, Timestamp::EPOCH)
    );
    assert_eq!(peek(&unnamed).user, Some(UserId(42)));
    let odd = message(
        json!({"text": "hi", "from": {"id": 42, "first_name": 1, "username": "@\u{0}ann", "language_code": "<b>"}}),
    );
    let from = decode(&odd).from;
    assert_eq!(
        (from.first_name, from.username.as_deref(), from.language),
        (None, Some("ann"), None)
    );
    let adrift = message(json!({"text": "hi", "from": null, "chat": {"id": null}}));
    assert!(matches!(try_decode(&adrift), Err(DecodeError::Malformed(_))));
    let id = 4_503_599_627_370_495_i64;
    assert_eq!(peek(&message(json!({"chat": {"id": id}}))).chat, ChatId(id));
    let long = "ä".repeat(5_000);
    assert_eq!(said(json!({"text": long.clone()})), text(&long));
    assert_eq!(
        peek(&message(json!({"text": long}))).text_start.chars().count(),
        64
    );
}

#[test]
fn bytes_that_hardly_are_json() {
    let not_json: [&[u8]; 9] = [
        b"",
        b" ",
        b"{",
        b"[]",
        b"null",
        b"5",
        b"\"x\"",
        b"{\"update_id\":1} x",
        b"<html>",
    ];
    for bytes in not_json {
        assert!(
            matches!(TelegramDecoder.peek(bytes), Err(PeekError::NotJson(_))),
            "{bytes:?}"
        );
        assert!(
            matches!(TelegramDecoder.decode(bytes, 1), Err(DecodeError::Malformed(_))),
            "{bytes:?}"
        );
    }
    for id in ["\"7\"", "7.0", "null", "[]", "9223372036854775808", "1e3", "true"] {
        let body = format!("{{\"update_id\":{id},\"message\":{{}}}}");
        assert_eq!(
            TelegramDecoder.peek(body.as_bytes()),
            Err(PeekError::NoUpdateId),
            "{id}"
        );
    }
    assert_eq!(TelegramDecoder.peek(b"{}"), Err(PeekError::NoUpdateId));
    for id in [i64::MIN, -1, 0, i64::MAX] {
        let envelope = TelegramDecoder.peek(format!("{{\"update_id\":{id}}}").as_bytes());
        assert_eq!(envelope.map(|envelope| envelope.update_id), Ok(UpdateId(id)));
    }
    let body = br#"{"update_id":1,"message":{"chat":{"id":4},"text":"a\ud800b\u0000c\xff"}}"#.to_vec();
    let at = body.windows(4).position(|four| four == b"\\xff").unwrap();
    let mut torn = body[..at].to_vec();
    torn.push(0xff);
    torn.extend_from_slice(&body[at + 4..]);
    let update = TelegramDecoder.decode(&torn, 1).unwrap();
    assert_eq!(update.what, text("a\u{fffd}bc\u{fffd}"));
}

#[test]
fn nesting_of_any_depth_is_stepped_over() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let body = format!(
        r#"{{"x":{deep},"update_id":3,"message":{{"chat":{{"id":4}},"reply_to_message":{deep},"text":"hi"}}}}"#
    );
    assert_eq!(
        TelegramDecoder
            .peek(body.as_bytes())
            .map(|envelope| envelope.chat),
        Ok(ChatId(4))
    );
    assert_eq!(
        TelegramDecoder
            .decode(body.as_bytes(), 1)
            .map(|update| update.what),
        Ok(text("hi"))
    );
    let objects = format!("{}1{}", r#"{"message":"#.repeat(100_000), "}".repeat(100_000));
    let body = format!(r#"{{"update_id":3,"message":{objects}}}"#);
    assert!(TelegramDecoder.peek(body.as_bytes()).is_ok());
    assert!(matches!(
        TelegramDecoder.decode(body.as_bytes(), 1),
        Err(DecodeError::Malformed(_))
    ));
    let open = format!(r#"{{"update_id":3,"message":{}"#, "[".repeat(200_000));
    assert!(matches!(
        TelegramDecoder.peek(open.as_bytes()),
        Err(PeekError::NotJson(_))
    ));
}

/// Words that steer the decoder, so that random documents reach its corners.
const WORDS: [&str; 24] = [
    "update_id",
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "inline_query",
    "chat",
    "from",
    "user",
    "id",
    "type",
    "private",
    "is_bot",
    "text",
    "caption",
    "photo",
    "document",
    "contact",
    "location",
    "venue",
    "date",
    "message_id",
    "new_chat_member",
    "status",
];

fn any_json() -> impl Strategy<Value = Value> {
    let word =
        || prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _seen = (TelegramDecoder.peek(&bytes), TelegramDecoder.decode(&bytes, 1));
    }

    #[test]
    fn no_damaged_update_makes_it_panic(json in any_json(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = json!({"update_id": 1, "message": json}).to_string().into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _seen = (TelegramDecoder.peek(&bytes), TelegramDecoder.decode(&bytes, 1));
    }

    #[test]
    fn every_object_with_an_id_is_taken(id in any::<i64>(), kind in prop::sample::select(&WORDS[1..]), body in any_json()) {
        let update = json!({"update_id": id, kind: body});
        let envelope = TelegramDecoder.peek(update.to_string().as_bytes());
        prop_assert_eq!(envelope.map(|envelope| envelope.update_id), Ok(UpdateId(id)));
        let _seen = try_decode(&update);
    }

    #[test]
    fn every_private_message_with_a_chat_is_an_update(body in any_json(), chat in 1..i64::MAX) {
        let mut message = serde_json::Map::new();
        message.extend(body.as_object().cloned().unwrap_or_default());
        message.insert("chat".to_owned(), json!({"id": chat, "type": "private"}));
        let update = json!({"update_id": 1, "message": message});
        prop_assert_eq!(peek(&update).chat, ChatId(chat));
        prop_assert_eq!(decode(&update).chat, ChatId(chat));
    }
}
