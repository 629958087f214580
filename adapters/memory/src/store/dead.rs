//! What was given up.

use async_trait::async_trait;
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{DeadLetter, DeadLetterStore, DeadQueue, Paging};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;

use super::inbox::Waiting;
use super::jobs::Job;
use super::sends::Call;
use super::{MemoryStore, State};

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
impl DeadLetterStore for MemoryStore {
    async fn dead_letters(&self, page: &Paging<i64>) -> Result<Vec<DeadLetter>, StoreError> {
        let state = self.lock();
        let older = state.dead.range(..page.before.unwrap_or(i64::MAX));
        let newest_first = older.rev().take(page.limit);
        Ok(newest_first.map(|(id, dead)| dead.letter(*id)).collect())
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
    pub(super) fn revive(&mut self, dead: Dead, now: Timestamp) {
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
