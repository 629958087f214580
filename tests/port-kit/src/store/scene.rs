//! What every check starts from: an empty store, and short words for what is done to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use frontdesk_core::audit::{AuditChain, AuditEntry, NewAuditEntry};
use frontdesk_core::conversation::{
    Client, ContentType, Conversation, ConversationStatus, Message, Owner, Person, SenderType,
};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{Ids, JobId, MessageId, OwnerId, UserId};
use frontdesk_core::port::back_office::{Change, ChangeKind, ChangeOutcome, ConversationQuery};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::store::{
    Accepted, BeginSend, CommitOutcome, FinishJob, FinishSend, JobEnd, SendIntent, Snapshot,
};
use frontdesk_core::text::RichText;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{
    Author, ClaimedJob, ClaimedSend, ClaimedTurn, JobChange, LaneKey, NewInboxItem, NewJob, Outgoing, Repeat,
    SendOutcome,
};
use serde_json::json;
use uuid::Uuid;

use super::parts::{LEASE, TEXT, claim_jobs_of, claim_of, commit_of, item, new, only, owner, said, text_of};
use super::{KitStore, StoreHarness};

/// An empty store with its harness.
pub(super) struct Scene<'a> {
    harness: &'a dyn StoreHarness,
    pub(super) store: Arc<dyn KitStore>,
    ids: AtomicU64,
    updates: AtomicI64,
    pub(super) owner: OwnerId,
}

/// A client's open case.
pub(super) struct Case {
    pub(super) lane: LaneKey,
    pub(super) client: Client,
    pub(super) conversation: Conversation,
}

impl<'a> Scene<'a> {
    pub(super) async fn new(harness: &'a dyn StoreHarness) -> Self {
        let store = harness.fresh().await;
        Self::over(harness, store)
    }

    pub(super) fn over(harness: &'a dyn StoreHarness, store: Arc<dyn KitStore>) -> Self {
        Scene {
            harness,
            store,
            ids: AtomicU64::new(1),
            updates: AtomicI64::new(1_000),
            owner: owner(0),
        }
    }

    // --- time and names

    pub(super) async fn wait(&self, by: Duration) {
        self.harness.advance(&*self.store, by).await;
    }

    /// Long enough for every lease to run out.
    pub(super) async fn outlast_leases(&self) {
        self.wait(LEASE * 2).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.harness.now()
    }

    pub(super) fn ids(&self) -> Ids {
        let supply = self.ids.fetch_add(1, Ordering::Relaxed);
        Ids::new(self.now(), u128::from(supply))
    }

    pub(super) fn uuid(&self) -> Uuid {
        self.ids().next_uuid()
    }

    // --- events in

    /// An update nobody has seen before.
    pub(super) fn update(&self, lane: &LaneKey, text: &str) -> NewInboxItem {
        let id = self.updates.fetch_add(1, Ordering::Relaxed);
        item(lane, Some(id), text)
    }

    pub(super) async fn accept(&self, items: &[NewInboxItem]) -> Vec<Accepted> {
        self.store.accept(items).await.expect("items are accepted")
    }

    pub(super) async fn say(&self, lane: &LaneKey, text: &str) {
        assert_eq!(self.accept(&[self.update(lane, text)]).await, [Accepted::New]);
    }

    // --- turns

    pub(super) async fn claim(&self, owner: OwnerId, limit: usize) -> Vec<ClaimedTurn> {
        let claimed = self.store.claim_turns(&claim_of(owner, limit)).await;
        claimed.expect("turns are claimed")
    }

    /// Everything that is due.
    pub(super) async fn due(&self) -> Vec<ClaimedTurn> {
        self.claim(self.owner, 100).await
    }

    /// The one turn that is due.
    pub(super) async fn take(&self) -> ClaimedTurn {
        only(self.due().await, "turn lane")
    }

    pub(super) async fn commit(&self, turn: &ClaimedTurn, decision: Decision) -> CommitOutcome {
        let commits = [commit_of(turn, decision)];
        let outcomes = self.store.commit(&commits).await.expect("a turn is committed");
        only(outcomes, "outcome")
    }

    pub(super) async fn done(&self, turn: &ClaimedTurn) {
        let outcome = self.commit(turn, Decision::default()).await;
        assert_eq!(outcome, CommitOutcome::Committed);
    }

    /// Has a decision committed by a turn of that chat.
    pub(super) async fn decide(&self, lane: &LaneKey, decision: Decision) {
        self.say(lane, "what leads to a decision").await;
        let turns = self.due().await;
        let turn = turns.iter().find(|turn| turn.claim.lane == *lane);
        let turn = turn.expect("the chat's lane is due");
        assert_eq!(self.commit(turn, decision).await, CommitOutcome::Committed);
    }

    pub(super) async fn load(&self, lane: &LaneKey) -> Snapshot {
        let loaded = self.store.load(std::slice::from_ref(lane)).await;
        only(loaded.expect("a chat is loaded"), "snapshot")
    }

    /// What waits in all lanes by payload, taking each out.
    pub(super) async fn drain(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..1_000 {
            let turns = self.due().await;
            if turns.is_empty() {
                break;
            }
            for turn in turns {
                texts.push(text_of(&turn));
                self.done(&turn).await;
            }
        }
        texts
    }

    // --- rows

    pub(super) fn client(&self, lane: &LaneKey) -> Client {
        let person = Person {
            first_name: Some("Zoë".to_owned()),
            ..Person::unnamed(UserId(lane.chat.0))
        };
        let (bot, channel) = (lane.bot_id, lane.channel.clone());
        Client::new(&mut self.ids(), bot, channel, lane.chat, &person, self.now())
    }

    pub(super) fn conversation(&self, client: &Client) -> Conversation {
        Conversation::open(&mut self.ids(), client.channel.clone(), client.id, self.now())
    }

    /// A client with an open case, as the store has it.
    pub(super) async fn case(&self, lane: &LaneKey) -> Case {
        let client = self.client(lane);
        let decision = Decision {
            conversations: vec![new(self.conversation(&client))],
            client: Some(client),
            ..Decision::default()
        };
        self.decide(lane, decision).await;
        let snapshot = self.load(lane).await;
        Case {
            lane: lane.clone(),
            client: snapshot.client.expect("the client is there"),
            conversation: snapshot.conversation.expect("the case is there"),
        }
    }

    pub(super) fn message(&self, case: &Case, sender_type: SenderType, content: &str) -> Message {
        Message {
            id: MessageId(self.uuid()),
            conversation_id: case.conversation.id,
            sender_type,
            sender_id: None,
            content: content.to_owned(),
            content_type: ContentType::Text,
            intent: None,
            intent_score: None,
            reply_to: None,
            llm: None,
            knowledge_version: None,
            channel_message_id: None,
            metadata: json!({}),
            created_at: self.now(),
        }
    }

    // --- the back office

    /// A client's cases, newest first.
    pub(super) async fn cases_of(&self, client: &Client, limit: usize) -> Vec<Conversation> {
        let query = ConversationQuery {
            client: Some(client.id),
            ..ConversationQuery::newest(limit)
        };
        let cases = self.store.conversations(&query).await.expect("cases are listed");
        cases.into_iter().map(|case| case.conversation).collect()
    }

    /// An entry of the audit log about nothing in particular.
    pub(super) fn entry(&self, action: &str) -> NewAuditEntry {
        NewAuditEntry {
            at: self.now(),
            actor: "kit".to_owned(),
            action: action.to_owned(),
            subject: "kit:1".to_owned(),
            detail: [("text".to_owned(), TEXT.to_owned())].into(),
        }
    }

    pub(super) async fn change(&self, what: ChangeKind) -> ChangeOutcome {
        let change = Change {
            what,
            audit: self.entry("kit.change"),
        };
        self.store.change(&change).await.expect("a change is committed")
    }

    /// The audit log, oldest first, which is seen to be whole.
    pub(super) async fn audit(&self) -> Vec<AuditEntry> {
        let entries = self
            .store
            .audit_since(0, 1_000)
            .await
            .expect("the audit log is read");
        let mut chain = AuditChain::default();
        for entry in &entries {
            chain.take(entry).expect("the chain is whole");
        }
        entries
    }

    // --- calls out

    /// A call of the bot that carries no message.
    pub(super) fn outgoing(&self, lane: &LaneKey, text: &str) -> Outgoing {
        Outgoing {
            lane: lane.clone(),
            thread: None,
            dedupe_key: self.uuid().to_string(),
            message_id: None,
            part: 0,
            author: Author::Bot,
            owner_epoch: 0,
            action: Action::Send {
                content: RichText::plain(text),
                keyboard: None,
            },
            repeat: Repeat::Once,
        }
    }

    /// Has a call decided in its own chat.
    pub(super) async fn post(&self, outgoing: Outgoing) {
        let lane = outgoing.lane.clone();
        let decision = Decision {
            outgoing: vec![outgoing],
            ..Decision::default()
        };
        self.decide(&lane, decision).await;
    }

    pub(super) async fn sends(&self) -> Vec<ClaimedSend> {
        let claimed = self.store.claim_sends(&claim_of(self.owner, 100)).await;
        claimed.expect("sends are claimed")
    }

    /// The one call that is due.
    pub(super) async fn take_send(&self) -> ClaimedSend {
        only(self.sends().await, "reply lane")
    }

    pub(super) async fn begin(&self, send: &ClaimedSend) -> SendIntent {
        let begin = [BeginSend {
            claim: send.claim.clone(),
            seq: send.item.seq,
        }];
        let intents = self.store.begin_sends(&begin).await;
        only(intents.expect("an intent is committed"), "intent")
    }

    pub(super) async fn finish(&self, send: &ClaimedSend, outcome: SendOutcome) -> bool {
        let finish = [FinishSend {
            claim: send.claim.clone(),
            seq: send.item.seq,
            outcome,
        }];
        let held = self.store.finish_sends(&finish).await;
        only(held.expect("an outcome is committed"), "answer")
    }

    /// Sends the one call that is due, and says how it was called.
    pub(super) async fn deliver(&self) -> String {
        let send = self.take_send().await;
        assert_eq!(self.begin(&send).await, SendIntent::Go);
        let done = SendOutcome::Sent {
            channel_message_id: None,
        };
        assert!(self.finish(&send, done).await, "the claim holds");
        said(&send)
    }

    // --- jobs

    pub(super) fn job(&self, lane: &LaneKey, kind: &str) -> NewJob {
        NewJob {
            id: JobId(self.uuid()),
            kind: kind.to_owned(),
            version: 1,
            conversation_id: None,
            lane: lane.clone(),
            payload: json!({ "kind": kind }),
            run_in: Duration::ZERO,
            priority: 0,
            unique_key: None,
        }
    }

    pub(super) async fn start(&self, job: NewJob) {
        let lane = job.lane.clone();
        self.change_jobs(&lane, vec![JobChange::Start(job)]).await;
    }

    pub(super) async fn change_jobs(&self, lane: &LaneKey, jobs: Vec<JobChange>) {
        let decision = Decision {
            jobs,
            ..Decision::default()
        };
        self.decide(lane, decision).await;
    }

    /// Claims due jobs of the kinds `a`, `b` and `c`, version 1.
    pub(super) async fn jobs(&self, limit: usize) -> Vec<ClaimedJob> {
        let claimed = self.store.claim_jobs(&claim_jobs_of(self.owner, limit)).await;
        claimed.expect("jobs are claimed")
    }

    pub(super) async fn take_job(&self) -> ClaimedJob {
        only(self.jobs(100).await, "job")
    }

    pub(super) async fn end(&self, job: &ClaimedJob, end: JobEnd) -> bool {
        let finish = [FinishJob {
            claim: job.claim.clone(),
            end,
        }];
        let held = self.store.finish_jobs(&finish).await;
        only(held.expect("a job is ended"), "answer")
    }
}

impl Case {
    /// The next write of the case with a person as its owner.
    pub(super) fn owned_by(&self, owner: Owner, now: Timestamp) -> Conversation {
        let mut row = self.conversation.clone();
        row.hand_to(ConversationStatus::Escalated, owner, now)
            .expect("an open case may be escalated");
        row
    }
}
