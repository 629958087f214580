//! Updates through the decoder: what is said, every kind of update, and hostile bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "a table of `json!` values reads better without borrows"
)]

mod content;
mod hostile;
mod kinds;

use frontdesk_core::dialogue::{Media, Update, UpdateKind};
use frontdesk_core::port::messenger::{DecodeError, Envelope, UpdateDecoder};
use frontdesk_telegram::TelegramDecoder;
use serde_json::{Value, json};

fn peek(update: &Value) -> Envelope {
    TelegramDecoder.peek(update.to_string().as_bytes()).unwrap()
}

fn try_decode(update: &Value) -> Result<Update, DecodeError> {
    TelegramDecoder.decode(update.to_string().as_bytes(), 1)
}

fn decode(update: &Value) -> Update {
    try_decode(update).unwrap()
}

fn message(content: Value) -> Value {
    let mut message = json!({
        "message_id": 7, "date": 1_700_000_000,
        "chat": {"id": 42, "type": "private", "first_name": "Ann"},
        "from": {"id": 42, "is_bot": false, "first_name": "Ann", "language_code": "en"},
    });
    for (name, value) in content.as_object().unwrap() {
        message[name] = value.clone();
    }
    json!({"update_id": 1, "message": message})
}

fn said(content: Value) -> UpdateKind {
    decode(&message(content)).what
}

fn media(content: Value) -> Media {
    match said(content) {
        UpdateKind::Media(media) => media,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> UpdateKind {
    UpdateKind::Text {
        text: text.to_owned(),
    }
}

fn ignored(what: &str) -> UpdateKind {
    UpdateKind::Ignored {
        what: what.to_owned(),
    }
}
