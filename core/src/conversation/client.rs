//! The person who writes.

use serde::{Deserialize, Serialize};

use crate::id::{BotId, Channel, ChatId, ClientId, Ids, UserId};
use crate::text::{clean, clip};
use crate::time::Timestamp;

/// What a messenger says of the sender of an update. Cleaned and clipped when made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The messenger's id.
    pub user_id: UserId,
    /// Public name without the @.
    pub username: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Language of the person's app, as a BCP 47 tag.
    pub language: Option<String>,
    /// Whether this is another bot.
    pub is_bot: bool,
}

impl Person {
    /// A person of whom only the id is known.
    pub fn unnamed(user_id: UserId) -> Self {
        Person {
            user_id,
            username: None,
            first_name: None,
            last_name: None,
            language: None,
            is_bot: false,
        }
    }
}

/// One row per person and bot, across all cases. What belongs to the person lives here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The desk's id.
    pub id: ClientId,
    /// The bot they write to.
    pub bot_id: BotId,
    /// The messenger.
    pub channel: Channel,
    /// The messenger's id of the person.
    pub user_id: UserId,
    /// Their private chat with the bot. Unique together with bot, channel and user.
    pub chat_id: ChatId,
    /// Public name without the @.
    pub username: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The locale they are spoken to in; null until known.
    pub language: Option<String>,
    /// The version of the AI disclosure they were shown.
    pub disclosure_version: Option<String>,
    /// When they were shown it.
    pub disclosed_at: Option<Timestamp>,
    /// False once the messenger said that they blocked the bot.
    pub reachable: bool,
    /// When an agent banned them.
    pub banned_at: Option<Timestamp>,
    /// Who banned them.
    pub banned_by: Option<String>,
    /// First payload of `/start`: where they came from.
    pub source: Option<String>,
    /// When they first wrote.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// Longest name kept, in characters.
const NAME_LIMIT: usize = 255;

/// Longest payload of `/start`, in characters.
const SOURCE_LIMIT: usize = 64;

fn name(text: Option<&String>) -> Option<String> {
    let cleaned = clean(text?);
    let clipped = clip(&cleaned, NAME_LIMIT);
    (!clipped.is_empty()).then(|| clipped.to_owned())
}

impl Client {
    /// A person seen for the first time.
    pub fn new(
        ids: &mut Ids,
        bot_id: BotId,
        channel: Channel,
        chat_id: ChatId,
        person: &Person,
        now: Timestamp,
    ) -> Self {
        let mut client = Client {
            id: ClientId(ids.next_uuid()),
            bot_id,
            channel,
            user_id: person.user_id,
            chat_id,
            username: None,
            first_name: None,
            last_name: None,
            language: None,
            disclosure_version: None,
            disclosed_at: None,
            reachable: true,
            banned_at: None,
            banned_by: None,
            source: None,
            created_at: now,
            updated_at: now,
        };
        client.refresh_names(person);
        client
    }

    /// Takes over names as the messenger gives them now. What it leaves out stays.
    pub fn refresh_names(&mut self, person: &Person) {
        for (field, given) in [
            (&mut self.username, &person.username),
            (&mut self.first_name, &person.first_name),
            (&mut self.last_name, &person.last_name),
        ] {
            if let Some(new) = name(given.as_ref()) {
                *field = Some(new);
            }
        }
    }

    /// Takes a payload of `/start`. The first one stays, in the letters Telegram allows in links
    /// (`A-Z a-z 0-9 _ -`) and up to 64 of them: anybody can type one.
    pub fn came_from(&mut self, payload: &str) {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let source: String = payload.chars().filter(allowed).take(SOURCE_LIMIT).collect();
        if self.source.is_none() && !source.is_empty() {
            self.source = Some(source);
        }
    }

    /// How to address or list the person: first and last name, else the public name, else the id after a #.
    pub fn display_name(&self) -> String {
        match (&self.first_name, &self.last_name, &self.username) {
            (Some(first), Some(last), _) => format!("{first} {last}"),
            (Some(one), None, _) | (None, Some(one), _) => one.clone(),
            (None, None, Some(username)) => format!("@{username}"),
            (None, None, None) => format!("#{}", self.user_id),
        }
    }
}
