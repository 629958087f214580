//! Lists and repairs.

use async_trait::async_trait;
use frontdesk_core::conversation::Conversation;
use frontdesk_core::id::{ClientId, ConversationId};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::store::{
    BackOfficeStore, DeadLetter, DeadQueue, HistoryStore, StoreError, StoredMessage,
};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;

use super::inbox::Waiting;
use super::jobs::Job;
use super::sends::Call;
use super::{Fault, MemoryStore, State};

/// What was given up, whole.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) lane: LaneKey,
    pub(super) why: String,
    pub(super) at: Timestamp,
    pub(super) item: DeadItem,
}

#[derive(Debug)]
pub(super) enum DeadItem {
    Turn(Waiting),
    Reply(Box<Call>),
    Job(Box<Job>),
}

#[async_trait]
impl HistoryStore for MemoryStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        Ok(self.lock().rows.last_messages(conversation, limit))
    }
}

#[async_trait]
impl BackOfficeStore for MemoryStore {
    async fn conversations(&self, client: ClientId, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        Ok(self.lock().rows.cases(client, limit))
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let state = self.lock();
        let newest_first = state.dead.iter().rev().take(limit);
        Ok(newest_first.map(|(id, dead)| dead.letter(*id)).collect())
    }

    async fn retry_dead(&self, id: i64) -> Result<bool, StoreError> {
        let (mut state, now) = self.now();
        let Some(dead) = state.dead.remove(&id) else {
            return Ok(false);
        };
        if !state.has(Fault::DeadForgottenOnRetry) {
            state.revive(dead, now);
        }
        Ok(true)
    }

    async fn drop_dead(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.lock().dead.remove(&id).is_some())
    }
}

impl Dead {
    fn letter(&self, id: i64) -> DeadLetter {
        let (queue, what) = match &self.item {
            DeadItem::Turn(item) => (DeadQueue::Turn, item.source.clone()),
            DeadItem::Reply(call) => (DeadQueue::Reply, call_name(&call.outgoing.action).to_owned()),
            DeadItem::Job(job) => (DeadQueue::Job, job.new.kind.clone()),
        };
        DeadLetter {
            id,
            queue,
            lane: self.lane.clone(),
            what,
            why: self.why.clone(),
            at: self.at,
        }
    }
}

fn call_name(action: &Action) -> &'static str {
    match action {
        Action::Send { .. } => "send",
        Action::AnswerTap { .. } => "answer_tap",
        Action::Typing => "typing",
        Action::Draft { .. } => "draft",
    }
}

impl State {
    pub(super) fn bury(&mut self, dead: Dead) {
        let id = self.next_number();
        self.dead.insert(id, dead);
    }

    /// Puts what was given up back at the end of its queue, as new.
    fn revive(&mut self, dead: Dead, now: Timestamp) {
        let seq = self.next_number();
        match dead.item {
            DeadItem::Turn(item) => {
                let item = Waiting {
                    received_at: now,
                    ..item
                };
                self.turns.push(&dead.lane, seq, item, now);
            }
            DeadItem::Reply(call) => {
                let call = Call::new(call.outgoing, None, now);
                self.replies.push(&dead.lane, seq, call, now);
            }
            DeadItem::Job(job) => self.revive_job(*job, now),
        }
    }
}
