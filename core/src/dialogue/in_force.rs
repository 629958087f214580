//! The rules in force, which others may take the place of while the desk runs.

use std::sync::{Arc, PoisonError, RwLock};

use crate::playbook::Playbook;

use super::{Decide, Decision, Event, Occasion, Rules};

/// The rules in force. Clones are the same.
///
/// Whoever does something under rules pins them once, and does all of it under those: a turn, a model's
/// answer from its prompt to its judgement, a file from its first byte to its last. What is pinned lives
/// for as long as somebody holds it, whatever is put in force meanwhile.
///
/// As something that decides it pins for each decision.
#[derive(Clone, Debug)]
pub struct RulesInForce {
    current: Arc<RwLock<Arc<Rules>>>,
}

impl RulesInForce {
    /// These, until others take their place.
    pub fn new(rules: Arc<Rules>) -> Self {
        RulesInForce {
            current: Arc::new(RwLock::new(rules)),
        }
    }

    /// Those in force now, to be held for one piece of work.
    pub fn pin(&self) -> Arc<Rules> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The playbook in force now.
    pub fn playbook(&self) -> Arc<Playbook> {
        Arc::clone(self.pin().playbook())
    }

    /// Puts others in force, for all that is pinned from now on.
    pub fn replace(&self, rules: Arc<Rules>) {
        let old = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, rules)
        };
        // Freed outside the lock, if nobody else holds them.
        drop(old);
    }
}

impl From<Arc<Rules>> for RulesInForce {
    fn from(rules: Arc<Rules>) -> Self {
        RulesInForce::new(rules)
    }
}

impl Decide for RulesInForce {
    fn decide(&self, occasion: Occasion<'_>, event: &Event) -> Decision {
        self.pin().decide(occasion, event)
    }

    fn give_up(&self, occasion: Occasion<'_>) -> Decision {
        self.pin().give_up(occasion)
    }
}
