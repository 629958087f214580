//! What happened in a kept chat, read from its messages.

use serde_json::Value;

use crate::conversation::{ContentType, Message, SenderType};
use crate::dialogue::{Media, UpdateKind};
use crate::port::back_office::StoredMessage;
use crate::time::Timestamp;

/// Who caused what was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause<'a> {
    /// The client, by this message.
    Client(&'a Message),
    /// An agent, by this message.
    Agent(&'a Message),
    /// An agent left this for agents.
    Note(&'a Message),
    /// Nobody who left a message: the model came back, time passed, an agent handed back or closed.
    Desk,
}

/// One decision of a kept chat: what caused it, and what the desk said.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment<'a> {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause<'a>,
    /// What the bot said, in order; what it kept to itself as a note is the model's.
    pub said: Vec<&'a Message>,
}

/// The decisions of a chat. What is said in one decision is said at one time, and begins with what
/// caused it.
pub fn moments(messages: &[StoredMessage]) -> Vec<Moment<'_>> {
    let mut all: Vec<Moment<'_>> = Vec::new();
    for message in messages.iter().map(|stored| &stored.message) {
        let cause = match message.sender_type {
            SenderType::User => Cause::Client(message),
            SenderType::Agent => Cause::Agent(message),
            SenderType::Note if message.llm.is_none() => Cause::Note(message),
            SenderType::Bot | SenderType::Note | SenderType::Unknown(_) => Cause::Desk,
        };
        let continues = cause == Cause::Desk;
        match all
            .last_mut()
            .filter(|last| continues && last.at == message.created_at)
        {
            Some(last) => last.said.push(message),
            None => all.push(Moment {
                at: message.created_at,
                cause,
                said: if continues { vec![message] } else { Vec::new() },
            }),
        }
    }
    all
}

impl Moment<'_> {
    /// The client's message that all of it answers, if it is another decision's.
    pub(super) fn answers(&self) -> Option<crate::id::MessageId> {
        if self.cause == Cause::Desk {
            self.said.iter().find_map(|message| message.reply_to)
        } else {
            None
        }
    }
}

/// The update that a client's message was; `None` for a kind this build does not know.
pub fn update_of(message: &Message) -> Option<UpdateKind> {
    let about = &message.metadata;
    let text = |key: &str| about.get(key).and_then(Value::as_str).map(str::to_owned);
    let content = original(message).to_owned();
    Some(match &message.content_type {
        ContentType::Text | ContentType::Command => UpdateKind::Text { text: content },
        ContentType::Button => UpdateKind::Tap {
            tap_id: String::new(),
            data: content,
        },
        ContentType::Contact => UpdateKind::Contact {
            phone: content,
            own: about.get("own").and_then(Value::as_bool).unwrap_or(true),
        },
        ContentType::Location => UpdateKind::Location {
            latitude: about.get("latitude").and_then(Value::as_f64).unwrap_or(0.0),
            longitude: about.get("longitude").and_then(Value::as_f64).unwrap_or(0.0),
        },
        ContentType::Image | ContentType::Document | ContentType::Voice | ContentType::Other => {
            UpdateKind::Media(Media {
                content_type: message.content_type.clone(),
                kind: text("kind").unwrap_or_else(|| message.content_type.to_string()),
                file_id: text("file_id"),
                file_name: text("file_name"),
                mime_type: text("mime_type"),
                size_bytes: about.get("size_bytes").and_then(Value::as_i64),
                album: text("album"),
                caption: content,
            })
        }
        ContentType::Unknown(_) => return None,
    })
}

/// The text as it was first sent: what the desk answered.
fn original(message: &Message) -> &str {
    let first = message.metadata.get("earlier").and_then(|earlier| earlier.get(0));
    first.and_then(Value::as_str).unwrap_or(&message.content)
}
