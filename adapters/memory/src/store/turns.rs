//! Turns: claimed, read, committed.

use async_trait::async_trait;
use frontdesk_core::conversation::Conversation;
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::ConversationId;
use frontdesk_core::port::store::{
    Claim, CommitOutcome, Snapshot, StoreError, TurnCommit, TurnEnd, TurnStore,
};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedTurn, InboxItem, JobChange, LaneKey};

use super::dead::{Dead, DeadItem};
use super::lanes::is_of;
use super::{Fault, MemoryStore, State, lease_end, refused};

#[async_trait]
impl TurnStore for MemoryStore {
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        let (mut state, now) = self.now();
        let State { turns, jitter, .. } = &mut *state;
        let claimed = turns.claim(
            claim.limit,
            claim.owner,
            now,
            |lane| is_of(&claim.desks, lane),
            || lease_end(jitter, now, claim.lease),
        );
        Ok(claimed
            .into_iter()
            .map(|claimed| ClaimedTurn {
                claim: claimed.claim,
                attempt: claimed.attempt,
                item: InboxItem {
                    seq: claimed.seq,
                    source: claimed.item.source,
                    source_version: claimed.item.source_version,
                    payload: claimed.item.payload,
                    received_at: claimed.item.received_at,
                },
            })
            .collect())
    }

    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError> {
        let state = self.lock();
        Ok(lanes.iter().map(|lane| state.rows.snapshot(lane)).collect())
    }

    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError> {
        Ok(self.lock().rows.conversation(case).cloned())
    }

    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let (mut state, now) = self.now();
        // What is refused fails the call before anything is written.
        for turn in turns {
            if state.verdict(turn).is_none() {
                state.check(&turn.decision)?;
            }
        }
        Ok(turns.iter().map(|turn| state.commit(turn, now)).collect())
    }
}

impl State {
    /// What keeps a turn from being written, if anything does.
    fn verdict(&mut self, turn: &TurnCommit) -> Option<CommitOutcome> {
        if self.turns.held(&turn.claim, turn.seq).is_none() {
            return Some(CommitOutcome::LeaseLost);
        }
        let conflict = self.rows.has_changed(&turn.decision.conversations);
        (conflict && !self.has(Fault::VersionIgnored)).then_some(CommitOutcome::Conflict)
    }

    fn check(&self, decision: &Decision) -> Result<(), StoreError> {
        self.rows.check(decision).map_err(refused)?;
        for change in &decision.jobs {
            let JobChange::Start(job) = change else {
                continue;
            };
            if self.jobs.contains(job.id) {
                return Err(refused(format!("there is a job {} already", job.id)));
            }
            if let Some(case) = job.conversation_id
                && !self.rows.will_have_conversation(decision, case)
            {
                return Err(refused(format!("a job refers to {case}, which does not exist")));
            }
        }
        Ok(())
    }

    fn commit(&mut self, turn: &TurnCommit, now: Timestamp) -> CommitOutcome {
        if let Some(verdict) = self.verdict(turn) {
            if verdict == CommitOutcome::Conflict && self.has(Fault::PartialCommit) {
                self.rows.write_messages(&turn.decision.messages);
            }
            return verdict;
        }
        let Some(item) = self.turns.finish(&turn.claim, turn.seq, now) else {
            return CommitOutcome::LeaseLost;
        };
        let accepted_at = item.received_at;
        if let TurnEnd::Dead { why } = &turn.end {
            self.bury(Dead {
                lane: turn.claim.lane.clone(),
                why: why.clone(),
                at: now,
                item: DeadItem::Turn(item),
            });
        }
        let decision = &turn.decision;
        self.rows.write(&turn.claim.lane, decision);
        for outgoing in &decision.outgoing {
            self.post(outgoing, accepted_at, now);
        }
        for change in &decision.jobs {
            match change {
                JobChange::Start(job) => self.start_job(job, now),
                JobChange::Cancel { unique_key } => self.cancel_job(unique_key),
            }
        }
        for entry in &decision.audit {
            self.append(entry);
        }
        CommitOutcome::Committed
    }
}
