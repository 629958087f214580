//! The control API under `/fake/`: the Rust API's twin for tests in any language. The README shows each request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::config::RateLimits;
use crate::fake::Handle;
use crate::fault::Fault;
use crate::look::{self, Condition};
use crate::params::pairs;
use crate::play::{Button, Say};
use crate::state::Shared;
use crate::world::Access;

/// A request that can't be served: status and reason.
type Refused = (u16, String);
type Control = Result<Value, Refused>;

/// Answers a request of a test.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: Bytes,
) -> Answer {
    let fake = Handle(Arc::clone(shared));
    let query = Query(pairs(query.unwrap_or_default()).collect());
    let answered = match (method.as_str(), path) {
        ("POST", "wait") => wait(shared, &body).await,
        ("POST", _) => post(&fake, path, &query, body),
        ("GET", _) => get(&fake, path, &query),
        ("DELETE", "faults") => clear_faults(&fake, &query),
        _ => Err(unknown(path)),
    };
    match answered {
        Ok(value) => Answer::json(200, &value),
        Err((status, reason)) => Answer::json(status, &json!({"error": reason})),
    }
}

fn get(fake: &Handle, path: &str, query: &Query) -> Control {
    match path {
        "calls" => {
            let after = query.number("after")?.unwrap_or(0).unsigned_abs();
            let chat_id = query.number("chat_id")?;
            let mut calls = fake.calls();
            calls.retain(|call| {
                call.counter > after
                    && (chat_id.is_none() || call.chat_id == chat_id)
                    && query
                        .get("method")
                        .is_none_or(|wanted| call.method.eq_ignore_ascii_case(wanted))
            });
            to_json(&calls)
        }
        "messages" => {
            let chat = query
                .number("chat_id")?
                .ok_or_else(|| bad("chat_id is missing"))?;
            let mut messages = fake.all_messages(chat);
            if query.get("all") != Some("true") {
                messages.retain(|message| !message.deleted);
            }
            to_json(&messages)
        }
        "drafts" => {
            let chat = query
                .number("chat_id")?
                .ok_or_else(|| bad("chat_id is missing"))?;
            match query.get("shown") {
                Some("true") => to_json(&fake.shown_draft(chat)),
                _ => to_json(&fake.drafts(chat)),
            }
        }
        "topics" => {
            let chat = query
                .number("chat_id")?
                .ok_or_else(|| bad("chat_id is missing"))?;
            let topics = fake.topics(chat).into_iter();
            let described = topics
                .map(|(thread, name, closed)| json!({"thread": thread, "name": name, "closed": closed}));
            Ok(described.collect())
        }
        "chats" => to_json(&fake.chats()),
        "deliveries" => {
            let after = query.number("after")?.unwrap_or(0).unsigned_abs();
            let mut deliveries = fake.deliveries();
            deliveries.retain(|delivery| delivery.counter > after);
            to_json(&deliveries)
        }
        "callbacks" => Ok(fake
            .callback_answers()
            .into_iter()
            .map(|(id, answers)| (id, Value::Array(answers)))
            .collect()),
        "faults" => to_json(&fake.faults()),
        "violations" => to_json(&fake.violations()),
        "profile" => Ok(Value::Object(fake.profile())),
        "stats" => to_json(&fake.stats()),
        _ => Err(unknown(path)),
    }
}

fn post(fake: &Handle, path: &str, query: &Query, body: Bytes) -> Control {
    match path {
        "text" => Ok(json!({"update_id": fake.say(read::<Say>(&body)?)})),
        "edit" => {
            let edit: Edit = read(&body)?;
            let id = fake.user_edit(edit.chat, edit.message_id, &edit.text);
            id.map(|id| json!({"update_id": id}))
                .ok_or_else(|| (404, "there is no such message".to_owned()))
        }
        "tap" => tap(fake, &read(&body)?),
        "stop" => {
            let stop: Stop = read(&body)?;
            let stopped = fake.stop_draft(stop.chat);
            stopped
                .map(|id| json!({"update_id": id}))
                .map_err(|error| (404, error.to_string()))
        }
        "updates" => Ok(json!({"update_id": fake.raw_update(read(&body)?)})),
        "updates/raw" => Ok(json!({"update_id": fake.raw_bytes(body)})),
        "users" => done(fake.add_user(&read::<Map<_, _>>(&body)?), "a user needs an id"),
        "chats" => done(fake.add_chat(read(&body)?), "a chat needs an id"),
        "topics" => {
            let topic: NewTopic = read(&body)?;
            Ok(json!({"thread": fake.add_topic(topic.chat_id, &topic.name)}))
        }
        "topics/delete" => {
            let topic: OldTopic = read(&body)?;
            fake.delete_topic(topic.chat_id, topic.thread);
            Ok(json!({}))
        }
        "access" => {
            let access: NewAccess = read(&body)?;
            fake.set_access(access.chat_id, access.access);
            Ok(json!({}))
        }
        "files/change" => {
            let change: FileChange = read(&body)?;
            let changed = fake.change_file(&change.file_id, change.path.as_deref(), change.size);
            if changed {
                Ok(json!({}))
            } else {
                Err((404, "there is no such file".to_owned()))
            }
        }
        "files" => {
            let name = query.get("name").unwrap_or("file.bin");
            let mime = query.get("mime").unwrap_or("application/octet-stream");
            let size = query.number("size")?.map(i64::unsigned_abs);
            to_json(&fake.add_file(name, mime, body, size))
        }
        "faults" => Ok(json!({"id": fake.fault(read::<Fault>(&body)?)})),
        "settings" => {
            read::<Settings>(&body)?.apply(fake);
            Ok(json!({}))
        }
        "reset" => {
            fake.reset();
            Ok(json!({}))
        }
        _ => Err(unknown(path)),
    }
}

fn tap(fake: &Handle, tap: &Tap) -> Control {
    let button = match (&tap.label, &tap.data) {
        (Some(label), None) => Button::label(label),
        (None, Some(data)) => Button::data(data),
        _ => return Err(bad("a tap needs a label or data")),
    };
    let chat = tap.chat.unwrap_or(tap.user);
    let tapped = fake.tap_in(chat, tap.user, tap.message_id, &button);
    tapped
        .map(|id| json!({"update_id": id}))
        .map_err(|error| (404, error.to_string()))
}

fn clear_faults(fake: &Handle, query: &Query) -> Control {
    match query.number("id")? {
        Some(id) => fake.clear_fault(id.unsigned_abs()),
        None => fake.clear_faults(),
    }
    Ok(json!({}))
}

async fn wait(shared: &Arc<Shared>, body: &Bytes) -> Control {
    let wait: Wait = read(body)?;
    let limit = Duration::from_millis(wait.timeout_ms.unwrap_or(5_000));
    match look::wait(shared, &wait.condition, limit).await {
        Ok(()) => Ok(json!({"held": true})),
        Err(error) => Err((408, error.to_string())),
    }
}

#[derive(Deserialize)]
struct Wait {
    #[serde(flatten)]
    condition: Condition,
    timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Tap {
    user: i64,
    chat: Option<i64>,
    message_id: Option<i64>,
    label: Option<String>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct Stop {
    chat: i64,
}

#[derive(Deserialize)]
struct Edit {
    chat: i64,
    message_id: i64,
    text: String,
}

#[derive(Deserialize)]
struct NewTopic {
    chat_id: i64,
    name: String,
}

#[derive(Deserialize)]
struct FileChange {
    file_id: String,
    path: Option<String>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct OldTopic {
    chat_id: i64,
    thread: i64,
}

#[derive(Deserialize)]
struct NewAccess {
    chat_id: i64,
    access: Access,
}

/// What may be changed while the fake runs; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    deliver_times: Option<u32>,
    time_scale: Option<f64>,
    deliver_to: Option<String>,
    next_update_id: Option<i64>,
    drafts: Option<bool>,
    strict: Option<bool>,
    /// `true`, `false`, or the limits.
    rate_limits: Option<Switch>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Switch {
    On(bool),
    Limits(RateLimits),
}

impl Settings {
    fn apply(self, fake: &Handle) {
        if let Some(times) = self.deliver_times {
            fake.deliver_times(times);
        }
        if let Some(factor) = self.time_scale {
            fake.time_scale(factor);
        }
        if let Some(base) = self.deliver_to {
            fake.deliver_to(Some(base).filter(|base| !base.is_empty()));
        }
        if let Some(id) = self.next_update_id {
            fake.restart_update_ids(id);
        }
        if let Some(known) = self.drafts {
            fake.know_drafts(known);
        }
        if let Some(strict) = self.strict {
            fake.strict(strict);
        }
        match self.rate_limits {
            Some(Switch::On(on)) => fake.rate_limits(on.then(RateLimits::default)),
            Some(Switch::Limits(limits)) => fake.rate_limits(Some(limits)),
            None => {}
        }
    }
}

/// The pairs of a request's query.
struct Query(HashMap<String, String>);

impl Query {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        let number = self.get(name).map(str::parse).transpose();
        number.map_err(|_| bad(&format!("{name} is no whole number")))
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))
}

fn to_json(value: &impl serde::Serialize) -> Control {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}

fn done(done: bool, reason: &str) -> Control {
    if done { Ok(json!({})) } else { Err(bad(reason)) }
}

fn bad(reason: &str) -> Refused {
    (400, reason.to_owned())
}

fn unknown(path: &str) -> Refused {
    (404, format!("there is no control request {path}"))
}
