//! One turn: from a claimed item and what is known of its chat to what is to be committed. No
//! store, no cache; a decision that panics is caught here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::dialogue::{Decide, Decision, Event, Occasion};
use crate::id::{ConversationId, Ids};
use crate::port::messenger::DecodeError;
use crate::port::store::{Release, Snapshot, TurnCommit, TurnEnd};
use crate::port::{Clock, IdSource, UpdateDecoder};
use crate::work::{Backoff, ClaimedTurn, InboxItem, LaneClaim};

/// How turns are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnSettings {
    /// At most this many lanes are claimed, loaded and committed together.
    pub slice: usize,
    /// An item claimed more often than this is given up.
    pub max_attempts: u32,
    /// From this attempt on an item is suspected to kill its process: one at a time is worked on.
    pub suspect_from: u32,
    /// How long an item waits that a newer build may understand.
    pub newer_build_wait: Duration,
}

impl Default for TurnSettings {
    fn default() -> Self {
        TurnSettings {
            slice: 32,
            max_attempts: 5,
            suspect_from: 3,
            newer_build_wait: Duration::from_mins(1),
        }
    }
}

/// What is to be done with a claimed turn.
#[derive(Debug)]
pub(super) enum Verdict {
    /// This is to be committed; what happened, in one word.
    Commit(Box<TurnCommit>, &'static str),
    /// The lane is given back, for a reason in one line.
    GiveBack(Release, &'static str),
}

/// The form of desk events that has those which name a case.
const CASE_VERSION: i32 = 2;

/// What came of reading an item.
enum Reading {
    Event(Box<Event>),
    /// Of a source or a form this build does not know.
    Newer,
    Undecodable(DecodeError),
    Panicked,
}

/// Takes turns.
#[derive(Debug)]
pub(super) struct TurnTaker {
    pub(super) decide: Arc<dyn Decide>,
    pub(super) decoders: Vec<Arc<dyn UpdateDecoder>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) settings: TurnSettings,
}

impl TurnTaker {
    /// Takes the turn. Without a snapshot (it could not be read) the attempt has failed.
    pub(super) fn take(&self, turn: &ClaimedTurn, snapshot: Option<&Snapshot>) -> Verdict {
        if turn.attempt > self.settings.max_attempts {
            // Its payload is not touched any more: it may be what killed its process.
            let why = format!("gave up after {} attempts", self.settings.max_attempts);
            let private = turn.claim.lane.chat.0 > 0;
            let told = snapshot.filter(|snapshot| private || snapshot.client.is_some());
            return self.dead(turn, told, why);
        }
        let Some(snapshot) = snapshot else {
            return self.failed(turn, "what is known of the chat could not be read");
        };
        let event = match self.read(&turn.item) {
            Reading::Event(event) => event,
            Reading::Newer => {
                let release = Release {
                    claim: turn.claim.clone(),
                    after: self.settings.newer_build_wait,
                    counted: false,
                };
                return Verdict::GiveBack(release, "the item waits for a newer build");
            }
            Reading::Undecodable(error) => {
                let told = Some(snapshot).filter(|snapshot| snapshot.client.is_some());
                return self.dead(turn, told, error.to_string());
            }
            Reading::Panicked => return self.failed(turn, "decoding panicked"),
        };
        let occasion = self.occasion(&turn.claim, snapshot);
        match catch_unwind(AssertUnwindSafe(|| self.decide.decide(occasion, &event))) {
            Ok(decision) => {
                let commit = TurnCommit {
                    claim: turn.claim.clone(),
                    seq: turn.item.seq,
                    end: TurnEnd::Done,
                    decision,
                };
                Verdict::Commit(Box::new(commit), event.kind())
            }
            Err(_) => self.failed(turn, "deciding panicked"),
        }
    }

    /// A failed attempt: the lane waits, and the attempt counts.
    pub(super) fn failed(&self, turn: &ClaimedTurn, why: &'static str) -> Verdict {
        Verdict::GiveBack(self.back_off(turn, Backoff::WORK), why)
    }

    /// The release of a lane after a failed attempt.
    pub(super) fn back_off(&self, turn: &ClaimedTurn, backoff: Backoff) -> Release {
        Release {
            claim: turn.claim.clone(),
            after: backoff.after(turn.attempt, self.ids.entropy()),
            counted: true,
        }
    }

    /// The end of an item that is given up; the client is told if there is a snapshot to do it by.
    fn dead(&self, turn: &ClaimedTurn, told: Option<&Snapshot>, why: String) -> Verdict {
        let decision = told
            .and_then(|snapshot| {
                let occasion = self.occasion(&turn.claim, snapshot);
                catch_unwind(AssertUnwindSafe(|| self.decide.give_up(occasion))).ok()
            })
            .unwrap_or_default();
        Verdict::Commit(Box::new(dead_letter(turn, why, decision)), "given_up")
    }

    fn occasion<'a>(&self, claim: &'a LaneClaim, snapshot: &'a Snapshot) -> Occasion<'a> {
        let now = self.clock.now();
        Occasion {
            lane: &claim.lane,
            snapshot,
            now,
            ids: Ids::new(now, self.ids.entropy()),
        }
    }

    /// The case that an item names, if it does.
    pub(super) fn named_case(item: &InboxItem) -> Option<ConversationId> {
        // The bytes say which event it is; only one that may name a case is read.
        let may = item.source == Event::DESK_SOURCE && item.source_version == CASE_VERSION;
        match may.then(|| serde_json::from_slice(&item.payload)) {
            Some(Ok(Event::Case(order))) => Some(order.conversation_id),
            _ => None,
        }
    }

    fn read(&self, item: &InboxItem) -> Reading {
        if item.source == Event::DESK_SOURCE {
            if item.source_version > Event::DESK_VERSION {
                return Reading::Newer;
            }
            return match serde_json::from_slice(&item.payload) {
                Ok(event) => Reading::Event(Box::new(event)),
                Err(error) => Reading::Undecodable(DecodeError::Malformed(where_only(&error))),
            };
        }
        let decoder = self
            .decoders
            .iter()
            .find(|decoder| decoder.source() == item.source && decoder.version() >= item.source_version);
        let Some(decoder) = decoder else {
            return Reading::Newer;
        };
        match catch_unwind(AssertUnwindSafe(|| {
            decoder.decode(&item.payload, item.source_version)
        })) {
            Ok(Ok(update)) => Reading::Event(Box::new(Event::Update(Box::new(update)))),
            Ok(Err(error)) => Reading::Undecodable(error),
            Err(_) => Reading::Panicked,
        }
    }
}

/// A dead letter of `turn`.
pub(super) fn dead_letter(turn: &ClaimedTurn, why: String, decision: Decision) -> TurnCommit {
    TurnCommit {
        claim: turn.claim.clone(),
        seq: turn.item.seq,
        end: TurnEnd::Dead { why },
        decision,
    }
}

/// Where a desk event is malformed, without what stands there: it may be personal.
fn where_only(error: &serde_json::Error) -> String {
    format!(
        "desk event, {:?} error in line {}, column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}
