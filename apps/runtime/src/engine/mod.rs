//! The loops of one process, put together from parts, started and stopped in the right order.
//!
//! | part | loops | who has it |
//! | --- | --- | --- |
//! | [`door`] | the door's writer, polling | `frontdesk`, `frontdesk-webhook` |
//! | [`work`] | turns, calls, jobs | `frontdesk`, `frontdesk-worker` |
//! | [`care`] | heartbeat, samples, sweeps | all |
//!
//! A process with a door and no work has nobody of its own to wake for what it kept: over a shared
//! cache it announces its signals, and a process with work listens for them.

mod care;
mod door;
mod group;
mod work;

use frontdesk_core::desk::{GuardedCache, Process, Stop};
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::{Cache, DeskStore, Metrics};
use slog::Logger;
use std::sync::Arc;

use crate::cache;
use crate::clock::{OsEntropy, SystemClock};
use crate::settings::Settings;

pub(crate) use door::{DoorPart, Polling};
pub(crate) use work::{FileParts, WorkParts};

use care::Care;
use work::Work;

/// What every process has.
pub(crate) struct Base {
    /// What the loops share.
    pub process: Process,
    /// The cache.
    pub cache: GuardedCache,
    /// The same, if other processes have it too.
    pub shared: Option<Arc<dyn Cache>>,
}

impl Base {
    /// Of a process that serves these bots and channels.
    pub fn new(
        store: Arc<dyn DeskStore>,
        desks: Vec<(BotId, Channel)>,
        metrics: Arc<dyn Metrics>,
        settings: &Settings,
        log: &Logger,
    ) -> Base {
        let clock = Arc::new(SystemClock);
        let process = Process::new(store, clock.clone(), Arc::new(OsEntropy), desks, log.clone())
            .with_lease(settings.work_lease)
            .with_metrics(metrics);
        let own = cache::open(settings, clock.clone(), log);
        let cache = GuardedCache::new(Arc::clone(&own), clock, Arc::clone(&process.stats));
        let shared = settings.redis.is_some().then_some(own);
        Base {
            process,
            cache,
            shared,
        }
    }
}

/// A running engine.
pub(crate) struct Engine {
    /// What its loops share.
    pub process: Process,
    /// Its door, if it has one.
    pub door: Option<DoorPart>,
    work: Option<Work>,
    care: Care,
}

impl Engine {
    /// Starts what every process has, the door's loops and the work, where there are such parts.
    pub fn start(
        base: &Base,
        door: Option<DoorPart>,
        work: Option<WorkParts>,
        settings: &Settings,
    ) -> Engine {
        // What is not this program's business to write, a process with a door alone leaves alone.
        let kept = work.as_ref().map(|parts| Arc::clone(&parts.files.kept));
        let care = Care::start(base, kept, door.is_some());
        Engine {
            process: base.process.clone(),
            door,
            work: work.map(|parts| Work::start(base, parts, settings)),
            care,
        }
    }

    /// Runs one more loop beside the work, until all of it has stopped.
    pub fn keep<F: Future<Output = ()> + Send + 'static>(&mut self, start: impl FnOnce(Stop) -> F) {
        self.care.keep(start);
    }

    /// Completes when the process cannot go on; never if nothing of the kind can happen.
    pub async fn failed(&mut self) -> String {
        match self.door.as_mut() {
            Some(door) => door.polling_failed().await,
            None => std::future::pending().await,
        }
    }

    /// Finishes what is in hand and gives the rest back: intake and work first, then the door, the
    /// leases' care last.
    pub async fn drain(mut self) {
        let log = self.process.log.clone();
        if let Some(work) = &self.work {
            work.stop();
        }
        if let Some(door) = self.door.as_mut() {
            door.end_polling(&log).await;
        }
        if let Some(work) = self.work {
            work.finish(&log).await;
        }
        if let Some(door) = self.door {
            door.close(&log).await;
        }
        self.care.finish(&log).await;
    }
}
