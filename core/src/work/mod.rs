//! Waiting work: lanes, what waits in them, jobs, and how long a failure waits.

mod backoff;
mod job;
mod lane;
mod outbox;

pub use backoff::Backoff;
pub use job::{ClaimedJob, JobChange, JobClaim, NewJob};
pub use lane::{ClaimedTurn, InboxItem, LaneClaim, LaneKey, LaneKind, NewInboxItem};
pub use outbox::{Author, ClaimedSend, OutboxItem, Outgoing, Repeat, SendOutcome};
