//! The whole state of a fake, behind one lock, and the signal that it changed.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::config::Config;
use crate::fault::Faults;
use crate::record::Record;
use crate::rng::Rng;
use crate::script::Script;

/// The state with its lock and its signal, shared by server and tests.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(config)),
            changes: watch::Sender::new(0),
        })
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = self.quietly(act);
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
        result
    }

    /// Works on the state without waking anyone.
    pub(crate) fn quietly<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Stands still until the call is released. After a reset nothing is held any more.
    pub(crate) async fn hold(&self, counter: u64) {
        let mut changes = self.changes();
        self.change(|state| state.record.note(counter, |outcome| outcome.held = true));
        loop {
            changes.borrow_and_update();
            let held = self.quietly(|state| state.record.call(counter).is_some_and(|call| call.outcome.held));
            // The sender is in `self`: it can't be gone.
            if !held || changes.changed().await.is_err() {
                return;
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) script: Script,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
    pub(crate) rng: Rng,
}

impl State {
    fn new(config: Config) -> Self {
        Self {
            script: Script::default(),
            faults: Faults::default(),
            record: Record::default(),
            rng: Rng::new(config.seed),
            config,
        }
    }

    /// Forgets everything but the settings.
    pub(crate) fn reset(&mut self) {
        let mut fresh = Self::new(self.config.clone());
        fresh.record.before = self.record.before + self.record.stats.calls;
        *self = fresh;
    }
}
