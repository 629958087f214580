//! What a message may contain: text, keyboards, references to other messages.

use serde_json::{Map, Value};

use super::entities;
use crate::answer::Refusal;
use crate::params::Params;
use crate::world::Chat;

const MAX_TEXT: usize = 4096;
const MAX_CAPTION: usize = 1024;
const MAX_BYTES: usize = 32_768;
const MAX_BUTTONS: usize = 100;

/// The text of a message with its entities, as the fields of a Message.
pub(super) fn text(params: &Params, strict: bool) -> Result<Map<String, Value>, Refusal> {
    let text = params.text("text").unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if text.len() > MAX_BYTES {
        return Err(Refusal::bad("text is too long"));
    }
    if text.trim().chars().count() > MAX_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    with_entities(params, text, "text", "entities", strict)
}

/// The text of a draft, which may be empty.
pub(super) fn draft(params: &Params, strict: bool) -> Result<Map<String, Value>, Refusal> {
    let text = params.text("text").unwrap_or_default();
    if text.chars().count() > MAX_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    with_entities(params, text, "text", "entities", strict)
}

/// The caption, if there is one.
pub(super) fn caption(params: &Params, strict: bool) -> Result<Map<String, Value>, Refusal> {
    let caption = params.text("caption").unwrap_or_default();
    if caption.trim().is_empty() {
        return Ok(Map::new());
    }
    if caption.chars().count() > MAX_CAPTION {
        return Err(Refusal::bad("message caption is too long"));
    }
    with_entities(params, caption, "caption", "caption_entities", strict)
}

fn with_entities(
    params: &Params,
    text: String,
    text_field: &str,
    entities_field: &str,
    strict: bool,
) -> Result<Map<String, Value>, Refusal> {
    match params
        .text("parse_mode")
        .map(|mode| mode.to_ascii_lowercase())
        .as_deref()
    {
        None | Some("") => {}
        Some(_) if strict => return Err(Refusal::bad("strict: a parse_mode is never sent")),
        Some("html" | "markdown" | "markdownv2") => {}
        Some(_) => return Err(Refusal::bad("unsupported parse_mode")),
    }
    let mut fields = Map::new();
    if let Some(entities) = params.object(entities_field)? {
        let entities = entities::checked(&text, entities, strict)?;
        if !entities.is_empty() {
            fields.insert(entities_field.to_owned(), Value::Array(entities));
        }
    }
    fields.insert(text_field.to_owned(), Value::String(text));
    Ok(fields)
}

/// The keyboard, checked.
pub(super) fn keyboard(params: &Params) -> Result<Option<Value>, Refusal> {
    let Some(markup) = params.object("reply_markup")? else {
        return Ok(None);
    };
    if !markup.is_object() {
        return Err(Refusal::bad("object expected as reply markup"));
    }
    if let Some(rows) = markup.get("inline_keyboard") {
        let buttons = buttons(rows)?;
        if buttons.is_empty() {
            return Ok(None);
        }
        if buttons.len() > MAX_BUTTONS {
            return Err(Refusal::bad("REPLY_MARKUP_TOO_LONG"));
        }
        for button in buttons {
            check_inline_button(button)?;
        }
    } else if let Some(rows) = markup.get("keyboard") {
        for button in buttons(rows)? {
            if button
                .as_str()
                .or_else(|| button["text"].as_str())
                .is_none_or(str::is_empty)
            {
                return Err(Refusal::bad("keyboard button text must be non-empty"));
            }
        }
    }
    Ok(Some(markup))
}

fn buttons(rows: &Value) -> Result<Vec<&Value>, Refusal> {
    let rows = rows
        .as_array()
        .ok_or_else(|| Refusal::bad("field \"inline_keyboard\" must be of type Array"))?;
    let mut all = Vec::new();
    for row in rows {
        all.extend(
            row.as_array()
                .ok_or_else(|| Refusal::bad("inline keyboard row must be an Array"))?,
        );
    }
    Ok(all)
}

fn check_inline_button(button: &Value) -> Result<(), Refusal> {
    if button["text"].as_str().is_none_or(str::is_empty) {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Text must be non-empty",
        ));
    }
    if let Some(data) = button.get("callback_data") {
        let length = data.as_str().map_or(0, str::len);
        if !(1..=64).contains(&length) {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
    } else if let Some(url) = button.get("url") {
        let url = url.as_str().unwrap_or_default();
        if !["http://", "https://", "tg://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(Refusal::bad("BUTTON_URL_INVALID"));
        }
    } else if button.as_object().is_none_or(|fields| fields.len() < 2) {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ));
    }
    Ok(())
}

/// The fields that place a message: its topic and the message it answers.
pub(super) fn place(chat: &Chat, params: &Params) -> Result<Map<String, Value>, Refusal> {
    let mut fields = Map::new();
    if let Some(thread) = params.number("message_thread_id").filter(|thread| *thread != 0) {
        let general = chat.is_forum() && thread == 1;
        if !general && !chat.topics.contains_key(&thread) {
            return Err(Refusal::bad("message thread not found"));
        }
        if !general {
            fields.insert("message_thread_id".to_owned(), thread.into());
            fields.insert("is_topic_message".to_owned(), true.into());
        }
    }
    let reply = params.object("reply_parameters")?;
    let old_form = params.number("reply_to_message_id");
    let reply_to = reply
        .as_ref()
        .and_then(|reply| reply["message_id"].as_i64())
        .or(old_form);
    let elsewhere = reply
        .as_ref()
        .and_then(|reply| reply["chat_id"].as_i64())
        .is_some_and(|id| id != chat.id);
    if let Some(id) = reply_to.filter(|_| !elsewhere) {
        let lenient = params.flag("allow_sending_without_reply")
            || reply.is_some_and(|reply| reply["allow_sending_without_reply"] == true);
        match chat.messages.get(&id).filter(|message| !message.deleted) {
            Some(message) => {
                let mut replied = message.json.clone();
                replied.remove("reply_to_message");
                fields.insert("reply_to_message".to_owned(), Value::Object(replied));
            }
            None if lenient => {}
            None => return Err(Refusal::bad("message to be replied not found")),
        }
    }
    Ok(fields)
}
