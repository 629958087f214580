//! Upkeep: samples how much waits, and has the store forget what is no longer needed.

use std::time::Duration;

use crate::port::store::StoreError;

use super::janitor::Janitor;
use super::process::{Process, Rhythm, give_way};
use super::stop::Stop;

/// The upkeep of one process.
#[derive(Debug)]
pub struct Upkeep {
    process: Process,
    /// How often the depth is sampled.
    pub sample_every: Duration,
    /// How often the store is swept; `None` for never.
    pub sweep_every: Option<Duration>,
    janitor: Option<Janitor>,
}

/// At most this many batches are swept at a time, so that the samples go on.
const SWEEP_BATCHES: usize = 50;

impl Upkeep {
    /// Upkeep with a sample a second and a sweep a minute.
    pub fn new(process: Process) -> Self {
        Upkeep {
            process,
            sample_every: Duration::from_secs(1),
            sweep_every: Some(Duration::from_mins(1)),
            janitor: None,
        }
    }

    /// Upkeep that only samples: of a process that is not to write what is not its business.
    pub fn sampling(process: Process) -> Self {
        Upkeep {
            sweep_every: None,
            ..Upkeep::new(process)
        }
    }

    /// Upkeep of file storage, too: a step with each sample.
    #[must_use]
    pub fn with_janitor(mut self, janitor: Janitor) -> Self {
        self.janitor = Some(janitor);
        self
    }

    /// Runs until asked to stop.
    pub async fn run(mut self, stop: Stop) {
        let mut janitor = self.janitor.take();
        let process = &self.process;
        let mut rhythm = Rhythm::new("upkeep");
        let mut sweep_at = self.sweep_every.map(|every| process.now() + every);
        while !stop.is_requested() {
            let sweeps = sweep_at.is_some_and(|at| process.now() >= at);
            if sweeps {
                sweep_at = self
                    .sweep_every
                    .map(|every| process.now() + process.between(every * 3 / 4, every * 5 / 4));
            }
            let wait = match self.once(sweeps, &stop).await {
                Ok(()) => {
                    rhythm.answered(process);
                    self.sample_every
                }
                Err(error) => rhythm.failed(process, &error).max(self.sample_every),
            };
            if let Some(janitor) = &mut janitor {
                tidy(process, janitor).await;
            }
            process.pause(wait, &stop).await;
        }
    }

    async fn once(&self, sweeps: bool, stop: &Stop) -> Result<(), StoreError> {
        let process = &self.process;
        process.stats.set_depth(process.store.depth().await?);
        if !sweeps {
            return Ok(());
        }
        let mut swept = 0;
        for _ in 0..SWEEP_BATCHES {
            let rows = process.store.sweep().await?;
            swept += rows;
            if rows == 0 || stop.is_requested() {
                break;
            }
            give_way().await;
        }
        if swept > 0 {
            slog::debug!(process.log, "forgot what is no longer needed"; "rows" => swept);
        }
        Ok(())
    }
}

/// One step in file storage. What it fails for is told and left to the next round.
async fn tidy(process: &Process, janitor: &mut Janitor) {
    match janitor.step().await {
        Ok(0) => {}
        Ok(files) => {
            slog::info!(process.log, "cleared away what downloads left"; "files" => files);
        }
        Err(error) => {
            slog::warn!(process.log, "file storage could not be cleared of what downloads left"; "error" => %error);
        }
    }
}
