//! A store whose calls are timed.

use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

use crate::conversation::{Attachment, Conversation, Owner};
use crate::id::{AttachmentId, BotId, Channel, ConversationId, OwnerId};
use crate::port::back_office::StoredMessage;
use crate::port::budget::{Reserved, Settlement, TokenBudget, TokenReservation};
use crate::port::llm::Account;
use crate::port::metrics::Histogram;
use crate::port::store::{
    Accepted, BeginSend, Claim, ClaimJobs, CommitOutcome, FinishJob, FinishSend, HistoryStore, InboxStore,
    JobStore, LeaseStore, Release, SendIntent, SendStore, Snapshot, StoreError, TurnCommit, TurnStore,
    UpkeepStore, WorkDepth,
};
use crate::port::{AttachmentStore, BudgetStore, Clock, DeskStore, Metrics};
use crate::time::Day;
use crate::work::{
    ClaimedJob, ClaimedSend, ClaimedTurn, JobClaim, LaneClaim, LaneKey, LaneKind, NewInboxItem,
};

/// The same store; how long each of its calls took goes to [`Histogram::StoreSeconds`].
#[derive(Clone, Debug)]
pub struct WatchedStore {
    store: Arc<dyn DeskStore>,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn Metrics>,
}

impl WatchedStore {
    /// Watches `store`.
    pub fn new(store: Arc<dyn DeskStore>, clock: Arc<dyn Clock>, metrics: Arc<dyn Metrics>) -> Self {
        WatchedStore {
            store,
            clock,
            metrics,
        }
    }

    async fn timed<T>(
        &self,
        op: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let started = self.clock.now();
        let done = call.await;
        let seconds = self.clock.now().since(started).as_secs_f64();
        self.metrics
            .observe(Histogram::StoreSeconds, &[("op", op)], seconds);
        done
    }
}

#[async_trait]
impl InboxStore for WatchedStore {
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError> {
        self.timed("accept", self.store.accept(items)).await
    }
}

#[async_trait]
impl TurnStore for WatchedStore {
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        self.timed("claim_turns", self.store.claim_turns(claim)).await
    }

    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError> {
        self.timed("load", self.store.load(lanes)).await
    }

    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.timed("load_case", self.store.load_case(case)).await
    }

    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        self.timed("commit", self.store.commit(turns)).await
    }
}

#[async_trait]
impl SendStore for WatchedStore {
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        self.timed("claim_sends", self.store.claim_sends(claim)).await
    }

    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError> {
        self.timed("begin_sends", self.store.begin_sends(sends)).await
    }

    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError> {
        self.timed("finish_sends", self.store.finish_sends(sends)).await
    }
}

#[async_trait]
impl LeaseStore for WatchedStore {
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        self.timed("renew", self.store.renew(kind, claims, lease)).await
    }

    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError> {
        self.timed("release", self.store.release(kind, lanes)).await
    }

    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError> {
        self.timed("hold", self.store.hold(name, owner, lease)).await
    }

    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError> {
        self.timed("let_go", self.store.let_go(name, owner)).await
    }
}

#[async_trait]
impl JobStore for WatchedStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        self.timed("claim_jobs", self.store.claim_jobs(claim)).await
    }

    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError> {
        self.timed("renew_jobs", self.store.renew_jobs(claims, lease))
            .await
    }

    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError> {
        self.timed("finish_jobs", self.store.finish_jobs(jobs)).await
    }
}

#[async_trait]
impl HistoryStore for WatchedStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.timed("messages", self.store.messages(conversation, limit))
            .await
    }
}

#[async_trait]
impl AttachmentStore for WatchedStore {
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
        self.timed("attachments", self.store.attachments(conversation))
            .await
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        self.timed("attachment", self.store.attachment(id)).await
    }

    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError> {
        self.timed("unreferenced", self.store.unreferenced(storage_keys))
            .await
    }
}

#[async_trait]
impl BudgetStore for WatchedStore {
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError> {
        self.timed("reserve_tokens", self.store.reserve_tokens(reservation))
            .await
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        self.timed("settle_tokens", self.store.settle_tokens(settlements))
            .await
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        self.timed("token_budget", self.store.token_budget(account, day))
            .await
    }
}

#[async_trait]
impl UpkeepStore for WatchedStore {
    async fn adopt(&self, channel: &Channel, bot: BotId) -> Result<(), StoreError> {
        self.timed("adopt", self.store.adopt(channel, bot)).await
    }

    async fn depth(&self) -> Result<WorkDepth, StoreError> {
        self.timed("depth", self.store.depth()).await
    }

    async fn open_conversations(&self) -> Result<Vec<(Owner, u64)>, StoreError> {
        self.timed("open_conversations", self.store.open_conversations())
            .await
    }

    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        self.timed("is_idle", self.store.is_idle(lane)).await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.timed("sweep", self.store.sweep()).await
    }
}
