//! Claims: whoever writes must hold the latest, and nobody gets one while another holds.

use frontdesk_core::id::OwnerId;
use frontdesk_core::port::store::{Claim, FinishJob, JobEnd, Release};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedJob, LaneClaim, LaneKey, LaneKind};
use std::collections::BTreeMap;
use std::time::Duration;

use super::Record;

/// The latest claim of each lane.
#[derive(Debug, Default)]
pub(super) struct Claims {
    turns: BTreeMap<LaneKey, Latest>,
    replies: BTreeMap<LaneKey, Latest>,
}

#[derive(Debug)]
struct Latest {
    fence: i64,
    owner: OwnerId,
    /// When it was made.
    at: Timestamp,
    /// Until when it holds at least.
    until: Timestamp,
    /// It was not given back.
    open: bool,
}

impl Latest {
    fn is(&self, claim: &LaneClaim) -> bool {
        self.fence == claim.fence && self.owner == claim.owner
    }
}

impl Claims {
    fn of(&mut self, kind: &LaneKind) -> &mut BTreeMap<LaneKey, Latest> {
        match kind {
            LaneKind::Turn | LaneKind::Unknown(_) => &mut self.turns,
            LaneKind::Reply => &mut self.replies,
        }
    }
}

impl Record {
    /// A lane was claimed.
    pub(super) fn claimed(&mut self, kind: &LaneKind, claim: &LaneClaim, asked: &Claim, now: Timestamp) {
        let latest = Latest {
            fence: claim.fence,
            owner: claim.owner,
            at: now,
            until: now + asked.lease,
            open: true,
        };
        let before = self.claims.of(kind).insert(claim.lane.clone(), latest);
        if let Some(before) = before {
            if before.open && now < before.until {
                self.broken(
                    now,
                    Some(claim.lane.chat),
                    format!("a {kind} lane was claimed while another claim of it held"),
                );
            }
            if before.open {
                self.count("leases that ran out");
            }
            if claim.fence <= before.fence {
                self.broken(now, Some(claim.lane.chat), "the fence of a lane did not grow");
            }
        }
    }

    /// Something was written under a claim: it must be the latest. `ends` if the lane was given back.
    pub(super) fn written(
        &mut self,
        kind: &LaneKind,
        claim: &LaneClaim,
        ends: bool,
        now: Timestamp,
        what: &str,
    ) {
        let holds = match self.claims.of(kind).get_mut(&claim.lane) {
            Some(latest) if latest.is(claim) && latest.open => {
                latest.open = !ends;
                true
            }
            _ => false,
        };
        if !holds {
            self.broken(
                now,
                Some(claim.lane.chat),
                format!("{what} was written by a process that had lost the lane"),
            );
        }
    }

    /// When the latest claim of a reply lane was made.
    pub(super) fn claimed_at(&mut self, lane: &LaneKey) -> Option<Timestamp> {
        let latest = self.claims.of(&LaneKind::Reply).get(lane);
        latest.map(|latest| latest.at)
    }

    /// Leases were prolonged.
    pub(crate) fn renewed(
        &mut self,
        kind: &LaneKind,
        claims: &[LaneClaim],
        held: &[bool],
        lease: Duration,
        now: Timestamp,
    ) {
        for (claim, held) in claims.iter().zip(held) {
            if !*held {
                self.count("leases found lost");
                continue;
            }
            self.written(kind, claim, false, now, "a lease");
            if let Some(latest) = self.claims.of(kind).get_mut(&claim.lane) {
                latest.until = latest.until.max(now + lease);
            }
        }
    }

    /// Lanes were given back.
    pub(crate) fn released(&mut self, kind: &LaneKind, releases: &[Release], held: &[bool], now: Timestamp) {
        for (release, _) in releases.iter().zip(held).filter(|(_, held)| **held) {
            self.written(kind, &release.claim, true, now, "a release");
        }
    }

    pub(crate) fn claimed_jobs(&mut self, jobs: &[ClaimedJob]) {
        for job in jobs {
            self.jobs.insert(job.claim.id, (job.claim.fence, false));
        }
    }

    /// Jobs were ended.
    pub(crate) fn finished_jobs(&mut self, jobs: &[FinishJob], held: &[bool], now: Timestamp) {
        for (job, _) in jobs.iter().zip(held).filter(|(_, held)| **held) {
            let claim = &job.claim;
            let latest = self.jobs.get(&claim.id).copied();
            if latest != Some((claim.fence, false)) {
                self.broken(
                    now,
                    None,
                    format!("job {} was ended by a process that had lost it", claim.id),
                );
            }
            if let JobEnd::Done { .. } | JobEnd::Dead { .. } = job.end {
                self.count("jobs ended");
                self.jobs.insert(claim.id, (claim.fence, true));
            }
        }
    }
}
