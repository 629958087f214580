//! getUpdates: long polling, with Telegram's conflicts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::answer::{Outcome, Refusal, Success};
use crate::methods;
use crate::params::Params;
use crate::state::{Shared, State};

const TERMINATED: &str =
    "terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK_ACTIVE: &str =
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/// Answers at once where updates wait, else when one comes or the time is up.
pub(crate) async fn get_updates(shared: &Arc<Shared>, params: &Params) -> Outcome {
    let seconds = params.number("timeout").unwrap_or(0).clamp(0, 50).unsigned_abs();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let offset = params.number("offset").unwrap_or(0);
    let limit = match params.number("limit") {
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(100),
        _ => 100,
    };
    let poller = shared.change(|state| enter(state, params))?;
    // Leaves the place free also when the client goes away.
    let place = Place {
        shared: Arc::clone(shared),
        poller,
    };
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        let found = shared.quietly(|state| look(state, place.poller, offset, limit))?;
        if !found.is_empty() || Instant::now() >= deadline {
            return Ok(Success::Updates(found));
        }
        // Time is up or something changed: the next look tells.
        drop(timeout_at(deadline, changes.changed()).await);
    }
}

fn enter(state: &mut State, params: &Params) -> Result<u64, Refusal> {
    if state.webhook.is_some() {
        return Err(Refusal::conflict(WEBHOOK_ACTIVE));
    }
    methods::allow_updates(state, params)?;
    state.next_poller += 1;
    state.poller = Some(state.next_poller);
    Ok(state.next_poller)
}

fn look(state: &mut State, poller: u64, offset: i64, limit: usize) -> Result<Vec<bytes::Bytes>, Refusal> {
    if state.webhook.is_some() {
        return Err(Refusal::conflict("terminated by setWebhook request"));
    }
    if state.poller != Some(poller) {
        return Err(Refusal::conflict(TERMINATED));
    }
    state.record.stats.updates_expired += state.queue.expire(Instant::now());
    let found = state.queue.poll(offset, limit, state.config.deliver_times);
    state.record.stats.updates_taken += found.taken;
    Ok(found.bodies)
}

struct Place {
    shared: Arc<Shared>,
    poller: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.quietly(|state| {
            if state.poller == Some(self.poller) {
                state.poller = None;
            }
        });
    }
}
