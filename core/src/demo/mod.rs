//! Made-up clients: what they do in the desk's chats, decided by the rules like anybody else's.
//!
//! A demo client is a number. With the same seed, playbook and cast, the same number writes the same
//! things at the same times and is answered with the same rows, on whatever day that is asked for and
//! however many other clients there are.
//!
//! Each of them is one [`Decision`]: all that was decided for them, folded into one commit, so that a
//! client is in a store with everything or not at all. Nothing is sent and no job is started: the chats
//! are on a channel of their own, [`channel`], that no messenger serves.

mod cast;
mod chat;
mod sales;
mod visit;

pub use cast::{Cast, NoCast};

use std::time::Duration;

use crate::dialogue::{Decision, Rules};
use crate::id::{BotId, Channel, ChatId};
use crate::port::IdSource;
use crate::time::Timestamp;
use crate::work::LaneKey;

use chat::Chat;
use visit::Visitor;

/// The bot of demo chats.
pub const BOT: BotId = BotId(0);

/// When the demo's last day is over: 2026-11-21T00:00:00Z, whatever day it is.
pub const UNTIL: Timestamp = Timestamp::from_seconds(1_795_219_200);

/// How long before that the first client wrote.
pub const SPAN: Duration = Duration::from_hours(60 * 24);

/// The channel of demo chats.
pub fn channel() -> Channel {
    Channel::new("demo")
}

/// The most clients of one seed.
pub const MOST: u32 = 999_999;

/// The chat of a demo client; numbers are from 1 to [`MOST`], and other seeds have other chats.
pub fn lane(seed: u32, number: u32) -> LaneKey {
    LaneKey {
        bot_id: BOT,
        channel: channel(),
        chat: ChatId(i64::from(seed) * i64::from(MOST + 1) + i64::from(number)),
    }
}

/// All that was decided for a demo client, as one decision for a store that does not know them yet.
///
/// `ids` is the client's own supply: the same supply and the same rules give the same decision. The
/// casts are those of the locales that demo clients speak; without one nobody says a word.
pub fn client(rules: &Rules, casts: &[Cast], lane: LaneKey, ids: &dyn IdSource) -> Decision {
    let dice = Dice { ids };
    let Some(cast) = dice.one_of(casts) else {
        return Decision::default();
    };
    let visitor = Visitor::new(cast, dice, lane.chat);
    let mut chat = Chat::new(rules, ids, lane, visitor.person(), visitor.arrives());
    visitor.visit(&mut chat);
    chat.rest_until(UNTIL);
    sales::follow_up(&mut chat, cast, dice);
    chat.into_decision()
}

/// Chance, out of the client's supply of ids.
#[derive(Clone, Copy, Debug)]
struct Dice<'a> {
    ids: &'a dyn IdSource,
}

impl Dice<'_> {
    /// A number from 0 to one less than `sides`; 0 for none.
    fn roll(self, sides: u64) -> u64 {
        let drawn = self.ids.entropy() % u128::from(sides.max(1));
        u64::try_from(drawn).unwrap_or(0)
    }

    /// So many times out of a hundred.
    fn percent(self, chance: u64) -> bool {
        self.roll(100) < chance
    }

    /// One of them.
    fn one_of<T>(self, all: &[T]) -> Option<&T> {
        let at = self.roll(u64::try_from(all.len()).unwrap_or(u64::MAX));
        all.get(usize::try_from(at).ok()?)
    }

    /// One of these texts.
    fn text(self, all: &[String]) -> &str {
        self.one_of(all).map_or("", String::as_str)
    }

    /// A time between two, the second not included.
    fn between(self, least: Duration, most: Duration) -> Duration {
        let span = u64::try_from(most.saturating_sub(least).as_micros()).unwrap_or(u64::MAX);
        least + Duration::from_micros(self.roll(span))
    }
}
