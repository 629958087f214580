//! Playing the clients: what they write, tap and upload, and what happens to them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::fake::Handle;
use crate::methods::{file_object, stopped};
use crate::state::State;
use crate::world::{Access, Topic};

/// Something a user writes. `chat` defaults to the user's private chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Say {
    /// Who.
    pub user: i64,
    /// Where; 0 is the private chat.
    pub chat: i64,
    /// In which topic.
    pub thread: Option<i64>,
    /// The text, or the caption of a file.
    pub text: String,
    /// The message answered.
    pub reply_to: Option<i64>,
    /// A file sent with it: its `file_id`.
    pub file_id: Option<String>,
    /// How the file is sent: `document` (default), `photo`, `voice` …
    pub file_as: Option<String>,
    /// The album it is part of.
    pub media_group_id: Option<String>,
    /// Further fields of the Message, as they are (`contact`, `location` …).
    pub fields: Map<String, Value>,
}

/// Which button a tap is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// By what it says.
    Label(String),
    /// By its callback data.
    Data(String),
}

impl Button {
    /// The button that says this.
    pub fn label(label: &str) -> Self {
        Self::Label(label.to_owned())
    }

    /// The button with this callback data.
    pub fn data(data: &str) -> Self {
        Self::Data(data.to_owned())
    }

    fn is(&self, button: &Value) -> bool {
        match self {
            Self::Label(label) => button.as_str().or_else(|| button["text"].as_str()) == Some(label),
            Self::Data(data) => button["callback_data"].as_str() == Some(data),
        }
    }
}

/// No message there has such a button.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no visible message in chat {chat} has the button {button:?}; there are: {labels:?}")]
pub struct NoSuchButton {
    /// The chat.
    pub chat: i64,
    /// The button looked for.
    pub button: Button,
    /// The labels there are.
    pub labels: Vec<String>,
}

/// No draft is shown there that could be stopped.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no draft with a button that stops it is shown in chat {chat}")]
pub struct NoSuchDraft {
    /// The chat.
    pub chat: i64,
}

/// A file that getFile knows.
#[derive(Debug, Clone, Serialize)]
pub struct FileInfo {
    /// For `getFile` and for [`Say::file_id`].
    pub file_id: String,
    /// The same for every `file_id` of one file.
    pub file_unique_id: String,
    /// The path under `/file/bot<token>/`.
    pub file_path: String,
    /// Its size, or the size it claims.
    pub file_size: u64,
}

impl Handle {
    /// A user writes to the bot; returns the update's id. The user is made if unknown.
    pub fn user_text(&self, user: i64, text: &str) -> i64 {
        self.say(Say {
            user,
            text: text.to_owned(),
            ..Say::default()
        })
    }

    /// A user writes, anywhere, anything; returns the update's id.
    pub fn say(&self, say: Say) -> i64 {
        self.0.change(|state| said(state, say))
    }

    /// A user edits a message of theirs; returns the update's id, or `None` if there is no such message.
    pub fn user_edit(&self, chat: i64, message_id: i64, text: &str) -> Option<i64> {
        self.0.change(|state| {
            let message = state.world.chat(chat).messages.get_mut(&message_id)?;
            message.json.insert("text".to_owned(), text.into());
            message
                .json
                .insert("edit_date".to_owned(), crate::record::unix_seconds().into());
            message.edits += 1;
            let content = Value::Object(message.json.clone());
            Some(state.add_update("edited_message", content))
        })
    }

    /// A user taps a button in their private chat: the newest message that has it. A button of a reply
    /// keyboard sends its text. Returns the update's id.
    ///
    /// # Errors
    /// No visible message has the button.
    pub fn tap(&self, user: i64, button: &Button) -> Result<i64, NoSuchButton> {
        self.tap_in(user, user, None, button)
    }

    /// A user taps a button in any chat, on the given message or on the newest that has the button.
    ///
    /// # Errors
    /// No visible message has the button.
    pub fn tap_in(
        &self,
        chat: i64,
        user: i64,
        message_id: Option<i64>,
        button: &Button,
    ) -> Result<i64, NoSuchButton> {
        self.0
            .change(|state| tapped(state, chat, user, message_id, button))
    }

    /// A user taps the button that stops the draft shown in their private chat; returns the update's id.
    ///
    /// # Errors
    /// No draft is shown, or it has no such button.
    pub fn stop_draft(&self, chat: i64) -> Result<i64, NoSuchDraft> {
        self.0.change(|state| {
            let content = stopped(state, chat).ok_or(NoSuchDraft { chat })?;
            Ok(state.add_update("stopped_message_generation", content))
        })
    }

    /// Makes an update from JSON. Without an `update_id` it gets the next one; with one it keeps it.
    pub fn raw_update(&self, update: Value) -> i64 {
        self.0.change(|state| {
            let mut update = update;
            if let Value::Object(fields) = &mut update
                && !fields.contains_key("update_id")
            {
                fields.insert("update_id".to_owned(), state.queue.next_id().into());
            }
            state.add_raw_update(update.to_string().into())
        })
    }

    /// Queues bytes as an update, exactly as they are, even if they are no JSON.
    pub fn raw_bytes(&self, body: impl Into<Bytes>) -> i64 {
        let body = body.into();
        self.0.change(|state| state.add_raw_update(body))
    }

    /// Adds a user or changes one: a User object, of which only `id` is needed. False without an `id`.
    pub fn add_user(&self, fields: &Map<String, Value>) -> bool {
        self.0.change(|state| state.world.put_user(fields).is_some())
    }

    /// Adds a chat or changes one: a Chat object with `id`, `type`, `title`, `is_forum` … False without an `id`.
    pub fn add_chat(&self, fields: Map<String, Value>) -> bool {
        self.0.change(|state| state.world.put_chat(fields).is_some())
    }

    /// Adds a supergroup; the bot is its administrator.
    pub fn add_group(&self, id: i64, title: &str, is_forum: bool) {
        let fields = json!({"id": id, "type": "supergroup", "title": title, "is_forum": is_forum});
        if let Value::Object(fields) = fields {
            self.add_chat(fields);
        }
    }

    /// Opens a private chat, as if the user had started the bot, without an update.
    pub fn open_chat(&self, user: i64) {
        self.0.change(|state| {
            state.world.chat(user);
        });
    }

    /// Whether the bot may write to a chat from now on.
    pub fn set_access(&self, chat: i64, access: Access) {
        self.0.change(|state| state.world.chat(chat).access = access);
    }

    /// A person makes a topic in a forum; returns its thread id.
    pub fn add_topic(&self, chat: i64, name: &str) -> i64 {
        self.0.change(|state| {
            let thread = state.world.next_message_id(chat);
            let topic = Topic {
                name: name.to_owned(),
                closed: false,
            };
            state.world.chat(chat).topics.insert(thread, topic);
            thread
        })
    }

    /// A person deletes a topic: sending there is "message thread not found" from now on.
    pub fn delete_topic(&self, chat: i64, thread: i64) {
        self.0
            .change(|state| state.world.chat(chat).topics.remove(&thread));
    }

    /// Keeps a file for getFile. `size` may claim more than there are bytes, or less, to test limits.
    pub fn add_file(&self, name: &str, mime: &str, bytes: impl Into<Bytes>, size: Option<u64>) -> FileInfo {
        let bytes = bytes.into();
        let file = self
            .0
            .change(|state| state.world.add_file(name, mime, bytes, size));
        FileInfo {
            file_id: file.id,
            file_unique_id: file.unique_id,
            file_path: file.path,
            file_size: file.size,
        }
    }

    /// From now on getFile says this of a file; false if there is none.
    pub fn change_file(&self, file_id: &str, path: Option<&str>, size: Option<u64>) -> bool {
        self.0.change(|state| {
            let Some(file) = state.world.files.get_mut(file_id) else {
                return false;
            };
            if let Some(path) = path {
                path.clone_into(&mut file.path);
            }
            file.size = size.unwrap_or(file.size);
            true
        })
    }
}

fn said(state: &mut State, say: Say) -> i64 {
    let chat = if say.chat == 0 { say.user } else { say.chat };
    let user = state.world.user(say.user);
    let mut content = Map::new();
    let file = say.file_id.as_ref().and_then(|id| state.world.files.get(id));
    let text_field = if file.is_some() { "caption" } else { "text" };
    if let Some(file) = file {
        let (name, value) = file_object(file, say.file_as.as_deref().unwrap_or("document"));
        content.insert(name, value);
    }
    if !say.text.is_empty() {
        if let Some(command) = say
            .text
            .split_whitespace()
            .next()
            .filter(|word| word.starts_with('/'))
        {
            let length = command.encode_utf16().count();
            let entities = json!([{"type": "bot_command", "offset": 0, "length": length}]);
            content.insert("entities".to_owned(), entities);
        }
        content.insert(text_field.to_owned(), say.text.into());
    }
    if let Some(thread) = say.thread {
        content.insert("message_thread_id".to_owned(), thread.into());
        content.insert("is_topic_message".to_owned(), true.into());
    }
    if let Some(album) = say.media_group_id {
        content.insert("media_group_id".to_owned(), album.into());
    }
    if let Some(replied) = say
        .reply_to
        .and_then(|id| state.world.chat(chat).messages.get(&id))
    {
        let mut replied = replied.json.clone();
        replied.remove("reply_to_message");
        content.insert("reply_to_message".to_owned(), Value::Object(replied));
    }
    content.extend(say.fields);
    let (_, message) = state.world.add_message(chat, &user, false, content, None);
    state.add_update("message", message)
}

fn tapped(
    state: &mut State,
    chat: i64,
    user: i64,
    message_id: Option<i64>,
    wanted: &Button,
) -> Result<i64, NoSuchButton> {
    let messages = &state.world.chat(chat).messages;
    let visible = messages.values().rev().filter(|message| {
        message.from_bot && !message.deleted && message_id.is_none_or(|id| id == message.id)
    });
    let mut labels = Vec::new();
    let mut found = None;
    for message in visible {
        let all = message.keyboard.iter().flat_map(buttons);
        for button in all {
            if wanted.is(button) {
                found = Some((message.json.clone(), button.clone()));
                break;
            }
            labels.extend(
                button
                    .as_str()
                    .or_else(|| button["text"].as_str())
                    .map(str::to_owned),
            );
        }
        if found.is_some() {
            break;
        }
    }
    let Some((message, button)) = found else {
        return Err(NoSuchButton {
            chat,
            button: wanted.clone(),
            labels,
        });
    };
    let Some(data) = button.get("callback_data") else {
        let from = state.world.user(user);
        let mut say = Say {
            user,
            chat,
            ..Say::default()
        };
        if button["request_contact"] == true {
            let contact =
                json!({"phone_number": "+12025550123", "first_name": from["first_name"], "user_id": user});
            say.fields.insert("contact".to_owned(), contact);
        } else {
            button
                .as_str()
                .or_else(|| button["text"].as_str())
                .unwrap_or_default()
                .clone_into(&mut say.text);
        }
        return Ok(said(state, say));
    };
    let id = state.world.add_callback(Instant::now());
    let from = state.world.user(user);
    let query =
        json!({"id": id, "from": from, "message": message, "chat_instance": chat.to_string(), "data": data});
    Ok(state.add_update("callback_query", query))
}

/// All buttons of a keyboard, inline or reply.
pub(crate) fn buttons(keyboard: &Value) -> impl Iterator<Item = &Value> {
    let rows = keyboard
        .get("inline_keyboard")
        .or_else(|| keyboard.get("keyboard"))
        .and_then(Value::as_array);
    rows.into_iter().flatten().filter_map(Value::as_array).flatten()
}
