//! Sending: messages, chat actions, copies.

use serde_json::{Map, Value, json};

use super::{chat, content};
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::State;

/// Puts a message of the bot into the chat.
pub(super) fn post(state: &mut State, params: &Params, content: Map<String, Value>) -> Outcome {
    let keyboard = content::keyboard(params)?;
    let chat = chat(state, params, "chat_id")?;
    let id = chat.id;
    let mut fields = content::place(chat, params)?;
    fields.extend(content);
    let bot = state.bot();
    let (_, message) = state.world.add_message(id, &bot, true, fields, keyboard);
    state.record.stats.messages_sent += 1;
    Ok(Success::Result(message))
}

pub(super) fn send_message(state: &mut State, params: &Params) -> Outcome {
    chat(state, params, "chat_id")?;
    let content = content::text(params, state.config.strict)?;
    post(state, params, content)
}

pub(super) fn send_chat_action(state: &mut State, params: &Params) -> Outcome {
    const ACTIONS: [&str; 11] = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    let chat = chat(state, params, "chat_id")?;
    content::place(chat, params)?;
    if params
        .text("action")
        .is_none_or(|action| !ACTIONS.contains(&action.as_str()))
    {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    Ok(Success::yes())
}

/// The content of a message, without what belongs to its place.
fn content_of(state: &mut State, params: &Params, message_id: i64) -> Result<Map<String, Value>, Refusal> {
    const OF_ITS_PLACE: [&str; 9] = [
        "message_id",
        "from",
        "chat",
        "date",
        "edit_date",
        "reply_markup",
        "message_thread_id",
        "is_topic_message",
        "reply_to_message",
    ];
    let from = chat(state, params, "from_chat_id")?;
    let message = from.messages.get(&message_id).filter(|message| !message.deleted);
    let mut content = message
        .ok_or_else(|| Refusal::bad("message to copy not found"))?
        .json
        .clone();
    content.retain(|name, _| !OF_ITS_PLACE.contains(&name.as_str()));
    Ok(content)
}

pub(super) fn copy(state: &mut State, params: &Params) -> Outcome {
    let wanted = params
        .number("message_id")
        .ok_or_else(|| Refusal::bad("message to copy not found"))?;
    let mut content = content_of(state, params, wanted)?;
    if params.json("caption").is_some() {
        content.remove("caption");
        content.remove("caption_entities");
        content.extend(content::caption(params, state.config.strict)?);
    }
    let sent = post(state, params, content)?;
    Ok(Success::Result(json!({"message_id": sent.message_id()})))
}

pub(super) fn copy_many(state: &mut State, params: &Params) -> Outcome {
    let ids = params.object("message_ids")?.unwrap_or_default();
    let ids: Vec<i64> = ids
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    if ids.is_empty() || ids.len() > 100 || !ids.is_sorted_by(|left, right| left < right) {
        return Err(Refusal::bad("MESSAGE_IDS_INVALID"));
    }
    let mut sent = Vec::new();
    for id in ids {
        // What can't be found is skipped, as Telegram does.
        if let Ok(content) = content_of(state, params, id) {
            sent.push(json!({"message_id": post(state, params, content)?.message_id()}));
        }
    }
    if sent.is_empty() {
        return Err(Refusal::bad("there are no messages to copy"));
    }
    Ok(Success::Result(Value::Array(sent)))
}

pub(super) fn forward(state: &mut State, params: &Params) -> Outcome {
    let wanted = params
        .number("message_id")
        .ok_or_else(|| Refusal::bad("message to forward not found"))?;
    let mut content = content_of(state, params, wanted)?;
    let origin = chat(state, params, "from_chat_id")?.messages.get(&wanted);
    let from = origin.and_then(|message| message.json.get("from").cloned());
    content.insert(
        "forward_origin".to_owned(),
        json!({"type": "user", "sender_user": from, "date": crate::record::unix_seconds()}),
    );
    post(state, params, content)
}
