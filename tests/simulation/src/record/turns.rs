//! Updates and turns: each update once, in order, one owner at a time.

use frontdesk_core::conversation::{Conversation, Owner};
use frontdesk_core::dialogue::Event;
use frontdesk_core::id::{ChatId, UpdateId};
use frontdesk_core::port::store::{Accepted, Claim, CommitOutcome, TurnCommit, TurnEnd};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedTurn, LaneKey, LaneKind, NewInboxItem};
use std::collections::VecDeque;

use super::Record;

/// A case as it was last committed.
#[derive(Debug)]
pub(super) struct CaseSeen {
    pub version: i64,
    pub owner: Owner,
    pub epoch: i64,
    pub lane: LaneKey,
    pub open: bool,
}

impl Record {
    /// Items came in.
    pub(crate) fn accepted(&mut self, items: &[NewInboxItem], outcomes: &[Accepted], now: Timestamp) {
        for (item, outcome) in items.iter().zip(outcomes) {
            let Some(id) = item.update_id else {
                self.count("reports accepted");
                continue;
            };
            if *outcome == Accepted::Duplicate {
                self.count("duplicates turned away");
                continue;
            }
            let update = self.updates.entry(id).or_default();
            update.accepted += 1;
            if update.accepted > 1 {
                self.broken(
                    now,
                    Some(item.lane.chat),
                    format!("update {id} was accepted twice"),
                );
            }
            self.count("updates accepted");
            let seen = self.updates.entry(id).or_default();
            // A notice in the place of an update is the desk's own: the update itself was turned away.
            seen.limited = item.source == Event::DESK_SOURCE;
            if !seen.limited {
                self.waiting.entry(item.lane.clone()).or_default().push_back(id);
            }
        }
    }

    /// Turns were claimed.
    pub(crate) fn claimed_turns(&mut self, turns: &[ClaimedTurn], asked: &Claim, now: Timestamp) {
        for turn in turns {
            self.claimed(&LaneKind::Turn, &turn.claim, asked, now);
        }
    }

    /// A turn was committed. `update` is that of the item, if it is one.
    pub(crate) fn committed(&mut self, turn: &TurnCommit, update: Option<UpdateId>, now: Timestamp) {
        let lane = &turn.claim.lane;
        self.written(&LaneKind::Turn, &turn.claim, true, now, "a turn");
        self.count(match turn.end {
            TurnEnd::Done => "turns committed",
            TurnEnd::Dead { .. } => "updates given up",
        });
        if let Some(id) = update {
            let seen = self.updates.entry(id).or_default();
            seen.committed += 1;
            seen.answered = turn.end == TurnEnd::Done;
            if seen.committed > 1 {
                self.broken(now, Some(lane.chat), format!("update {id} was acted on twice"));
            }
            let next = self.waiting.get_mut(lane).and_then(VecDeque::pop_front);
            if next != Some(id) {
                let next = next.map_or_else(|| "none".to_owned(), |next| next.to_string());
                self.broken(
                    now,
                    Some(lane.chat),
                    format!("update {id} had its turn when {next} was next"),
                );
            }
        }
        let last = self.last_seq.insert(lane.clone(), turn.seq);
        if last.is_some_and(|last| last >= turn.seq) {
            self.broken(
                now,
                Some(lane.chat),
                format!("item {} had its turn after a later one", turn.seq),
            );
        }
        for write in &turn.decision.conversations {
            self.case_written(lane, &write.row, write.is_new, now);
        }
        for outgoing in &turn.decision.outgoing {
            self.decide_call(outgoing, &turn.decision.messages);
        }
    }

    pub(crate) fn commit_failed(&mut self, outcome: CommitOutcome) {
        self.count(match outcome {
            CommitOutcome::Conflict => "conflicts",
            CommitOutcome::LeaseLost => "commits refused",
            CommitOutcome::Committed => "turns committed",
        });
    }

    /// A case was written: over what was read of it, with one owner after another.
    fn case_written(&mut self, lane: &LaneKey, row: &Conversation, is_new: bool, now: Timestamp) {
        let before = self.cases.get(&row.id);
        let mut wrong = None;
        match (before, is_new) {
            (None, true) => {}
            (Some(before), false) => {
                let changed = before.owner != row.owner;
                if before.version != row.version {
                    wrong = Some("a case was written over a change that was not read");
                } else if row.owner_epoch < before.epoch || (changed && row.owner_epoch == before.epoch) {
                    wrong = Some("a case changed hands and its epoch did not grow");
                }
            }
            _ => wrong = Some("a case was opened twice or written before it was"),
        }
        let open = row.is_open();
        let other = self
            .cases
            .iter()
            .any(|(id, case)| *id != row.id && case.lane.chat == lane.chat && case.open);
        if open && other {
            wrong = Some("a client has two open cases");
        }
        if before.is_some_and(|before| before.owner != row.owner) {
            self.count("changes of owner");
        }
        if let Some(wrong) = wrong {
            self.broken(now, Some(lane.chat), wrong);
        }
        let seen = CaseSeen {
            version: row.version + 1,
            owner: row.owner.clone(),
            epoch: row.owner_epoch,
            lane: lane.clone(),
            open,
        };
        self.cases.insert(row.id, seen);
    }

    /// A chat in which something still waits.
    pub(crate) fn chat_left(&self) -> Option<ChatId> {
        let mut waiting = self.waiting.iter().filter(|(_, waiting)| !waiting.is_empty());
        let turn = waiting.next().map(|(lane, _)| lane.chat);
        turn.or_else(|| {
            let mut calls = self.calls.values().filter(|call| call.end.is_none());
            calls.next().map(|call| call.lane.chat)
        })
    }

    /// Chats in which somebody is waiting for a person, or speaks with one.
    pub(crate) fn chats_of(&self, owner: &Owner) -> Vec<ChatId> {
        let cases = self
            .cases
            .values()
            .filter(|case| case.open && case.owner == *owner);
        cases.map(|case| case.lane.chat).collect()
    }
}
