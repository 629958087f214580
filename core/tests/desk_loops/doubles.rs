//! Adapters with faults.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::conversation::{Attachment, Conversation};
use frontdesk_core::desk::Wake;
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{AttachmentId, ChatId, ConversationId, OwnerId};
use frontdesk_core::port::back_office::StoredMessage;
use frontdesk_core::port::budget::*;
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::llm::Account;
use frontdesk_core::port::store::*;
use frontdesk_core::port::{AttachmentStore, Cache, CacheError, Subscription};
use frontdesk_core::time::Day;
use frontdesk_core::work::*;
use frontdesk_memory::{MemoryCache, MemoryStore, SimulatedClock};
use serde_json::Value;

/// A store whose answers can be scripted.
#[derive(Debug)]
pub struct TestStore {
    pub memory: MemoryStore,
    /// Nothing works.
    pub down: AtomicBool,
    /// `accept` waits until opened.
    pub gate: Gate,
    /// How large the slices were that were accepted.
    pub slices: Mutex<Vec<usize>>,
    /// So many commits to come find that the conversation changed.
    pub conflicts: AtomicUsize,
    /// So many commits to come are written, and their answer is lost.
    pub unheard_commits: AtomicUsize,
    pub commits: AtomicUsize,
    /// A commit of a turn that kills its process was reached.
    pub killed: AtomicBool,
    pub commit_slices: Mutex<Vec<usize>>,
    pub sweeps: AtomicU32,
}

/// A door in the way of a call.
#[derive(Debug, Default)]
pub struct Gate {
    closed: AtomicBool,
    opened: Wake,
}

impl Gate {
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
        self.opened.notify();
    }

    pub async fn pass(&self) {
        let mut opened = self.opened.listen();
        while self.closed.load(Ordering::SeqCst) {
            opened.wait().await;
        }
    }
}

impl TestStore {
    pub fn new(clock: &SimulatedClock) -> Self {
        TestStore {
            memory: MemoryStore::new(std::sync::Arc::new(clock.clone())),
            down: AtomicBool::default(),
            gate: Gate::default(),
            slices: Mutex::default(),
            conflicts: AtomicUsize::default(),
            unheard_commits: AtomicUsize::default(),
            commits: AtomicUsize::default(),
            killed: AtomicBool::default(),
            commit_slices: Mutex::default(),
            sweeps: AtomicU32::default(),
        }
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("down".into()));
        }
        Ok(())
    }
}

fn one_less(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

#[async_trait]
impl InboxStore for TestStore {
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError> {
        self.slices.lock().unwrap().push(items.len());
        self.gate.pass().await;
        self.up()?;
        if items
            .iter()
            .any(|item| item.payload.windows(7).any(|part| part == b"REFUSED"))
        {
            return Err(StoreError::Refused("a bad row".into()));
        }
        self.memory.accept(items).await
    }
}

#[async_trait]
impl TurnStore for TestStore {
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        self.up()?;
        self.memory.claim_turns(claim).await
    }

    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError> {
        self.up()?;
        if lanes.iter().any(|lane| lane.chat == ChatId(666)) {
            return Err(StoreError::Corrupt("chat 666".into()));
        }
        self.memory.load(lanes).await
    }

    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.up()?;
        self.memory.load_case(case).await
    }

    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        self.up()?;
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.commit_slices.lock().unwrap().push(turns.len());
        if turns
            .iter()
            .any(|turn| turn.end == TurnEnd::Done && texts(&turn.decision).contains("kill"))
        {
            self.killed.store(true, Ordering::SeqCst);
            return std::future::pending().await;
        }
        if one_less(&self.conflicts) {
            return Ok(vec![CommitOutcome::Conflict; turns.len()]);
        }
        let outcomes = self.memory.commit(turns).await?;
        if one_less(&self.unheard_commits) {
            return Err(StoreError::Unavailable("the answer was lost".into()));
        }
        Ok(outcomes)
    }
}

fn texts(decision: &Decision) -> String {
    format!("{:?}", decision.outgoing)
}

#[async_trait]
impl SendStore for TestStore {
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        self.up()?;
        self.memory.claim_sends(claim).await
    }

    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError> {
        self.up()?;
        self.memory.begin_sends(sends).await
    }

    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.finish_sends(sends).await
    }
}

#[async_trait]
impl LeaseStore for TestStore {
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.renew(kind, claims, lease).await
    }

    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.release(kind, lanes).await
    }

    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError> {
        self.up()?;
        self.memory.hold(name, owner, lease).await
    }

    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError> {
        self.up()?;
        self.memory.let_go(name, owner).await
    }
}

#[async_trait]
impl JobStore for TestStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        self.up()?;
        self.memory.claim_jobs(claim).await
    }

    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.renew_jobs(claims, lease).await
    }

    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.finish_jobs(jobs).await
    }
}

#[async_trait]
impl AttachmentStore for TestStore {
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
        self.up()?;
        self.memory.attachments(conversation).await
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        self.up()?;
        self.memory.attachment(id).await
    }

    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError> {
        self.up()?;
        self.memory.unreferenced(storage_keys).await
    }
}

#[async_trait]
impl HistoryStore for TestStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.up()?;
        self.memory.messages(conversation, limit).await
    }
}

#[async_trait]
impl BudgetStore for TestStore {
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError> {
        self.up()?;
        self.memory.reserve_tokens(reservation).await
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        self.up()?;
        self.memory.settle_tokens(settlements).await
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        self.up()?;
        self.memory.token_budget(account, day).await
    }
}

#[async_trait]
impl UpkeepStore for TestStore {
    async fn adopt(
        &self,
        channel: &frontdesk_core::id::Channel,
        bot: frontdesk_core::id::BotId,
    ) -> Result<(), StoreError> {
        self.memory.adopt(channel, bot).await
    }

    async fn depth(&self) -> Result<WorkDepth, StoreError> {
        self.up()?;
        self.memory.depth().await
    }

    async fn open_conversations(
        &self,
    ) -> Result<Vec<(frontdesk_core::conversation::Owner, u64)>, StoreError> {
        self.up()?;
        self.memory.open_conversations().await
    }

    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        self.memory.is_idle(lane).await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.up()?;
        self.sweeps.fetch_add(1, Ordering::SeqCst);
        self.memory.sweep().await
    }
}

/// How a [`TestCache`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    Works,
    Fails,
    Hangs,
}

#[derive(Debug)]
pub struct TestCache {
    pub memory: MemoryCache,
    mode: Mutex<CacheMode>,
    pub asked: AtomicUsize,
    /// `count_all` waits until opened.
    pub gate: Gate,
    /// How many groups were counted in one call each.
    pub batches: Mutex<Vec<usize>>,
}

impl TestCache {
    pub fn new(clock: &SimulatedClock) -> Self {
        TestCache {
            memory: MemoryCache::new(std::sync::Arc::new(clock.clone())),
            mode: Mutex::new(CacheMode::Works),
            asked: AtomicUsize::new(0),
            gate: Gate::default(),
            batches: Mutex::default(),
        }
    }

    pub fn set_mode(&self, mode: CacheMode) {
        *self.mode.lock().unwrap() = mode;
    }

    async fn up(&self) -> Result<(), CacheError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mode = *self.mode.lock().unwrap();
        match mode {
            CacheMode::Works => Ok(()),
            CacheMode::Fails => Err(CacheError::Unavailable("down".into())),
            CacheMode::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Cache for TestCache {
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        self.up().await?;
        self.memory.get(key).await
    }

    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError> {
        self.up().await?;
        self.memory.set(key, value, ttl).await
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.up().await?;
        self.memory.delete(key).await
    }

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        self.up().await?;
        self.gate.pass().await;
        self.batches.lock().unwrap().push(batch.len());
        self.memory.count_all(batch).await
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        self.up().await?;
        self.memory.counted(key).await
    }

    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError> {
        self.up().await?;
        self.memory.publish(topic, message).await
    }

    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError> {
        self.up().await?;
        self.memory.subscribe(topics).await
    }
}
