//! What happened: every call of the bot, every delivery to its webhook, and the counts of both.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value};

/// One call of a Bot API method.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Its place in the record, from 1; also the `after` of a listing.
    pub counter: u64,
    /// The method, spelled as the client spelled it.
    pub method: String,
    /// The parameters as JSON; files as name, type and size.
    pub params: Map<String, Value>,
    /// The chat it is about.
    pub chat_id: Option<i64>,
    /// When it arrived, in Unix milliseconds.
    pub at: u64,
    /// What became of it.
    pub outcome: CallOutcome,
}

/// What became of a call.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CallOutcome {
    /// The HTTP status; `None` while it runs and where no answer was written.
    pub status: Option<u16>,
    /// The call took effect, whatever the client learned of it.
    pub acted: bool,
    /// The connection ended before the answer.
    pub cut: bool,
    /// The description of a refusal.
    pub description: Option<String>,
    /// The message it made or changed.
    pub message_id: Option<i64>,
    /// The fault that hit it.
    pub fault: Option<u64>,
    /// It came in the body of a webhook's answer: a violation of the project's rules.
    pub in_webhook_answer: bool,
}

/// One attempt to deliver an update to the webhook.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Its place in the record, from 1.
    pub counter: u64,
    /// The update.
    pub update_id: i64,
    /// The queue it waited in: `messages:42`, `callback_query:42`, `copy:1`.
    pub queue: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// It is an extra delivery (`deliver_times`).
    pub copy: bool,
    /// When it began, in Unix milliseconds.
    pub at: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// The status the webhook answered, if it answered.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// When it is tried again, in milliseconds from its end; `None` if it is not.
    pub retry_in_ms: Option<u64>,
}

/// Counts since the start or the last reset.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stats {
    /// Calls of the Bot API.
    pub calls: u64,
    /// Messages the bot sent.
    pub messages_sent: u64,
    /// Messages that exist though their sender never got the answer: cut between request and answer.
    pub messages_cut: u64,
    /// Calls that a fault hit.
    pub faults_hit: u64,
    /// 429 answers of the rate limits.
    pub rate_limited: u64,
    /// Updates made.
    pub updates: u64,
    /// Updates the bot took: a 2xx of the webhook, or an offset above them.
    pub updates_taken: u64,
    /// Updates that expired before the bot took them.
    pub updates_expired: u64,
    /// Updates not made because allowed_updates leaves their kind out.
    pub updates_filtered: u64,
    /// Attempts to deliver to the webhook.
    pub deliveries: u64,
    /// Those of them that failed.
    pub deliveries_failed: u64,
    /// Methods in the bodies of webhook answers, which the project forbids itself.
    pub webhook_answers_with_method: u64,
    /// Updates waiting, extra copies included.
    pub waiting: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Calls before the last reset: counters go on, so that a call from before it is never mistaken.
    pub(crate) before: u64,
    pub(crate) calls: Vec<Call>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) violations: Vec<String>,
    pub(crate) stats: Stats,
}

impl Record {
    /// Notes a call as begun and returns its counter.
    pub(crate) fn begin(&mut self, method: &str, params: &Map<String, Value>, chat_id: Option<i64>) -> u64 {
        self.stats.calls += 1;
        let counter = self.before + self.stats.calls;
        self.calls.push(Call {
            counter,
            method: method.to_owned(),
            params: params.clone(),
            chat_id,
            at: unix_ms(),
            outcome: CallOutcome::default(),
        });
        counter
    }

    /// A call of this record; `None` after a reset.
    pub(crate) fn call(&mut self, counter: u64) -> Option<&mut Call> {
        let place = counter.checked_sub(self.before)?.checked_sub(1)?;
        self.calls.get_mut(usize::try_from(place).ok()?)
    }

    /// The outcome of such a call.
    pub(crate) fn outcome(&mut self, counter: u64) -> Option<&mut CallOutcome> {
        self.call(counter).map(|call| &mut call.outcome)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "Telegram's own clock: the desk under test has no part in it"
)]
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn unix_seconds() -> u64 {
    unix_ms() / 1000
}
