//! Updates of the Bot API, understood.
//!
//! Nothing here fails for a field that is missing, of a wrong type or new. The samples in Telegram's
//! own documentation lack fields that its reference calls required.

mod kinds;
mod message;

use frontdesk_core::conversation::Person;
use frontdesk_core::dialogue::{ChatKind, Update, UpdateKind};
use frontdesk_core::id::{ChannelMessageId, ChatId, ThreadId, UpdateId, UserId};
use frontdesk_core::port::messenger::{DecodeError, Envelope, PeekError, UpdateDecoder};
use frontdesk_core::text::{clean, clip};
use frontdesk_core::time::Timestamp;

pub use kinds::ALLOWED_UPDATES;

use crate::json::{Fields, readable};

/// Reads the updates of the Telegram Bot API.
#[derive(Clone, Copy, Debug, Default)]
pub struct TelegramDecoder;

/// The form in which bytes are kept: as Telegram sent them.
const VERSION: i32 = 1;

/// The most of a text that the door sees, in characters.
const START_LIMIT: usize = 64;

impl UpdateDecoder for TelegramDecoder {
    fn source(&self) -> &'static str {
        "telegram"
    }

    fn version(&self) -> i32 {
        VERSION
    }

    fn peek(&self, bytes: &[u8]) -> Result<Envelope, PeekError> {
        let text = readable(bytes);
        let update = Fields::read(&text).map_err(|error| PeekError::NotJson(error.to_string()))?;
        let update_id = update.integer("update_id").ok_or(PeekError::NoUpdateId)?;
        let kind = kind_of(&update);
        let body = kind.and_then(|kind| update.object(kind)).unwrap_or_default();
        let scene = Scene::of(kind, &body);
        let concerns_desk = kind
            .is_some_and(|kind| !kinds::UNWRITTEN.contains(&kind) && !kinds::OTHER_UPDATES.contains(&kind));
        let private = scene.chat.is_some_and(|(_, kind)| kind == ChatKind::Private);
        let is_bot = scene.from.as_ref().is_some_and(|from| from.is_bot);
        Ok(Envelope {
            update_id: UpdateId(update_id),
            chat: ChatId(scene.chat.map_or(0, |(id, _)| id)),
            user: scene.from.map(|from| from.user_id),
            counts: concerns_desk && private && !is_bot,
            text_start: clip(&message::words(&body), START_LIMIT).to_owned(),
            album: message::album(&body),
        })
    }

    fn decode(&self, bytes: &[u8], version: i32) -> Result<Update, DecodeError> {
        if version != VERSION {
            return Err(DecodeError::UnknownKind(format!("form {version}")));
        }
        let text = readable(bytes);
        let update = Fields::read(&text).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        let kind = kind_of(&update).ok_or_else(|| malformed("it says nothing"))?;
        let body = update.object(kind);
        if kinds::OTHER_UPDATES.contains(&kind) {
            return Ok(ignored(kind, &body.unwrap_or_default()));
        }
        if !kinds::ALLOWED_UPDATES.contains(&kind) {
            return Err(DecodeError::UnknownKind(
                clip(&clean(kind), START_LIMIT).to_owned(),
            ));
        }
        let body = body.ok_or_else(|| malformed(&format!("`{kind}` is no object")))?;
        match kind {
            kinds::CALLBACK_QUERY => tap(&body),
            kinds::MY_CHAT_MEMBER => standing(&body),
            kinds::STOPPED => stopped(&body),
            edited_or_new => said(edited_or_new, &body),
        }
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

/// The kind of an update: a known one before an unknown one.
fn kind_of<'u>(update: &'u Fields<'_>) -> Option<&'u str> {
    kinds::ALLOWED_UPDATES
        .into_iter()
        .chain(kinds::OTHER_UPDATES)
        .find(|kind| update.has(kind))
        .or_else(|| update.names().find(|name| *name != "update_id"))
}

/// Where an update happened and who caused it, as far as it says.
struct Scene {
    chat: Option<(i64, ChatKind)>,
    from: Option<Person>,
}

impl Scene {
    fn of(kind: Option<&str>, body: &Fields<'_>) -> Scene {
        let named = ["from", "user"].into_iter().find_map(|name| {
            let user = body.object(name)?;
            Some(message::person(&user, user.number("id")?))
        });
        let holder = if kind == Some(kinds::CALLBACK_QUERY) {
            body.object("message").and_then(|message| message.object("chat"))
        } else {
            body.object("chat")
        };
        let chat = match &holder {
            Some(chat) => chat.number("id").map(|id| (id, chat_kind(chat, id))).or_else(|| {
                private_with(named.as_ref()).filter(|(id, _)| chat_kind(chat, *id) == ChatKind::Private)
            }),
            None => private_with(named.as_ref()),
        };
        // In a private chat the chat's id is the person's.
        let from = named.or_else(|| match chat {
            Some((id, ChatKind::Private)) => Some(
                holder
                    .as_ref()
                    .map_or_else(|| Person::unnamed(UserId(id)), |chat| message::person(chat, id)),
            ),
            _ => None,
        });
        Scene { chat, from }
    }
}

fn private_with(person: Option<&Person>) -> Option<(i64, ChatKind)> {
    person.map(|person| (person.user_id.0, ChatKind::Private))
}

/// Telegram's samples have chats without a type; users' ids are positive, all others negative.
fn chat_kind(chat: &Fields<'_>, id: i64) -> ChatKind {
    match chat.text("type").as_deref() {
        Some("private") => ChatKind::Private,
        Some("group" | "supergroup") => ChatKind::Group,
        Some("channel") => ChatKind::Broadcast,
        _ if id > 0 => ChatKind::Private,
        _ => ChatKind::Group,
    }
}

/// An update that does not concern the desk.
fn ignored(what: &str, body: &Fields<'_>) -> Update {
    let scene = Scene::of(Some(what), body);
    let (chat, chat_kind) = scene.chat.unwrap_or((0, ChatKind::Private));
    Update {
        chat: ChatId(chat),
        chat_kind,
        thread: None,
        from: scene.from.unwrap_or_else(|| Person::unnamed(UserId(0))),
        channel_message_id: message_id(body),
        at: time(body, "date"),
        what: UpdateKind::Ignored {
            what: what.to_owned(),
        },
    }
}

/// A message, new or edited.
fn said(kind: &str, body: &Fields<'_>) -> Result<Update, DecodeError> {
    let scene = Scene::of(Some(kind), body);
    let (chat, chat_kind) = scene
        .chat
        .ok_or_else(|| malformed(&format!("`{kind}` has no readable chat")))?;
    let from = scene.from.unwrap_or_else(|| Person::unnamed(UserId(0)));
    let edited = kind == kinds::EDITED_MESSAGE;
    let what = match chat_kind {
        ChatKind::Group => ignore("group_message"),
        ChatKind::Broadcast => ignore("channel_message"),
        ChatKind::Private if from.is_bot => ignore("bot_message"),
        ChatKind::Private if edited => match message::words(body) {
            // A live location that moved, a poll that was voted on: nothing was said.
            text if text.is_empty() => ignore(kinds::EDITED_MESSAGE),
            text => UpdateKind::Edited { text },
        },
        ChatKind::Private => message::content(body, from.user_id.0),
    };
    let at = if edited && body.has("edit_date") {
        "edit_date"
    } else {
        "date"
    };
    Ok(Update {
        chat: ChatId(chat),
        chat_kind,
        thread: thread(body),
        from,
        channel_message_id: message_id(body),
        at: time(body, at),
        what,
    })
}

fn ignore(what: &str) -> UpdateKind {
    UpdateKind::Ignored {
        what: what.to_owned(),
    }
}

/// A tap on an inline button. Telegram gives taps no time: theirs is the epoch.
fn tap(body: &Fields<'_>) -> Result<Update, DecodeError> {
    let scene = Scene::of(Some(kinds::CALLBACK_QUERY), body);
    let (chat, chat_kind) = scene
        .chat
        .ok_or_else(|| malformed("the tap has no readable chat"))?;
    let from = scene.from.ok_or_else(|| malformed("the tap has no sender"))?;
    let tap_id = body
        .text("id")
        .map(|id| clean(&id))
        .or_else(|| body.integer("id").map(|id| id.to_string()))
        .filter(|id| !id.is_empty())
        .ok_or_else(|| malformed("the tap has no id"))?;
    let message = body.object("message").unwrap_or_default();
    let what = match chat_kind {
        ChatKind::Private if from.is_bot => ignore("bot_tap"),
        ChatKind::Private => UpdateKind::Tap {
            tap_id,
            // Kept as it came, but for what no database stores; that is never data of the desk.
            data: body
                .text("data")
                .map_or_else(String::new, |data| data.replace('\0', "\u{fffd}")),
        },
        ChatKind::Group | ChatKind::Broadcast => ignore("group_tap"),
    };
    Ok(Update {
        chat: ChatId(chat),
        chat_kind,
        thread: thread(&message),
        from,
        channel_message_id: message_id(&message),
        at: Timestamp::EPOCH,
        what,
    })
}

/// The bot's own standing in a chat changed: in a private chat it was blocked or let in again.
fn standing(body: &Fields<'_>) -> Result<Update, DecodeError> {
    let mut update = ignored(kinds::MY_CHAT_MEMBER, body);
    if update.chat == ChatId(0) {
        return Err(malformed("`my_chat_member` has no readable chat"));
    }
    if update.chat_kind == ChatKind::Private {
        let status = body
            .object("new_chat_member")
            .and_then(|member| member.text("status"));
        match status.as_deref() {
            Some("kicked") => update.what = UpdateKind::Reachable { reachable: false },
            Some("member") => update.what = UpdateKind::Reachable { reachable: true },
            _ => {}
        }
    }
    Ok(update)
}

/// The button that stops an answer was tapped. Telegram gives it no time, like taps, and no sender: there
/// are drafts in private chats only.
fn stopped(body: &Fields<'_>) -> Result<Update, DecodeError> {
    let mut update = ignored(kinds::STOPPED, body);
    if update.chat == ChatId(0) {
        return Err(malformed("the stop has no readable chat"));
    }
    update.thread = body.number("message_thread_id").map(ThreadId);
    if update.chat_kind == ChatKind::Private {
        let draft_id = body
            .number("draft_id")
            .ok_or_else(|| malformed("the stop does not say what"))?;
        update.what = UpdateKind::Stopped { draft_id };
    }
    Ok(update)
}

/// Only topics are threads. In other groups Telegram numbers chains of replies with the same field.
fn thread(message: &Fields<'_>) -> Option<ThreadId> {
    if !message.flag("is_topic_message") {
        return None;
    }
    message.number("message_thread_id").map(ThreadId)
}

fn message_id(message: &Fields<'_>) -> Option<ChannelMessageId> {
    message
        .number("message_id")
        .filter(|id| *id > 0)
        .map(ChannelMessageId)
}

/// Seconds since the epoch; the epoch itself if there are none or no calendar knows them.
fn time(body: &Fields<'_>, name: &str) -> Timestamp {
    const LAST: i64 = 253_402_300_799;
    let seconds = body
        .number(name)
        .filter(|seconds| (0..=LAST).contains(seconds))
        .unwrap_or(0);
    Timestamp::from_seconds(seconds)
}
