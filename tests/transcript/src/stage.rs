//! The whole desk in memory, and the one client on it.

use frontdesk_core::conversation::Person;
use frontdesk_core::desk::{
    Door, DoorSettings, DownloadKind, DownloadParts, GuardedCache, JobRunner, JobSettings, Pacing,
    PacingSettings, Process, Sender, SenderParts, SenderSettings, Stop, StopHandle, TimerKind, TurnSettings,
    TurnWorker, TurnWorkerParts,
};
use frontdesk_core::dialogue::{AgentPost, ChatKind, Event, Media, Rules, Update, UpdateKind};
use frontdesk_core::id::{BotId, Channel, ChannelMessageId, ChatId, UserId};
use frontdesk_core::port::Clock as _;
use frontdesk_core::port::messenger::{Action, Keyboard};
use frontdesk_core::port::store::UpkeepStore as _;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;
use frontdesk_memory::{
    MemoryCache, MemoryFiles, MemoryStore, RecordingMessenger, ScriptedFiles, SeededIds, SimulatedClock,
};
use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt as _;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The largest file that the messenger of rehearsals hands out.
pub(crate) const FILE_LIMIT: u64 = 20 << 20;

/// The channel of rehearsals.
pub(crate) fn channel() -> Channel {
    Channel::new("rehearsal")
}

fn lane(chat: i64) -> LaneKey {
    LaneKey {
        bot_id: BotId(1),
        channel: channel(),
        chat: ChatId(chat),
    }
}

/// Lane of the client's chat.
pub(crate) fn client_lane() -> LaneKey {
    lane(7)
}

/// Lane of the staff's chat.
pub(crate) fn staff_lane() -> LaneKey {
    lane(-7)
}

/// One thing that was said.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub to_staff: bool,
    pub text: String,
}

/// A desk with one client.
pub(crate) struct Stage {
    pool: LocalPool,
    clock: Arc<SimulatedClock>,
    store: Arc<MemoryStore>,
    messenger: Arc<RecordingMessenger>,
    sent: ScriptedFiles,
    door: Door,
    stop: StopHandle,
    updates: i64,
    person: Person,
    buttons: Vec<(String, String)>,
}

impl Stage {
    /// A stage on which nothing has happened yet.
    pub fn new(rules: Arc<Rules>, now: Timestamp) -> Result<Stage, String> {
        let clock = Arc::new(SimulatedClock::at(now));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let messenger = Arc::new(RecordingMessenger::new(channel()));
        let log = slog::Logger::root(slog::Discard, slog::o!());
        let desks = vec![(BotId(1), channel())];
        let process = Process::new(
            store.clone(),
            clock.clone(),
            Arc::new(SeededIds::new(1)),
            desks,
            log,
        );
        let cache = Arc::new(MemoryCache::new(clock.clone()));
        let cache = GuardedCache::new(cache, clock.clone(), Arc::clone(&process.stats));
        let exempt = DoorSettings {
            exempt: vec![channel()],
            ..DoorSettings::default()
        };
        let (door, writer) = Door::new(&process, cache.clone(), exempt);
        let worker = TurnWorker::new(TurnWorkerParts {
            process: process.clone(),
            decide: Arc::clone(&rules) as _,
            decoders: Vec::new(),
            cache,
            settings: TurnSettings::default(),
        });
        let sender = Sender::new(SenderParts {
            process: process.clone(),
            messengers: vec![(BotId(1), messenger.clone())],
            pacing: Pacing::new(PacingSettings::OFF),
            settings: SenderSettings::default(),
        });
        let sent = ScriptedFiles::new(FILE_LIMIT);
        let downloads = DownloadKind::new(DownloadParts {
            process: process.clone(),
            rules: rules.into(),
            sources: vec![((BotId(1), channel()), Arc::new(sent.clone()))],
            files: Arc::new(MemoryFiles::new(clock.clone())),
        });
        let jobs = JobRunner::new(
            process,
            vec![Arc::new(TimerKind), Arc::new(downloads)],
            JobSettings::default(),
        );
        let pool = LocalPool::new();
        let (stop, stopped) = StopHandle::new();
        let spawner = pool.spawner();
        let spawn = |name: &str, result: Result<(), futures_util::task::SpawnError>| {
            result.map_err(|error| format!("the {name} cannot start: {error}"))
        };
        let each = |stopped: &Stop| stopped.clone();
        let (one, two, three, four) = (each(&stopped), each(&stopped), each(&stopped), each(&stopped));
        spawn("door", spawner.spawn_local(async move { writer.run(one).await }))?;
        spawn(
            "worker",
            spawner.spawn_local(async move { worker.run(two).await }),
        )?;
        spawn(
            "sender",
            spawner.spawn_local(async move { sender.run(three).await }),
        )?;
        spawn(
            "job runner",
            spawner.spawn_local(async move { jobs.run(four).await }),
        )?;
        let person = Person {
            first_name: Some("Ann".to_owned()),
            ..Person::unnamed(UserId(7))
        };
        Ok(Stage {
            pool,
            clock,
            store,
            messenger,
            sent,
            door,
            stop,
            updates: 0,
            person,
            buttons: Vec::new(),
        })
    }

    /// The language of the client's app.
    pub fn language(&mut self, tag: String) {
        self.person.language = Some(tag);
    }

    /// The client's first name; empty for none.
    pub fn name(&mut self, name: String) {
        self.person.first_name = Some(name).filter(|name| !name.is_empty());
    }

    /// The client does something; what was said because of it comes back.
    pub fn client(&mut self, what: UpdateKind) -> Result<Vec<Heard>, String> {
        // An edit is of the newest message.
        if !matches!(what, UpdateKind::Edited { .. }) {
            self.updates += 1;
        }
        let update = Update {
            chat: client_lane().chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: self.person.clone(),
            channel_message_id: Some(ChannelMessageId(self.updates)),
            at: self.clock.now(),
            what,
        };
        self.report(Event::Update(Box::new(update)))
    }

    /// The client sends a file of these bytes, or what is no file.
    pub fn send(&mut self, media: Media, bytes: Vec<u8>) -> Result<Vec<Heard>, String> {
        let file_id = format!("file-{}", self.updates);
        self.sent.put(&file_id, bytes);
        self.client(UpdateKind::Media(Media {
            file_id: Some(file_id),
            ..media
        }))
    }

    /// An agent does something.
    pub fn agent(&mut self, action: frontdesk_core::dialogue::AgentAction) -> Result<Vec<Heard>, String> {
        self.report(Event::Agent(AgentPost {
            agent_id: None,
            agent_name: "Agent".to_owned(),
            action,
        }))
    }

    /// Data of the newest button with this label.
    pub fn button(&self, label: &str) -> Option<String> {
        self.buttons
            .iter()
            .rev()
            .find(|(known, _)| known.eq_ignore_ascii_case(label))
            .map(|(_, data)| data.clone())
    }

    /// The labels there have been, newest last.
    pub fn labels(&self) -> String {
        self.buttons
            .iter()
            .map(|(label, _)| format!("[{label}]"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Time passes; what fell due is done.
    pub fn pass(&mut self, by: Duration) -> Result<Vec<Heard>, String> {
        self.clock.advance(by);
        // Loops look for due work at their own pace: give them the longest of their naps.
        for _ in 0..8 {
            self.pool.run_until_stalled();
            self.clock.advance(Duration::from_millis(500));
        }
        self.settle()
    }

    fn report(&mut self, event: Event) -> Result<Vec<Heard>, String> {
        let door = self.door.clone();
        let outcome = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&outcome);
        let task = async move {
            let result = door.report(client_lane(), &event).await;
            slot.replace(Some(result));
        };
        self.pool
            .spawner()
            .spawn_local(task)
            .map_err(|error| error.to_string())?;
        self.pool.run_until_stalled();
        match outcome.take() {
            Some(Ok(())) => self.settle(),
            Some(Err(error)) => Err(format!("the door did not take it: {error}")),
            None => Err("the door did not answer".to_owned()),
        }
    }

    /// Runs until nothing waits, moving the clock to the next thing that does.
    fn settle(&mut self) -> Result<Vec<Heard>, String> {
        for _ in 0..1_000 {
            self.pool.run_until_stalled();
            if self.is_idle(&client_lane())? && self.is_idle(&staff_lane())? {
                return Ok(self.heard());
            }
            match self.clock.next_wake() {
                Some(at) => self.clock.set(at),
                None => return Err("work waits and nobody will ever do it".to_owned()),
            }
        }
        Err("the desk does not come to rest".to_owned())
    }

    fn is_idle(&mut self, lane: &LaneKey) -> Result<bool, String> {
        let store = Arc::clone(&self.store);
        let lane = lane.clone();
        self.pool
            .run_until(async move { store.is_idle(&lane).await })
            .map_err(|error| error.to_string())
    }

    fn heard(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (call, _) in self.messenger.take_done() {
            let to_staff = call.chat == staff_lane().chat;
            match call.action {
                Action::Send { content, keyboard } => {
                    if let Some(Keyboard::Inline(rows)) = keyboard {
                        self.buttons.extend(
                            rows.into_iter()
                                .flatten()
                                .map(|button| (button.label, button.data)),
                        );
                    }
                    heard.push(Heard {
                        to_staff,
                        text: content.text,
                    });
                }
                Action::AnswerTap { text: Some(text), .. } => heard.push(Heard { to_staff, text }),
                Action::AnswerTap { text: None, .. } | Action::Typing | Action::Draft { .. } => {}
            }
        }
        heard
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.stop();
    }
}
