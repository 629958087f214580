//! Jobs: no order among themselves but priority and time.

use async_trait::async_trait;
use frontdesk_core::id::OwnerId;
use frontdesk_core::port::store::{ClaimJobs, FinishJob, JobEnd, JobStore, StoreError};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedJob, JobClaim, NewJob};

use super::lanes::is_of;
use super::office::{Dead, DeadItem};
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

#[async_trait]
impl JobStore for MemoryStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        let (mut state, now) = self.now();
        let by_priority = !state.has(Fault::PriorityIgnored);
        let mut due: Vec<_> = state
            .jobs
            .values()
            .filter(|job| {
                job.run_at <= now && is_of(&claim.desks, &job.new.lane) && is_known(claim, &job.new)
            })
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
            if let Some(job) = state.jobs.get_mut(&id) {
                job.run_at = until;
                job.owner = Some(claim.owner);
                job.fence += 1;
                job.attempt = job.attempt.saturating_add(1);
                claimed.push(job.claimed(claim.owner));
            }
        }
        Ok(claimed)
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
        if let (Some(key), false) = (&new.unique_key, self.has(Fault::UniqueKeyIgnored)) {
            let older = self.unique_keys.insert(key.clone(), new.id);
            if let Some(older) = older {
                self.jobs.remove(&older);
            }
        }
        let job = Job {
            new: new.clone(),
            run_at: now + new.run_in,
            owner: None,
            fence: 0,
            attempt: 0,
        };
        self.jobs.insert(new.id, job);
    }

    pub(super) fn cancel_job(&mut self, unique_key: &str) {
        if let Some(id) = self.unique_keys.remove(unique_key) {
            self.jobs.remove(&id);
        }
    }

    fn finish_job(&mut self, finish: &FinishJob, now: Timestamp) -> bool {
        let claim = &finish.claim;
        let fenced = !self.has(Fault::FenceIgnored);
        let Some(job) = self.jobs.get_mut(&claim.id) else {
            return false;
        };
        if fenced && (job.fence != claim.fence || job.owner != Some(claim.owner)) {
            return false;
        }
        match &finish.end {
            JobEnd::Done { report } => {
                self.remove_job(finish);
                if let (Some(report), false) = (report, self.has(Fault::ReportLost)) {
                    self.accept(report, now);
                }
            }
            JobEnd::Again { after, counted } => {
                job.run_at = now + *after;
                job.owner = None;
                job.attempt = job.attempt.saturating_sub(u32::from(!*counted));
            }
            JobEnd::Dead { why } => {
                if let Some(job) = self.remove_job(finish) {
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

    fn remove_job(&mut self, finish: &FinishJob) -> Option<Job> {
        let job = self.jobs.remove(&finish.claim.id)?;
        if let Some(key) = &job.new.unique_key
            && self.unique_keys.get(key) == Some(&job.new.id)
        {
            self.unique_keys.remove(key);
        }
        Some(job)
    }
}
