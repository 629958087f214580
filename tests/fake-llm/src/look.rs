//! Looking at what happened, and waiting for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::fake::Handle;
use crate::record::{Call, Stats};
use crate::state::{Shared, State};

/// What a test waits for. Counts are of the record: since the start or the last reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "until", rename_all = "snake_case")]
pub enum Condition {
    /// So many calls have arrived.
    Calls {
        /// How many.
        count: u64,
    },
    /// So many calls are over, however they ended.
    Ended {
        /// How many.
        count: u64,
    },
    /// So many calls stand still until they are released.
    Held {
        /// How many.
        count: u64,
    },
    /// So many clients went away before the end.
    Gone {
        /// How many.
        count: u64,
    },
    /// No call is in flight.
    Idle,
}

impl Condition {
    fn holds(&self, state: &State) -> bool {
        let counts = &state.record.stats;
        match self {
            Condition::Calls { count } => counts.calls >= *count,
            Condition::Ended { count } => counts.calls.saturating_sub(counts.in_flight) >= *count,
            Condition::Held { count } => {
                let held = state.record.calls.iter().filter(|call| call.outcome.held);
                u64::try_from(held.count()).unwrap_or(u64::MAX) >= *count
            }
            Condition::Gone { count } => counts.clients_gone >= *count,
            Condition::Idle => counts.in_flight == 0,
        }
    }
}

/// A condition that did not hold in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} did not hold within {waited:?}")]
pub struct NotInTime {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub waited: Duration,
}

impl Handle {
    /// Every request for an answer, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.0.quietly(|state| state.record.calls.clone())
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        self.0.quietly(|state| state.record.stats.clone())
    }

    /// Waits until a condition holds.
    ///
    /// # Errors
    /// It did not hold in time.
    pub async fn wait_for(&self, condition: Condition, limit: Duration) -> Result<(), NotInTime> {
        wait(&self.0, &condition, limit).await
    }
}

pub(crate) async fn wait(shared: &Shared, condition: &Condition, limit: Duration) -> Result<(), NotInTime> {
    let deadline = Instant::now() + limit;
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        if shared.quietly(|state| condition.holds(state)) {
            return Ok(());
        }
        if timeout_at(deadline, changes.changed()).await.is_err() {
            return Err(NotInTime {
                what: format!("{condition:?}"),
                waited: limit,
            });
        }
    }
}
