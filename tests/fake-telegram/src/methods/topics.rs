//! Forum topics.

use serde_json::{Map, Value, json};

use super::chat;
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::State;
use crate::world::Topic;

fn forum(state: &mut State, params: &Params) -> Result<i64, Refusal> {
    let chat = chat(state, params, "chat_id")?;
    if chat.is_forum() || chat.is_private() {
        return Ok(chat.id);
    }
    Err(Refusal::bad("the chat is not a forum"))
}

fn topic<'a>(state: &'a mut State, params: &Params) -> Result<&'a mut Topic, Refusal> {
    let id = forum(state, params)?;
    let thread = params.number("message_thread_id").unwrap_or(0);
    let topic = state.world.chat(id).topics.get_mut(&thread);
    topic.ok_or_else(|| Refusal::bad("message thread not found"))
}

pub(super) fn create(state: &mut State, params: &Params) -> Outcome {
    let id = forum(state, params)?;
    let name = params.text("name").unwrap_or_default();
    if !(1..=128).contains(&name.trim().chars().count()) {
        return Err(Refusal::bad("TOPIC_TITLE_INVALID"));
    }
    // A topic's id is that of the service message that opens it.
    let mut service = Map::new();
    service.insert(
        "forum_topic_created".to_owned(),
        json!({"name": name, "icon_color": 7_322_096}),
    );
    let bot = state.bot();
    let (thread, _) = state.world.add_message(id, &bot, false, service, None);
    state.world.chat(id).topics.insert(
        thread,
        Topic {
            name: name.clone(),
            closed: false,
        },
    );
    Ok(Success::Result(
        json!({"message_thread_id": thread, "name": name, "icon_color": 7_322_096}),
    ))
}

pub(super) fn edit(state: &mut State, params: &Params) -> Outcome {
    let name = params.text("name");
    let topic = topic(state, params)?;
    match name {
        Some(name) if name == topic.name => Err(Refusal::bad("TOPIC_NOT_MODIFIED")),
        Some(name) => {
            topic.name = name;
            Ok(Success::yes())
        }
        None => Ok(Success::yes()),
    }
}

pub(super) fn set_closed(state: &mut State, params: &Params, closed: bool) -> Outcome {
    let topic = topic(state, params)?;
    if topic.closed == closed {
        return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
    }
    topic.closed = closed;
    Ok(Success::yes())
}

pub(super) fn delete(state: &mut State, params: &Params) -> Outcome {
    topic(state, params)?;
    let id = forum(state, params)?;
    let thread = params.number("message_thread_id").unwrap_or(0);
    let chat = state.world.chat(id);
    chat.topics.remove(&thread);
    for message in chat.messages.values_mut() {
        if message.json.get("message_thread_id").and_then(Value::as_i64) == Some(thread) {
            message.deleted = true;
        }
    }
    Ok(Success::yes())
}
