//! Events in.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::store::{Accepted, InboxStore, StoreError};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::NewInboxItem;

use super::{Fault, MemoryStore, State};

/// An event that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) source: String,
    pub(super) source_version: i32,
    pub(super) payload: Vec<u8>,
    pub(super) received_at: Timestamp,
}

#[async_trait]
impl InboxStore for MemoryStore {
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError> {
        let (mut state, now) = self.now();
        Ok(items.iter().map(|item| state.accept(item, now)).collect())
    }
}

impl State {
    pub(super) fn accept(&mut self, item: &NewInboxItem, now: Timestamp) -> Accepted {
        if let Some(update) = item.update_id {
            let key = (item.lane.bot_id, update);
            let known = self.accepted.get(&key).copied();
            let forgotten = self.has(Fault::DedupeForgotten)
                || (self.has(Fault::DedupeForgottenAfterAnHour)
                    && known.is_some_and(|at| now.since(at) > Duration::from_hours(1)));
            if known.is_some() && !forgotten {
                return Accepted::Duplicate;
            }
            self.accepted.insert(key, now);
        }
        let mut payload = item.payload.clone();
        if self.has(Fault::PayloadAsText) {
            payload = String::from_utf8_lossy(&payload).into_owned().into_bytes();
        }
        let waiting = Waiting {
            source: item.source.clone(),
            source_version: item.source_version,
            payload,
            received_at: now,
        };
        let seq = self.next_number();
        self.turns.push(&item.lane, seq, waiting, now);
        Accepted::New
    }
}
