//! The methods of the Bot API.

mod bot;
mod chats;
mod content;
mod drafts;
mod edits;
mod entities;
mod files;
mod messages;
mod topics;
mod webhook;

pub(crate) use drafts::stopped;
pub(crate) use files::{download, object as file_object};
pub(crate) use webhook::allow_updates;

use crate::answer::{Outcome, Refusal};
use crate::params::Params;
use crate::state::State;
use crate::world::{Access, Chat};

/// Methods that Telegram refuses in the body of a webhook's answer.
pub(crate) fn is_refused_in_webhook_answer(method: &str) -> bool {
    let method = method.to_ascii_lowercase();
    method.starts_with("get") || ["setwebhook", "deletewebhook", "close", "logout"].contains(&method.as_str())
}

/// Methods that count against the flood limits.
pub(crate) fn is_limited(method: &str) -> bool {
    let method = method.to_ascii_lowercase();
    method != "sendchataction"
        && ["send", "edit", "copy", "forward"]
            .iter()
            .any(|start| method.starts_with(start))
}

/// Runs a method; getUpdates, which waits, is elsewhere.
pub(crate) fn call(state: &mut State, method: &str, params: &Params) -> Outcome {
    match method.to_ascii_lowercase().as_str() {
        "getme" => Ok(bot::get_me(state)),
        "logout" | "close" => Ok(crate::answer::Success::yes()),
        "setwebhook" => webhook::set(state, params),
        "deletewebhook" => Ok(webhook::delete(state, params)),
        "getwebhookinfo" => Ok(webhook::info(state)),
        "sendmessage" => messages::send_message(state, params),
        "sendmessagedraft" if state.config.drafts => drafts::send(state, params),
        "sendchataction" => messages::send_chat_action(state, params),
        "copymessage" => messages::copy(state, params),
        "copymessages" => messages::copy_many(state, params),
        "forwardmessage" => messages::forward(state, params),
        "editmessagetext" => edits::text(state, params),
        "editmessagecaption" => edits::caption(state, params),
        "editmessagereplymarkup" => edits::reply_markup(state, params),
        "deletemessage" => edits::delete(state, params),
        "deletemessages" => edits::delete_many(state, params),
        "answercallbackquery" => edits::answer_callback(state, params),
        "setmessagereaction" => edits::react(state, params),
        "senddocument" => files::send(state, params, "document"),
        "sendphoto" => files::send(state, params, "photo"),
        "getfile" => files::get(state, params),
        "setmycommands" => bot::set_commands(state, params),
        "deletemycommands" => Ok(bot::delete_commands(state, params)),
        "getmycommands" => Ok(bot::get_commands(state, params)),
        "setmydescription" => bot::set_text(state, params, "description", 512),
        "setmyshortdescription" => bot::set_text(state, params, "short_description", 120),
        "getmydescription" => Ok(bot::get_text(state, params, "description")),
        "getmyshortdescription" => Ok(bot::get_text(state, params, "short_description")),
        "setchatmenubutton" => bot::set_menu_button(state, params),
        "getchatmenubutton" => Ok(bot::get_menu_button(state, params)),
        "createforumtopic" => topics::create(state, params),
        "editforumtopic" => topics::edit(state, params),
        "closeforumtopic" => topics::set_closed(state, params, true),
        "reopenforumtopic" => topics::set_closed(state, params, false),
        "deleteforumtopic" => topics::delete(state, params),
        "getchat" => chats::get(state, params),
        "getchatmember" => chats::member(state, params),
        "getchatadministrators" => chats::administrators(state, params),
        _ => Err(Refusal::unknown_method()),
    }
}

/// The id in `chat_id`, also where it is written as `@name`.
pub(crate) fn chat_id(state: &State, params: &Params, name: &str) -> Option<i64> {
    params.number(name).or_else(|| {
        let wanted = params.text(name)?;
        let wanted = wanted.strip_prefix('@')?;
        state
            .world
            .chats
            .values()
            .find(|chat| chat.json.get("username").and_then(serde_json::Value::as_str) == Some(wanted))
            .map(|chat| chat.id)
    })
}

/// The chat a method is about, if the bot may write there.
fn chat<'a>(state: &'a mut State, params: &Params, name: &str) -> Result<&'a mut Chat, Refusal> {
    if params.json(name).is_none() {
        return Err(Refusal::bad("chat_id is empty"));
    }
    let id = chat_id(state, params, name).ok_or_else(|| Refusal::bad("chat not found"))?;
    let reachable = state.world.chats.contains_key(&id) || (state.config.open_chats && id > 0);
    if !reachable {
        return Err(Refusal::bad("chat not found"));
    }
    let chat = state.world.chat(id);
    match chat.access {
        Access::Open => Ok(chat),
        Access::Blocked => Err(Refusal::new(403, "Forbidden: bot was blocked by the user")),
        Access::Deactivated => Err(Refusal::new(403, "Forbidden: user is deactivated")),
        Access::Kicked => Err(Refusal::new(
            403,
            format!("Forbidden: bot was kicked from the {} chat", chat.kind),
        )),
        Access::MigratedTo(to) => Err(Refusal::migrated(to)),
    }
}
