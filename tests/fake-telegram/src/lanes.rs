//! The webhook's queues: one update in flight per queue, in order, with Telegram's back-off.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::queue::{LaneKey, Update};

#[derive(Debug, Default)]
struct Lane {
    updates: VecDeque<Arc<Update>>,
    /// Attempts with the update at its head.
    attempts: u32,
    /// Those of them that make the back-off grow.
    failures: u32,
    in_flight: bool,
}

/// All queues of one registration of a webhook; a new registration begins with new ones.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    by_key: HashMap<LaneKey, Lane>,
    due: BTreeSet<(Instant, LaneKey)>,
    in_flight: usize,
    /// Extra copies that wait, the ones in flight included.
    copies: usize,
    next_copy: i64,
    pub(crate) generation: u64,
}

/// One attempt to be made.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) lane: LaneKey,
    pub(crate) update: Arc<Update>,
    pub(crate) generation: u64,
    /// Which attempt with this update it is, from 1.
    pub(crate) number: u32,
    /// The failures before it that made the back-off grow.
    pub(crate) failures: u32,
}

impl Attempt {
    pub(crate) fn is_copy(&self) -> bool {
        self.lane.family == COPY
    }
}

const COPY: &str = "copy";

/// What became of an attempt, for its lane.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Settled {
    Accepted,
    /// Tried again then; `backs_off` where the back-off grows.
    Failed {
        retry: Instant,
        backs_off: bool,
    },
    Dropped,
}

impl Lanes {
    pub(crate) fn new(generation: u64) -> Self {
        Self {
            generation,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, update: &Arc<Update>, now: Instant) {
        self.push_in(update.lane.clone(), update, now);
    }

    /// Queues an extra copy of an update, in a queue of its own.
    pub(crate) fn push_copy(&mut self, update: &Arc<Update>, at: Instant) {
        self.copies += 1;
        self.next_copy += 1;
        self.push_in(
            LaneKey {
                family: COPY.to_owned(),
                id: self.next_copy,
            },
            update,
            at,
        );
    }

    fn push_in(&mut self, key: LaneKey, update: &Arc<Update>, at: Instant) {
        let lane = self.by_key.entry(key.clone()).or_default();
        if lane.updates.is_empty() && !lane.in_flight {
            self.due.insert((at, key));
        }
        lane.updates.push_back(Arc::clone(update));
    }

    pub(crate) fn copies(&self) -> usize {
        self.copies
    }

    /// When the next attempt is due, if there is a connection for it.
    pub(crate) fn next_due(&self, max_connections: usize) -> Option<Instant> {
        if self.in_flight >= max_connections {
            return None;
        }
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one due attempt.
    pub(crate) fn take(&mut self, now: Instant, max_connections: usize) -> Option<Attempt> {
        self.next_due(max_connections).filter(|at| *at <= now)?;
        let (_, key) = self.due.pop_first()?;
        let lane = self.by_key.get_mut(&key)?;
        let update = Arc::clone(lane.updates.front()?);
        lane.in_flight = true;
        lane.attempts += 1;
        self.in_flight += 1;
        Some(Attempt {
            update,
            generation: self.generation,
            number: lane.attempts,
            failures: lane.failures,
            lane: key,
        })
    }

    /// Frees the attempt's queue; without effect where the registration has changed meanwhile.
    pub(crate) fn settle(&mut self, attempt: &Attempt, settled: Settled, now: Instant) {
        if attempt.generation != self.generation {
            return;
        }
        let Some(lane) = self.by_key.get_mut(&attempt.lane) else {
            return;
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        lane.in_flight = false;
        let next = match settled {
            Settled::Failed { retry, backs_off } => {
                lane.failures += u32::from(backs_off);
                retry
            }
            Settled::Accepted | Settled::Dropped => {
                lane.updates.pop_front();
                lane.attempts = 0;
                lane.failures = 0;
                self.copies -= usize::from(attempt.is_copy()).min(self.copies);
                now
            }
        };
        if lane.updates.is_empty() {
            self.by_key.remove(&attempt.lane);
        } else {
            self.due.insert((next, attempt.lane.clone()));
        }
    }
}

/// Seconds until the attempt after failure number `failures`: at once, then 2, 4, 8 … up to `cap`.
pub(crate) fn backoff_seconds(failures: u32, cap: f64) -> f64 {
    if failures <= 1 {
        0.0
    } else {
        2_f64
            .powi(i32::try_from(failures - 1).unwrap_or(30).min(30))
            .min(cap)
    }
}

/// `Retry-After` as Telegram reads it: whole seconds, at most an hour.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    header
        .trim()
        .parse::<i64>()
        .ok()
        .map(|seconds| Duration::from_secs(seconds.clamp(0, 3600).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_is_telegrams() {
        let waits: Vec<f64> = (1..=8).map(|failures| backoff_seconds(failures, 90.0)).collect();
        assert_eq!(
            format!("{waits:?}"),
            "[0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 90.0]"
        );
        assert_eq!(retry_after("9999"), Some(Duration::from_hours(1)));
        assert_eq!(retry_after("-1"), Some(Duration::ZERO));
        assert_eq!(retry_after("soon"), None);
    }
}
