//! Clients who write, tap and go away, and agents who take chats and give them back.

use frontdesk_core::conversation::{ContentType, Owner, Person};
use frontdesk_core::dialogue::{AgentAction, AgentPost, ChatKind, Event, Media, Update, UpdateKind};
use frontdesk_core::id::{ChannelMessageId, ChatId, UserId};
use std::sync::Arc;
use std::time::Duration;

use crate::decide::KILLER;
use crate::wire::UNREADABLE;
use crate::world::World;

/// Stands in every internal note. No client may ever read it.
pub(crate) const NOTE: &str = "between us only";

/// What clients write: commands, questions with an answer and without, answers to the form.
const TEXTS: &[&str] = &[
    "/start",
    "/start",
    "/quote",
    "/quote",
    "/human",
    "/help",
    "/services",
    "/cancel",
    "/stop",
    "/language",
    "/privacy",
    "How much is an audit?",
    "what are your prices",
    "Do you work with kubernetes?",
    "how long does a migration take",
    "can you sign an NDA",
    "our site is down!",
    "what about the weather on mars and my aunt",
    "do you repair left-handed violins in winter",
    "asdf qwer",
    "Сколько стоит аудит?",
    "привет",
    "А вы чините скрипки зимой для левшей?",
    "thanks",
    "hello",
    "devops",
    "A pipeline for our shop, with tests and a roll-out",
    "10k-50k",
    "asap",
    "Ann",
    "Example Ltd",
    "ann@example.com",
    "yes",
    "skip",
    "back",
];

/// One client: what they do until they are done.
pub(crate) async fn client(world: Arc<World>, chat: ChatId, steps: u64) {
    let people = &world.people;
    let mut last = None;
    for _ in 0..steps {
        last = act(&world, chat, last).or(last);
        let wait = match people.below(10) {
            0..=2 => Duration::ZERO,
            3..=8 => people.between(Duration::from_millis(200), Duration::from_secs(15)),
            _ => people.between(Duration::from_secs(15), Duration::from_secs(90)),
        };
        world.sleep(wait).await;
    }
    world.done(&world.clients);
}

/// Does one thing; the id of the message, if it is one that can be edited.
fn act(world: &Arc<World>, chat: ChatId, last: Option<ChannelMessageId>) -> Option<ChannelMessageId> {
    let people = &world.people;
    let person = Person {
        first_name: Some("Ann".to_owned()),
        language: people.one_in(3).then(|| "ru".to_owned()),
        ..Person::unnamed(UserId(chat.0))
    };
    let post = |what: UpdateKind, start: &str| {
        let update = Update {
            chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: person.clone(),
            channel_message_id: last,
            at: world.now(),
            what,
        };
        world.post(update, start)
    };
    let text = |text: &str| UpdateKind::Text {
        text: text.to_owned(),
    };
    match people.below(100) {
        0..=59 => {
            let said = people.pick(TEXTS).copied().unwrap_or_default();
            return Some(ChannelMessageId(post(text(said), said).0));
        }
        60..=84 => {
            let tap_id = String::new();
            let data = button(world, chat);
            post(UpdateKind::Tap { tap_id, data }, "");
        }
        85..=88 => {
            post(UpdateKind::Media(photo()), "");
        }
        89..=90 => {
            let phone = "+49 30 901820".to_owned();
            post(UpdateKind::Contact { phone, own: true }, "");
        }
        91..=93 if last.is_some() => {
            let text = "How much is an audit, really?".to_owned();
            post(UpdateKind::Edited { text }, "");
        }
        94 => {
            post(UpdateKind::Reachable { reachable: false }, "");
        }
        95 => {
            post(
                UpdateKind::Location {
                    latitude: 52.5,
                    longitude: 13.4,
                },
                "",
            );
        }
        96 => {
            post(
                UpdateKind::Ignored {
                    what: "sticker set".to_owned(),
                },
                "",
            );
        }
        97 if people.one_in(4) => {
            post(text(UNREADABLE), UNREADABLE);
        }
        _ => {
            post(text("/human"), "/human");
        }
    }
    None
}

/// A button that was shown lately, one of long ago, or one that never was.
fn button(world: &World, chat: ChatId) -> String {
    let seen = world.telegram.buttons(chat);
    let people = &world.people;
    let newest = &seen[seen.len().saturating_sub(4)..];
    let chosen = match people.below(10) {
        0..=7 => people.pick(newest),
        8 => people.pick(&seen),
        _ => None,
    };
    chosen.cloned().unwrap_or_else(|| "m:menu".to_owned())
}

fn photo() -> Media {
    Media {
        content_type: ContentType::Image,
        kind: "photo".to_owned(),
        file_id: Some("file".to_owned()),
        file_name: None,
        mime_type: None,
        size_bytes: Some(1_000),
        album: None,
        caption: String::new(),
    }
}

/// Somebody writes what kills whoever reads it.
pub(crate) fn kill(world: &Arc<World>, chat: ChatId) {
    let update = Update {
        chat,
        chat_kind: ChatKind::Private,
        thread: None,
        from: Person::unnamed(UserId(chat.0)),
        channel_message_id: None,
        at: world.now(),
        what: UpdateKind::Text {
            text: KILLER.to_owned(),
        },
    };
    world.post(update, KILLER);
}

/// An agent: takes chats that wait for a person, some that do not, speaks, notes, gives back, closes.
/// Goes home with the last client.
pub(crate) async fn agent(world: Arc<World>) {
    let people = &world.people;
    let mut said = 0_u32;
    while world.clients_left() {
        world
            .sleep(people.between(Duration::from_millis(300), Duration::from_secs(6)))
            .await;
        let owner = match people.below(10) {
            0..=4 => Owner::Agent,
            5..=7 => Owner::Queue,
            _ => Owner::Bot,
        };
        let chats = world.record().chats_of(&owner);
        let Some(chat) = people.pick(&chats).copied() else {
            continue;
        };
        said += 1;
        let say = || AgentAction::Say {
            text: format!("Max here, {said}"),
        };
        let action = if owner == Owner::Agent {
            match people.below(10) {
                0..=3 => say(),
                4..=5 => AgentAction::Note {
                    text: format!("{NOTE} {said}"),
                },
                6..=7 => AgentAction::HandBack,
                8 => AgentAction::ShowLead,
                _ => AgentAction::Close,
            }
        } else {
            say()
        };
        world.tell("agent", || format!("{action:?}"), String::new, &[chat]);
        let post = AgentPost {
            agent_id: None,
            agent_name: "Max".to_owned(),
            action,
        };
        if world.report(chat, Event::Agent(post)).await {
            world.record().count("posts of agents");
        }
    }
    world.done(&world.agents);
}
