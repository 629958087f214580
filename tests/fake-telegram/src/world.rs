//! Telegram's world as far as a bot sees it: users, chats, topics, messages, files, callback queries.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::record::unix_seconds;

/// Whether the bot may still write to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It may.
    #[default]
    Open,
    /// The user blocked the bot: 403.
    Blocked,
    /// The user's account is gone: 403.
    Deactivated,
    /// The bot was kicked from the group: 403.
    Kicked,
    /// The group became the supergroup of this id: 400 with `migrate_to_chat_id`.
    MigratedTo(i64),
}

#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) closed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: i64,
    /// The Bot API's Message object.
    pub(crate) json: Map<String, Value>,
    pub(crate) from_bot: bool,
    /// The keyboard under it: an inline one, or the reply keyboard that came with it.
    pub(crate) keyboard: Option<Value>,
    pub(crate) edits: u32,
    pub(crate) deleted: bool,
    pub(crate) cut: bool,
}

impl Message {
    pub(crate) fn str(&self, field: &str) -> Option<&str> {
        self.json.get(field).and_then(Value::as_str)
    }
}

/// A draft of a message that is being written.
#[derive(Debug, Clone, Serialize)]
pub struct Draft {
    /// Which message it is of.
    pub draft_id: i64,
    /// What is shown of it; empty for "Thinking…".
    pub text: String,
    /// The entities of the text.
    pub entities: Vec<Value>,
    /// The topic it is in.
    pub thread: Option<i64>,
    /// It has a button that stops it.
    pub can_stop: bool,
    /// It is still shown for a while once it is stopped.
    pub keep_on_stop: bool,
    /// When it came, in Unix milliseconds.
    pub at: u64,
}

/// The draft that a client sees: its place among the chat's drafts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) draft: usize,
    pub(crate) until: Instant,
}

#[derive(Debug, Clone)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) json: Map<String, Value>,
    pub(crate) messages: BTreeMap<i64, Message>,
    pub(crate) sent_by_bot: usize,
    pub(crate) topics: BTreeMap<i64, Topic>,
    pub(crate) drafts: Vec<Draft>,
    /// Gone with the next message of the bot.
    pub(crate) shown: Option<Shown>,
    pub(crate) access: Access,
    next_message_id: i64,
}

impl Chat {
    pub(crate) fn is_private(&self) -> bool {
        self.kind == "private"
    }

    /// The draft that the client sees now.
    pub(crate) fn shown_draft(&self) -> Option<&Draft> {
        let shown = self.shown.filter(|shown| Instant::now() < shown.until)?;
        self.drafts.get(shown.draft)
    }

    pub(crate) fn is_forum(&self) -> bool {
        self.json.get("is_forum").and_then(Value::as_bool) == Some(true)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) unique_id: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) size: u64,
    pub(crate) path: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) made: Instant,
    pub(crate) answers: Vec<Value>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) users: BTreeMap<i64, Value>,
    pub(crate) chats: BTreeMap<i64, Chat>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) callbacks: HashMap<String, Callback>,
    next_message_id: i64,
    next_file: u64,
    next_callback: u64,
}

impl World {
    /// The user, made with plausible names if unknown.
    pub(crate) fn user(&mut self, id: i64) -> Value {
        self.users
            .entry(id)
            .or_insert_with(|| {
                json!({"id": id, "is_bot": false, "first_name": format!("User {id}"),
                       "username": format!("user_{id}"), "language_code": "en"})
            })
            .clone()
    }

    /// Adds or replaces a user; `fields` need an `id`.
    pub(crate) fn put_user(&mut self, fields: &Map<String, Value>) -> Option<i64> {
        let id = fields.get("id")?.as_i64()?;
        let mut user = self.user(id);
        if let Value::Object(user) = &mut user {
            user.extend(fields.clone());
        }
        self.users.insert(id, user);
        Some(id)
    }

    /// The chat, made as the private chat of that user (or as a supergroup, below 0) if unknown.
    pub(crate) fn chat(&mut self, id: i64) -> &mut Chat {
        if !self.chats.contains_key(&id) {
            let fields = if id > 0 {
                let user = self.user(id);
                json!({"id": id, "type": "private", "first_name": user["first_name"], "username": user["username"]})
            } else {
                json!({"id": id, "type": "supergroup", "title": format!("Group {id}")})
            };
            if let Value::Object(fields) = fields {
                self.put_chat(fields);
            }
        }
        self.chats.entry(id).or_insert_with(|| new_chat(id, Map::new()))
    }

    /// Adds a chat or changes its fields; they need an `id`.
    pub(crate) fn put_chat(&mut self, fields: Map<String, Value>) -> Option<i64> {
        let id = fields.get("id")?.as_i64()?;
        let chat = self.chats.entry(id).or_insert_with(|| new_chat(id, Map::new()));
        chat.json.extend(fields);
        if let Some(kind) = chat.json.get("type").and_then(Value::as_str) {
            kind.clone_into(&mut chat.kind);
        }
        Some(id)
    }

    /// The next message id in a chat: private chats and groups share the bot's, supergroups have their own.
    pub(crate) fn next_message_id(&mut self, chat_id: i64) -> i64 {
        let chat = self.chat(chat_id);
        if chat.kind == "supergroup" || chat.kind == "channel" {
            chat.next_message_id += 1;
            return chat.next_message_id;
        }
        self.next_message_id += 1;
        self.next_message_id
    }

    /// Puts a message into a chat under a new id and returns its Message object.
    pub(crate) fn add_message(
        &mut self,
        chat_id: i64,
        from: &Value,
        from_bot: bool,
        content: Map<String, Value>,
        keyboard: Option<Value>,
    ) -> (i64, Value) {
        let id = self.next_message_id(chat_id);
        let chat = self.chat(chat_id);
        let mut json = Map::new();
        json.insert("message_id".to_owned(), id.into());
        json.insert("from".to_owned(), from.clone());
        json.insert("chat".to_owned(), Value::Object(chat.json.clone()));
        json.insert("date".to_owned(), unix_seconds().into());
        json.extend(content);
        if let Some(inline) = keyboard
            .as_ref()
            .filter(|keyboard| keyboard.get("inline_keyboard").is_some())
        {
            json.insert("reply_markup".to_owned(), inline.clone());
        }
        let object = Value::Object(json.clone());
        chat.sent_by_bot += usize::from(from_bot);
        if from_bot {
            chat.shown = None;
        }
        let message = Message {
            id,
            json,
            from_bot,
            keyboard,
            edits: 0,
            deleted: false,
            cut: false,
        };
        chat.messages.insert(id, message);
        (id, object)
    }

    /// Keeps a user's message that was made elsewhere, so that the bot can answer, copy or quote it.
    pub(crate) fn learn_message(&mut self, json: &Map<String, Value>) {
        let id = json.get("message_id").and_then(Value::as_i64);
        let chat_id = json
            .get("chat")
            .and_then(|chat| chat.get("id"))
            .and_then(Value::as_i64);
        let (Some(id), Some(chat_id)) = (id, chat_id) else {
            return;
        };
        let chat = self.chat(chat_id);
        let json = json.clone();
        let message = Message {
            id,
            json,
            from_bot: false,
            keyboard: None,
            edits: 0,
            deleted: false,
            cut: false,
        };
        // An id that is taken stays with the message that has it: raw updates are often sent twice.
        chat.messages.entry(id).or_insert(message);
        if chat.kind == "supergroup" || chat.kind == "channel" {
            chat.next_message_id = chat.next_message_id.max(id);
        } else {
            self.next_message_id = self.next_message_id.max(id);
        }
    }

    /// Keeps a file; `size` may claim more than there are bytes.
    pub(crate) fn add_file(&mut self, name: &str, mime: &str, bytes: Bytes, size: Option<u64>) -> File {
        self.next_file += 1;
        let number = self.next_file;
        let suffix = name.rsplit_once('.').map_or("bin", |(_, suffix)| suffix);
        let file = File {
            id: format!("FAKE-file-{number}"),
            unique_id: format!("unique-{number}"),
            name: name.to_owned(),
            mime: mime.to_owned(),
            size: size.unwrap_or_else(|| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            path: format!("documents/file_{number}.{suffix}"),
            bytes,
        };
        self.files.insert(file.id.clone(), file.clone());
        file
    }

    pub(crate) fn add_callback(&mut self, now: Instant) -> String {
        self.next_callback += 1;
        let id = (4_000_000_000_000_000_000 + self.next_callback).to_string();
        self.callbacks.insert(
            id.clone(),
            Callback {
                made: now,
                answers: Vec::new(),
            },
        );
        id
    }
}

fn new_chat(id: i64, json: Map<String, Value>) -> Chat {
    Chat {
        id,
        kind: if id > 0 { "private" } else { "supergroup" }.to_owned(),
        json,
        messages: BTreeMap::new(),
        sent_by_bot: 0,
        topics: BTreeMap::new(),
        drafts: Vec::new(),
        shown: None,
        access: Access::Open,
        // Message 1 makes the supergroup, and is the General topic of a forum.
        next_message_id: 1,
    }
}
