//! The store as one process reaches it.

use async_trait::async_trait;
use frontdesk_core::conversation::{Attachment, Conversation, Owner};
use frontdesk_core::id::{AttachmentId, BotId, Channel, ChatId, ConversationId, OwnerId, UpdateId};
use frontdesk_core::port::attachments::AttachmentStore;
use frontdesk_core::port::back_office::StoredMessage;
use frontdesk_core::port::budget::{BudgetStore, Reserved, Settlement, TokenBudget, TokenReservation};
use frontdesk_core::port::llm::Account;
use frontdesk_core::port::store::{
    Accepted, BeginSend, Claim, ClaimJobs, CommitOutcome, FinishJob, FinishSend, HistoryStore, InboxStore,
    JobStore, LeaseStore, Release, SendIntent, SendStore, Snapshot, StoreError, TurnCommit, TurnStore,
    UpkeepStore, WorkDepth,
};
use frontdesk_core::time::Day;
use frontdesk_core::work::{
    ClaimedJob, ClaimedSend, ClaimedTurn, JobClaim, LaneClaim, LaneKey, LaneKind, NewInboxItem, SendOutcome,
};
use frontdesk_memory::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::executor::lock;
use crate::line::{Call, Cut, Line, Port};
use crate::record::mark_of;
use crate::wire;

/// One process's way to the store.
#[derive(Debug)]
pub(crate) struct SimulatedStore {
    line: Line,
    /// What was claimed: the update of an item, the mark of a call, by lane and place.
    turns: Mutex<BTreeMap<(LaneKey, i64), Option<UpdateId>>>,
    sends: Mutex<BTreeMap<(LaneKey, i64), String>>,
}

fn cut(at: Cut) -> StoreError {
    StoreError::Unavailable(
        match at {
            Cut::Before => "cut off before it was done",
            Cut::After => "cut off after it was done",
        }
        .into(),
    )
}

fn call(name: &'static str) -> Call {
    Call::new(Port::Store, name)
}

fn chats<'a>(lanes: impl Iterator<Item = &'a LaneKey>) -> Vec<ChatId> {
    lanes.map(|lane| lane.chat).collect()
}

fn outcome(outcome: &SendOutcome) -> String {
    match outcome {
        SendOutcome::Sent { .. } => "sent".to_owned(),
        other => format!("{other:?}"),
    }
}

impl SimulatedStore {
    pub(crate) fn new(line: Line) -> Self {
        SimulatedStore {
            line,
            turns: Mutex::default(),
            sends: Mutex::default(),
        }
    }

    fn inner(&self) -> &MemoryStore {
        &self.line.world.store
    }

    async fn through<T: Send>(
        &self,
        call: Call,
        act: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.line.through(call, cut, act, |_| String::new()).await
    }

    fn tell(&self, what: &str, lane: &LaneKey, told: impl FnOnce() -> String) {
        let (world, who) = (&self.line.world, &self.line.who.name);
        world.tell(who, || what.to_owned(), told, &[lane.chat]);
    }

    fn tell_claim(&self, what: &str, claim: &LaneClaim, seq: i64, attempt: u32) {
        let told = || format!("seq {seq}, fence {}, attempt {attempt}", claim.fence);
        self.tell(what, &claim.lane, told);
    }

    fn update_at(&self, lane: &LaneKey, seq: i64) -> Option<UpdateId> {
        lock(&self.turns).get(&(lane.clone(), seq)).copied().flatten()
    }

    fn mark_at(&self, lane: &LaneKey, seq: i64) -> String {
        lock(&self.sends)
            .get(&(lane.clone(), seq))
            .cloned()
            .unwrap_or_default()
    }
}

#[async_trait]
impl InboxStore for SimulatedStore {
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError> {
        let call = call("accept")
            .about(chats(items.iter().map(|item| &item.lane)))
            .vital();
        let act = async {
            let outcomes = self.inner().accept(items).await?;
            let now = self.line.world.now();
            self.line.world.record().accepted(items, &outcomes, now);
            for (item, outcome) in items.iter().zip(&outcomes) {
                let what = || {
                    item.update_id
                        .map_or_else(|| "a report".to_owned(), |id| format!("update {id}"))
                };
                self.tell("accept", &item.lane, || format!("{}: {outcome:?}", what()));
            }
            Ok(outcomes)
        };
        self.through(call, act).await
    }
}

#[async_trait]
impl TurnStore for SimulatedStore {
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        let act = async {
            let claimed = self.inner().claim_turns(claim).await?;
            let now = self.line.world.now();
            self.line.world.record().claimed_turns(&claimed, claim, now);
            let mut turns = lock(&self.turns);
            for turn in &claimed {
                let place = (turn.claim.lane.clone(), turn.item.seq);
                turns.insert(place, wire::update_id(&turn.item.payload));
                self.tell_claim("claim_turns", &turn.claim, turn.item.seq, turn.attempt);
            }
            Ok(claimed)
        };
        self.through(call("claim_turns"), act).await
    }

    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError> {
        let call = call("load").about(chats(lanes.iter()));
        self.through(call, self.inner().load(lanes)).await
    }

    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let act = self.inner().load_case(case);
        self.through(call("load_case"), act).await
    }

    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let call = call("commit")
            .about(chats(turns.iter().map(|turn| &turn.claim.lane)))
            .vital();
        let act = async {
            let outcomes = self.inner().commit(turns).await?;
            let world = &self.line.world;
            for (turn, outcome) in turns.iter().zip(&outcomes) {
                let update = self.update_at(&turn.claim.lane, turn.seq);
                self.tell("commit", &turn.claim.lane, || {
                    format!("seq {}: {outcome:?}", turn.seq)
                });
                let mut record = world.record();
                match outcome {
                    CommitOutcome::Committed => record.committed(turn, update, world.now()),
                    other => record.commit_failed(*other),
                }
            }
            Ok(outcomes)
        };
        self.through(call, act).await
    }
}

#[async_trait]
impl SendStore for SimulatedStore {
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        let act = async {
            let claimed = self.inner().claim_sends(claim).await?;
            let now = self.line.world.now();
            self.line.world.record().claimed_sends(&claimed, claim, now);
            let mut sends = lock(&self.sends);
            for send in &claimed {
                let place = (send.claim.lane.clone(), send.item.seq);
                let mark = mark_of(&send.item.outgoing.action).unwrap_or_default();
                sends.insert(place, mark.to_owned());
                self.tell_claim("claim_sends", &send.claim, send.item.seq, send.attempt);
            }
            Ok(claimed)
        };
        self.through(call("claim_sends"), act).await
    }

    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError> {
        let call = call("begin_sends")
            .about(chats(sends.iter().map(|send| &send.claim.lane)))
            .vital();
        let act = async {
            let intents = self.inner().begin_sends(sends).await?;
            let world = &self.line.world;
            for (send, intent) in sends.iter().zip(&intents) {
                let mark = self.mark_at(&send.claim.lane, send.seq);
                self.tell("begin_sends", &send.claim.lane, || {
                    format!("seq {}: {intent:?}", send.seq)
                });
                world
                    .record()
                    .begun(send, &mark, *intent, self.line.who.group, world.now());
            }
            Ok(intents)
        };
        self.through(call, act).await
    }

    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError> {
        let call = call("finish_sends")
            .about(chats(sends.iter().map(|send| &send.claim.lane)))
            .vital();
        let act = async {
            let held = self.inner().finish_sends(sends).await?;
            let world = &self.line.world;
            for (send, held) in sends.iter().zip(&held) {
                let lost = if *held { "" } else { ", but the claim was lost" };
                let told = || format!("seq {}: {}{lost}", send.seq, outcome(&send.outcome));
                self.tell("finish_sends", &send.claim.lane, told);
                if !held {
                    continue;
                }
                let mark = self.mark_at(&send.claim.lane, send.seq);
                world.record().finished(send, &mark, world.now());
            }
            Ok(held)
        };
        self.through(call, act).await
    }
}

#[async_trait]
impl LeaseStore for SimulatedStore {
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        let call = call("renew").about(chats(claims.iter().map(|claim| &claim.lane)));
        let act = async {
            let held = self.inner().renew(kind.clone(), claims, lease).await?;
            let now = self.line.world.now();
            self.line.world.record().renewed(&kind, claims, &held, lease, now);
            for (claim, _) in claims.iter().zip(&held).filter(|(_, held)| !**held) {
                self.tell("renew", &claim.lane, || format!("the {kind} lane was lost"));
            }
            Ok(held)
        };
        self.through(call, act).await
    }

    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError> {
        let call = call("release").about(chats(lanes.iter().map(|lane| &lane.claim.lane)));
        let act = async {
            let held = self.inner().release(kind.clone(), lanes).await?;
            let now = self.line.world.now();
            self.line.world.record().released(&kind, lanes, &held, now);
            for (lane, held) in lanes.iter().zip(&held) {
                let told = || format!("{kind} lane, for {} ms: {held}", lane.after.as_millis());
                self.tell("release", &lane.claim.lane, told);
            }
            Ok(held)
        };
        self.through(call, act).await
    }

    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError> {
        let act = self.inner().hold(name, owner, lease);
        self.through(call("hold"), act).await
    }

    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError> {
        let act = self.inner().let_go(name, owner);
        self.through(call("let_go"), act).await
    }
}

#[async_trait]
impl JobStore for SimulatedStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        let act = async {
            let jobs = self.inner().claim_jobs(claim).await?;
            self.line.world.record().claimed_jobs(&jobs);
            for job in &jobs {
                self.tell("claim_jobs", &job.lane, || {
                    format!("{}, attempt {}", job.kind, job.attempt)
                });
            }
            Ok(jobs)
        };
        self.through(call("claim_jobs"), act).await
    }

    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let act = self.inner().renew_jobs(claims, lease);
        self.through(call("renew_jobs"), act).await
    }

    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError> {
        let act = async {
            let held = self.inner().finish_jobs(jobs).await?;
            let now = self.line.world.now();
            self.line.world.record().finished_jobs(jobs, &held, now);
            Ok(held)
        };
        self.through(call("finish_jobs").vital(), act).await
    }
}

#[async_trait]
impl HistoryStore for SimulatedStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let act = self.inner().messages(conversation, limit);
        self.through(call("messages"), act).await
    }
}

#[async_trait]
impl AttachmentStore for SimulatedStore {
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
        let act = self.inner().attachments(conversation);
        self.through(call("attachments"), act).await
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        self.through(call("attachment"), self.inner().attachment(id))
            .await
    }

    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError> {
        let act = self.inner().unreferenced(storage_keys);
        self.through(call("unreferenced"), act).await
    }
}

#[async_trait]
impl BudgetStore for SimulatedStore {
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError> {
        let act = async {
            let reserved = self.inner().reserve_tokens(reservation).await?;
            let budget = self
                .inner()
                .token_budget(reservation.account, reservation.day)
                .await?;
            let now = self.line.world.now();
            self.line
                .world
                .record()
                .reserved(reservation, reserved, &budget, now);
            Ok(reserved)
        };
        self.through(call("reserve_tokens").vital(), act).await
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        let act = self.inner().settle_tokens(settlements);
        self.through(call("settle_tokens").vital(), act).await
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        let act = self.inner().token_budget(account, day);
        self.through(call("token_budget"), act).await
    }
}

#[async_trait]
impl UpkeepStore for SimulatedStore {
    async fn adopt(&self, channel: &Channel, bot: BotId) -> Result<(), StoreError> {
        self.through(call("adopt"), self.inner().adopt(channel, bot))
            .await
    }

    async fn depth(&self) -> Result<WorkDepth, StoreError> {
        self.through(call("depth"), self.inner().depth()).await
    }

    async fn open_conversations(&self) -> Result<Vec<(Owner, u64)>, StoreError> {
        let act = self.inner().open_conversations();
        self.through(call("open_conversations"), act).await
    }

    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        self.through(call("is_idle"), self.inner().is_idle(lane)).await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.through(call("sweep"), self.inner().sweep()).await
    }
}
