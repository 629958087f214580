//! The store's own upkeep, and what health needs.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::conversation::Owner;
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::store::{Depth, StoreError, UpkeepStore, WorkDepth};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;

use super::{Fault, MemoryStore};

/// How long an accepted id is remembered.
const REMEMBERED: Duration = Duration::from_hours(72);
/// How long a lane that nothing waits in is kept.
const ASLEEP: Duration = Duration::from_hours(30 * 24);
/// How long a session is kept after it expired.
const EXPIRED: Duration = Duration::from_hours(7 * 24);
/// How many rows of each kind one sweep forgets.
const BATCH: usize = 500;

#[async_trait]
impl UpkeepStore for MemoryStore {
    async fn adopt(&self, channel: &Channel, bot: BotId) -> Result<(), StoreError> {
        let mut state = self.lock();
        let any = state.has(Fault::AnyBotAdopted);
        let found = *state.bots.entry(channel.clone()).or_insert(bot);
        if found == bot || any {
            return Ok(());
        }
        Err(StoreError::OtherBot {
            channel: channel.clone(),
            found,
            wanted: bot,
        })
    }

    async fn depth(&self) -> Result<WorkDepth, StoreError> {
        let (state, now) = self.now();
        Ok(WorkDepth {
            turns: depth(now, state.turns.items().map(|item| item.received_at)),
            replies: depth(now, state.replies.items().map(|call| call.decided_at)),
            jobs: depth(now, state.jobs.due(now).map(|job| job.run_at)),
        })
    }

    async fn open_conversations(&self) -> Result<Vec<(Owner, u64)>, StoreError> {
        Ok(self.lock().rows.open_by_owner())
    }

    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        let (state, now) = self.now();
        // A job that runs will report: its chat is not done.
        let busy = state
            .jobs
            .all()
            .any(|job| job.new.lane == *lane && (job.run_at <= now || job.owner.is_some()));
        Ok(state.turns.is_empty(lane) && state.replies.is_empty(lane) && !busy)
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let (mut state, now) = self.now();
        let old: Vec<_> = state
            .accepted
            .iter()
            .filter(|(_, at)| **at < now - REMEMBERED)
            .map(|(id, _)| *id)
            .take(BATCH)
            .collect();
        for id in &old {
            state.accepted.remove(id);
        }
        let lanes =
            state.turns.forget_asleep(now - ASLEEP, BATCH) + state.replies.forget_asleep(now - ASLEEP, BATCH);
        let sessions = state.rows.forget_sessions(now - EXPIRED, BATCH);
        let budgets = state.sweep_budgets(now, BATCH);
        Ok(u64::try_from(old.len() + lanes + sessions + budgets).unwrap_or(u64::MAX))
    }
}

fn depth(now: Timestamp, since: impl Iterator<Item = Timestamp>) -> Depth {
    since.fold(Depth::default(), |depth, at| Depth {
        waiting: depth.waiting + 1,
        oldest: depth.oldest.max(now.since(at)),
    })
}
