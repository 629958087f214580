//! Models that do what they are told, an ear that remembers, and a clock that moves only when
//! everybody waits for it.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::{BotId, ClientId};
use frontdesk_core::port::llm::{
    Account, ModelAnswer, ModelRequest, NotAsked, PartialAnswer, PromptPart, Role, Unheard, Usage,
};
use frontdesk_core::port::{Clock, LanguageModel, ModelError};
use frontdesk_core::time::Timestamp;
use frontdesk_memory::SimulatedClock;

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Noon, so that a test's hours are of one UTC day.
pub fn noon() -> SimulatedClock {
    SimulatedClock::at("2026-11-24T12:00:00Z".parse().unwrap())
}

/// Runs something to its end, moving time on whenever it waits.
pub fn run<T>(clock: &SimulatedClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(std::task::Waker::noop());
    for _ in 0..100_000 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        clock.set(clock.next_wake().expect("it waits for something else than time"));
    }
    panic!("it waits without an end");
}

/// What a call of a [`TestModel`] does.
#[derive(Debug)]
pub struct Step {
    /// How long it takes before anything is said.
    pub after: Duration,
    pub says: &'static [&'static str],
    pub end: End,
}

#[derive(Debug)]
pub enum End {
    Answer(Option<Usage>),
    Fail(ModelError),
    Hang,
}

pub fn fails(error: ModelError) -> Step {
    Step {
        after: Duration::ZERO,
        says: &[],
        end: End::Fail(error),
    }
}

pub fn answers(usage: Option<Usage>) -> Step {
    Step {
        after: Duration::ZERO,
        says: &["fine"],
        end: End::Answer(usage),
    }
}

pub fn hangs() -> Step {
    Step {
        after: Duration::ZERO,
        says: &[],
        end: End::Hang,
    }
}

impl Step {
    pub fn after(self, after: Duration) -> Step {
        Step { after, ..self }
    }

    pub fn saying(self, says: &'static [&'static str]) -> Step {
        Step { says, ..self }
    }
}

pub fn used(tokens_in: u64, tokens_out: u64) -> Usage {
    Usage {
        tokens_in,
        tokens_cached: 0,
        tokens_out,
    }
}

/// Follows its script, then does the same for ever.
#[derive(Debug)]
pub struct TestModel {
    name: &'static str,
    clock: SimulatedClock,
    script: Mutex<VecDeque<Step>>,
    then: fn() -> Step,
    asked: Mutex<Vec<(Timestamp, ModelRequest)>>,
    pub under_way: AtomicUsize,
}

impl TestModel {
    /// Does `then` whenever it is asked.
    pub fn new(name: &'static str, clock: &SimulatedClock, then: fn() -> Step) -> Arc<Self> {
        Arc::new(TestModel {
            name,
            clock: clock.clone(),
            script: Mutex::default(),
            then,
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
        })
    }

    pub fn first(&self, steps: impl IntoIterator<Item = Step>) {
        self.script.lock().unwrap().extend(steps);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// When it was asked.
    pub fn times(&self) -> Vec<Timestamp> {
        self.asked.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    /// How much time it was given.
    pub fn deadlines(&self) -> Vec<Duration> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, request)| request.deadline).collect()
    }
}

/// As the decorators take it.
pub fn as_model(model: &Arc<TestModel>) -> Arc<dyn LanguageModel> {
    model.clone()
}

/// A call that is being made.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl LanguageModel for TestModel {
    fn name(&self) -> &str {
        self.name
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        self.asked.lock().unwrap().push((self.clock.now(), request));
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let _under_way = UnderWay(&self.under_way);
        let step = self.script.lock().unwrap().pop_front();
        let step = step.unwrap_or_else(self.then);
        self.clock.sleep_until(self.clock.now() + step.after).await;
        for piece in step.says {
            heard.more(piece);
        }
        match step.end {
            End::Answer(usage) => Ok(ModelAnswer {
                text: step.says.concat(),
                calls: Vec::new(),
                model: self.name.to_owned(),
                usage,
            }),
            End::Fail(error) => Err(error),
            End::Hang => std::future::pending().await,
        }
    }
}

/// Remembers what it heard.
#[derive(Debug, Default)]
pub struct Ear(Mutex<Vec<String>>);

impl Ear {
    pub fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl PartialAnswer for Ear {
    fn more(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }

    fn restart(&self) {
        self.0.lock().unwrap().push("(anew)".to_owned());
    }
}

pub fn account(client: u128) -> Account {
    Account {
        bot_id: BotId(7),
        client_id: ClientId(uuid::Uuid::from_u128(client)),
    }
}

/// A short question of client 1, with so much time.
pub fn request(deadline: Duration) -> ModelRequest {
    ModelRequest {
        parts: vec![PromptPart {
            role: Role::User,
            text: "how much is an audit".to_owned(),
        }],
        tools: Vec::new(),
        max_tokens: 100,
        deadline,
        stream: true,
        account: account(1),
    }
}

/// Asks, and moves time on until there is an answer.
pub fn ask(
    clock: &SimulatedClock,
    model: &dyn LanguageModel,
    deadline: Duration,
) -> Result<ModelAnswer, ModelError> {
    run(clock, model.answer(request(deadline), Arc::new(Unheard)))
}

/// The kind of what came of a call.
pub fn kind(outcome: &Result<ModelAnswer, ModelError>) -> &'static str {
    match outcome {
        Ok(_) => "answered",
        Err(error) => error.kind(),
    }
}

pub fn unavailable() -> ModelError {
    ModelError::Unavailable("refused".into())
}

pub fn limited(seconds: u64) -> ModelError {
    ModelError::RateLimited {
        retry_after: Some(secs(seconds)),
    }
}

pub fn cut(usage: Option<Usage>) -> ModelError {
    ModelError::Incomplete {
        why: "cut".to_owned(),
        usage,
    }
}

/// One of each that may pass by itself.
pub const TRANSIENT: [fn() -> ModelError; 4] = [
    unavailable,
    || ModelError::TimedOut("no byte".to_owned()),
    || ModelError::RateLimited { retry_after: None },
    || cut(None),
];

/// One of each that will not.
pub const FINAL: [fn() -> ModelError; 7] = [
    || ModelError::Unauthorised("bad key".to_owned()),
    || ModelError::QuotaExhausted("empty".to_owned()),
    || ModelError::TooLong,
    || ModelError::Rejected("odd".to_owned()),
    || ModelError::NotAsked(NotAsked::ClientBudget),
    || ModelError::NotAsked(NotAsked::BotBudget),
    || ModelError::NotAsked(NotAsked::Resting { again_in: secs(9) }),
];
