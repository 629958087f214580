//! The store in memory: plain state behind one mutex, the whole contract.
//!
//! [`lanes`] holds the algorithm that all waiting work in lanes goes through, [`rows`] the desk's
//! own rows. The other files are the role traits, one each.

mod budget;
mod change;
mod dead;
mod fault;
mod inbox;
mod jobs;
mod knowledge;
mod lanes;
mod leases;
mod lists;
mod rows;
mod sends;
mod stats;
mod turns;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use frontdesk_core::id::{BotId, Channel, ChannelMessageId, MessageId, OwnerId, UpdateId};
use frontdesk_core::port::Clock;
use frontdesk_core::port::store::StoreError;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;

use crate::ids::mix;
use budget::Budgets;
use change::Office;
use dead::Dead;
use inbox::Waiting;
use jobs::Jobs;
use knowledge::Library;
use lanes::Lanes;
use rows::Rows;
use sends::Call;

pub use fault::Fault;

/// The store in memory. Its clock is the one it was made with; everything else is plain state, so
/// that the same calls give the same results.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// A messenger's message that carries a part of one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Ours.
    pub message_id: MessageId,
    /// Which part of it.
    pub part: u16,
    /// Where it went.
    pub lane: LaneKey,
    /// The messenger's.
    pub channel_message_id: ChannelMessageId,
    /// When, by the store's clock.
    pub at: Timestamp,
}

impl MemoryStore {
    /// An empty store whose clock is `clock`. Leases run for exactly as long as asked.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        MemoryStore {
            clock,
            state: Mutex::default(),
        }
    }

    /// The same store, leases of which last up to half as long again, at random from `seed`.
    #[must_use]
    pub fn with_jitter(self, seed: u64) -> Self {
        self.lock().jitter = Some(seed);
        self
    }

    /// What was delivered, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    /// When the next lane or job becomes due: a simulation that has nothing else to do jumps there.
    pub fn next_due(&self) -> Option<Timestamp> {
        let state = self.lock();
        [
            state.turns.next_due(),
            state.replies.next_due(),
            state.jobs.next_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// The state and the time at which it is changed.
    fn now(&self) -> (MutexGuard<'_, State>, Timestamp) {
        let state = self.lock();
        let now = self.clock.now();
        (state, now)
    }
}

#[derive(Debug, Default)]
struct State {
    fault: Option<Fault>,
    jitter: Option<u64>,
    last_number: i64,
    accepted: BTreeMap<(BotId, UpdateId), Timestamp>,
    turns: Lanes<Waiting>,
    replies: Lanes<Call>,
    /// Of every call that was ever decided.
    dedupe_keys: BTreeSet<String>,
    /// Bots that have to wait, and until when.
    not_before: BTreeMap<(BotId, Channel), Timestamp>,
    deliveries: Vec<Delivery>,
    jobs: Jobs,
    budgets: Budgets,
    rows: Rows,
    dead: BTreeMap<i64, Dead>,
    office: Office,
    library: Library,
    leases: BTreeMap<String, (OwnerId, Timestamp)>,
    bots: BTreeMap<Channel, BotId>,
}

impl State {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn set_fault(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.turns.fault = Some(fault);
        self.replies.fault = Some(fault);
        self.rows.fault = Some(fault);
    }

    /// The next place in a lane, or number of a dead letter.
    fn next_number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    /// When a lease taken now runs out.
    fn lease_end(&mut self, now: Timestamp, lease: Duration) -> Timestamp {
        lease_end(&mut self.jitter, now, lease)
    }
}

fn lease_end(jitter: &mut Option<u64>, now: Timestamp, lease: Duration) -> Timestamp {
    let Some(seed) = jitter else {
        return now + lease;
    };
    *seed = mix(*seed);
    let half = u64::try_from(lease.as_micros() / 2).unwrap_or(u64::MAX);
    now + lease + Duration::from_micros(*seed % half.saturating_add(1).max(1))
}

fn refused(why: String) -> StoreError {
    StoreError::Refused(why.into())
}
