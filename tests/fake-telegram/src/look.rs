//! Looking at what the clients see and at what the bot did, and waiting for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::fake::Handle;
use crate::record::{Call, Delivery};
use crate::state::{Shared, State};
use crate::world::{Draft, Message};

/// A message as it stands in a chat.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Its id.
    pub message_id: i64,
    /// The bot sent it.
    pub from_bot: bool,
    /// The current text, or the caption; empty without either.
    pub text: String,
    /// The labels of its keyboard, row by row.
    pub keyboard: Vec<Vec<String>>,
    /// The topic it is in.
    pub thread: Option<i64>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// How often it was edited.
    pub edits: u32,
    /// It was deleted: no longer visible.
    pub deleted: bool,
    /// The call that sent it was cut between request and answer.
    pub cut: bool,
    /// The Bot API's Message object, as it stands.
    pub message: Map<String, Value>,
}

impl From<&Message> for Seen {
    fn from(message: &Message) -> Self {
        let label = |button: &Value| {
            button
                .as_str()
                .or_else(|| button["text"].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let keyboard = message.keyboard.as_ref();
        let rows = keyboard.and_then(|all| all.get("inline_keyboard").or_else(|| all.get("keyboard")));
        let rows = rows
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_array);
        let replied = message
            .json
            .get("reply_to_message")
            .and_then(|replied| replied.get("message_id"));
        Self {
            message_id: message.id,
            from_bot: message.from_bot,
            text: message
                .str("text")
                .or_else(|| message.str("caption"))
                .unwrap_or_default()
                .to_owned(),
            keyboard: rows.map(|row| row.iter().map(label).collect()).collect(),
            thread: message.json.get("message_thread_id").and_then(Value::as_i64),
            reply_to: replied.and_then(Value::as_i64),
            edits: message.edits,
            deleted: message.deleted,
            cut: message.cut,
            message: message.json.clone(),
        }
    }
}

/// What a wait is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "until", rename_all = "snake_case")]
pub enum Condition {
    /// The bot has sent so many messages to a chat (deleted ones count).
    Messages {
        /// The chat.
        chat_id: i64,
        /// How many.
        count: usize,
    },
    /// A visible message of the bot in a chat contains a text.
    Text {
        /// The chat.
        chat_id: i64,
        /// The text.
        contains: String,
    },
    /// A method was called so many times, whatever became of it.
    Calls {
        /// The method, in any case.
        method: String,
        /// How many.
        count: usize,
    },
    /// The bot has taken every update, extra deliveries included.
    DeliveredAll,
    /// The webhook got so many deliveries.
    Deliveries {
        /// How many.
        count: usize,
    },
    /// A webhook is registered (or none is).
    Webhook {
        /// Registered.
        set: bool,
    },
}

impl Condition {
    fn holds(&self, state: &mut State) -> bool {
        match self {
            Self::Messages { chat_id, count } => {
                state.world.chats.get(chat_id).map_or(0, |chat| chat.sent_by_bot) >= *count
            }
            Self::Text { chat_id, contains } => state.world.chats.get(chat_id).is_some_and(|chat| {
                let mut visible = chat
                    .messages
                    .values()
                    .filter(|message| message.from_bot && !message.deleted);
                visible.any(|message| Seen::from(message).text.contains(contains))
            }),
            Self::Calls { method, count } => {
                let called = |call: &&Call| call.method.eq_ignore_ascii_case(method);
                state.record.calls.iter().filter(called).count() >= *count
            }
            Self::DeliveredAll => state.waiting() == 0,
            Self::Deliveries { count } => state.record.deliveries.len() >= *count,
            Self::Webhook { set } => state.webhook.is_some() == *set,
        }
    }
}

/// A wait ended before its condition held.
#[derive(Debug, Clone, thiserror::Error)]
#[error("not within {waited:?}: {what}")]
pub struct NotInTime {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub waited: Duration,
}

impl Handle {
    /// The visible messages of a chat, both sides, oldest first.
    pub fn messages(&self, chat: i64) -> Vec<Seen> {
        self.all_messages(chat)
            .into_iter()
            .filter(|message| !message.deleted)
            .collect()
    }

    /// All messages of a chat, deleted ones too.
    pub fn all_messages(&self, chat: i64) -> Vec<Seen> {
        self.0.quietly(|state| seen(state, chat))
    }

    /// The visible messages of the bot in a chat.
    pub fn bot_messages(&self, chat: i64) -> Vec<Seen> {
        self.messages(chat)
            .into_iter()
            .filter(|message| message.from_bot)
            .collect()
    }

    /// The chats there are.
    pub fn chats(&self) -> Vec<i64> {
        self.0
            .quietly(|state| state.world.chats.keys().copied().collect())
    }

    /// The drafts shown in a chat, in order, whether or not they still are.
    pub fn drafts(&self, chat: i64) -> Vec<Draft> {
        self.0.quietly(|state| {
            let chat = state.world.chats.get(&chat);
            chat.map_or_else(Vec::new, |chat| chat.drafts.clone())
        })
    }

    /// The draft that the client sees now: none once the bot sent a message, the client stopped it, or it
    /// was not renewed for 30 s (scaled).
    pub fn shown_draft(&self, chat: i64) -> Option<Draft> {
        self.0
            .quietly(|state| state.world.chats.get(&chat)?.shown_draft().cloned())
    }

    /// The topics of a chat: thread id, name, closed.
    pub fn topics(&self, chat: i64) -> Vec<(i64, String, bool)> {
        self.0.quietly(|state| {
            let topics = state.world.chats.get(&chat).map(|chat| &chat.topics);
            let all = topics.into_iter().flatten();
            all.map(|(thread, topic)| (*thread, topic.name.clone(), topic.closed))
                .collect()
        })
    }

    /// The record of calls, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.0.quietly(|state| state.record.calls.clone())
    }

    /// The calls of one method.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| call.method.eq_ignore_ascii_case(method))
            .collect()
    }

    /// The attempts to deliver, in the order they ended.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.quietly(|state| state.record.deliveries.clone())
    }

    /// What the bot did that the project forbids itself.
    pub fn violations(&self) -> Vec<String> {
        self.0.quietly(|state| state.record.violations.clone())
    }

    /// The answers to taps: callback query id and the parameters of each answer.
    pub fn callback_answers(&self) -> Vec<(String, Vec<Value>)> {
        self.0.quietly(|state| {
            let all = state.world.callbacks.iter();
            let mut all: Vec<_> = all
                .map(|(id, callback)| (id.clone(), callback.answers.clone()))
                .collect();
            all.sort_by(|left, right| left.0.cmp(&right.0));
            all
        })
    }

    /// What the bot registered about itself: commands, descriptions, menu buttons.
    pub fn profile(&self) -> Map<String, Value> {
        self.0.quietly(|state| state.profile.clone())
    }

    /// Waits until a condition holds.
    ///
    /// # Errors
    /// It did not hold in time.
    pub async fn wait_for(&self, condition: Condition, limit: Duration) -> Result<(), NotInTime> {
        wait(&self.0, &condition, limit).await
    }

    /// Waits until `look` finds something; it is asked again after every change.
    ///
    /// # Errors
    /// It found nothing in time.
    pub async fn wait_until<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, NotInTime> {
        until(&self.0, what, limit, || look(self)).await
    }

    /// Waits until the bot has sent `count` messages to a chat and returns its visible messages there.
    ///
    /// # Errors
    /// It did not send them in time.
    pub async fn wait_for_messages(
        &self,
        chat: i64,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<Seen>, NotInTime> {
        self.wait_for(Condition::Messages { chat_id: chat, count }, limit)
            .await?;
        Ok(self.bot_messages(chat))
    }

    /// Waits until the bot has taken every update, extra deliveries included.
    ///
    /// # Errors
    /// It did not take them in time.
    pub async fn wait_delivered_all(&self, limit: Duration) -> Result<(), NotInTime> {
        self.wait_for(Condition::DeliveredAll, limit).await
    }
}

pub(crate) fn seen(state: &State, chat: i64) -> Vec<Seen> {
    let messages = state.world.chats.get(&chat).map(|chat| &chat.messages);
    messages
        .into_iter()
        .flat_map(|all| all.values())
        .map(Seen::from)
        .collect()
}

pub(crate) async fn wait(shared: &Shared, condition: &Condition, limit: Duration) -> Result<(), NotInTime> {
    let what = format!("{condition:?}");
    until(shared, &what, limit, || {
        shared.quietly(|state| condition.holds(state)).then_some(())
    })
    .await
}

async fn until<T>(
    shared: &Shared,
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, NotInTime> {
    let deadline = Instant::now() + limit;
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        if let Some(found) = look() {
            return Ok(found);
        }
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return Err(NotInTime {
                what: what.to_owned(),
                waited: limit,
            });
        }
    }
}
