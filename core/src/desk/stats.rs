//! What the loops of one process have counted: for metrics and health.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::port::store::WorkDepth;

/// A number that grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn up(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: usize) {
        self.0
            .fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Where it stands.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of one process, since its start.
#[derive(Debug, Default)]
pub struct DeskStats {
    /// Items accepted that were new.
    pub accepted: Counter,
    /// Items accepted before.
    pub duplicates: Counter,
    /// Messages over a rate limit.
    pub limited: Counter,
    /// Bodies that were no update.
    pub not_updates: Counter,
    /// Items refused at the door because too much waits.
    pub busy: Counter,
    /// Items refused at the door because the store did not answer.
    pub unavailable: Counter,
    /// Slices written by the door.
    pub slices: Counter,
    /// Cache calls that failed or took too long; what they were for went on without.
    pub cache_failed: Counter,
    /// Cache calls not made because the cache failed a moment ago.
    pub cache_skipped: Counter,
    /// Turns committed.
    pub turns: Counter,
    /// Turns decided twice because the conversation changed meanwhile.
    pub conflicts: Counter,
    /// Turns that failed and wait for their next attempt.
    pub turns_failed: Counter,
    /// Decisions, job runs or calls that panicked.
    pub panics: Counter,
    /// Items given up.
    pub dead: Counter,
    /// Lanes put off because another suspect was in hand.
    pub parked: Counter,
    /// Claims that were lost while in hand.
    pub leases_lost: Counter,
    /// Calls that were made and worked.
    pub sent: Counter,
    /// Calls that surely did not work and wait for their next attempt.
    pub not_sent: Counter,
    /// Calls of which nobody knows whether they worked.
    pub uncertain: Counter,
    /// Calls refused for good.
    pub refused: Counter,
    /// Calls withheld because a person took the chat.
    pub withheld: Counter,
    /// Times the messenger asked to wait.
    pub rate_limited: Counter,
    /// Jobs done.
    pub jobs: Counter,
    /// Answers of the model that were not given because a check refused them.
    pub answers_refused: Counter,
    /// Job runs dropped because their job was superseded, cancelled or lost.
    pub jobs_dropped: Counter,
    /// Job runs that failed and wait for their next attempt.
    pub jobs_failed: Counter,
    depth: Mutex<Option<WorkDepth>>,
}

impl DeskStats {
    /// How much waits, as last sampled by the upkeep loop.
    pub fn depth(&self) -> Option<WorkDepth> {
        *self.depth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a sample.
    pub fn set_depth(&self, depth: WorkDepth) {
        *self.depth.lock().unwrap_or_else(PoisonError::into_inner) = Some(depth);
    }
}
