//! The whole desk in one process, simulated: the real loops of several processes over one memory store,
//! under a simulated clock and a scheduler that chance drives, with faults between any two port calls.
//!
//! ```text
//! seed ─► plan ─► director ─► clients, agents ─► telegram ─┐          ┌─ record: what must hold
//!                        └──► processes (door, worker, sender, jobs, …) ─► lines ─► store, cache,
//!                              crash, stop and start again               messenger, model
//! ```
//!
//! Everything that happens follows from the seed: the same seed is the same run, to the last poll. A
//! run begins with a storm (calls are slow, fail, lose their answer after they acted; processes die or
//! stand still at any call), perhaps has a night of 25 hours, and ends in calm. Then nothing may be left:
//! every promise that [`Violation`] can name is checked while it runs, or against the store's rows at the
//! end.
//!
//! ```no_run
//! let simulation = frontdesk_simulation::Simulation::new().unwrap();
//! if let Err(failure) = simulation.run(42) {
//!     panic!("{failure}");
//! }
//! ```

mod cache;
mod chance;
mod decide;
mod director;
mod executor;
mod language;
mod line;
mod messenger;
mod people;
mod plan;
mod process;
mod record;
mod store;
mod telegram;
mod trace;
mod wire;
mod world;

use frontdesk_core::dialogue::{ModelRung, Registry, Rules, RulesSettings};
use frontdesk_core::playbook::{Playbook, PlaybookFiles};
use frontdesk_core::port::Clock as _;
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{Fault, MemoryStore, SimulatedClock};
use include_dir::{Dir, include_dir};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use record::{Figures, Violation};

use chance::Chance;
use executor::Executor;
use plan::Plan;
use world::{STAFF, World, WorldParts, lane};

static PLAYBOOK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../playbooks/dev2production");

/// A Monday at noon in Berlin.
const BEGINNING: Timestamp = Timestamp::from_seconds(1_795_431_600);

/// A run that polls more often than this is busy without an end.
const MOST_POLLS: u64 = 20_000_000;

/// What is simulated: the desk with the shipped playbook.
#[derive(Debug)]
pub struct Simulation {
    rules: Arc<Rules>,
    fault: Option<Fault>,
}

/// A seed that broke a promise, as a person reads it.
#[derive(Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The promise.
    pub violation: Violation,
    /// What the seed was about, and what led there.
    pub story: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            seed,
            violation: Violation { what, chat, at },
            story,
        } = self;
        let seconds = at.since(BEGINNING).as_secs_f64();
        writeln!(f, "seed {seed}: {what}")?;
        match chat {
            Some(chat) => writeln!(f, "in chat {chat}, {seconds:.3} s after the beginning")?,
            None => writeln!(f, "{seconds:.3} s after the beginning")?,
        }
        write!(f, "{story}")?;
        write!(f, "again: cargo run -p frontdesk-simulation -- --seed {seed}")
    }
}

impl std::error::Error for Failure {}

/// How one play of a seed ended.
struct Played {
    violation: Option<Violation>,
    figures: Figures,
    story: Option<String>,
}

impl Simulation {
    /// Reads the playbook and trains its knowledge, once for all seeds.
    ///
    /// # Errors
    /// What is wrong with the playbook.
    pub fn new() -> Result<Self, String> {
        let mut files = PlaybookFiles::new();
        add(&PLAYBOOK, &mut files);
        let playbook = Playbook::parse(&files).map_err(|problems| problems.to_string())?;
        let settings = RulesSettings {
            staff_chats: vec![lane(STAFF)],
            model: Some(ModelRung {
                deadline: Duration::from_secs(30),
            }),
            ..RulesSettings::default()
        };
        Ok(Simulation {
            rules: Arc::new(Rules::new(Arc::new(playbook), Registry::standard(), settings)),
            fault: None,
        })
    }

    /// The same on a store with a bug, to see that it is found.
    #[doc(hidden)]
    #[must_use]
    pub fn with_fault(&self, fault: Fault) -> Self {
        Simulation {
            rules: Arc::clone(&self.rules),
            fault: Some(fault),
        }
    }

    /// Plays a seed; what happened in it, by how often.
    ///
    /// # Errors
    /// The first promise that was broken, with what led there.
    pub fn run(&self, seed: u64) -> Result<Figures, Box<Failure>> {
        let played = self.play(seed, false);
        let Some(violation) = played.violation else {
            return Ok(played.figures);
        };
        // A trace costs more than the run, so it is made by a second one.
        let again = self.play(seed, true);
        let mut story = again.story.unwrap_or_default();
        if again.violation.as_ref() != Some(&violation) {
            story.push_str("  the second run of this seed came to something else: it is not deterministic\n");
        }
        Err(Box::new(Failure {
            seed,
            violation,
            story,
        }))
    }

    fn play(&self, seed: u64, traced: bool) -> Played {
        let plan = Plan::draw(&Chance::new(seed ^ 0x91a4));
        let clock = SimulatedClock::at(BEGINNING);
        let mut memory = MemoryStore::new(Arc::new(clock.clone())).with_jitter(seed);
        if let Some(fault) = self.fault {
            memory = memory.with_fault(fault);
        }
        let (mut executor, orders) = Executor::new(seed);
        let world = Arc::new(World::new(WorldParts {
            plan: plan.clone(),
            clock: clock.clone(),
            store: Arc::new(memory),
            rules: Arc::clone(&self.rules),
            orders,
            seed,
            traced,
        }));
        world.spawn(director::direct(Arc::clone(&world)));
        while !world.is_closed() && world.record().violation.is_none() {
            if executor.step() {
                if executor.polls > MOST_POLLS {
                    world.broken(None, "something is busy without an end");
                }
            } else if let Some(at) = clock.next_wake() {
                clock.set(at);
            } else {
                world.broken(None, "nothing goes on, and not all is done");
            }
        }
        let mut record = world.record();
        record.add("polls", executor.polls);
        record.add("clients", u64::from(plan.clients));
        record.add("simulated seconds", clock.now().since(BEGINNING).as_secs());
        let violation = record.violation.clone();
        let figures = record.figures.clone();
        drop(record);
        world.forget_processes();
        let chat = violation.as_ref().and_then(|violation| violation.chat);
        let story = world.story(chat);
        Played {
            violation,
            figures,
            story: story.map(|story| format!("{}\n{story}", plan.told())),
        }
    }
}

fn add(dir: &Dir<'_>, files: &mut PlaybookFiles) {
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(path.to_owned(), text.to_owned());
        }
    }
    for dir in dir.dirs() {
        add(dir, files);
    }
}
