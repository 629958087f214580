//! The back office: what people do with the desk from outside its chats.
//!
//! Whoever may do something is decided before these use cases are called; they only know who acts,
//! and see that every change is in the audit log.

mod access;
mod cases;
mod library;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::access::{Caller, TokenHash};
use crate::audit::{AuditEntry, NewAuditEntry};
use crate::conversation::Attachment;
use crate::dialogue::RulesInForce;
use crate::id::{AttachmentId, BotId, Channel, ConversationId, LeadId, UserId};
use crate::lead::{IllegalStageChange, Lead, LeadStage};
use crate::port::back_office::{
    Case, Change, ChangeKind, ChangeOutcome, ConversationQuery, DeadLetter, LeadFile, LeadQuery, Paging,
    Period, Stats, StoredMessage,
};
use crate::port::store::{UpkeepStore, WorkDepth};
use crate::port::{
    BackOfficeStore, Clock, FileStorage, FilesError, IdSource, NoRandomness, SecretSource, StoreError,
};

use super::door::{Door, DoorError};
use super::rate::RateStatus;

pub use access::{NewToken, TokenFor};
pub use cases::Ordered;
pub use library::{KnowledgeEdit, LibraryEntry, LibraryKey, LibraryQuery, NewKnowledge};

/// What a back office is made of.
#[derive(Clone, Debug)]
pub struct BackOfficeParts {
    /// What it reads and changes.
    pub store: Arc<dyn BackOfficeStore>,
    /// What knows how much waits.
    pub upkeep: Arc<dyn UpkeepStore>,
    /// Where clients' files are kept; `None` if nobody asks for their bytes here.
    pub files: Option<Arc<dyn FileStorage>>,
    /// The rules in force, for what is asked about the playbook; `None` where nobody asks.
    pub rules: Option<RulesInForce>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub ids: Arc<dyn IdSource>,
    /// Randomness for tokens.
    pub secrets: Arc<dyn SecretSource>,
    /// Of the token that opens everything before there is any other.
    pub bootstrap: Option<TokenHash>,
    /// Its log.
    pub log: slog::Logger,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
    /// It is not in a state in which that can be done.
    #[error("{0}")]
    Conflict(&'static str),
    /// What is asked for makes no sense, whatever the state.
    #[error("{0}")]
    Impossible(String),
    /// No engine runs, or its door is closed for now: ask again later.
    #[error("the desk takes nothing at present")]
    NotNow,
    /// No secret can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// File storage.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl From<DoorError> for OfficeError {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Busy { .. } | DoorError::Unavailable { .. } => OfficeError::NotNow,
            DoorError::NotAnUpdate(error) => OfficeError::Impossible(error.to_string()),
            DoorError::Refused(why) => OfficeError::Impossible(why),
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    /// What is in it.
    pub items: Vec<T>,
    /// Whether more comes after it.
    pub more: bool,
}

impl<T> Listed<T> {
    /// Of what was found by asking for one more than `limit`.
    fn of(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Listed { items, more }
    }
}

/// One more than asked for, to see whether there is more.
fn one_more<K: Copy>(page: &Paging<K>) -> Paging<K> {
    Paging {
        before: page.before,
        limit: page.limit.saturating_add(1),
    }
}

/// The engine of this process, once it runs.
#[derive(Clone, Debug)]
struct Engine {
    door: Door,
    desks: Vec<(BotId, Channel)>,
}

/// The back office of one process. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub struct BackOffice {
    parts: BackOfficeParts,
    engine: Arc<OnceLock<Engine>>,
}

impl BackOffice {
    /// A back office that cannot reach any chat yet.
    pub fn new(parts: BackOfficeParts) -> Self {
        BackOffice {
            parts,
            engine: Arc::default(),
        }
    }

    /// The engine runs: from now on orders reach the chats of these bots and channels, through `door`.
    pub fn open(&self, door: Door, desks: Vec<(BotId, Channel)>) {
        self.engine.get_or_init(|| Engine { door, desks });
    }

    fn engine(&self) -> Result<&Engine, OfficeError> {
        self.engine.get().ok_or(OfficeError::NotNow)
    }

    /// Cases, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn conversations(&self, query: &ConversationQuery) -> Result<Listed<Case>, OfficeError> {
        let wider = ConversationQuery {
            page: one_more(&query.page),
            ..query.clone()
        };
        let found = self.parts.store.conversations(&wider).await?;
        Ok(Listed::of(found, query.page.limit))
    }

    /// One case.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn conversation(&self, id: ConversationId) -> Result<Case, OfficeError> {
        let found = self.parts.store.conversation(id).await?;
        found.ok_or(OfficeError::NotFound)
    }

    /// What was said in a case, newest first.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn messages(
        &self,
        id: ConversationId,
        page: &Paging<i64>,
    ) -> Result<Listed<StoredMessage>, OfficeError> {
        let mut found = self.parts.store.messages_before(id, &one_more(page)).await?;
        if found.is_empty() {
            self.conversation(id).await?;
        }
        found.reverse();
        Ok(Listed::of(found, page.limit))
    }

    /// The files of a case, in the order they came.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn attachments(&self, id: ConversationId) -> Result<Vec<Attachment>, OfficeError> {
        let found = self.parts.store.attachments(id).await?;
        if found.is_empty() {
            self.conversation(id).await?;
        }
        Ok(found)
    }

    /// A file, and its bytes.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] also for a file that is not stored; [`OfficeError::NotNow`] without file
    /// storage; [`OfficeError::Store`], [`OfficeError::Files`].
    pub async fn attachment_content(&self, id: AttachmentId) -> Result<(Attachment, Vec<u8>), OfficeError> {
        let found = self.parts.store.attachment(id).await?;
        let file = found.ok_or(OfficeError::NotFound)?;
        let key = file.storage_key.as_deref().ok_or(OfficeError::NotFound)?;
        let files = self.parts.files.as_ref().ok_or(OfficeError::NotNow)?;
        let bytes = files.get(key).await?;
        Ok((file, bytes.ok_or(OfficeError::NotFound)?))
    }

    /// Leads, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn leads(&self, query: &LeadQuery) -> Result<Listed<Lead>, OfficeError> {
        let wider = LeadQuery {
            page: one_more(&query.page),
            ..query.clone()
        };
        let found = self.parts.store.leads(&wider).await?;
        Ok(Listed::of(found, query.page.limit))
    }

    /// One lead.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn lead(&self, id: LeadId) -> Result<LeadFile, OfficeError> {
        let found = self.parts.store.lead(id).await?;
        found.ok_or(OfficeError::NotFound)
    }

    /// Moves a lead to another stage, and says how it stands then.
    ///
    /// # Errors
    /// [`OfficeError::Impossible`] for a move that is not legal or lacks its reason,
    /// [`OfficeError::Conflict`] if somebody else moved it meanwhile; [`OfficeError::NotFound`],
    /// [`OfficeError::Store`].
    pub async fn move_lead(
        &self,
        caller: &Caller,
        id: LeadId,
        to: LeadStage,
        reason: Option<String>,
    ) -> Result<LeadFile, OfficeError> {
        let mut file = self.lead(id).await?;
        let now = self.parts.clock.now();
        let from = file.lead.lead_stage.clone();
        let change = file
            .lead
            .move_to(to, &caller.name, reason, now)
            .map_err(|illegal: IllegalStageChange| OfficeError::Impossible(illegal.to_string()))?;
        file.lead.updated_at = now;
        // The reason is in the lead's history, which goes with the lead; the log stays for ever.
        let detail = [("from", from.to_string()), ("to", change.to.to_string())];
        let audit = self.entry(caller, "lead.stage", format!("lead:{id}"), detail);
        let what = ChangeKind::MoveLead {
            lead: Box::new(file.lead.clone()),
            change: change.clone(),
        };
        self.change(what, audit, "the lead was moved meanwhile").await?;
        file.history.push(change);
        Ok(file)
    }

    /// How many messages a client has left.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] for a channel this process does not serve, [`OfficeError::NotNow`]
    /// while nothing is counted.
    pub async fn rate_limit(&self, channel: &Channel, user: UserId) -> Result<RateStatus, OfficeError> {
        let engine = self.engine()?;
        let (bot, channel) = engine
            .desks
            .iter()
            .find(|(_, served)| served == channel)
            .ok_or(OfficeError::NotFound)?;
        let status = engine.door.limits().rate_limit_status(*bot, channel, user).await;
        status.ok_or(OfficeError::NotNow)
    }

    /// What a period came to.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn stats(&self, period: &Period) -> Result<Stats, OfficeError> {
        Ok(self.parts.store.stats(period).await?)
    }

    /// How much waits.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn work(&self) -> Result<WorkDepth, OfficeError> {
        Ok(self.parts.upkeep.depth().await?)
    }

    /// What was given up, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn dead_letters(&self, page: &Paging<i64>) -> Result<Listed<DeadLetter>, OfficeError> {
        let found = self.parts.store.dead_letters(&one_more(page)).await?;
        Ok(Listed::of(found, page.limit))
    }

    /// Puts a dead letter back at the end of its queue, as new.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn retry_dead(&self, caller: &Caller, id: i64) -> Result<(), OfficeError> {
        let audit = self.entry(caller, "dead_letter.retry", format!("dead_letter:{id}"), []);
        self.change(ChangeKind::RetryDead { id }, audit, "").await
    }

    /// Forgets a dead letter.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn drop_dead(&self, caller: &Caller, id: i64) -> Result<(), OfficeError> {
        let audit = self.entry(caller, "dead_letter.drop", format!("dead_letter:{id}"), []);
        self.change(ChangeKind::DropDead { id }, audit, "").await
    }

    /// The audit log, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn audit(&self, page: &Paging<i64>) -> Result<Listed<AuditEntry>, OfficeError> {
        let found = self.parts.store.audit(&one_more(page)).await?;
        Ok(Listed::of(found, page.limit))
    }

    /// The present, by which filters and ends are measured.
    pub fn now(&self) -> crate::time::Timestamp {
        self.parts.clock.now()
    }

    fn entry<const N: usize>(
        &self,
        caller: &Caller,
        action: &str,
        subject: String,
        detail: [(&str, String); N],
    ) -> NewAuditEntry {
        NewAuditEntry {
            at: self.parts.clock.now(),
            actor: caller.actor.to_string(),
            action: action.to_owned(),
            subject,
            detail: detail
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    async fn change(
        &self,
        what: ChangeKind,
        audit: NewAuditEntry,
        conflict: &'static str,
    ) -> Result<(), OfficeError> {
        let change = Change { what, audit };
        match self.parts.store.change(&change).await? {
            ChangeOutcome::Done => Ok(()),
            ChangeOutcome::NotFound => Err(OfficeError::NotFound),
            ChangeOutcome::Conflict => Err(OfficeError::Conflict(conflict)),
        }
    }
}
