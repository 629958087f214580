//! A small world: memory adapters with faults, a clock, and the loops that run in it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use frontdesk_core::desk::{
    Door, DoorError, DoorSettings, GuardedCache, Pacing, PacingSettings, Process, Received, Sender,
    SenderParts, SenderSettings, Stop, StopHandle, TurnSettings, TurnWorker, TurnWorkerParts,
};
use frontdesk_core::dialogue::Decide;
use frontdesk_core::id::{BotId, Channel, ChatId};
use frontdesk_core::port::back_office::{DeadLetter, DeadLetterStore as _, Paging};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::{Clock, Messenger};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;
use frontdesk_memory::{RecordingMessenger, SeededIds, SimulatedClock};
use serde_json::json;

use crate::doubles::{TestCache, TestStore};
use crate::echo::{Echo, TestDecoder};

pub const BOT: BotId = BotId(1);

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

type Running = (u64, Arc<Flag>, Pin<Box<dyn Future<Output = ()> + Send>>);

pub struct World {
    pub clock: SimulatedClock,
    pub store: Arc<TestStore>,
    pub cache: Arc<TestCache>,
    pub messenger: Arc<RecordingMessenger>,
    pub echo: Arc<Echo>,
    pub process: Process,
    pub stop: Stop,
    handle: StopHandle,
    running: Vec<Running>,
    next: u64,
}

impl World {
    pub fn new() -> World {
        let clock = SimulatedClock::at(Timestamp::from_seconds(1_800_000_000));
        let store = Arc::new(TestStore::new(&clock));
        let process = Process::new(
            store.clone(),
            Arc::new(clock.clone()),
            Arc::new(SeededIds::new(7)),
            vec![(BOT, Channel::TELEGRAM)],
            slog::Logger::root(slog::Discard, slog::o!()),
        );
        let (handle, stop) = StopHandle::new();
        World {
            cache: Arc::new(TestCache::new(&clock)),
            messenger: Arc::new(RecordingMessenger::new(Channel::TELEGRAM)),
            echo: Arc::new(Echo::default()),
            clock,
            store,
            process,
            stop,
            handle,
            running: Vec::new(),
            next: 0,
        }
    }

    /// The same world after another process started in it.
    pub fn new_process(&self, seed: u64) -> Process {
        Process::new(
            self.store.clone(),
            Arc::new(self.clock.clone()),
            Arc::new(SeededIds::new(seed)),
            self.process.desks.clone(),
            self.process.log.clone(),
        )
    }

    pub fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) -> u64 {
        let id = self.next;
        self.next += 1;
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        self.running.push((id, flag, Box::pin(future)));
        id
    }

    /// Ends a loop as kill -9 does.
    pub fn kill(&mut self, id: u64) {
        self.running.retain(|(other, _, _)| *other != id);
    }

    /// Ends every loop as kill -9 does.
    pub fn kill_all(&mut self) {
        self.running.clear();
    }

    pub fn is_running(&self, id: u64) -> bool {
        self.running.iter().any(|(other, _, _)| *other == id)
    }

    pub fn stop(&mut self) {
        self.handle.stop();
        self.settle();
    }

    /// Polls everything that was woken until nothing is.
    pub fn settle(&mut self) {
        for _ in 0..200_000 {
            let Some(at) = self
                .running
                .iter()
                .position(|(_, flag, _)| flag.0.swap(false, Ordering::SeqCst))
            else {
                return;
            };
            let (_, flag, future) = &mut self.running[at];
            let waker = flag.clone().into();
            if future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
                drop(self.running.remove(at));
            }
        }
        panic!("a loop is busy without an end");
    }

    /// Lets time pass, stopping wherever somebody waits for it.
    pub fn pass(&mut self, time: Duration) {
        let until = self.clock.now() + time;
        self.settle();
        while let Some(at) = self.clock.next_wake().filter(|at| *at <= until) {
            self.clock.set(at);
            self.settle();
        }
        self.clock.set(until);
        self.settle();
    }

    /// Starts something whose answer is wanted later.
    pub fn ask<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Arc<Mutex<Option<T>>> {
        let slot = Arc::new(Mutex::new(None));
        let answer = slot.clone();
        self.spawn(async move {
            let done = future.await;
            *answer.lock().unwrap() = Some(done);
        });
        self.settle();
        slot
    }

    /// Does something that ends without time passing.
    pub fn now<T: Send + 'static>(&mut self, future: impl Future<Output = T> + Send + 'static) -> T {
        let slot = self.ask(future);
        slot.lock().unwrap().take().expect("an answer at once")
    }

    pub fn guarded(&self) -> GuardedCache {
        GuardedCache::new(
            self.cache.clone(),
            Arc::new(self.clock.clone()),
            self.process.stats.clone(),
        )
    }

    pub fn door(&mut self, settings: DoorSettings) -> Door {
        let (door, writer) = Door::new(&self.process, self.guarded(), settings);
        let stop = self.stop.clone();
        self.spawn(writer.run(stop));
        self.settle();
        door
    }

    pub fn worker(&mut self) -> u64 {
        let process = self.process.clone();
        self.worker_of(process)
    }

    pub fn worker_of(&mut self, process: Process) -> u64 {
        let echo = self.echo.clone();
        self.worker_with(process, echo)
    }

    pub fn worker_with(&mut self, process: Process, decide: Arc<dyn Decide>) -> u64 {
        let worker = TurnWorker::new(TurnWorkerParts {
            process,
            decide,
            decoders: vec![Arc::new(TestDecoder)],
            cache: self.guarded(),
            settings: TurnSettings::default(),
        });
        let stop = self.stop.clone();
        self.spawn(async move { worker.run(stop).await })
    }

    pub fn sender(&mut self, pacing: PacingSettings) -> u64 {
        let messenger = self.messenger.clone();
        self.sender_with(messenger, pacing)
    }

    pub fn sender_with(&mut self, messenger: Arc<dyn Messenger>, pacing: PacingSettings) -> u64 {
        let sender = Sender::new(SenderParts {
            process: self.process.clone(),
            messengers: vec![(BOT, messenger)],
            pacing: Pacing::new(pacing),
            settings: SenderSettings::default(),
        });
        let stop = self.stop.clone();
        self.spawn(async move { sender.run(stop).await })
    }

    /// What the messenger was made to say, chat by chat.
    pub fn said(&self) -> Vec<(i64, String)> {
        said(self.messenger.done().into_iter().map(|(call, _)| call))
    }

    /// What the messenger was asked to say.
    pub fn asked(&self) -> Vec<(i64, String)> {
        said(self.messenger.calls())
    }

    pub fn dead(&mut self) -> Vec<DeadLetter> {
        let store = self.store.clone();
        self.now(async move { store.memory.dead_letters(&Paging::first(100)).await.unwrap() })
    }

    /// Brings texts to the door, one after another.
    pub fn receive(&mut self, door: &Door, texts: &[(i64, i64, &str)]) -> Vec<Result<Received, DoorError>> {
        texts
            .iter()
            .map(|(id, chat, text)| {
                let (door, body) = (door.clone(), body(*id, *chat, text));
                self.now(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await })
            })
            .collect()
    }
}

fn said(
    calls: impl IntoIterator<Item = frontdesk_core::port::messenger::OutboundCall>,
) -> Vec<(i64, String)> {
    calls
        .into_iter()
        .map(|call| match call.action {
            Action::Send { content, .. } => (call.chat.0, content.text),
            Action::AnswerTap { tap_id, .. } => (call.chat.0, tap_id),
            Action::Typing => (call.chat.0, "(typing)".to_owned()),
            Action::Draft { text, .. } => (call.chat.0, format!("(draft) {text}")),
        })
        .collect()
}

pub fn body(id: i64, chat: i64, text: &str) -> Vec<u8> {
    json!({"update_id": id, "chat": chat, "text": text})
        .to_string()
        .into_bytes()
}

pub fn lane(chat: i64) -> LaneKey {
    LaneKey {
        bot_id: BOT,
        channel: Channel::TELEGRAM,
        chat: ChatId(chat),
    }
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
