//! The bot itself: who it is, its commands, descriptions and menu button.

use serde_json::json;

use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::State;

pub(super) fn get_me(state: &State) -> Success {
    let mut bot = state.bot();
    bot["can_join_groups"] = true.into();
    bot["can_read_all_group_messages"] = false.into();
    bot["supports_inline_queries"] = false.into();
    Success::Result(bot)
}

/// Commands are kept by scope and language.
fn commands_key(params: &Params) -> String {
    let scope = params
        .object("scope")
        .ok()
        .flatten()
        .unwrap_or_else(|| json!({"type": "default"}));
    format!(
        "commands {scope} {}",
        params.text("language_code").unwrap_or_default()
    )
}

pub(super) fn set_commands(state: &mut State, params: &Params) -> Outcome {
    let commands = params
        .object("commands")?
        .ok_or_else(|| Refusal::bad("commands are empty"))?;
    let list = commands
        .as_array()
        .ok_or_else(|| Refusal::bad("expected an Array of BotCommand"))?;
    if list.len() > 100 {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in list {
        let name = command["command"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('/');
        let well_formed = (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !well_formed {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(
            &command["description"]
                .as_str()
                .unwrap_or_default()
                .chars()
                .count(),
        ) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state.profile.insert(commands_key(params), commands);
    Ok(Success::yes())
}

pub(super) fn delete_commands(state: &mut State, params: &Params) -> Success {
    state.profile.remove(&commands_key(params));
    Success::yes()
}

pub(super) fn get_commands(state: &State, params: &Params) -> Success {
    Success::Result(
        state
            .profile
            .get(&commands_key(params))
            .cloned()
            .unwrap_or_else(|| json!([])),
    )
}

fn text_key(params: &Params, field: &str) -> String {
    format!("{field} {}", params.text("language_code").unwrap_or_default())
}

pub(super) fn set_text(state: &mut State, params: &Params, field: &str, limit: usize) -> Outcome {
    let text = params.text(field).unwrap_or_default();
    if text.chars().count() > limit {
        return Err(Refusal::bad(format!(
            "bot {} is too long",
            field.replace('_', " ")
        )));
    }
    state.profile.insert(text_key(params, field), text.into());
    Ok(Success::yes())
}

pub(super) fn get_text(state: &State, params: &Params, field: &str) -> Success {
    let text = state
        .profile
        .get(&text_key(params, field))
        .cloned()
        .unwrap_or_else(|| "".into());
    Success::Result(json!({ field: text }))
}

fn menu_key(params: &Params) -> String {
    format!("menu_button {}", params.number("chat_id").unwrap_or(0))
}

pub(super) fn set_menu_button(state: &mut State, params: &Params) -> Outcome {
    let button = params
        .object("menu_button")?
        .unwrap_or_else(|| json!({"type": "default"}));
    if !matches!(button["type"].as_str(), Some("commands" | "web_app" | "default")) {
        return Err(Refusal::bad(
            "can't parse menu button: MenuButton has unsupported type",
        ));
    }
    state.profile.insert(menu_key(params), button);
    Ok(Success::yes())
}

pub(super) fn get_menu_button(state: &State, params: &Params) -> Success {
    let default = || json!({"type": "default"});
    Success::Result(
        state
            .profile
            .get(&menu_key(params))
            .cloned()
            .unwrap_or_else(default),
    )
}
