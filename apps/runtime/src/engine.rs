//! The loops of one process, started and stopped in the right order.

use frontdesk_core::desk::{
    Door, DoorSettings, GuardedCache, Heartbeat, JobRunner, JobSettings, Pacing, Poller, PollerError,
    PollerParts, Process, Sender, SenderParts, SenderSettings, Stop, StopHandle, TimerKind, TurnSettings,
    TurnWorker, TurnWorkerParts, Upkeep, WakeListener,
};
use frontdesk_core::dialogue::Rules;
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::{DeskStore, Messenger, UpdateDecoder};
use slog::Logger;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

use crate::cache;
use crate::clock::{OsEntropy, SystemClock};
use crate::settings::Settings;

/// Workers and senders of a process. Each has one slice in flight.
const WORKERS: usize = 2;

/// What an engine is made of.
pub(crate) struct EngineParts {
    /// The store.
    pub store: Arc<dyn DeskStore>,
    /// What decides.
    pub rules: Arc<Rules>,
    /// The bots and channels to serve, each with its messenger.
    pub messengers: Vec<(BotId, Arc<dyn Messenger>)>,
    /// Who reads what was kept.
    pub decoders: Vec<Arc<dyn UpdateDecoder>>,
}

/// A running engine.
pub(crate) struct Engine {
    /// What its loops share.
    pub process: Process,
    /// Its door.
    pub door: Door,
    work: Group,
    writer: Group,
    care: Group,
    poller: Option<JoinHandle<Result<(), PollerError>>>,
}

/// Loops that stop together.
struct Group {
    handle: StopHandle,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Group {
    fn new() -> Group {
        let (handle, stop) = StopHandle::new();
        Group {
            handle,
            stop,
            tasks: JoinSet::new(),
        }
    }

    async fn finish(mut self, log: &Logger) {
        self.handle.stop();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                slog::error!(log, "a loop ended badly"; "error" => %error);
            }
        }
    }
}

impl Engine {
    /// Starts all loops but polling.
    pub fn start(parts: EngineParts, settings: &Settings, log: &Logger) -> Engine {
        let clock = Arc::new(SystemClock);
        let desks: Vec<(BotId, Channel)> = parts
            .messengers
            .iter()
            .map(|(bot, messenger)| (*bot, messenger.channel()))
            .collect();
        let process = Process::new(
            parts.store,
            clock.clone(),
            Arc::new(OsEntropy),
            desks,
            log.clone(),
        )
        .with_lease(settings.work_lease);
        let shared = cache::open(settings, clock.clone(), log);
        let cache = GuardedCache::new(shared.clone(), clock, Arc::clone(&process.stats));
        let mut pacing = Pacing::new(settings.pacing);
        if settings.redis.is_some() {
            pacing = pacing.shared_through(cache.clone());
        }
        let door_settings = DoorSettings {
            backlog: settings.backlog_limit,
            rates: settings.rate,
            exempt: vec![Channel::TERMINAL],
            ..DoorSettings::default()
        };
        let (door, door_writer) = Door::new(&process, cache.clone(), door_settings);

        let mut work = Group::new();
        let turns = TurnWorkerParts {
            process: process.clone(),
            decide: parts.rules,
            decoders: parts.decoders,
            cache,
            settings: TurnSettings {
                slice: settings.worker_concurrency.div_ceil(WORKERS),
                ..TurnSettings::default()
            },
        };
        let sends = SenderParts {
            process: process.clone(),
            messengers: parts.messengers,
            pacing,
            settings: SenderSettings::default(),
        };
        // A second worker decides while the first one waits for its commit; one turn in flight is one.
        for _ in 0..WORKERS.min(settings.worker_concurrency) {
            let (worker, stop) = (TurnWorker::new(turns.clone()), work.stop.clone());
            work.tasks.spawn(async move { worker.run(stop).await });
            let (sender, stop) = (Sender::new(sends.clone()), work.stop.clone());
            work.tasks.spawn(async move { sender.run(stop).await });
        }
        let jobs = JobRunner::new(process.clone(), vec![Arc::new(TimerKind)], JobSettings::default());
        let stop = work.stop.clone();
        work.tasks.spawn(async move { jobs.run(stop).await });

        let mut writer = Group::new();
        let stop = writer.stop.clone();
        writer.tasks.spawn(async move { door_writer.run(stop).await });

        let mut care = Group::new();
        let heartbeat = Heartbeat::new(process.clone());
        let stop = care.stop.clone();
        care.tasks.spawn(async move { heartbeat.run(stop).await });
        let upkeep = Upkeep::new(process.clone());
        let stop = care.stop.clone();
        care.tasks.spawn(async move { upkeep.run(stop).await });
        if settings.redis.is_some() {
            let listener = WakeListener::new(process.clone(), shared, process.wakes.topics());
            care.tasks.spawn(listener.run(care.stop.clone()));
        }

        Engine {
            process,
            door,
            work,
            writer,
            care,
            poller: None,
        }
    }

    /// Starts asking a messenger for updates.
    pub fn poll(
        &mut self,
        bot: BotId,
        channel: Channel,
        source: Arc<dyn frontdesk_core::port::UpdateSource>,
        decoder: Arc<dyn UpdateDecoder>,
    ) {
        let poller = Poller::new(PollerParts {
            process: self.process.clone(),
            door: self.door.clone(),
            source,
            decoder,
            bot,
            channel,
            wait: Duration::from_secs(25),
        });
        let stop = self.work.stop.clone();
        self.poller = Some(tokio::spawn(async move { poller.run(stop).await }));
    }

    /// Completes when polling cannot go on; never if nobody polls.
    pub async fn polling_failed(&mut self) -> String {
        match self.poller.as_mut() {
            None => std::future::pending().await,
            Some(poller) => match poller.await {
                Ok(Ok(())) => "polling ended".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => format!("polling ended badly: {error}"),
            },
        }
    }

    /// Finishes what is in hand and gives the rest back: intake and work first, then the door, the
    /// leases' care last.
    pub async fn drain(self) {
        let log = self.process.log.clone();
        self.work.handle.stop();
        // Polling ends at once and gives its lease back, so that another process can take over.
        if let Some(poller) = self.poller
            && !poller.is_finished()
            && let Err(error) = poller.await
        {
            slog::error!(log, "polling ended badly"; "error" => %error);
        }
        self.work.finish(&log).await;
        self.writer.finish(&log).await;
        self.care.finish(&log).await;
    }
}
