//! A process: every loop of the desk over faulty lines, from its start to its death, and again.

use frontdesk_core::desk::{
    Announcer, AnswerKind, AnswerParts, Door, DoorSettings, GuardedCache, Heartbeat, JobRunner, JobSettings,
    Pacing, PacingSettings, Poller, PollerParts, Process, RateSettings, Sender, SenderParts, SenderSettings,
    Stop, StopHandle, TimerKind, TurnSettings, TurnWorker, TurnWorkerParts, Upkeep, WakeListener,
};
use frontdesk_core::guard::redacted::Redacted;
use frontdesk_core::model::{BreakerSettings, ChainParts, RetrySettings, Unobserved, chain};
use frontdesk_core::port::{Cache, Clock, Messenger};
use frontdesk_core::work::LaneKind;
use frontdesk_memory::{MemoryCache, SeededIds};
use futures_channel::oneshot;
use futures_util::future::{Either, join_all, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::SimulatedCache;
use crate::decide::Marked;
use crate::language::SimulatedModel;
use crate::line::{Incarnation, Line};
use crate::messenger::SimulatedMessenger;
use crate::store::SimulatedStore;
use crate::telegram::SimulatedSource;
use crate::wire::SimulatedDecoder;
use crate::world::{BOT, World, channel};

/// A process that runs.
pub(crate) struct Running {
    pub who: Arc<Incarnation>,
    process: Process,
    door: Option<Door>,
    /// Loops by when they are asked to stop: what claims, the door, the leases' care.
    stages: Vec<StopHandle>,
}

/// Loops that are asked to stop together, and how each tells that it has.
struct Stage {
    stop: Stop,
    ended: Vec<oneshot::Receiver<()>>,
}

impl Running {
    /// Whether it has a door for what the messenger delivers and agents say.
    pub(crate) fn takes_in(&self) -> bool {
        self.door.is_some() && !self.who.is_dead()
    }

    pub(crate) fn door(&self) -> Option<Door> {
        self.door.clone()
    }
}

/// Which parts a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub door: bool,
    pub work: bool,
}

/// Keeps a process running: starts it again after each end, until nothing is left to do.
pub(crate) async fn supervise(world: Arc<World>, slot: usize, name: &str, parts: Parts) {
    let mut starts = 0_u32;
    while !world.is_over() {
        world.until_day().await;
        starts += 1;
        let who = Arc::new(Incarnation::new(format!("{name}#{starts}"), world.next_group()));
        world.tell(&who.name, || "START".to_owned(), String::new, &[]);
        let (running, stages) = start(&world, Arc::clone(&who), parts);
        let running = Arc::new(running);
        world.put_process(slot, Some(Arc::clone(&running)));
        let leave = pin!(asked_to_leave(&world));
        let died = pin!(async { who.died.wait().await });
        match select(died, leave).await {
            Either::Left(_) => world.tell(&who.name, || "CRASH".to_owned(), String::new, &[]),
            Either::Right(_) => {
                world.tell(&who.name, || "SIGTERM".to_owned(), String::new, &[]);
                drain(&world, &running, stages).await;
            }
        }
        world.put_process(slot, None);
        if world.is_over() {
            return;
        }
        let longest = Duration::from_secs(if world.is_calm() { 2 } else { 20 });
        world
            .sleep(world.fate.between(Duration::from_millis(50), longest))
            .await;
    }
}

/// Completes when a process is to stop: by chance, for the night, or because all is done.
async fn asked_to_leave(world: &Arc<World>) {
    let end = pin!(world.until_end());
    if world.is_calm() {
        return end.await;
    }
    let life = world
        .fate
        .between(Duration::from_secs(20), Duration::from_mins(10));
    select(pin!(world.sleep(life)), end).await;
}

/// SIGTERM: work first, then the door, the care for leases last. It may die in the middle of it.
async fn drain(world: &Arc<World>, running: &Arc<Running>, stages: Vec<Stage>) {
    let who = Arc::clone(&running.who);
    world.record().count("graceful stops");
    for (stage, handle) in stages.into_iter().zip(&running.stages) {
        handle.stop();
        let ended = pin!(join_all(stage.ended));
        let died = pin!(async { who.died.wait().await });
        if let Either::Right(_) = select(ended, died).await {
            return;
        }
    }
    for kind in [LaneKind::Turn, LaneKind::Reply] {
        if running.process.hands.count(&kind) > 0 && !who.is_dead() {
            world.broken(
                None,
                format!("{} has stopped with a {kind} lane in hand", who.name),
            );
        }
    }
    who.die();
    world.orders.kill(who.group);
}

fn start(world: &Arc<World>, who: Arc<Incarnation>, parts: Parts) -> (Running, Vec<Stage>) {
    let plan = &world.plan;
    let line = Line {
        world: Arc::clone(world),
        who: Arc::clone(&who),
    };
    let clock: Arc<dyn Clock> = Arc::new(world.clock.clone());
    let ids = Arc::new(SeededIds::new(world.fate.below(u64::MAX)));
    let store = Arc::new(SimulatedStore::new(line.clone()));
    let log = slog::Logger::root(slog::Discard, slog::o!());
    let desks = vec![(BOT, channel())];
    let process = Process::new(store, Arc::clone(&clock), ids, desks, log);
    let memory = if plan.shared_cache {
        Arc::clone(&world.cache)
    } else {
        Arc::new(MemoryCache::new(Arc::clone(&clock)))
    };
    let shared: Arc<dyn Cache> = Arc::new(SimulatedCache::new(line.clone(), memory));
    let cache = GuardedCache::new(Arc::clone(&shared), clock, Arc::clone(&process.stats));
    let mut loops = Loops {
        world,
        group: who.group,
        handles: Vec::new(),
        stages: Vec::new(),
    };

    loops.stage();
    if parts.work {
        work(&mut loops, &process, &cache, &line);
    }
    let door = parts.door.then(|| {
        let settings = DoorSettings {
            rates: RateSettings {
                per_hour: plan.per_hour,
                per_day: plan.per_hour * 4,
                ..RateSettings::default()
            },
            backlog: 400,
            exempt: Vec::new(),
            ..DoorSettings::default()
        };
        let (door, writer) = Door::new(&process, cache.clone(), settings);
        if plan.polling {
            poll(&mut loops, &process, &door, &line);
        }
        loops.stage();
        loops.run(|stop| writer.run(stop));
        door
    });
    loops.stage();
    if plan.shared_cache && parts.work {
        let listener = WakeListener::new(process.clone(), shared, process.wakes.topics());
        loops.run(|stop| listener.run(stop));
    } else if plan.shared_cache {
        let announcer = Announcer::new(process.clone(), cache.clone(), process.wakes.topics());
        loops.run(|stop| announcer.run(stop));
    }
    let upkeep = if parts.work {
        let heartbeat = Heartbeat::new(process.clone());
        loops.run(|stop| async move { heartbeat.run(stop).await });
        Upkeep::new(process.clone())
    } else {
        Upkeep::sampling(process.clone())
    };
    loops.run(|stop| async move { upkeep.run(stop).await });

    let Loops { handles, stages, .. } = loops;
    let running = Running {
        who,
        process,
        door,
        stages: handles,
    };
    (running, stages)
}

/// Workers, senders and job runners.
fn work(loops: &mut Loops<'_>, process: &Process, cache: &GuardedCache, line: &Line) {
    let world = loops.world;
    let messenger: Arc<dyn Messenger> = Arc::new(SimulatedMessenger::new(line.clone()));
    let messengers = vec![(BOT, messenger)];
    let mut pacing = Pacing::new(PacingSettings::default());
    if world.plan.shared_cache {
        pacing = pacing.shared_through(cache.clone());
    }
    for _ in 0..2 {
        let worker = TurnWorker::new(TurnWorkerParts {
            process: process.clone(),
            decide: Arc::new(Marked::new(line.clone())),
            decoders: vec![Arc::new(SimulatedDecoder)],
            cache: cache.clone(),
            settings: TurnSettings {
                slice: 8,
                ..TurnSettings::default()
            },
        });
        loops.run(|stop| async move { worker.run(stop).await });
        let sender = Sender::new(SenderParts {
            process: process.clone(),
            messengers: messengers.clone(),
            pacing: pacing.clone(),
            settings: SenderSettings::default(),
        });
        loops.run(|stop| async move { sender.run(stop).await });
    }
    let jobs = JobRunner::new(process.clone(), vec![Arc::new(TimerKind)], JobSettings::default());
    loops.run(|stop| async move { jobs.run(stop).await });
    let store = Arc::clone(&process.store);
    let chain = chain(&ChainParts {
        models: vec![Arc::new(SimulatedModel::new(line.clone()))],
        store,
        clock: Arc::clone(&process.clock),
        ids: Arc::clone(&process.ids),
        observer: Arc::new(Unobserved),
        limits: world.plan.tokens,
        retry: RetrySettings::default(),
        breaker: BreakerSettings::default(),
        log: process.log.clone(),
    });
    let Some(chain) = chain.filter(|_| world.plan.model) else {
        return;
    };
    let answers = AnswerKind::new(AnswerParts {
        process: process.clone(),
        rules: Arc::clone(&world.rules).into(),
        model: Arc::new(Redacted::new(chain.model)),
        messengers,
        pacing,
    });
    let settings = JobSettings {
        slots: 4,
        ..JobSettings::default()
    };
    let jobs = JobRunner::new(process.clone(), vec![Arc::new(answers)], settings);
    loops.run(|stop| async move { jobs.run(stop).await });
}

fn poll(loops: &mut Loops<'_>, process: &Process, door: &Door, line: &Line) {
    let poller = Poller::new(PollerParts {
        process: process.clone(),
        door: door.clone(),
        source: Arc::new(SimulatedSource::new(line.clone())),
        decoder: Arc::new(SimulatedDecoder),
        bot: BOT,
        channel: channel(),
        wait: Duration::from_secs(25),
    });
    let world = Arc::clone(loops.world);
    loops.run(|stop| async move {
        if let Err(error) = poller.run(stop).await {
            world.broken(None, format!("polling ended: {error}"));
        }
    });
}

/// The loops of a process that starts.
struct Loops<'a> {
    world: &'a Arc<World>,
    group: u64,
    handles: Vec<StopHandle>,
    stages: Vec<Stage>,
}

impl Loops<'_> {
    /// What runs from now on is asked to stop after what ran before.
    fn stage(&mut self) {
        let (handle, stop) = StopHandle::new();
        self.handles.push(handle);
        self.stages.push(Stage {
            stop,
            ended: Vec::new(),
        });
    }

    fn run<F: Future<Output = ()> + Send + 'static>(&mut self, start: impl FnOnce(Stop) -> F) {
        let Some(stage) = self.stages.last_mut() else {
            return;
        };
        let (tell, ended) = oneshot::channel();
        stage.ended.push(ended);
        let running = start(stage.stop.clone());
        self.world.orders.start(self.group, async move {
            running.await;
            // Nobody listens to a process that was killed.
            let _unheard = tell.send(());
        });
    }
}
