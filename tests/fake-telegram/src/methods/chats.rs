//! Looking at chats and their members. The bot is an administrator with all rights in every group.

use serde_json::{Value, json};

use super::chat;
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::State;

pub(super) fn get(state: &mut State, params: &Params) -> Outcome {
    let chat = chat(state, params, "chat_id")?;
    let mut json = chat.json.clone();
    json.entry("accent_color_id").or_insert(0.into());
    json.entry("max_reaction_count").or_insert(11.into());
    Ok(Success::Result(Value::Object(json)))
}

fn bot_as_administrator(state: &State) -> Value {
    json!({"status": "administrator", "user": state.bot(), "can_be_edited": false, "is_anonymous": false,
           "can_manage_chat": true, "can_delete_messages": true, "can_manage_video_chats": true,
           "can_restrict_members": true, "can_promote_members": false, "can_change_info": true,
           "can_invite_users": true, "can_post_stories": false, "can_edit_stories": false,
           "can_delete_stories": false, "can_pin_messages": true, "can_manage_topics": true})
}

pub(super) fn member(state: &mut State, params: &Params) -> Outcome {
    chat(state, params, "chat_id")?;
    let id = params
        .number("user_id")
        .ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
    if id == state.config.bot_id() {
        return Ok(Success::Result(bot_as_administrator(state)));
    }
    match state.world.users.get(&id) {
        Some(user) => Ok(Success::Result(json!({"status": "member", "user": user}))),
        None => Err(Refusal::bad("user not found")),
    }
}

pub(super) fn administrators(state: &mut State, params: &Params) -> Outcome {
    if chat(state, params, "chat_id")?.is_private() {
        return Err(Refusal::bad("there are no administrators in the private chat"));
    }
    Ok(Success::Result(json!([bot_as_administrator(state)])))
}
