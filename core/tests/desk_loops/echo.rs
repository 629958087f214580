//! A decoder, and a stand-in for the dialogue that says back what it hears.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use frontdesk_core::conversation::{Client, Person, Session};
use frontdesk_core::dialogue::{ChatKind, Decide, Decision, Event, Fact, Occasion, Update, UpdateKind};
use frontdesk_core::id::{ChatId, ClientId, UpdateId, UserId};
use frontdesk_core::port::UpdateDecoder;
use frontdesk_core::port::messenger::{Action, DecodeError, Envelope, PeekError};
use frontdesk_core::text::RichText;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{Author, JobChange, Outgoing, Repeat};
use serde_json::Value;

/// Reads `{"update_id":…,"chat":…,"text":…,"album":…}`; the user has the chat's id.
#[derive(Debug)]
pub struct TestDecoder;

impl UpdateDecoder for TestDecoder {
    fn source(&self) -> &'static str {
        "test"
    }

    fn version(&self) -> i32 {
        1
    }

    fn peek(&self, bytes: &[u8]) -> Result<Envelope, PeekError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|e| PeekError::NotJson(e.to_string()))?;
        let chat = value["chat"].as_i64().unwrap_or(0);
        Ok(Envelope {
            update_id: UpdateId(value["update_id"].as_i64().ok_or(PeekError::NoUpdateId)?),
            chat: ChatId(chat),
            user: Some(UserId(chat.abs())),
            counts: chat > 0,
            text_start: value["text"].as_str().unwrap_or_default().to_owned(),
            album: value["album"].as_str().map(str::to_owned),
        })
    }

    fn decode(&self, bytes: &[u8], _version: i32) -> Result<Update, DecodeError> {
        let envelope = self
            .peek(bytes)
            .map_err(|e| DecodeError::Malformed(e.to_string()))?;
        if envelope.text_start == "undecodable" {
            return Err(DecodeError::UnknownKind("hologram".into()));
        }
        Ok(Update {
            chat: envelope.chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: Person::unnamed(UserId(envelope.chat.0.abs())),
            channel_message_id: None,
            at: Timestamp::EPOCH,
            what: UpdateKind::Text {
                text: envelope.text_start,
            },
        })
    }
}

/// Says back what it hears. `panic` panics, `refused` decides what no store takes, `client` makes the
/// sender known and keeps a session; `never:…` and `free:…` set how often the answer may be repeated.
#[derive(Debug, Default)]
pub struct Echo {
    /// What was heard, chat by chat, in the order in which it was decided.
    pub heard: Mutex<BTreeMap<i64, Vec<String>>>,
    /// Jobs to be started with the next decisions.
    pub jobs: Mutex<VecDeque<JobChange>>,
}

impl Decide for Echo {
    fn decide(&self, occasion: Occasion<'_>, event: &Event) -> Decision {
        let text = match event {
            Event::Update(update) => match &update.what {
                UpdateKind::Text { text } => text.clone(),
                other => format!("{other:?}"),
            },
            Event::Agent(post) => format!("agent {:?}", post.action),
            Event::Timer(fired) => format!("timer {fired:?}"),
            Event::Model(report) => format!("model {:?}", report.outcome),
            Event::Case(order) => format!("case {:?}", order.action),
            Event::Download(report) => format!("download {:?}", report.attachment.status),
            Event::Limited(notice) => {
                format!(
                    "limited {:?} {} {}",
                    notice.window, notice.resets_in_s, notice.from
                )
            }
        };
        self.heard
            .lock()
            .unwrap()
            .entry(occasion.lane.chat.0)
            .or_default()
            .push(text.clone());
        assert_ne!(text, "panic", "as asked");
        let mut decision = say(occasion, &text);
        decision.jobs.extend(self.jobs.lock().unwrap().pop_front());
        decision
    }

    fn give_up(&self, occasion: Occasion<'_>) -> Decision {
        say(occasion, "sorry")
    }
}

fn say(mut occasion: Occasion<'_>, text: &str) -> Decision {
    let repeat = match text.split_once(':').map(|(policy, _)| policy) {
        Some("never") => Repeat::Never,
        Some("free") => Repeat::Free,
        _ => Repeat::Once,
    };
    let mut decision = Decision {
        outgoing: vec![Outgoing {
            lane: occasion.lane.clone(),
            thread: None,
            dedupe_key: occasion.ids.next_uuid().to_string(),
            message_id: None,
            part: 0,
            author: Author::Bot,
            owner_epoch: 0,
            action: Action::Send {
                content: RichText::plain(text),
                keyboard: None,
            },
            repeat,
        }],
        facts: vec![Fact {
            what: "echoed",
            fields: vec![("length", text.len().to_string())],
        }],
        ..Decision::default()
    };
    let session_of = |client_id| Session {
        client_id,
        state: Value::Null,
        expires_at: occasion.now + Session::TTL,
        version: 1,
    };
    if text == "refused" {
        decision.session = Some(session_of(ClientId(occasion.ids.next_uuid())));
    }
    if text == "client" {
        let person = Person::unnamed(UserId(occasion.lane.chat.0));
        let client = Client::new(
            &mut occasion.ids,
            occasion.lane.bot_id,
            occasion.lane.channel.clone(),
            occasion.lane.chat,
            &person,
            occasion.now,
        );
        decision.session = Some(session_of(client.id));
        decision.client = Some(client);
    }
    decision
}
