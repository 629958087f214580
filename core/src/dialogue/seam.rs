//! The seam between the loops and the dialogue.

use std::fmt::Debug;

use crate::id::Ids;
use crate::port::store::Snapshot;
use crate::time::Timestamp;
use crate::work::LaneKey;

use super::{Decision, Event};

/// All that a decision depends on besides the event: the same occasion and the same event give the
/// same decision.
#[derive(Clone, Debug)]
pub struct Occasion<'a> {
    /// The chat.
    pub lane: &'a LaneKey,
    /// What is known of it.
    pub snapshot: &'a Snapshot,
    /// Business time.
    pub now: Timestamp,
    /// Supply of ids.
    pub ids: Ids,
}

/// What decides: the rules of a playbook, or a stand-in in tests. Pure: no I/O, no clock, no
/// randomness but the occasion's.
pub trait Decide: Debug + Send + Sync {
    /// Decides an event.
    fn decide(&self, occasion: Occasion<'_>, event: &Event) -> Decision;

    /// Decides what the client is told when an event had to be given up.
    fn give_up(&self, occasion: Occasion<'_>) -> Decision;
}
