//! The desk at work: the use cases and the loops that run them.
//!
//! ```text
//! Door ─► DoorWriter ─► inbox ─► TurnWorker ─► outbox ─► Sender ─► messenger
//!                         ▲           └─► jobs ─► JobRunner ─┐
//!                         └──────────────────────────────────┘
//! ```
//!
//! Loops are futures over [`Clock::sleep_until`](crate::port::Clock::sleep_until); they know no
//! runtime and spawn nothing. Whoever runs them decides how many of each: one [`DoorWriter`] per
//! door, one [`Heartbeat`], one [`Upkeep`] and one [`Poller`] per process, and as many workers,
//! senders and job runners as pay. Where processes share a cache, those that work have a
//! [`WakeListener`] and those that only take in an [`Announcer`].
//!
//! **Invariants.** Nothing is answered at the door before it is durable. No messenger or cache is
//! called while a transaction is open. What a loop has in hand is claimed, and its fence decides
//! what counts. Everything that waits is bounded.
//!
//! **Stopping.** Ask the poller, workers, senders and job runners first and wait for them; then
//! the [`DoorWriter`], once nobody brings anything to the door; the heartbeat and upkeep last.

mod aftermath;
mod announce;
mod answer;
mod calls;
mod door;
mod download;
mod guarded;
mod hands;
mod heartbeat;
mod items;
mod janitor;
mod jobs;
mod office;
mod pacing;
mod poller;
mod process;
mod rate;
mod rounds;
mod sender;
mod stats;
mod stop;
mod tally;
mod turn;
mod upkeep;
mod wake;
mod watched;
mod worker;
mod writer;

pub use announce::{Announcer, JOBS_TOPIC, REPLIES_TOPIC, TURNS_TOPIC, WakeListener};
pub use answer::{AnswerKind, AnswerParts};
pub use door::{Door, DoorError, DoorSettings, Received, ReceivedUpdate};
pub use download::{DownloadKind, DownloadParts};
pub use guarded::GuardedCache;
pub use hands::Hands;
pub use heartbeat::Heartbeat;
pub use janitor::Janitor;
pub use jobs::{JobFailure, JobKind, JobRunner, JobSettings, TimerKind};
pub use office::{
    BackOffice, BackOfficeParts, KnowledgeEdit, LibraryEntry, LibraryKey, LibraryQuery, Listed, NewKnowledge,
    NewToken, OfficeError, Ordered, TokenFor,
};
pub use pacing::{Pacing, PacingSettings};
pub use poller::{Poller, PollerError, PollerParts};
pub use process::{Process, Wakes};
pub use rate::{RateLimits, RateSettings, RateStatus};
pub use sender::{Sender, SenderParts, SenderSettings};
pub use stats::{Counter, DeskStats};
pub use stop::{Stop, StopHandle};
pub use turn::TurnSettings;
pub use upkeep::Upkeep;
pub use wake::{Listener, Wake};
pub use watched::WatchedStore;
pub use worker::{TurnWorker, TurnWorkerParts};
pub use writer::DoorWriter;
