//! What changes a message that is there: edits, deletion, reactions, answers to taps.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{chat, content};
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::record::unix_seconds;
use crate::state::State;
use crate::world::Message;

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same \
    as a current content and reply markup of the message";

fn message<'a>(state: &'a mut State, params: &Params, missing: &str) -> Result<&'a mut Message, Refusal> {
    let chat = chat(state, params, "chat_id")?;
    let id = params
        .number("message_id")
        .ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
    let message = chat.messages.get_mut(&id).filter(|message| !message.deleted);
    message.ok_or_else(|| Refusal::bad(missing))
}

/// Replaces fields and keyboard of a bot's message; a keyboard that is left out is removed.
fn replace(state: &mut State, params: &Params, fields: &[&str], content: Map<String, Value>) -> Outcome {
    let keyboard = content::keyboard(params)?;
    let message = message(state, params, "message to edit not found")?;
    if !message.from_bot {
        return Err(Refusal::bad("message can't be edited"));
    }
    let same = fields
        .iter()
        .all(|field| message.json.get(*field) == content.get(*field))
        && message.json.get("reply_markup") == keyboard.as_ref();
    if same {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    for field in fields {
        message.json.remove(*field);
    }
    message.json.extend(content);
    message.json.remove("reply_markup");
    if let Some(keyboard) = &keyboard {
        message.json.insert("reply_markup".to_owned(), keyboard.clone());
    }
    message.keyboard = keyboard;
    message.json.insert("edit_date".to_owned(), unix_seconds().into());
    message.edits += 1;
    Ok(Success::Result(Value::Object(message.json.clone())))
}

pub(super) fn text(state: &mut State, params: &Params) -> Outcome {
    let content = content::text(params, state.config.strict)?;
    let message = message(state, params, "message to edit not found")?;
    if message.from_bot && message.str("text").is_none() {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    replace(state, params, &["text", "entities"], content)
}

pub(super) fn caption(state: &mut State, params: &Params) -> Outcome {
    let content = content::caption(params, state.config.strict)?;
    replace(state, params, &["caption", "caption_entities"], content)
}

pub(super) fn reply_markup(state: &mut State, params: &Params) -> Outcome {
    replace(state, params, &[], Map::new())
}

pub(super) fn delete(state: &mut State, params: &Params) -> Outcome {
    message(state, params, "message to delete not found")?.deleted = true;
    Ok(Success::yes())
}

pub(super) fn delete_many(state: &mut State, params: &Params) -> Outcome {
    let ids = params.object("message_ids")?.unwrap_or_default();
    let chat = chat(state, params, "chat_id")?;
    for id in ids.as_array().into_iter().flatten().filter_map(Value::as_i64) {
        if let Some(message) = chat.messages.get_mut(&id) {
            message.deleted = true;
        }
    }
    Ok(Success::yes())
}

pub(super) fn react(state: &mut State, params: &Params) -> Outcome {
    let reaction = params
        .object("reaction")?
        .unwrap_or_else(|| Value::Array(Vec::new()));
    if reaction.as_array().is_some_and(|list| list.len() > 1) {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    message(state, params, "message to react not found")?;
    Ok(Success::yes())
}

pub(super) fn answer_callback(state: &mut State, params: &Params) -> Outcome {
    let lifetime = state.config.scaled(150.0);
    let expire = state.config.expire;
    let id = params.text("callback_query_id").unwrap_or_default();
    let callback = state
        .world
        .callbacks
        .get_mut(&id)
        .filter(|callback| !expire || Instant::now().duration_since(callback.made) < lifetime);
    let Some(callback) = callback else {
        return Err(Refusal::bad(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    if params.text("text").is_some_and(|text| text.chars().count() > 200) {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    callback.answers.push(Value::Object(params.values.clone()));
    Ok(Success::yes())
}
