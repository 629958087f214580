//! The line from a process to a port: slow, cut, and the place where processes die and stand still.

use frontdesk_core::desk::Wake;
use frontdesk_core::id::ChatId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::executor::Group;
use crate::plan::Weather;
use crate::world::World;

/// What may go wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Port {
    Store,
    Cache,
    Messenger,
    Language,
}

/// One start of one process.
#[derive(Debug)]
pub(crate) struct Incarnation {
    /// What it is called in a trace.
    pub name: String,
    pub group: Group,
    dead: AtomicBool,
    pub died: Wake,
}

impl Incarnation {
    pub(crate) fn new(name: String, group: Group) -> Self {
        Incarnation {
            name,
            group,
            dead: AtomicBool::new(false),
            died: Wake::new(),
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    pub(crate) fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.died.notify();
    }
}

/// A call as a trace tells it.
pub(crate) struct Call {
    pub port: Port,
    pub name: &'static str,
    pub chats: Vec<ChatId>,
    /// Something depends on it: worth more accidents than a look for work.
    pub vital: bool,
}

impl Call {
    pub(crate) fn new(port: Port, name: &'static str) -> Self {
        Call {
            port,
            name,
            chats: Vec::new(),
            vital: false,
        }
    }

    pub(crate) fn about(mut self, chats: impl IntoIterator<Item = ChatId>) -> Self {
        self.chats.extend(chats);
        self
    }

    pub(crate) fn vital(mut self) -> Self {
        self.vital = true;
        self
    }
}

/// When a call was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before anything was done.
    Before,
    /// After it was done.
    After,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Works,
    Slow(Duration, Cut),
    Stuck(Duration, Cut),
    Fails(Cut),
    Crash(Cut),
    Freeze(Duration, Cut),
}

impl Fate {
    /// What is told of it, and for how long.
    fn told(self) -> &'static str {
        match self {
            Fate::Works => "",
            Fate::Slow(_, Cut::Before) => "(late) ",
            Fate::Slow(_, Cut::After) => "(answered late) ",
            Fate::Stuck(_, Cut::Before) => "(much too late) ",
            Fate::Stuck(_, Cut::After) => "(answered much too late) ",
            Fate::Fails(Cut::Before) => "FAILED",
            Fate::Fails(Cut::After) => "ANSWER LOST ",
            Fate::Crash(Cut::Before) => "CRASH BEFORE",
            Fate::Crash(Cut::After) => "CRASH AFTER ",
            Fate::Freeze(_, Cut::Before) => "after a FREEZE ",
            Fate::Freeze(_, Cut::After) => "before a FREEZE ",
        }
    }
}

/// One process's line to every port.
#[derive(Clone)]
pub(crate) struct Line {
    pub world: Arc<World>,
    pub who: Arc<Incarnation>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.who.name)
    }
}

impl Line {
    /// Makes a call, if the line lets it. `cut` is the error of a call that was cut; `told` what a trace
    /// says of an answer, nothing for what is not worth a line.
    pub(crate) async fn through<T: Send, E: Send>(
        &self,
        call: Call,
        cut: impl Fn(Cut) -> E + Send,
        act: impl Future<Output = Result<T, E>> + Send,
        told: impl Fn(&T) -> String + Send,
    ) -> Result<T, E> {
        let world = &self.world;
        self.if_alive().await;
        let fate = self.draw(&call);
        if world.fate.one_in(2) {
            give_way().await;
        }
        match fate {
            Fate::Fails(Cut::Before) => {
                self.tell(&call, fate, "");
                self.note_trouble(&call);
                return Err(cut(Cut::Before));
            }
            Fate::Crash(Cut::Before) => {
                self.tell(&call, fate, "");
                self.crash().await;
            }
            Fate::Freeze(wait, Cut::Before) => self.freeze(wait).await,
            Fate::Slow(wait, Cut::Before) => world.sleep(wait).await,
            Fate::Stuck(wait, Cut::Before) => {
                world.sleep(wait).await;
                self.note_trouble(&call);
            }
            _ => {}
        }
        self.if_alive().await;
        let answer = act.await;
        if world.traces()
            && let Ok(answer) = &answer
        {
            let told = told(answer);
            if fate != Fate::Works || !told.is_empty() {
                self.tell(&call, fate, &told);
            }
        }
        match fate {
            Fate::Fails(Cut::After) => {
                self.note_trouble(&call);
                return Err(cut(Cut::After));
            }
            Fate::Crash(Cut::After) => self.crash().await,
            Fate::Freeze(wait, Cut::After) => self.freeze(wait).await,
            Fate::Slow(wait, Cut::After) => world.sleep(wait).await,
            Fate::Stuck(wait, Cut::After) => {
                self.note_trouble(&call);
                world.sleep(wait).await;
                self.note_trouble(&call);
            }
            _ => {}
        }
        if world.fate.one_in(2) {
            give_way().await;
        }
        answer
    }

    /// A process that is dead does nothing more, though its futures are only dropped after this poll.
    pub(crate) async fn if_alive(&self) {
        if self.who.is_dead() {
            std::future::pending::<()>().await;
        }
    }

    fn draw(&self, call: &Call) -> Fate {
        let world = &self.world;
        if world.is_calm() {
            return Fate::Works;
        }
        if world.is_down(call.port) {
            return Fate::Fails(Cut::Before);
        }
        let fate = &world.fate;
        let weather: &Weather = world.weather(call.port);
        let more = if call.vital { 4 } else { 1 };
        let mut drawn = fate.below(1_000_000);
        let mut falls = |per_million: u64| {
            let here = drawn < per_million;
            drawn = drawn.saturating_sub(per_million);
            here
        };
        let side = || if fate.one_in(2) { Cut::Before } else { Cut::After };
        if falls(weather.crash * more) {
            Fate::Crash(side())
        } else if falls(weather.freeze * more) {
            Fate::Freeze(
                fate.between(Duration::from_secs(1), Duration::from_mins(2)),
                side(),
            )
        } else if falls(weather.lost * more) {
            Fate::Fails(Cut::After)
        } else if falls(weather.fails) {
            Fate::Fails(Cut::Before)
        } else if falls(weather.stuck * more) {
            Fate::Stuck(
                fate.between(Duration::from_secs(10), Duration::from_secs(100)),
                side(),
            )
        } else if falls(weather.slow) {
            Fate::Slow(
                fate.between(Duration::from_millis(1), Duration::from_secs(2)),
                side(),
            )
        } else {
            Fate::Works
        }
    }

    fn tell(&self, call: &Call, fate: Fate, told: &str) {
        let ends = matches!(fate, Fate::Crash(_) | Fate::Freeze(..));
        if call.chats.is_empty() && told.is_empty() && !ends {
            // That somebody looks for work and is slow, or hears nothing, is no news.
            return;
        }
        let outcome = format!("{}{told}", fate.told());
        self.world
            .tell(&self.who.name, || call.name.to_owned(), || outcome, &call.chats);
    }

    /// What a process did with the store may have come to nothing, or take too long: leases may run out.
    fn note_trouble(&self, call: &Call) {
        if call.port == Port::Store {
            self.world.note_trouble(self.who.group);
        }
    }

    /// Kills the process, here and now.
    pub(crate) async fn crash(&self) {
        self.world.crash(&self.who);
        std::future::pending::<()>().await;
    }

    async fn freeze(&self, wait: Duration) {
        let world = &self.world;
        world.tell(
            &self.who.name,
            || "FREEZE".to_owned(),
            || format!("for {} s", wait.as_secs()),
            &[],
        );
        world.note_trouble(self.who.group);
        world.freeze(&self.who, wait);
        // Polled again once it thaws.
        give_way().await;
    }
}

/// Lets others go on first.
pub(crate) async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
