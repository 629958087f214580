//! What waits, and what was given up.

use frontdesk_core::port::back_office::DeadLetter;
use frontdesk_core::port::store::{Depth, WorkDepth};
use schemars::JsonSchema;
use serde::Serialize;

use super::Time;

/// How much waits in a queue.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DepthView {
    waiting: u64,
    /// Age of the oldest; zero if nothing waits.
    oldest_seconds: f64,
}

impl From<Depth> for DepthView {
    fn from(depth: Depth) -> Self {
        DepthView {
            waiting: depth.waiting,
            oldest_seconds: depth.oldest.as_secs_f64(),
        }
    }
}

/// How much waits in all.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WorkView {
    turns: DepthView,
    replies: DepthView,
    jobs: DepthView,
}

impl From<WorkDepth> for WorkView {
    fn from(work: WorkDepth) -> Self {
        WorkView {
            turns: work.turns.into(),
            replies: work.replies.into(),
            jobs: work.jobs.into(),
        }
    }
}

/// An item that was given up. Its content is not shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeadLetterView {
    id: i64,
    /// `turn`, `reply`, `job`.
    queue: String,
    channel: String,
    chat_id: i64,
    what: String,
    why: String,
    at: Time,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        DeadLetterView {
            id: letter.id,
            queue: letter.queue.to_string(),
            channel: letter.lane.channel.to_string(),
            chat_id: letter.lane.chat.0,
            what: letter.what,
            why: letter.why,
            at: Time(letter.at),
        }
    }
}
