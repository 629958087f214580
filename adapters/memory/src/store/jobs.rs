//! Jobs: no order among themselves but priority and time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::{JobId, OwnerId};
use frontdesk_core::port::store::{ClaimJobs, FinishJob, JobEnd, JobStore, StoreError};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedJob, JobClaim, NewJob};

use super::dead::{Dead, DeadItem};
use super::lanes::is_of;
use super::{Fault, MemoryStore, State};

/// A job that waits or runs.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) new: NewJob,
    /// When it is due; its lease, while it runs.
    pub(super) run_at: Timestamp,
    pub(super) owner: Option<OwnerId>,
    pub(super) fence: i64,
    attempt: u32,
}

/// All jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    rows: BTreeMap<JobId, Job>,
    by_run_at: BTreeSet<(Timestamp, JobId)>,
    /// The job that waits or runs under each unique key.
    unique_keys: BTreeMap<String, JobId>,
}

impl Jobs {
    pub(super) fn contains(&self, id: JobId) -> bool {
        self.rows.contains_key(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Job> {
        self.rows.values()
    }

    /// Those that are due, the longest first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = &Job> {
        self.by_run_at
            .iter()
            .take_while(move |(run_at, _)| *run_at <= now)
            .filter_map(|(_, id)| self.rows.get(id))
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.by_run_at.first().map(|(run_at, _)| *run_at)
    }

    /// Puts it in; the one that has its unique key makes place.
    fn insert(&mut self, job: Job) {
        let id = job.new.id;
        if let Some(key) = &job.new.unique_key {
            self.remove_keyed(key);
            self.unique_keys.insert(key.clone(), id);
        }
        self.by_run_at.insert((job.run_at, id));
        self.rows.insert(id, job);
    }

    fn remove(&mut self, id: JobId) -> Option<Job> {
        let job = self.rows.remove(&id)?;
        self.by_run_at.remove(&(job.run_at, id));
        if let Some(key) = &job.new.unique_key {
            self.unique_keys.remove(key);
        }
        Some(job)
    }

    fn remove_keyed(&mut self, key: &str) -> Option<Job> {
        self.remove(*self.unique_keys.get(key)?)
    }

    /// The job, due at another time.
    fn moved(&mut self, id: JobId, run_at: Timestamp) -> Option<&mut Job> {
        let job = self.rows.get_mut(&id)?;
        self.by_run_at.remove(&(job.run_at, id));
        self.by_run_at.insert((run_at, id));
        job.run_at = run_at;
        Some(job)
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        let (mut state, now) = self.now();
        let by_priority = !state.has(Fault::PriorityIgnored);
        let mut due: Vec<_> = state
            .jobs
            .due(now)
            .filter(|job| is_of(&claim.desks, &job.new.lane) && is_known(claim, &job.new))
            .map(|job| {
                let priority = if by_priority { job.new.priority } else { 0 };
                (priority, job.run_at, job.new.id)
            })
            .collect();
        due.sort_unstable();
        due.truncate(claim.limit);
        let mut claimed = Vec::with_capacity(due.len());
        for (_, _, id) in due {
            let until = state.lease_end(now, claim.lease);
            if let Some(job) = state.jobs.moved(id, until) {
                job.owner = Some(claim.owner);
                job.fence += 1;
                job.attempt = job.attempt.saturating_add(1);
                claimed.push(job.claimed(claim.owner));
            }
        }
        Ok(claimed)
    }

    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        let mut renewed = Vec::with_capacity(claims.len());
        for claim in claims {
            let until = state.lease_end(now, lease);
            let holds = state
                .jobs
                .rows
                .get(&claim.id)
                .is_some_and(|job| job.is_held_by(claim));
            if holds {
                state.jobs.moved(claim.id, until);
            }
            renewed.push(holds);
        }
        Ok(renewed)
    }

    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        Ok(jobs.iter().map(|job| state.finish_job(job, now)).collect())
    }
}

fn is_known(claim: &ClaimJobs, job: &NewJob) -> bool {
    claim
        .kinds
        .iter()
        .any(|(kind, version)| *kind == job.kind && job.version <= *version)
}

impl Job {
    fn is_held_by(&self, claim: &JobClaim) -> bool {
        self.fence == claim.fence && self.owner == Some(claim.owner)
    }

    fn claimed(&self, owner: OwnerId) -> ClaimedJob {
        ClaimedJob {
            claim: JobClaim {
                id: self.new.id,
                fence: self.fence,
                owner,
            },
            kind: self.new.kind.clone(),
            version: self.new.version,
            lane: self.new.lane.clone(),
            payload: self.new.payload.clone(),
            attempt: self.attempt,
        }
    }
}

impl State {
    /// Starts a job, in place of the one that waits under its unique key.
    pub(super) fn start_job(&mut self, new: &NewJob, now: Timestamp) {
        let mut new = new.clone();
        if self.has(Fault::UniqueKeyIgnored) {
            new.unique_key = None;
        }
        self.jobs.insert(Job {
            run_at: now + new.run_in,
            new,
            owner: None,
            fence: 0,
            attempt: 0,
        });
    }

    pub(super) fn cancel_job(&mut self, unique_key: &str) {
        self.jobs.remove_keyed(unique_key);
    }

    /// Tries a dead job again. Its fence goes on from where it was: who ran it then cannot end it.
    pub(super) fn revive_job(&mut self, job: Job, now: Timestamp) {
        self.jobs.insert(Job {
            run_at: now,
            owner: None,
            attempt: 0,
            ..job
        });
    }

    fn finish_job(&mut self, finish: &FinishJob, now: Timestamp) -> bool {
        let claim = &finish.claim;
        let fenced = !self.has(Fault::FenceIgnored);
        let Some(job) = self.jobs.rows.get(&claim.id) else {
            return false;
        };
        if fenced && !job.is_held_by(claim) {
            return false;
        }
        match &finish.end {
            JobEnd::Done { report } => {
                self.jobs.remove(claim.id);
                if let (Some(report), false) = (report, self.has(Fault::ReportLost)) {
                    self.accept(report, now);
                }
            }
            JobEnd::Again { after, counted } => {
                if let Some(job) = self.jobs.moved(claim.id, now + *after) {
                    job.owner = None;
                    job.attempt = job.attempt.saturating_sub(u32::from(!*counted));
                }
            }
            JobEnd::Dead { why } => {
                if let Some(job) = self.jobs.remove(claim.id) {
                    self.bury(Dead {
                        lane: job.new.lane.clone(),
                        why: why.clone(),
                        at: now,
                        item: DeadItem::Job(Box::new(job)),
                    });
                }
            }
        }
        true
    }
}
