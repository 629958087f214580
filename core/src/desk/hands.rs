//! What a process has in hand: its claims, kept alive by the heartbeat and marked when lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::time::Timestamp;
use crate::work::{LaneClaim, LaneKind};

#[derive(Debug)]
struct Lease {
    lost: AtomicBool,
    /// Microseconds of the last time the claim surely held.
    held_at: AtomicI64,
}

#[derive(Debug, Default)]
struct Shared {
    next: u64,
    turns: HashMap<u64, (LaneClaim, Arc<Lease>)>,
    replies: HashMap<u64, (LaneClaim, Arc<Lease>)>,
}

impl Shared {
    fn of(&mut self, kind: &LaneKind) -> &mut HashMap<u64, (LaneClaim, Arc<Lease>)> {
        match kind {
            LaneKind::Turn | LaneKind::Unknown(_) => &mut self.turns,
            LaneKind::Reply => &mut self.replies,
        }
    }
}

/// The claims a process has in hand. Clones are the same hands.
#[derive(Clone, Debug, Default)]
pub struct Hands {
    shared: Arc<Mutex<Shared>>,
    suspect: Arc<AtomicBool>,
}

/// One claim in hand, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    hands: Hands,
    kind: LaneKind,
    id: u64,
    lease: Arc<Lease>,
}

/// The right to work on a suspect, until it is dropped.
#[derive(Debug)]
pub(super) struct Suspicion(Arc<AtomicBool>);

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hands {
    /// How many claims of `kind` are in hand.
    pub fn count(&self, kind: &LaneKind) -> usize {
        lock(&self.shared).of(kind).len()
    }

    /// Takes a claim made at `now` in hand.
    pub(super) fn hold(&self, kind: LaneKind, claim: LaneClaim, now: Timestamp) -> Held {
        let lease = Arc::new(Lease {
            lost: AtomicBool::new(false),
            held_at: AtomicI64::new(now.as_micros()),
        });
        let mut shared = lock(&self.shared);
        let id = shared.next;
        shared.next += 1;
        shared.of(&kind).insert(id, (claim, Arc::clone(&lease)));
        drop(shared);
        Held {
            hands: self.clone(),
            kind,
            id,
            lease,
        }
    }

    /// What the heartbeat is to prolong.
    pub(super) fn claims(&self, kind: &LaneKind) -> Vec<(u64, LaneClaim)> {
        let mut claims: Vec<_> = lock(&self.shared)
            .of(kind)
            .iter()
            .filter(|(_, (_, lease))| !lease.lost.load(Ordering::Acquire))
            .map(|(id, (claim, _))| (*id, claim.clone()))
            .collect();
        claims.sort_unstable_by_key(|(id, _)| *id);
        claims
    }

    /// What the heartbeat found at `now`.
    pub(super) fn beat(&self, kind: &LaneKind, id: u64, holds: bool, now: Timestamp) {
        if let Some((_, lease)) = lock(&self.shared).of(kind).get(&id) {
            if holds {
                lease.held_at.store(now.as_micros(), Ordering::Release);
            } else {
                lease.lost.store(true, Ordering::Release);
            }
        }
    }

    /// The right to work on a lane that may be a killer, if no other is in hand: a killer must drag
    /// no innocents along.
    pub(super) fn suspect(&self) -> Option<Suspicion> {
        let taken = self.suspect.swap(true, Ordering::AcqRel);
        (!taken).then(|| Suspicion(Arc::clone(&self.suspect)))
    }
}

impl Held {
    /// Whether the claim may be relied on at `now`: the heartbeat did not find it lost, and has not
    /// been silent for five sixths of `lease`. The store's fence decides in the end; this saves
    /// calls that would come to nothing or come twice.
    pub(super) fn holds(&self, now: Timestamp, lease: Duration) -> bool {
        let since = now.since(Timestamp::from_micros(self.lease.held_at.load(Ordering::Acquire)));
        !self.lease.lost.load(Ordering::Acquire) && since < lease * 5 / 6
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.hands.shared).of(&self.kind).remove(&self.id);
    }
}

impl Drop for Suspicion {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
