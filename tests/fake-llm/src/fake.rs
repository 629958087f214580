//! The running fake: start, stop, and the switches of its behaviour.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::fault::{ActiveFault, Fault};
use crate::script::{ActiveAnswer, Answer};
use crate::state::Shared;

/// A handle on a fake: everything a test does with it. Clones share the fake.
#[derive(Debug, Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

/// A running fake. Dropping it stops it and closes its connections. It derefs to [`Handle`], which has the
/// methods for tests and may be cloned into tasks and threads.
#[derive(Debug)]
pub struct FakeLlm {
    handle: Handle,
    address: SocketAddr,
    key: String,
    tasks: JoinSet<()>,
}

impl FakeLlm {
    /// Starts a fake on the current tokio runtime.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let key = config.key.clone();
        let shared = Shared::new(config);
        let mut tasks = JoinSet::new();
        tasks.spawn(crate::server::run(Arc::clone(&shared), listener));
        Ok(Self {
            handle: Handle(shared),
            address,
            key,
            tasks,
        })
    }

    /// Stops the server, and waits until it has.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// The root of the server, without a slash at its end; the control API is under it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a client's setting names, in the form LongCat's documentation has it: `LONGCAT_API_URL`.
    pub fn api_url(&self) -> String {
        format!("{}/openai", self.url())
    }

    /// The key that is accepted.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A handle for other tasks and threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Deref for FakeLlm {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Handle {
    /// Adds an answer and returns its id. Answers are tried in the order they were added.
    pub fn answer(&self, answer: Answer) -> u64 {
        self.0.change(|state| state.script.add(answer))
    }

    /// Answers one call with this text: several are given in order.
    pub fn then_say(&self, text: &str) -> u64 {
        self.answer(Answer::text(text).times(1))
    }

    /// The answers in force, with how often they were given.
    pub fn answers(&self) -> Vec<ActiveAnswer> {
        self.0.quietly(|state| state.script.active.clone())
    }

    /// Removes one answer.
    pub fn clear_answer(&self, id: u64) {
        self.0
            .change(|state| state.script.active.retain(|active| active.id != id));
    }

    /// Removes all answers.
    pub fn clear_answers(&self) {
        self.0.change(|state| state.script.active.clear());
    }

    /// Sets a fault and returns its id. Faults are tried in the order they were set.
    pub fn fault(&self, fault: Fault) -> u64 {
        self.0.change(|state| state.faults.add(fault))
    }

    /// Removes one fault.
    pub fn clear_fault(&self, id: u64) {
        self.0
            .change(|state| state.faults.active.retain(|active| active.id != id));
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.0.change(|state| state.faults.active.clear());
    }

    /// The faults in force, with what they hit.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.0.quietly(|state| state.faults.active.clone())
    }

    /// Lets a call go on that stands still; says whether it did.
    pub fn release(&self, counter: u64) -> bool {
        self.0.change(|state| {
            let mut released = false;
            state
                .record
                .note(counter, |outcome| released = std::mem::take(&mut outcome.held));
            released
        })
    }

    /// Lets every call go on that stands still; says how many did.
    pub fn release_all(&self) -> u64 {
        self.0.change(|state| {
            let calls = state.record.calls.iter_mut();
            let held = calls.map(|call| u64::from(std::mem::take(&mut call.outcome.held)));
            held.sum()
        })
    }

    /// Forgets answers, faults and the record, and lets go what stands still; the settings stay.
    pub fn reset(&self) {
        self.0.change(crate::state::State::reset);
    }
}
