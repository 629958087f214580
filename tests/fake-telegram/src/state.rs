//! The whole state of a fake, behind one lock, and the signal that it changed.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Config;
use crate::fault::Faults;
use crate::lanes::Lanes;
use crate::limits::Buckets;
use crate::queue::{LaneKey, Queue, expiry_seconds};
use crate::record::Record;
use crate::rng::Rng;
use crate::world::World;

/// The state with its lock and its signal, shared by server, dispatcher and tests.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(config)),
            changes: watch::Sender::new(0),
        })
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = self.quietly(act);
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
        result
    }

    /// Works on the state without waking anyone.
    pub(crate) fn quietly<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// A registered webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret_token: String,
    pub(crate) max_connections: usize,
    pub(crate) last_error: Option<(u64, String)>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) world: World,
    pub(crate) queue: Queue,
    pub(crate) lanes: Lanes,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) next_set_webhook: Option<Instant>,
    /// Kinds asked for; empty means all but the three that must be asked for.
    pub(crate) allowed_updates: Vec<String>,
    pub(crate) record: Record,
    pub(crate) faults: Faults,
    pub(crate) buckets: Buckets,
    pub(crate) rng: Rng,
    /// The getUpdates that waits; a later one takes its place.
    pub(crate) poller: Option<u64>,
    pub(crate) next_poller: u64,
    /// The bot's commands, descriptions and menu buttons, by scope and language.
    pub(crate) profile: Map<String, Value>,
}

/// Kinds that Telegram sends only when asked to.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

impl State {
    fn new(config: Config) -> Self {
        Self {
            world: World::default(),
            queue: Queue::new(config.first_update_id),
            lanes: Lanes::default(),
            webhook: None,
            next_set_webhook: None,
            allowed_updates: Vec::new(),
            record: Record::default(),
            faults: Faults::default(),
            buckets: Buckets::default(),
            rng: Rng::new(config.seed),
            poller: None,
            next_poller: 0,
            profile: Map::new(),
            config,
        }
    }

    /// Forgets everything but the settings, the registration and the sequence of update ids.
    pub(crate) fn reset(&mut self) {
        let mut fresh = Self::new(self.config.clone());
        fresh.queue.restart_ids(self.queue.next_id());
        fresh.lanes = Lanes::new(self.lanes.generation + 1);
        fresh.webhook = self.webhook.take();
        fresh.allowed_updates = std::mem::take(&mut self.allowed_updates);
        fresh.next_poller = self.next_poller;
        fresh.record.before = self.record.before + self.record.stats.calls;
        *self = fresh;
    }

    /// The bot as a User object.
    pub(crate) fn bot(&self) -> Value {
        json!({"id": self.config.bot_id(), "is_bot": true, "first_name": "Frontdesk",
               "username": self.config.bot_username})
    }

    fn is_allowed(&self, kind: &str) -> bool {
        if self.allowed_updates.is_empty() {
            !ON_REQUEST.contains(&kind)
        } else {
            self.allowed_updates.iter().any(|allowed| allowed == kind)
        }
    }

    /// Makes an update of this kind and content; returns its id, also where it is filtered out.
    pub(crate) fn add_update(&mut self, kind: &str, content: Value) -> i64 {
        let id = self.queue.next_id();
        if !self.is_allowed(kind) {
            self.record.stats.updates_filtered += 1;
            return id;
        }
        let lane = LaneKey::of(kind, &content);
        let mut body = Map::new();
        body.insert("update_id".to_owned(), id.into());
        body.insert(kind.to_owned(), content);
        let body = Bytes::from(Value::Object(body).to_string());
        self.enqueue(None, body, lane, kind);
        id
    }

    /// Queues an update whose bytes are kept as they are; reads from them what it can.
    pub(crate) fn add_raw_update(&mut self, body: Bytes) -> i64 {
        let parsed: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let id = parsed
            .get("update_id")
            .and_then(Value::as_i64)
            .unwrap_or_else(|| self.queue.next_id());
        let content = parsed
            .as_object()
            .and_then(|map| map.iter().find(|(name, _)| *name != "update_id"));
        let (kind, lane) = match content {
            Some((kind, content)) => {
                self.learn(kind, content);
                (kind.as_str(), LaneKey::of(kind, content))
            }
            None => (
                "unknown",
                LaneKey {
                    family: "unknown".to_owned(),
                    id: 0,
                },
            ),
        };
        self.enqueue(Some(id), body, lane, kind);
        id
    }

    /// Learns users, chats and callback queries from an update made elsewhere.
    pub(crate) fn learn(&mut self, kind: &str, content: &Value) {
        if let Some(Value::Object(user)) = content.get("from").or_else(|| content.get("user")) {
            self.world.put_user(user);
        }
        if let Some(Value::Object(chat)) = content.get("chat").or_else(|| content.pointer("/message/chat")) {
            self.world.put_chat(chat.clone());
        }
        if kind == "message"
            && let Value::Object(message) = content
        {
            self.world.learn_message(message);
        }
        if kind == "callback_query"
            && let Some(id) = content.get("id").and_then(Value::as_str)
        {
            let callback = crate::world::Callback {
                made: Instant::now(),
                answers: Vec::new(),
            };
            self.world.callbacks.insert(id.to_owned(), callback);
        }
    }

    fn enqueue(&mut self, id: Option<i64>, body: Bytes, lane: LaneKey, kind: &str) {
        let now = Instant::now();
        let expires = self
            .config
            .expire
            .then(|| now + self.config.scaled(expiry_seconds(kind)));
        self.record.stats.updates += 1;
        let update = self.queue.push(id, body, lane, expires);
        if self.webhook.is_some() {
            self.lanes.push(&update, now);
        }
    }

    /// Registers or removes the webhook; what waits is kept either way.
    pub(crate) fn register(&mut self, webhook: Option<Webhook>) {
        self.lanes = Lanes::new(self.lanes.generation + 1);
        self.webhook = webhook;
        if self.webhook.is_some() {
            let now = Instant::now();
            for update in self.queue.iter() {
                self.lanes.push(update, now);
            }
        }
    }

    /// Updates the bot has not taken yet, extra deliveries included.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() + self.queue.waiting_again() + self.lanes.copies()
    }
}
