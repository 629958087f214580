//! Leases of lanes while they are worked on, and leases with a name.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::OwnerId;
use frontdesk_core::port::store::{LeaseStore, Release, StoreError};
use frontdesk_core::work::{LaneClaim, LaneKind};

use super::{Fault, MemoryStore, State, lease_end};

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        let State {
            turns,
            replies,
            jitter,
            ..
        } = &mut *state;
        Ok(claims
            .iter()
            .map(|claim| {
                let until = lease_end(jitter, now, lease);
                match kind {
                    LaneKind::Turn => turns.renew(claim, until),
                    LaneKind::Reply => replies.renew(claim, until),
                    LaneKind::Unknown(_) => false,
                }
            })
            .collect())
    }

    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        let State { turns, replies, .. } = &mut *state;
        Ok(lanes
            .iter()
            .map(|lane| match kind {
                LaneKind::Turn => turns.give_back(&lane.claim, now, lane.after, lane.counted),
                LaneKind::Reply => replies.give_back(&lane.claim, now, lane.after, lane.counted),
                LaneKind::Unknown(_) => false,
            })
            .collect())
    }

    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError> {
        let (mut state, now) = self.now();
        let shared = state.has(Fault::LeasesShared);
        if let Some((holder, until)) = state.leases.get(name)
            && *holder != owner
            && *until > now
            && !shared
        {
            return Ok(false);
        }
        state.leases.insert(name.to_owned(), (owner, now + lease));
        Ok(true)
    }

    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.leases.get(name).is_some_and(|(holder, _)| *holder == owner) {
            state.leases.remove(name);
        }
        Ok(())
    }
}
