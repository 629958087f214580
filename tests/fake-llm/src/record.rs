//! What happened: every request for an answer, and the sums of them.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tokens::Tokens;

/// One request for an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Its place in the record, from 1, in the order of arrival; also the `after` of a listing.
    pub counter: u64,
    /// The path it came to.
    pub path: String,
    /// The model it is for, as the client spelled it; empty if it names none.
    pub model: String,
    /// Whether it asks for a stream.
    pub stream: bool,
    /// The whole body; `null` if it is no JSON.
    pub body: Value,
    /// The first half of the SHA-256 of the key it came with; `None` without a key. See [`key_hash`].
    pub key_hash: Option<String>,
    /// When it arrived, in Unix milliseconds.
    pub at: u64,
    /// What became of it.
    pub outcome: CallOutcome,
}

/// What became of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CallOutcome {
    /// The HTTP status; `None` until it is written.
    pub status: Option<u16>,
    /// The fault that hit it.
    pub fault: Option<u64>,
    /// The scripted answer it got.
    pub answer: Option<u64>,
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// The tokens the client was told last.
    pub tokens: Option<Tokens>,
    /// It stands still until it is released.
    pub held: bool,
    /// How it ended; `None` while it is in flight.
    pub end: Option<End>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All that was to be written was handed to the connection.
    Answered,
    /// The connection was dropped on request of a fault.
    Cut,
    /// The client went away before.
    ClientGone,
}

/// Counts since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests for an answer.
    pub calls: u64,
    /// Those of them that a fault hit.
    pub faults_hit: u64,
    /// Those of them that the client did not wait for.
    pub clients_gone: u64,
    /// Calls that are not over.
    pub in_flight: u64,
    /// The most there were at once.
    pub in_flight_at_most: u64,
    /// The tokens that clients were told, by model.
    pub tokens: BTreeMap<String, Tokens>,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Calls before the last reset: counters go on, so that a call from before it is never mistaken.
    pub(crate) before: u64,
    pub(crate) calls: Vec<Call>,
    pub(crate) stats: Stats,
}

impl Record {
    /// Notes a call as begun and returns its counter.
    pub(crate) fn begin(&mut self, path: &str, key: Option<&str>, body: Value) -> u64 {
        self.stats.calls += 1;
        self.stats.in_flight += 1;
        self.stats.in_flight_at_most = self.stats.in_flight_at_most.max(self.stats.in_flight);
        let counter = self.before + self.stats.calls;
        let model = body.get("model").and_then(Value::as_str).unwrap_or_default();
        self.calls.push(Call {
            counter,
            path: path.to_owned(),
            model: model.to_owned(),
            stream: body.get("stream") == Some(&Value::Bool(true)),
            key_hash: key.map(key_hash),
            at: unix_ms(),
            outcome: CallOutcome::default(),
            body,
        });
        counter
    }

    /// A call of this record; `None` after a reset.
    pub(crate) fn call(&self, counter: u64) -> Option<&Call> {
        self.calls.get(self.place(counter)?)
    }

    /// Changes the outcome of such a call.
    pub(crate) fn note(&mut self, counter: u64, change: impl FnOnce(&mut CallOutcome)) {
        let place = self.place(counter);
        if let Some(call) = place.and_then(|place| self.calls.get_mut(place)) {
            change(&mut call.outcome);
        }
    }

    /// Notes that so many more bytes were handed to the connection.
    pub(crate) fn wrote(&mut self, counter: u64, bytes: u64) {
        self.note(counter, |outcome| {
            outcome.bytes = outcome.bytes.saturating_add(bytes);
        });
    }

    /// Notes that the client is told these tokens, instead of what it was told before.
    pub(crate) fn tell(&mut self, counter: u64, tokens: Tokens) {
        self.note(counter, |outcome| outcome.tokens = Some(tokens));
    }

    /// Notes a call as over.
    pub(crate) fn end(&mut self, counter: u64, end: End) {
        self.note(counter, |outcome| {
            outcome.held = false;
            outcome.end = Some(end);
        });
        let Some(call) = self.call(counter) else {
            return;
        };
        let (model, told) = (call.model.clone(), call.outcome.tokens);
        self.stats.in_flight = self.stats.in_flight.saturating_sub(1);
        self.stats.clients_gone += u64::from(end == End::ClientGone);
        if let Some(told) = told {
            self.stats.tokens.entry(model).or_default().add(told);
        }
    }

    fn place(&self, counter: u64) -> Option<usize> {
        let place = counter.checked_sub(self.before)?.checked_sub(1)?;
        usize::try_from(place).ok()
    }
}

/// What the record keeps of a key: enough to tell two apart, nothing to use one.
pub fn key_hash(key: &str) -> String {
    use std::fmt::Write as _;

    let mut text = String::new();
    for byte in Sha256::digest(key).iter().take(16) {
        // Writing to a string can't fail.
        if write!(text, "{byte:02x}").is_err() {
            break;
        }
    }
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "the provider's own clock: the desk under test has no part in it"
)]
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
