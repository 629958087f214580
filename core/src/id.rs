//! Identifiers. Every kind of id is its own type, so that no two can be swapped.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

use crate::time::Timestamp;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

macro_rules! int_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// A person who writes to one bot, across all cases.
    ClientId;
    /// One case of one client.
    ConversationId;
    /// A message of a conversation.
    MessageId;
    /// A file of a conversation.
    AttachmentId;
    /// The lead of a conversation.
    LeadId;
    /// An entry of knowledge beside the playbook's files.
    KnowledgeEntryId;
    /// A person who answers for the company.
    AgentId;
    /// A token of the admin API.
    TokenId;
    /// A job: work outside the chat's own order.
    JobId;
    /// Tokens set aside for one call of a language model.
    ReservationId;
    /// One start of one process. New at every start, so that a lease never passes to a namesake.
    OwnerId;
}

int_ids! {
    /// The messenger's id of the bot. Telegram's is the number before the colon of its token; the terminal's is 0.
    BotId;
    /// The messenger's id of a user: 64 bits, Telegram uses up to 52 of them.
    UserId;
    /// The messenger's id of a chat: signed, groups are negative in Telegram.
    ChatId;
    /// The messenger's id of an update, unique per bot for three days at least.
    UpdateId;
    /// The messenger's id of a message, unique within its chat.
    ChannelMessageId;
    /// The messenger's id of a thread (forum topic) within a chat.
    ThreadId;
}

/// Where a chat takes place: `telegram`, `terminal`, …
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Channel(std::borrow::Cow<'static, str>);

impl Channel {
    /// The Telegram Bot API.
    pub const TELEGRAM: Channel = Channel(std::borrow::Cow::Borrowed("telegram"));
    /// The chat in the terminal.
    pub const TERMINAL: Channel = Channel(std::borrow::Cow::Borrowed("terminal"));

    /// A channel of another messenger.
    pub fn new(name: impl Into<String>) -> Self {
        Channel(std::borrow::Cow::Owned(name.into()))
    }

    /// Its name in the database and in logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({})", self.0)
    }
}

/// A supply of UUID v7 for one decision.
///
/// Deciding is pure: the same time and the same entropy give the same ids, in the same order.
#[derive(Clone, Debug)]
pub struct Ids {
    millis: u64,
    entropy: u128,
    made: u64,
}

impl Ids {
    /// A supply for a decision taken at `now`. `entropy` comes from [`crate::port::IdSource`].
    pub fn new(now: Timestamp, entropy: u128) -> Self {
        Ids {
            millis: now.as_millis_u64(),
            entropy,
            made: 0,
        }
    }

    /// The next id. Ids of one supply sort in the order they were made.
    pub fn next_uuid(&mut self) -> Uuid {
        let counter = self.made;
        self.made += 1;
        // The twelve bits after the time (rand_a, two bytes with the version's four bits masked out)
        // count, so that ids of one decision sort as they were made.
        let mixed = splitmix(self.entropy, counter);
        let mut random = [0_u8; 10];
        random.copy_from_slice(&mixed.to_be_bytes()[..10]);
        let count = u16::try_from(counter & 0x0fff).unwrap_or(0).to_be_bytes();
        random[0] = count[0];
        random[1] = count[1];
        uuid::Builder::from_unix_timestamp_millis(self.millis, &random).into_uuid()
    }
}

/// SplitMix64 over both halves: spreads one seed over many ids. Not for secrets.
fn splitmix(entropy: u128, counter: u64) -> u128 {
    let step = |seed: u64, salt: u64| {
        let mut z = seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let [high, low] = [
        (entropy >> 64) & u128::from(u64::MAX),
        entropy & u128::from(u64::MAX),
    ]
    .map(|half| u64::try_from(half).unwrap_or(u64::MAX));
    let a = step(
        high ^ low.rotate_left(32),
        counter.wrapping_mul(2).wrapping_add(1),
    );
    let b = step(low ^ a, counter.wrapping_mul(2).wrapping_add(2));
    (u128::from(a) << 64) | u128::from(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_supply_are_version_7_sorted_and_reproducible() {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let mut ids = Ids::new(now, 42);
        let made: Vec<Uuid> = (0..100).map(|_| ids.next_uuid()).collect();
        assert!(made.iter().all(|id| id.get_version_num() == 7));
        assert!(made.is_sorted());
        let mut again = Ids::new(now, 42);
        assert_eq!(made, (0..100).map(|_| again.next_uuid()).collect::<Vec<_>>());
        let mut other = Ids::new(now, 43);
        assert_ne!(made[0], other.next_uuid());
    }
}
