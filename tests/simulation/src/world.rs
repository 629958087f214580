//! What there is beside the processes: time, chance, the store that outlives them, and the evidence.

use frontdesk_core::desk::Wake;
use frontdesk_core::dialogue::Rules;
use frontdesk_core::id::{BotId, Channel, ChatId};
use frontdesk_core::port::Clock as _;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;
use frontdesk_memory::{MemoryCache, MemoryStore, SimulatedClock};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::chance::Chance;
use crate::executor::{Orders, WORLD, lock};
use crate::line::{Incarnation, Port};
use crate::plan::{Plan, Weather};
use crate::process::Running;
use crate::record::Record;
use crate::telegram::Telegram;
use crate::trace::Trace;

/// The bot of the simulation.
pub(crate) const BOT: BotId = BotId(1);

/// Its channel.
pub(crate) fn channel() -> Channel {
    Channel::new("simulated")
}

/// A chat's lane.
pub(crate) fn lane(chat: ChatId) -> LaneKey {
    LaneKey {
        bot_id: BOT,
        channel: channel(),
        chat,
    }
}

/// The chat of the staff.
pub(crate) const STAFF: ChatId = ChatId(-7);

/// All that is shared by processes, people and those who watch.
pub(crate) struct World {
    pub plan: Plan,
    pub clock: SimulatedClock,
    pub store: Arc<MemoryStore>,
    pub cache: Arc<MemoryCache>,
    pub rules: Arc<Rules>,
    pub orders: Orders,
    /// What goes wrong.
    pub fate: Chance,
    /// What people do, and when.
    pub people: Chance,
    pub telegram: Telegram,
    record: Mutex<Record>,
    trace: Option<Mutex<Trace>>,
    processes: Mutex<Vec<Option<Arc<Running>>>>,
    calm: AtomicBool,
    down: Mutex<BTreeSet<Port>>,
    groups: AtomicU64,
    /// Clients who are not done.
    pub clients: AtomicU64,
    /// Agents who are not done.
    pub agents: AtomicU64,
    /// Processes that are not done.
    pub running: AtomicU64,
    night: AtomicBool,
    over: AtomicBool,
    closed: AtomicBool,
    changed: Wake,
}

/// What a world is made of.
pub(crate) struct WorldParts {
    pub plan: Plan,
    pub clock: SimulatedClock,
    pub store: Arc<MemoryStore>,
    pub rules: Arc<Rules>,
    pub orders: Orders,
    pub seed: u64,
    pub traced: bool,
}

impl World {
    pub(crate) fn new(parts: WorldParts) -> Self {
        let WorldParts {
            plan,
            clock,
            store,
            rules,
            orders,
            seed,
            traced,
        } = parts;
        let slots = plan.whole + plan.doors + plan.workers;
        World {
            cache: Arc::new(MemoryCache::new(Arc::new(clock.clone()))),
            fate: Chance::new(seed ^ 0xfa7e),
            people: Chance::new(seed ^ 0x9e0_91e),
            telegram: Telegram::default(),
            record: Mutex::new(Record::new(plan.tokens)),
            trace: traced.then(|| Mutex::new(Trace::new(clock.now()))),
            processes: Mutex::new(vec![None; slots]),
            calm: AtomicBool::new(false),
            down: Mutex::default(),
            groups: AtomicU64::new(WORLD),
            clients: AtomicU64::new(0),
            agents: AtomicU64::new(0),
            running: AtomicU64::new(0),
            night: AtomicBool::new(false),
            over: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            changed: Wake::new(),
            plan,
            clock,
            store,
            rules,
            orders,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn sleep(&self, wait: Duration) {
        self.clock.sleep_until(self.now() + wait).await;
    }

    /// Runs something that is no part of a process.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.orders.start(WORLD, future);
    }

    /// The evidence.
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// A promise was broken.
    pub(crate) fn broken(&self, chat: Option<ChatId>, what: impl Into<String>) {
        let now = self.now();
        self.record().broken(now, chat, what);
    }

    pub(crate) fn traces(&self) -> bool {
        self.trace.is_some()
    }

    /// A line for the trace, if there is one.
    pub(crate) fn tell(
        &self,
        who: &str,
        what: impl FnOnce() -> String,
        outcome: impl FnOnce() -> String,
        chats: &[ChatId],
    ) {
        if let Some(trace) = &self.trace {
            lock(trace).add(self.now(), who, what(), outcome(), chats.to_vec());
        }
    }

    /// What happened, about a chat or about all.
    pub(crate) fn story(&self, chat: Option<ChatId>) -> Option<String> {
        self.trace.as_ref().map(|trace| lock(trace).about(chat))
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
        lock(&self.down).clear();
        self.tell("world", || "calm".to_owned(), String::new, &[]);
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    pub(crate) fn weather(&self, port: Port) -> &Weather {
        match port {
            Port::Store => &self.plan.store,
            Port::Cache => &self.plan.cache,
            Port::Messenger => &self.plan.messenger,
            Port::Language => &self.plan.language,
        }
    }

    pub(crate) fn is_down(&self, port: Port) -> bool {
        lock(&self.down).contains(&port)
    }

    pub(crate) fn set_down(&self, port: Port, down: bool) {
        self.tell("world", || format!("{port:?} down: {down}"), String::new, &[]);
        if down {
            lock(&self.down).insert(port);
        } else {
            lock(&self.down).remove(&port);
        }
        // Leases of everybody may run out.
        let mut record = self.record();
        for group in 0..=self.groups.load(Ordering::Relaxed) {
            record.trouble(group, self.now());
        }
    }

    pub(crate) fn note_trouble(&self, group: u64) {
        let now = self.now();
        self.record().trouble(group, now);
    }

    /// The number of a process that starts.
    pub(crate) fn next_group(&self) -> u64 {
        self.groups.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn crash(&self, who: &Incarnation) {
        if who.is_dead() {
            return;
        }
        who.die();
        self.orders.kill(who.group);
        let mut record = self.record();
        record.count("crashes");
        record.died(who.group);
    }

    pub(crate) fn freeze(self: &Arc<Self>, who: &Incarnation, wait: Duration) {
        let group = who.group;
        self.orders.freeze(group);
        self.record().count("freezes");
        let world = Arc::clone(self);
        self.spawn(async move {
            world.sleep(wait).await;
            world.note_trouble(group);
            world.orders.thaw(group);
        });
    }

    pub(crate) fn put_process(&self, slot: usize, running: Option<Arc<Running>>) {
        lock(&self.processes)[slot] = running;
    }

    /// Lets go of those that a run that failed left running: they hold the world itself.
    pub(crate) fn forget_processes(&self) {
        let left = std::mem::take(&mut *lock(&self.processes));
        drop(left);
    }

    /// The processes that run.
    pub(crate) fn processes(&self) -> Vec<Arc<Running>> {
        lock(&self.processes).iter().flatten().cloned().collect()
    }
}

/// The course of things.
impl World {
    async fn until(&self, is_so: impl Fn() -> bool) {
        let mut ear = self.changed.listen();
        while !is_so() {
            ear.wait().await;
        }
    }

    /// All processes end, or may start again.
    pub(crate) fn set_night(&self, night: bool) {
        self.tell("world", || format!("night: {night}"), String::new, &[]);
        self.night.store(night, Ordering::Relaxed);
        self.changed.notify();
    }

    pub(crate) async fn until_day(&self) {
        self.until(|| !self.night.load(Ordering::Relaxed)).await;
    }

    /// Completes when processes are to stop: for the night, or for good.
    pub(crate) async fn until_end(&self) {
        self.until(|| self.is_over() || self.night.load(Ordering::Relaxed))
            .await;
    }

    /// Nothing is left to do.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.changed.notify();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// All has been looked at.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn clients_left(&self) -> bool {
        self.clients.load(Ordering::Relaxed) > 0
    }

    /// One of `who` is done.
    pub(crate) fn done(&self, who: &AtomicU64) {
        who.fetch_sub(1, Ordering::Relaxed);
        self.changed.notify();
    }

    /// Completes when no client and no agent is left.
    pub(crate) async fn until_all_left(&self) {
        let agents = || self.agents.load(Ordering::Relaxed) > 0;
        self.until(|| !self.clients_left() && !agents()).await;
    }

    /// Completes when every process has ended for good.
    pub(crate) async fn until_all_ended(&self) {
        self.until(|| self.running.load(Ordering::Relaxed) == 0).await;
    }
}
