//! Jobs: claimed by kind, run concurrently, ended together with what they report.

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use std::fmt::Debug;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::dialogue::{Event, TIMER_JOB, TIMER_VERSION, TimerFired};
use crate::port::store::{ClaimJobs, FinishJob, JobEnd, StoreError};
use crate::work::{Backoff, ClaimedJob};

use super::items::desk_item;
use super::process::Process;
use super::rounds::{Found, Rounds, run_rounds};
use super::stop::Stop;

/// Why a job did not do what it should, in one line without personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobFailure {
    /// It may work later.
    #[error("{why}")]
    Again {
        /// Why.
        why: String,
        /// When, if that is known; else the wait grows with each attempt.
        after: Option<Duration>,
    },
    /// It will never work.
    #[error("{why}")]
    Never {
        /// Why.
        why: String,
    },
}

/// A kind of job: work beside the chat's own order, whose result comes back as an event.
#[async_trait]
pub trait JobKind: Debug + Send + Sync {
    /// Its name, kept with each job.
    fn name(&self) -> &'static str;

    /// The newest version of its payload's form that it reads; it reads older ones too.
    fn version(&self) -> i32;

    /// How soon a run notices that its job was superseded or cancelled, and is dropped. Each look is
    /// a write to the store; by default it is the heartbeat of the lease that finds out.
    fn notices_within(&self) -> Option<Duration> {
        None
    }

    /// Whether a stop gives its jobs back at once, uncounted, rather than waiting for them: of kinds
    /// that take longer than a process may take to stop.
    fn yields_to_stop(&self) -> bool {
        false
    }

    /// Runs one job; it may run twice. What it returns is reported to the chat of the job, in the
    /// same commit as the job's end.
    ///
    /// # Errors
    /// [`JobFailure`].
    async fn run(&self, job: &ClaimedJob) -> Result<Option<Event>, JobFailure>;

    /// What is reported when a job is given up. With a report the job has ended as any other, and its chat
    /// decides what is told; without one it becomes a dead letter. By default there is none.
    fn give_up(&self, _job: &ClaimedJob) -> Option<Event> {
        None
    }
}

/// How jobs are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSettings {
    /// At most this many jobs are under way.
    pub slots: usize,
    /// A job claimed more often than this is given up.
    pub max_attempts: u32,
    /// How long a claim holds without a heartbeat.
    pub lease: Duration,
}

impl Default for JobSettings {
    fn default() -> Self {
        JobSettings {
            slots: 16,
            max_attempts: 8,
            lease: Process::LEASE,
        }
    }
}

/// Runs the jobs of some kinds. A process runs slow kinds and cheap ones in runners of their own,
/// so that slow ones never take all slots.
#[derive(Debug)]
pub struct JobRunner {
    process: Process,
    kinds: Vec<Arc<dyn JobKind>>,
    settings: JobSettings,
}

impl JobRunner {
    /// A runner of these kinds.
    pub fn new(process: Process, kinds: Vec<Arc<dyn JobKind>>, settings: JobSettings) -> Self {
        JobRunner {
            process,
            kinds,
            settings,
        }
    }

    /// Runs jobs until asked to stop; those under way are finished first.
    pub async fn run(&self, stop: Stop) {
        let process = &self.process;
        let slots = self.settings.slots.max(1);
        let running = Running {
            runner: self,
            stop: &stop,
        };
        run_rounds(&running, "jobs", process, &process.wakes.jobs, slots, &stop).await;
    }

    fn kind_of(&self, job: &ClaimedJob) -> Option<&dyn JobKind> {
        let kind = self.kinds.iter().find(|kind| kind.name() == job.kind);
        kind.map(|kind| &**kind)
    }

    /// Keeps the claim of a job under way; completes once it is lost, so that the run can be dropped.
    async fn keep(&self, job: &ClaimedJob) {
        let process = &self.process;
        let lease = self.settings.lease;
        let beat = self
            .kind_of(job)
            .and_then(JobKind::notices_within)
            .unwrap_or(lease / 3);
        let mut held_at = process.now();
        loop {
            process
                .clock
                .sleep_until(process.now() + beat.min(lease / 3))
                .await;
            let asked_at = process.now();
            match process
                .store
                .renew_jobs(std::slice::from_ref(&job.claim), lease)
                .await
            {
                Ok(held) if held.first() == Some(&true) => held_at = asked_at,
                Ok(_) => return,
                // Without an answer from the store somebody else may have the job before long.
                Err(_) if asked_at.since(held_at) > lease * 5 / 6 => return,
                Err(_) => {}
            }
        }
    }

    /// Runs one job and says how it ends.
    async fn end_of(&self, job: &ClaimedJob) -> JobEnd {
        let process = &self.process;
        let last = job.attempt >= self.settings.max_attempts;
        let gave_up = format!("gave up after {} attempts", self.settings.max_attempts);
        let Some(kind) = self.kind_of(job) else {
            return JobEnd::Again {
                after: Duration::from_mins(1),
                counted: false,
            };
        };
        if job.attempt > self.settings.max_attempts {
            return self.given_up(kind, job, gave_up);
        }
        let ran = AssertUnwindSafe(kind.run(job)).catch_unwind().await;
        let ran = ran.unwrap_or_else(|_| {
            process.stats.panics.up();
            Err(JobFailure::Again {
                why: "it panicked".to_owned(),
                after: None,
            })
        });
        match ran {
            Ok(found) => match found.map(|event| desk_item(job.lane.clone(), &event)).transpose() {
                Ok(report) => JobEnd::Done { report },
                Err(error) => self.dead(job, format!("its report cannot be written: {error}")),
            },
            Err(JobFailure::Never { why }) => self.given_up(kind, job, why),
            Err(JobFailure::Again { why, .. }) if last => self.given_up(kind, job, why),
            Err(JobFailure::Again { why, after }) => {
                process.stats.jobs_failed.up();
                slog::warn!(process.log, "a job failed"; "job_id" => %job.claim.id, "kind" => &job.kind,
                    "attempt" => job.attempt, "error" => why);
                JobEnd::Again {
                    after: after.unwrap_or_else(|| process.backoff(Backoff::WORK, job.attempt)),
                    counted: true,
                }
            }
        }
    }

    /// The end of a job that will not be tried again: its kind's last word, if it has one.
    fn given_up(&self, kind: &dyn JobKind, job: &ClaimedJob, why: String) -> JobEnd {
        let dead = self.dead(job, why);
        // The payload may be what killed its process, or made it panic.
        let report = std::panic::catch_unwind(AssertUnwindSafe(|| kind.give_up(job)))
            .ok()
            .flatten();
        match report
            .map(|event| desk_item(job.lane.clone(), &event))
            .transpose()
        {
            Ok(Some(report)) => JobEnd::Done { report: Some(report) },
            Ok(None) | Err(_) => dead,
        }
    }

    fn dead(&self, job: &ClaimedJob, why: String) -> JobEnd {
        self.process.stats.jobs_dead.up();
        slog::error!(self.process.log, "a job was given up"; "job_id" => %job.claim.id, "kind" => &job.kind,
            "attempt" => job.attempt, "error" => &why);
        JobEnd::Dead { why }
    }
}

/// Why a job's run is dropped.
enum Disturbed {
    /// The job is somebody else's now, or nobody's.
    Lost,
    /// The process is to stop.
    Stopped,
}

/// A runner that runs until it is asked to stop.
struct Running<'a> {
    runner: &'a JobRunner,
    stop: &'a Stop,
}

#[async_trait]
impl Rounds for Running<'_> {
    type Task = ClaimedJob;
    /// `None` of a job that is somebody else's now.
    type Done = Option<FinishJob>;

    async fn look(&self, slots: usize) -> Result<Found<ClaimedJob>, StoreError> {
        let process = &self.runner.process;
        let kinds = self
            .runner
            .kinds
            .iter()
            .map(|kind| (kind.name().to_owned(), kind.version()));
        let claim = ClaimJobs {
            desks: process.desks.clone(),
            kinds: kinds.collect(),
            owner: process.owner,
            limit: slots,
            lease: self.runner.settings.lease,
        };
        let tasks = process.store.claim_jobs(&claim).await?;
        Ok(Found {
            more: !tasks.is_empty(),
            tasks,
            again_in: None,
        })
    }

    async fn run(&self, job: ClaimedJob) -> Option<FinishJob> {
        let runner = self.runner;
        let yields = runner.kind_of(&job).is_some_and(JobKind::yields_to_stop);
        let stopped = async {
            if !yields {
                std::future::pending::<()>().await;
            }
            self.stop.requested().await;
        };
        let disturbed = async {
            match select(pin!(runner.keep(&job)), pin!(stopped)).await {
                Either::Left(_) => Disturbed::Lost,
                Either::Right(_) => Disturbed::Stopped,
            }
        };
        let ran = match select(pin!(runner.end_of(&job)), pin!(disturbed)).await {
            Either::Left((end, _)) => Ok(end),
            Either::Right((disturbed, _)) => Err(disturbed),
        };
        let end = match ran {
            Ok(end) => end,
            Err(Disturbed::Stopped) => JobEnd::Again {
                after: Duration::ZERO,
                counted: false,
            },
            Err(Disturbed::Lost) => {
                runner.process.stats.jobs_dropped.up();
                return None;
            }
        };
        Some(FinishJob {
            claim: job.claim,
            end,
        })
    }

    async fn finish(&self, done: Vec<Option<FinishJob>>) {
        let done: Vec<FinishJob> = done.into_iter().flatten().collect();
        if done.is_empty() {
            return;
        }
        let process = &self.runner.process;
        let until = process.now() + process.lease;
        let mut slices: Vec<&[FinishJob]> = vec![&done];
        let mut reported = false;
        while let Some(slice) = slices.pop() {
            match process.persist(until, || process.store.finish_jobs(slice)).await {
                Ok(held) => {
                    for (job, held) in slice.iter().zip(held) {
                        let JobEnd::Done { report } = &job.end else {
                            continue;
                        };
                        if held {
                            process.stats.jobs.up();
                        }
                        reported |= report.is_some();
                    }
                }
                Err(error) if slice.len() > 1 && !error.is_transient() => slices.extend(slice.chunks(1)),
                Err(error) => {
                    slog::error!(process.log, "the end of jobs could not be written"; "jobs" => slice.len(), "error" => %error);
                }
            }
        }
        if reported {
            process.wakes.turns.notify();
        }
    }
}

/// The kind of the dialogue's timers: a job that waits and reports that it has. Its payload is a
/// [`TimerFired`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimerKind;

#[async_trait]
impl JobKind for TimerKind {
    fn name(&self) -> &'static str {
        TIMER_JOB
    }

    fn version(&self) -> i32 {
        TIMER_VERSION
    }

    async fn run(&self, job: &ClaimedJob) -> Result<Option<Event>, JobFailure> {
        match serde_json::from_value::<TimerFired>(job.payload.clone()) {
            Ok(fired) => Ok(Some(Event::Timer(fired))),
            Err(error) => Err(JobFailure::Never {
                why: format!("no timer: {error}"),
            }),
        }
    }
}
