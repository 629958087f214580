//! The one algorithm for waiting work that has an order.
//!
//! `ready_at` is the only key of scheduling: none is asleep, past is due, future is leased, backing
//! off or delayed. An expired lease is just a due lane: nothing rescues, nothing is stuck.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use frontdesk_core::id::{BotId, Channel, OwnerId};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{LaneClaim, LaneKey};

use super::Fault;

/// All lanes of one direction, with what waits in them.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    pub(super) fault: Option<Fault>,
    rows: BTreeMap<LaneKey, Lane<T>>,
    /// The lanes that are not asleep, by when they are ready.
    by_ready: BTreeSet<(Timestamp, LaneKey)>,
}

#[derive(Debug)]
struct Lane<T> {
    ready_at: Option<Timestamp>,
    fence: i64,
    owner: Option<OwnerId>,
    attempt: u32,
    items: VecDeque<(i64, T)>,
    /// When something last changed: lanes asleep for long are forgotten.
    changed_at: Timestamp,
}

/// A claimed lane.
pub(super) struct Claimed<T> {
    pub(super) claim: LaneClaim,
    pub(super) attempt: u32,
    pub(super) seq: i64,
    pub(super) item: T,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Lanes {
            fault: None,
            rows: BTreeMap::new(),
            by_ready: BTreeSet::new(),
        }
    }
}

impl<T: Clone> Lanes<T> {
    /// Puts an item at the end of its lane and wakes the lane if it is asleep.
    pub(super) fn push(&mut self, key: &LaneKey, seq: i64, item: T, now: Timestamp) {
        let lane = self.rows.entry(key.clone()).or_insert_with(|| Lane {
            ready_at: None,
            fence: 0,
            owner: None,
            attempt: 0,
            items: VecDeque::new(),
            changed_at: now,
        });
        if self.fault == Some(Fault::OrderReversed) {
            lane.items.push_front((seq, item));
        } else {
            lane.items.push_back((seq, item));
        }
        lane.changed_at = now;
        if lane.ready_at.is_none() {
            self.schedule(key, Some(now));
        }
    }

    /// Claims due lanes, those waiting longest first. `lease_end` says until when.
    pub(super) fn claim(
        &mut self,
        limit: usize,
        owner: OwnerId,
        now: Timestamp,
        wanted: impl Fn(&LaneKey) -> bool,
        mut lease_end: impl FnMut() -> Timestamp,
    ) -> Vec<Claimed<T>> {
        let due: Vec<LaneKey> = self
            .by_ready
            .iter()
            .take_while(|(ready_at, _)| *ready_at <= now)
            .filter(|(_, key)| wanted(key))
            .map(|(_, key)| key.clone())
            .take(limit)
            .collect();
        let mut claimed = Vec::with_capacity(due.len());
        for key in due {
            let until = match self.fault {
                Some(Fault::LeaseNeverExpires) => None,
                Some(Fault::ClaimNotExclusive) => Some(now),
                _ => Some(lease_end()),
            };
            self.schedule(&key, until);
            let counts = self.fault != Some(Fault::AttemptsNotCounted);
            let Some(lane) = self.rows.get_mut(&key) else {
                continue;
            };
            lane.fence += 1;
            lane.owner = Some(owner);
            lane.attempt = lane.attempt.saturating_add(u32::from(counts));
            lane.changed_at = now;
            let Some((seq, item)) = lane.items.front().cloned() else {
                continue;
            };
            claimed.push(Claimed {
                claim: LaneClaim {
                    lane: key,
                    fence: lane.fence,
                    owner,
                },
                attempt: lane.attempt,
                seq,
                item,
            });
        }
        claimed
    }

    /// Whether the claim is the latest of its lane and has not been given back.
    pub(super) fn holds(&self, claim: &LaneClaim) -> bool {
        self.rows.get(&claim.lane).is_some_and(|lane| {
            self.fault == Some(Fault::FenceIgnored)
                || (lane.fence == claim.fence && lane.owner == Some(claim.owner))
        })
    }

    /// The item at `seq`, if the claim holds and it is still there.
    pub(super) fn held(&mut self, claim: &LaneClaim, seq: i64) -> Option<&mut T> {
        if !self.holds(claim) {
            return None;
        }
        let lane = self.rows.get_mut(&claim.lane)?;
        let (_, item) = lane.items.iter_mut().find(|(at, _)| *at == seq)?;
        Some(item)
    }

    /// Takes the item out and releases its lane: ready at once if more waits, attempts at zero.
    pub(super) fn finish(&mut self, claim: &LaneClaim, seq: i64, now: Timestamp) -> Option<T> {
        self.held(claim, seq)?;
        let lane = self.rows.get_mut(&claim.lane)?;
        let at = lane.items.iter().position(|(place, _)| *place == seq)?;
        let (_, item) = lane.items.remove(at)?;
        lane.owner = None;
        lane.attempt = 0;
        lane.changed_at = now;
        let more = !lane.items.is_empty() && self.fault != Some(Fault::WakeLost);
        self.schedule(&claim.lane, more.then_some(now));
        Some(item)
    }

    /// Gives the lane back with its items; false if the claim does not hold.
    pub(super) fn give_back(
        &mut self,
        claim: &LaneClaim,
        now: Timestamp,
        after: Duration,
        counted: bool,
    ) -> bool {
        if !self.holds(claim) {
            return false;
        }
        let counted = counted || self.fault == Some(Fault::ReleaseAlwaysCounted);
        if let Some(lane) = self.rows.get_mut(&claim.lane) {
            lane.owner = None;
            lane.attempt = lane.attempt.saturating_sub(u32::from(!counted));
            lane.changed_at = now;
        }
        self.schedule(&claim.lane, Some(now + after));
        true
    }

    /// Prolongs the lease; never shortens it. False if the claim does not hold.
    pub(super) fn renew(&mut self, claim: &LaneClaim, until: Timestamp) -> bool {
        if !self.holds(claim) {
            return false;
        }
        let until = self
            .rows
            .get(&claim.lane)
            .and_then(|lane| lane.ready_at)
            .map_or(until, |leased| leased.max(until));
        self.schedule(&claim.lane, Some(until));
        true
    }

    /// What waits in one lane.
    pub(super) fn is_empty(&self, key: &LaneKey) -> bool {
        self.rows.get(key).is_none_or(|lane| lane.items.is_empty())
    }

    /// Everything that waits.
    pub(super) fn items(&self) -> impl Iterator<Item = &T> {
        self.rows
            .values()
            .flat_map(|lane| lane.items.iter().map(|(_, item)| item))
    }

    /// When the next lane is ready.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.by_ready.first().map(|(at, _)| *at)
    }

    /// Forgets up to `limit` lanes in which nothing has waited or changed since `since`.
    pub(super) fn forget_asleep(&mut self, since: Timestamp, limit: usize) -> usize {
        let sweep_all = self.fault == Some(Fault::AwakeLanesSwept);
        let asleep: Vec<LaneKey> = self
            .rows
            .iter()
            .filter(|(_, lane)| (lane.ready_at.is_none() || sweep_all) && lane.changed_at < since)
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in &asleep {
            self.schedule(key, None);
            self.rows.remove(key);
        }
        asleep.len()
    }

    fn schedule(&mut self, key: &LaneKey, ready_at: Option<Timestamp>) {
        let Some(lane) = self.rows.get_mut(key) else {
            return;
        };
        if let Some(before) = lane.ready_at {
            self.by_ready.remove(&(before, key.clone()));
        }
        lane.ready_at = ready_at;
        if let Some(at) = ready_at {
            self.by_ready.insert((at, key.clone()));
        }
    }
}

/// Whether a lane is one of these bots' and channels'.
pub(super) fn is_of(desks: &[(BotId, Channel)], lane: &LaneKey) -> bool {
    desks
        .iter()
        .any(|(bot, channel)| *bot == lane.bot_id && *channel == lane.channel)
}
