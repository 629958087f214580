//! The back office's side of the store: lists, and changes that are no turn of a chat. Optional for
//! an embedding developer.
//!
//! **Lists** are newest first by their key, which grows with time (ids are UUID v7). A list goes on
//! where [`Paging::before`] says, so that what is added meanwhile shifts nothing.
//!
//! **Changes** are what is not a conversation. Each is committed together with its entry of the audit
//! log, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use crate::access::{Agent, ApiToken, OwnedToken};
use crate::audit::{AuditEntry, NewAuditEntry};
use crate::conversation::{Client, Conversation, ConversationStatus, Message, Owner};
use crate::id::{AgentId, ClientId, ConversationId, LeadId, TokenId};
use crate::lead::{Lead, LeadScore, LeadStage, StageChange};
use crate::playbook::KnowledgeEntry;
use crate::time::Timestamp;
use crate::work::LaneKey;

use super::attachments::AttachmentStore;
use super::knowledge::KnowledgeStore;
use super::store::StoreError;

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging<K> {
    /// Only what comes after this one in the list, which is what has a smaller key.
    pub before: Option<K>,
    /// At most this many.
    pub limit: usize,
}

impl<K> Paging<K> {
    /// The start of a list.
    pub fn first(limit: usize) -> Self {
        Paging { before: None, limit }
    }
}

/// Which cases. What is `None` does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationQuery {
    /// In this status.
    pub status: Option<ConversationStatus>,
    /// With this owner.
    pub owner: Option<Owner>,
    /// With this score.
    pub lead_score: Option<LeadScore>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Which part of the list.
    pub page: Paging<ConversationId>,
}

impl ConversationQuery {
    /// The newest of all cases.
    pub fn newest(limit: usize) -> Self {
        ConversationQuery {
            status: None,
            owner: None,
            lead_score: None,
            client: None,
            page: Paging::first(limit),
        }
    }
}

/// Which leads. What is `None` does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadQuery {
    /// In this stage.
    pub stage: Option<LeadStage>,
    /// With this score.
    pub score: Option<LeadScore>,
    /// Which part of the list.
    pub page: Paging<LeadId>,
}

/// A case with whom it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The case.
    pub conversation: Conversation,
    /// Whose it is.
    pub client: Client,
    /// Its lead.
    pub lead: Option<LeadId>,
}

/// A lead with how it came to where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadFile {
    /// The lead.
    pub lead: Lead,
    /// Every change of its stage, oldest first.
    pub history: Vec<StageChange>,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// Its place in the conversation, from 1 without gaps.
    pub seq: i64,
    /// When the client edited it.
    pub edited_at: Option<Timestamp>,
    /// The message. `channel_message_id` is only known for the client's own.
    #[serde(flatten)]
    pub message: Message,
}

open_enum! {
    /// The queue a dead letter came from.
    DeadQueue {
        /// An event that could not be decided.
        Turn = "turn",
        /// A call that could not be made, or whose outcome stayed unknown.
        Reply = "reply",
        /// A job that failed for good.
        Job = "job",
    }
}

/// An item that was given up, with all that is needed to try it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// Where it came from.
    pub queue: DeadQueue,
    /// Its chat.
    pub lane: LaneKey,
    /// What it is: a source, a call, a job kind. Never its content.
    pub what: String,
    /// Why it was given up.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// From when to when, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// What became of the cases opened in a period, and what the model cost in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Cases opened.
    pub conversations: u64,
    /// Those in which a person was asked for.
    pub escalated: u64,
    /// Those that are closed or archived.
    pub closed: u64,
    /// Those with a lead, by its score.
    pub scores: BTreeMap<String, u64>,
    /// Leads of those that ever reached a stage, by stage.
    pub stages: BTreeMap<String, u64>,
    /// From the client's first message to the first reply that was delivered.
    pub first_response: Spread,
    /// From asking for a person to the first message of one.
    pub first_agent_response: Spread,
    /// What models did in the period, by model.
    pub models: BTreeMap<String, ModelFigures>,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How often it happened.
    pub count: u64,
    /// Half of the times it took no longer.
    pub median: Duration,
    /// Nineteen times of twenty it took no longer.
    pub p95: Duration,
}

impl Spread {
    /// Of times in order, shortest first.
    pub fn of_sorted(times: &[Duration]) -> Self {
        // The smallest of which at least so much of the whole is no longer.
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).copied().unwrap_or_default()
        };
        Spread {
            count: times.len().try_into().unwrap_or(u64::MAX),
            median: at(50),
            p95: at(95),
        }
    }
}

/// What one model did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelFigures {
    /// Messages it had a part in.
    pub messages: u64,
    /// Tokens it read.
    pub tokens_in: u64,
    /// Tokens it wrote.
    pub tokens_out: u64,
    /// What that cost, in millionths of the playbook's currency.
    pub cost_micros: u64,
}

/// A change, and what the audit log says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is changed.
    pub what: ChangeKind,
    /// The entry.
    pub audit: NewAuditEntry,
}

/// What the back office changes.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// Moves a lead: its stage and what goes with it are written, and a row of its history.
    /// [`ChangeOutcome::Conflict`] if it no longer stands where the change starts.
    MoveLead {
        /// The lead after the move.
        lead: Box<Lead>,
        /// The move.
        change: StageChange,
    },
    /// Puts a dead letter back at the end of its queue, as new.
    RetryDead {
        /// Its number.
        id: i64,
    },
    /// Forgets a dead letter.
    DropDead {
        /// Its number.
        id: i64,
    },
    /// Keeps a new token, and its agent if that is new too.
    /// [`ChangeOutcome::NotFound`] if the agent is neither given nor there.
    CreateToken {
        /// The token.
        token: ApiToken,
        /// Its agent, if there is none yet.
        agent: Option<Agent>,
    },
    /// Keeps an entry of knowledge, and counts the epoch of knowledge up by one.
    /// [`ChangeOutcome::NotFound`] if it is to be changed and not there; [`ChangeOutcome::Conflict`] if it
    /// stands at another version than `was`, or is new and there is one of its slug in its locale.
    PutKnowledge {
        /// The entry after the change. Its slug and locale never change.
        entry: Box<KnowledgeEntry>,
        /// The version it was at; `None` if it is new.
        was: Option<i64>,
    },
    /// Takes a token back for good. [`ChangeOutcome::Conflict`] if that was done before.
    RevokeToken {
        /// The token.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It is written, with its entry.
    Done,
    /// What was to be changed is not there; nothing is written.
    NotFound,
    /// It is no longer as it was; nothing is written.
    Conflict,
}

/// Cases and what was said in them.
#[async_trait]
pub trait ConversationStore: Debug + Send + Sync {
    /// Cases, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn conversations(&self, query: &ConversationQuery) -> Result<Vec<Case>, StoreError>;

    /// One case.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn conversation(&self, id: ConversationId) -> Result<Option<Case>, StoreError>;

    /// The last messages of a conversation before a `seq`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn messages_before(
        &self,
        conversation: ConversationId,
        page: &Paging<i64>,
    ) -> Result<Vec<StoredMessage>, StoreError>;
}

/// Leads.
#[async_trait]
pub trait LeadStore: Debug + Send + Sync {
    /// Leads, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn leads(&self, query: &LeadQuery) -> Result<Vec<Lead>, StoreError>;

    /// One lead.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lead(&self, id: LeadId) -> Result<Option<LeadFile>, StoreError>;
}

/// What was given up.
#[async_trait]
pub trait DeadLetterStore: Debug + Send + Sync {
    /// Dead letters, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn dead_letters(&self, page: &Paging<i64>) -> Result<Vec<DeadLetter>, StoreError>;
}

/// Who may come in.
#[async_trait]
pub trait AccessStore: Debug + Send + Sync {
    /// Tokens that start so, whatever became of them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tokens_with_prefix(&self, prefix: &str) -> Result<Vec<OwnedToken>, StoreError>;

    /// Tokens, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tokens(&self, page: &Paging<TokenId>) -> Result<Vec<OwnedToken>, StoreError>;

    /// An agent.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// Notes that a token was used. No change in the sense of the audit log.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn note_token_use(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError>;
}

/// The audit log.
#[async_trait]
pub trait AuditStore: Debug + Send + Sync {
    /// Entries, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn audit(&self, page: &Paging<i64>) -> Result<Vec<AuditEntry>, StoreError>;

    /// Entries with numbers above `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn audit_since(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Figures.
#[async_trait]
pub trait StatsStore: Debug + Send + Sync {
    /// What a period came to.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn stats(&self, period: &Period) -> Result<Stats, StoreError>;
}

/// Changes.
#[async_trait]
pub trait ChangeStore: Debug + Send + Sync {
    /// Commits a change together with its audit entry, which follows all entries committed before.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing is written, or it is unknown.
    async fn change(&self, change: &Change) -> Result<ChangeOutcome, StoreError>;
}

/// What the back office needs of a store.
pub trait BackOfficeStore:
    ConversationStore
    + AttachmentStore
    + LeadStore
    + DeadLetterStore
    + AccessStore
    + AuditStore
    + StatsStore
    + KnowledgeStore
    + ChangeStore
{
}

impl<T> BackOfficeStore for T where
    T: ConversationStore
        + AttachmentStore
        + LeadStore
        + DeadLetterStore
        + AccessStore
        + AuditStore
        + StatsStore
        + KnowledgeStore
        + ChangeStore
        + ?Sized
{
}
