//! What the loops of one process have counted: for metrics and health.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::model::{ModelCall, ModelObserver};
use crate::port::metrics::{self, Gauge, Reading};
use crate::port::store::{Depth, WorkDepth};

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
        self.add_u64(u64::try_from(n).unwrap_or(u64::MAX));
    }

    fn add_u64(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
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
    /// Items the store will never take.
    pub door_refused: Counter,
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
    /// Events given up.
    pub turns_dead: Counter,
    /// Calls given up because nobody knows whether they were made.
    pub replies_dead: Counter,
    /// Jobs given up.
    pub jobs_dead: Counter,
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
    /// Calls of language models that were made.
    pub model_calls: Counter,
    /// Those that failed or were given up.
    pub model_errors: Counter,
    /// Calls of language models that a limit was in the way of. Those of a model left alone are none.
    pub model_not_asked: Counter,
    /// Tokens of prompts, as the models reported them.
    pub model_tokens_in: Counter,
    /// Tokens of answers, as the models reported them.
    pub model_tokens_out: Counter,
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

impl DeskStats {
    /// All of it by the names of the metrics.
    pub fn readings(&self) -> Vec<Reading> {
        use metrics::Counter::{CacheErrors, Sends, Updates, Work};
        let sum = |counters: &[&Counter]| counters.iter().map(|counter| counter.get()).sum();
        let mut readings = vec![
            Reading::Counter(Updates, &[("result", "accepted")], self.accepted.get()),
            Reading::Counter(Updates, &[("result", "duplicate")], self.duplicates.get()),
            Reading::Counter(Updates, &[("result", "limited")], self.limited.get()),
            Reading::Counter(
                Updates,
                &[("result", "refused")],
                sum(&[
                    &self.not_updates,
                    &self.busy,
                    &self.unavailable,
                    &self.door_refused,
                ]),
            ),
            Reading::Counter(Updates, &[("result", "dead")], self.turns_dead.get()),
            Reading::Counter(Work, &[("queue", "turn"), ("result", "done")], self.turns.get()),
            Reading::Counter(
                Work,
                &[("queue", "turn"), ("result", "failed")],
                self.turns_failed.get(),
            ),
            Reading::Counter(
                Work,
                &[("queue", "turn"), ("result", "dead")],
                self.turns_dead.get(),
            ),
            Reading::Counter(Work, &[("queue", "reply"), ("result", "done")], self.sent.get()),
            Reading::Counter(
                Work,
                &[("queue", "reply"), ("result", "failed")],
                sum(&[&self.not_sent, &self.uncertain]),
            ),
            Reading::Counter(
                Work,
                &[("queue", "reply"), ("result", "dead")],
                sum(&[&self.replies_dead, &self.refused]),
            ),
            Reading::Counter(Work, &[("queue", "job"), ("result", "done")], self.jobs.get()),
            Reading::Counter(
                Work,
                &[("queue", "job"), ("result", "failed")],
                self.jobs_failed.get(),
            ),
            Reading::Counter(
                Work,
                &[("queue", "job"), ("result", "dead")],
                self.jobs_dead.get(),
            ),
            Reading::Counter(Sends, &[("result", "sent")], self.sent.get()),
            Reading::Counter(Sends, &[("result", "not_sent")], self.not_sent.get()),
            Reading::Counter(Sends, &[("result", "rate_limited")], self.rate_limited.get()),
            Reading::Counter(Sends, &[("result", "refused")], self.refused.get()),
            Reading::Counter(Sends, &[("result", "uncertain")], self.uncertain.get()),
            Reading::Counter(Sends, &[("result", "withheld")], self.withheld.get()),
            Reading::Counter(CacheErrors, &[], sum(&[&self.cache_failed, &self.cache_skipped])),
        ];
        if let Some(depth) = self.depth() {
            readings.extend(waiting(&[("queue", "turn")], depth.turns));
            readings.extend(waiting(&[("queue", "reply")], depth.replies));
            readings.extend(waiting(&[("queue", "job")], depth.jobs));
        }
        readings
    }
}

fn waiting(queue: metrics::Labels<'static>, depth: Depth) -> [Reading; 2] {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 waiting items")]
    let count = depth.waiting as f64;
    [
        Reading::Gauge(Gauge::WorkWaiting, queue, count),
        Reading::Gauge(Gauge::WorkOldestSeconds, queue, depth.oldest.as_secs_f64()),
    ]
}

impl ModelObserver for DeskStats {
    fn ended(&self, call: &ModelCall<'_>) {
        if !call.asked {
            return self.model_not_asked.up();
        }
        self.model_calls.up();
        if call.result != ModelCall::ANSWERED {
            self.model_errors.up();
        }
        if let Some(usage) = call.usage {
            self.model_tokens_in.add_u64(usage.tokens_in);
            self.model_tokens_out.add_u64(usage.tokens_out);
        }
    }
}
