//! The store: the truth. What is in it survives every crash; what is not never happened.
//!
//! Waiting work is kept in **lanes**, one per chat and direction, and in **jobs**. A claim gives the
//! right to work on a lane until its lease runs out; every write of the worker names the claim, and
//! a claim that is no longer the latest writes nothing. Times in here are durations against the
//! store's own clock. Texts carry no NUL: the desk removes it at the edge.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::time::Duration;

use crate::conversation::{Client, Conversation, Owner, Session};
use crate::dialogue::Decision;
use crate::id::{BotId, Channel, ConversationId, OwnerId};
use crate::lead::Lead;
use crate::port::attachments::AttachmentStore;
use crate::port::back_office::StoredMessage;
use crate::port::budget::BudgetStore;
use crate::work::{
    ClaimedJob, ClaimedSend, ClaimedTurn, JobClaim, LaneClaim, LaneKey, LaneKind, NewInboxItem, SendOutcome,
};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is too busy, or did not answer in time. Whether the write happened may
    /// be unknown; every write here may be repeated.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It cannot write: the disk is full or the database is read-only.
    #[error("the database cannot be written: {0}")]
    NotWritable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was to be written is not allowed in it (a broken reference, a text too long).
    #[error("the database refuses what was to be written: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was read makes no sense.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// It belongs to another bot.
    #[error("this database belongs to bot {found} of {channel}, not to bot {wanted}")]
    OtherBot {
        /// The channel.
        channel: Channel,
        /// The bot it belongs to.
        found: BotId,
        /// The bot that asked.
        wanted: BotId,
    },
}

impl StoreError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Unavailable(_) | StoreError::NotWritable(_) => true,
            StoreError::Refused(_) | StoreError::Corrupt(_) | StoreError::OtherBot { .. } => false,
        }
    }
}

/// What became of something that was to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is kept and waits for its turn.
    New,
    /// It was accepted before; nothing changed.
    Duplicate,
}

/// Which lanes, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Only lanes of these bots and channels.
    pub desks: Vec<(BotId, Channel)>,
    /// Who claims.
    pub owner: OwnerId,
    /// At most this many.
    pub limit: usize,
    /// For how long; the store adds up to half of it, at random, so that leases of one process do
    /// not run out together.
    pub lease: Duration,
}

/// Which jobs, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimJobs {
    /// Only jobs of these bots and channels.
    pub desks: Vec<(BotId, Channel)>,
    /// Only jobs of these kinds, up to these versions.
    pub kinds: Vec<(String, i32)>,
    /// Who claims.
    pub owner: OwnerId,
    /// At most this many.
    pub limit: usize,
    /// For how long, with jitter as for lanes.
    pub lease: Duration,
}

/// What the desk knows of one chat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The person, once they wrote.
    pub client: Option<Client>,
    /// Their open case.
    pub conversation: Option<Conversation>,
    /// Dialogue state, expired or not.
    pub session: Option<Session>,
    /// The lead of the open case.
    pub lead: Option<Lead>,
    /// The case that the event names, if that is another than the open one. [`TurnStore::load`] knows
    /// no events and leaves it empty.
    pub named: Option<Conversation>,
}

/// How a turn ends.
#[derive(Clone, Debug, PartialEq)]
pub enum TurnEnd {
    /// The item is done and leaves the inbox.
    Done,
    /// The item becomes a dead letter.
    Dead {
        /// Why, in one line without personal data.
        why: String,
    },
}

/// One turn to be committed.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnCommit {
    /// The claim it was decided under.
    pub claim: LaneClaim,
    /// The item it was decided for.
    pub seq: i64,
    /// How it ends.
    pub end: TurnEnd,
    /// What was decided.
    pub decision: Decision,
}

/// What became of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All of it is written.
    Committed,
    /// The claim is no longer the latest, or the item is no longer there: nothing is written.
    LeaseLost,
    /// The conversation has changed since it was read: nothing is written, the claim still holds.
    Conflict,
}

/// What the intent to send came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendIntent {
    /// It is committed: make the call, then report with [`SendStore::finish_sends`].
    Go,
    /// A person took the chat meanwhile: the message became a note and the call is gone.
    Withheld,
    /// Its outcome was unknown as often as its repeat policy allows: it is a dead letter now
    /// (`uncertain`), and the lane goes on.
    Parked,
    /// The claim is no longer the latest, or the call is no longer there.
    LeaseLost,
}

/// One intent to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeginSend {
    /// The claim.
    pub claim: LaneClaim,
    /// The call's place in the lane.
    pub seq: i64,
}

/// One outcome to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishSend {
    /// The claim.
    pub claim: LaneClaim,
    /// The call's place in the lane.
    pub seq: i64,
    /// What became of it.
    pub outcome: SendOutcome,
}

/// A lane given back before its item is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The claim.
    pub claim: LaneClaim,
    /// When it may be claimed again.
    pub after: Duration,
    /// Whether the attempt counts. It does not for a shutdown or a pause.
    pub counted: bool,
}

/// How a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Done; what it found is kept in its lane's inbox, in the same commit.
    Done {
        /// What it found.
        report: Option<NewInboxItem>,
    },
    /// To be tried again.
    Again {
        /// When.
        after: Duration,
        /// Whether the attempt counts.
        counted: bool,
    },
    /// Given up: a dead letter.
    Dead {
        /// Why, in one line without personal data.
        why: String,
    },
}

/// One job to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishJob {
    /// The claim.
    pub claim: JobClaim,
    /// How it ends.
    pub end: JobEnd,
}

/// How much waits in one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// How many items; for lanes the items in them. Jobs not yet due do not count.
    pub waiting: u64,
    /// Age of the oldest, zero if nothing waits.
    pub oldest: Duration,
}

/// How much waits in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkDepth {
    /// Events waiting to be decided.
    pub turns: Depth,
    /// Calls waiting to be made.
    pub replies: Depth,
    /// Jobs that are due.
    pub jobs: Depth,
}

/// Events in.
#[async_trait]
pub trait InboxStore: Debug + Send + Sync {
    /// Keeps what happened, durably, each once: items with an update id that was accepted before
    /// for the same bot (72 hours are remembered at least) change nothing. Wakes the lanes; a lease
    /// or a back-off is left alone. Items of one lane keep the order of the slice, and come after
    /// everything accepted for it before. One outcome per item, in order.
    ///
    /// # Errors
    /// [`StoreError`]: then none is kept, or it is unknown; repeating is safe for items with an
    /// update id.
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError>;
}

/// Turns.
#[async_trait]
pub trait TurnStore: Debug + Send + Sync {
    /// Claims due turn lanes, those waiting longest first, and reads the oldest item of each.
    /// Each claim raises the lane's fence and its count of attempts. No two callers get the same
    /// lane while a lease holds.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError>;

    /// What the desk knows of each chat, in the order asked for. The client is the one whose
    /// private chat it is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError>;

    /// One case, open or not, for an event that names it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Commits turns, each entirely or not at all, and none because of another: releases the lane
    /// under its claim (ready at once if more waits, attempts back to zero), ends the item, writes
    /// the decision's rows (of a lead that is there already, where it stands with sales only if the
    /// decision moves it) and audit entries, wakes the reply lanes of its calls and starts or cancels its jobs.
    /// One outcome per turn, in order.
    ///
    /// # Errors
    /// [`StoreError`]: then none is written, or it is unknown; repeating is safe, since what was
    /// committed answers `LeaseLost`. With one turn in the slice, `Refused` is about that turn; with
    /// several, a store either answers `Refused` with nothing written, for the caller to try them one
    /// by one, or commits the others and answers `Conflict` for the one that is refused.
    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError>;
}

/// Calls out.
#[async_trait]
pub trait SendStore: Debug + Send + Sync {
    /// As [`TurnStore::claim_turns`], for reply lanes. Nothing of a bot that has to wait
    /// ([`SendOutcome::NotBefore`] with the bot's scope) is claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError>;

    /// Commits the intent to make each call: in flight, one try more. A call that is in flight
    /// already has an unknown outcome behind it: its repeat policy says whether it is parked. A
    /// bot's message with an owner epoch below its conversation's is withheld if an agent owns that
    /// conversation. Withheld and parked calls leave the outbox and their lane is released.
    ///
    /// # Errors
    /// [`StoreError`]: then no call may be made.
    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError>;

    /// Commits what became of each call. `Sent` and `Refused` take it out of the outbox and release
    /// the lane; the others keep it and move the lane's time. Says for each whether the claim still
    /// held; if not, nothing was written for it.
    ///
    /// # Errors
    /// [`StoreError`]; repeating is safe.
    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError>;
}

/// Both kinds of lanes, while they are worked on.
#[async_trait]
pub trait LeaseStore: Debug + Send + Sync {
    /// Prolongs the leases that still hold, and says which did.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError>;

    /// Gives lanes back with their items still waiting; says which claims still held.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError>;

    /// Takes or keeps the named lease for `owner`, for `lease` from now; false if another holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError>;

    /// Gives the named lease back if `owner` holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError>;
}

/// Jobs.
#[async_trait]
pub trait JobStore: Debug + Send + Sync {
    /// Claims due jobs by priority, then time. As for lanes, a claim raises the fence and the
    /// attempts.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError>;

    /// Prolongs the claims that still hold, with jitter as for lanes, and says which did. A job that
    /// was superseded or cancelled holds no more: whoever runs it is to stop.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError>;

    /// Ends jobs; the report of a done one is accepted in the same commit. Says for each whether
    /// the claim still held; if not, nothing was written for it.
    ///
    /// # Errors
    /// [`StoreError`]; repeating is safe.
    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError>;
}

/// What was said, read again: what a model is told of a conversation.
#[async_trait]
pub trait HistoryStore: Debug + Send + Sync {
    /// The last messages of a conversation, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;
}

/// The store's own upkeep, and what health needs.
#[async_trait]
pub trait UpkeepStore: Debug + Send + Sync {
    /// Claims the database for `bot` on `channel`, for ever; fine if it is claimed for it already.
    ///
    /// # Errors
    /// [`StoreError::OtherBot`] if it belongs to another bot.
    async fn adopt(&self, channel: &Channel, bot: BotId) -> Result<(), StoreError>;

    /// How much waits.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn depth(&self) -> Result<WorkDepth, StoreError>;

    /// How many conversations are open (active or escalated), by who may speak in them; owners of
    /// none may be left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_conversations(&self) -> Result<Vec<(Owner, u64)>, StoreError>;

    /// Whether nothing waits for this chat: no event, no call, no due job. Timers aside.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError>;

    /// Forgets a small batch of what is no longer needed: accepted ids and keys of calls that are no
    /// longer waiting after 72 hours, lanes asleep for 30 days, sessions that expired a week ago, token
    /// budgets begun 30 days ago. Ends reservations of tokens whose lease ran
    /// out, which is when they count as estimated ([`BudgetStore`]). Says how many rows went; call
    /// again while it is not 0.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sweep(&self) -> Result<u64, StoreError>;
}

/// What an embedding developer must write to have a store.
pub trait DeskStore:
    InboxStore
    + TurnStore
    + SendStore
    + LeaseStore
    + JobStore
    + BudgetStore
    + HistoryStore
    + AttachmentStore
    + UpkeepStore
{
}

impl<T> DeskStore for T where
    T: InboxStore
        + TurnStore
        + SendStore
        + LeaseStore
        + JobStore
        + BudgetStore
        + HistoryStore
        + AttachmentStore
        + UpkeepStore
        + ?Sized
{
}
