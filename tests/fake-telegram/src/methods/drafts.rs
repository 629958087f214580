//! Drafts of a message that is being written, and the button that stops them.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{chat, content};
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::record::unix_ms;
use crate::state::State;
use crate::world::{Draft, Shown};

/// How long a draft is shown, in seconds.
const SHOWN_SECONDS: f64 = 30.0;

pub(super) fn send(state: &mut State, params: &Params) -> Outcome {
    let until = Instant::now() + state.config.scaled(SHOWN_SECONDS);
    let strict = state.config.strict;
    let chat = chat(state, params, "chat_id")?;
    if !chat.is_private() {
        return Err(Refusal::bad("message drafts can be sent only to private chats"));
    }
    let draft_id = params.number("draft_id").filter(|id| *id != 0);
    let Some(draft_id) = draft_id else {
        return Err(Refusal::bad("draft_id must be non-zero"));
    };
    let mut content = content::draft(params, strict)?;
    content::place(chat, params)?;
    let text = match content.remove("text") {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    chat.drafts.push(Draft {
        draft_id,
        text,
        entities: match content.remove("entities") {
            Some(Value::Array(entities)) => entities,
            _ => Vec::new(),
        },
        thread: params.number("message_thread_id").filter(|thread| *thread != 0),
        can_stop: params.flag("can_stop"),
        keep_on_stop: params.flag("keep_on_stop"),
        at: unix_ms(),
    });
    chat.shown = Some(Shown {
        draft: chat.drafts.len() - 1,
        until,
    });
    Ok(Success::yes())
}

/// The client taps the button that stops the draft shown; gives the update's content. Telegram then shows
/// no more of it, unless it was to be kept.
pub(crate) fn stopped(state: &mut State, chat_id: i64) -> Option<Value> {
    let chat = state.world.chats.get_mut(&chat_id)?;
    let draft = chat.shown_draft()?.clone();
    if !draft.can_stop {
        return None;
    }
    if !draft.keep_on_stop {
        chat.shown = None;
    }
    let mut content = Map::new();
    content.insert("chat".to_owned(), Value::Object(chat.json.clone()));
    if let Some(thread) = draft.thread {
        content.insert("message_thread_id".to_owned(), thread.into());
    }
    content.insert("draft_id".to_owned(), draft.draft_id.into());
    Some(Value::Object(content))
}
