//! The evidence: what was seen at the ports of all processes, and what it must add up to.
//!
//! It stands where nothing goes wrong: behind the faulty lines, before the store and the messenger. What
//! it sees did happen, whether or not the process that asked for it heard so.

mod claims;
mod end;
mod sends;
mod turns;

use frontdesk_core::id::{ChatId, ConversationId, JobId, UpdateId};
use frontdesk_core::port::budget::{Reserved, TokenBudget, TokenLimits, TokenReservation};
use frontdesk_core::time::{Day, Timestamp};
use frontdesk_core::work::LaneKey;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::executor::Group;
use claims::Claims;
use sends::{Order, Sending};
use turns::CaseSeen;

pub(crate) use end::expect_nothing_left;
pub(crate) use sends::mark_of;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which, in words.
    pub what: String,
    /// The chat it was seen in, if in one.
    pub chat: Option<ChatId>,
    /// When.
    pub at: Timestamp,
}

/// How often things happened.
pub type Figures = BTreeMap<&'static str, u64>;

/// What became of an update.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each was seen or not, whatever the others"
)]
pub(crate) struct UpdateSeen {
    pub chat: Option<ChatId>,
    /// The messenger was told that it is kept, and it was.
    pub thanked: bool,
    /// Turned away by a limit; what was kept in its place is a notice.
    pub limited: bool,
    /// How often it was accepted as new.
    pub accepted: u32,
    /// How often a turn of it was committed.
    pub committed: u32,
    /// What a client says in it is a message of the conversation.
    pub said: bool,
    /// It was not given up.
    pub answered: bool,
}

/// What was seen.
pub(crate) struct Record {
    pub(crate) violation: Option<Violation>,
    pub(crate) figures: Figures,
    pub(crate) updates: BTreeMap<UpdateId, UpdateSeen>,
    /// Updates of each lane that were accepted and not committed yet, in order.
    waiting: BTreeMap<LaneKey, VecDeque<UpdateId>>,
    /// The last place of each lane a turn was committed for.
    last_seq: BTreeMap<LaneKey, i64>,
    claims: Claims,
    jobs: BTreeMap<JobId, (i64, bool)>,
    cases: BTreeMap<ConversationId, CaseSeen>,
    calls: BTreeMap<String, Sending>,
    decided: BTreeMap<LaneKey, Order>,
    /// When each process last had trouble with the store; the end of time for the dead.
    troubles: BTreeMap<Group, Timestamp>,
    limits: TokenLimits,
    /// Tokens that models used, whether or not anybody heard so.
    pub(crate) tokens_used: u64,
    /// Days on which tokens were asked for.
    days: BTreeSet<Day>,
}

impl Record {
    pub(crate) fn new(limits: TokenLimits) -> Self {
        Record {
            violation: None,
            figures: Figures::new(),
            updates: BTreeMap::new(),
            waiting: BTreeMap::new(),
            last_seq: BTreeMap::new(),
            claims: Claims::default(),
            jobs: BTreeMap::new(),
            cases: BTreeMap::new(),
            calls: BTreeMap::new(),
            decided: BTreeMap::new(),
            troubles: BTreeMap::new(),
            limits,
            tokens_used: 0,
            days: BTreeSet::new(),
        }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, n: u64) {
        *self.figures.entry(what).or_default() += n;
    }

    /// Notes that a promise was broken; the first one counts.
    pub(crate) fn broken(&mut self, at: Timestamp, chat: Option<ChatId>, what: impl Into<String>) {
        self.violation.get_or_insert_with(|| Violation {
            what: what.into(),
            chat,
            at,
        });
    }

    pub(crate) fn trouble(&mut self, group: Group, at: Timestamp) {
        let last = self.troubles.entry(group).or_insert(at);
        *last = (*last).max(at);
    }

    pub(crate) fn died(&mut self, group: Group) {
        self.troubles.insert(group, Timestamp::from_micros(i64::MAX));
    }

    /// Tokens were asked for; `budget` is how both budgets stand after it.
    pub(crate) fn reserved(
        &mut self,
        asked: &TokenReservation,
        answer: Reserved,
        budget: &TokenBudget,
        at: Timestamp,
    ) {
        self.days.insert(asked.day);
        self.count(match answer {
            Reserved::Granted => "reservations granted",
            Reserved::ClientLimit | Reserved::BotLimit => "reservations refused",
        });
        let over = budget.client.total() > self.limits.per_client || budget.bot.total() > self.limits.per_bot;
        if over {
            self.broken(at, None, "more tokens were granted than a budget has");
        }
    }

    /// Whether a process may have lost what it did since then.
    fn had_trouble(&self, group: Group, since: Timestamp) -> bool {
        self.troubles.get(&group).is_some_and(|last| *last >= since)
    }
}
