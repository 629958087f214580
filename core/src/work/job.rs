//! Jobs: work that has no order among itself. Timers, and later model calls and downloads.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

use crate::id::{ConversationId, JobId, OwnerId};

use super::lane::LaneKey;

/// A job to be started with a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// The job kind's name in the registry.
    pub kind: String,
    /// Version of the payload's form; a build that does not know it leaves the job alone.
    pub version: i32,
    /// The case it belongs to; it goes with the case.
    pub conversation_id: Option<ConversationId>,
    /// The chat its result is reported to.
    pub lane: LaneKey,
    /// What it needs.
    pub payload: Value,
    /// How long from now, by the store's clock.
    pub run_in: Duration,
    /// Smaller runs first among what is due.
    pub priority: i32,
    /// At most one job with this key waits: a newer one takes the place of the older, with its
    /// payload and time and a generation one higher, and whoever runs the older one can no longer
    /// finish it.
    pub unique_key: Option<String>,
}

/// What a decision does with jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobChange {
    /// Start one.
    Start(NewJob),
    /// Take away the one with this unique key, running or not; fine if there is none.
    Cancel {
        /// The key.
        unique_key: String,
    },
}

/// Right to work on one job, until its lease runs out or it is superseded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobClaim {
    /// The job.
    pub id: JobId,
    /// Which claim of it this is.
    pub fence: i64,
    /// Whose.
    pub owner: OwnerId,
}

/// A claimed job.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    /// The claim.
    pub claim: JobClaim,
    /// Its kind.
    pub kind: String,
    /// Version of the payload's form.
    pub version: i32,
    /// The chat its result is reported to.
    pub lane: LaneKey,
    /// What it needs.
    pub payload: Value,
    /// How often it has been claimed, this time included.
    pub attempt: u32,
}
