//! The running fake: start, stop, and the switches of its behaviour.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::{Config, RateLimits};
use crate::fault::{ActiveFault, Fault};
use crate::methods;
use crate::params::Params;
use crate::record::Stats;
use crate::state::Shared;

/// A handle on a fake: everything a test does with it. Clones share the fake.
#[derive(Debug, Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

/// A running fake. Dropping it stops it and closes its connections. It derefs to [`Handle`], which has the
/// methods for tests and may be cloned into tasks and threads.
#[derive(Debug)]
pub struct FakeTelegram {
    handle: Handle,
    address: SocketAddr,
    token: String,
    tasks: JoinSet<()>,
}

impl FakeTelegram {
    /// Starts a fake on the current tokio runtime.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let token = config.token.clone();
        let shared = Shared::new(config);
        let mut tasks = JoinSet::new();
        tasks.spawn(crate::server::run(Arc::clone(&shared), listener));
        tasks.spawn(crate::delivery::run(Arc::clone(&shared)));
        Ok(Self {
            handle: Handle(shared),
            address,
            token,
            tasks,
        })
    }

    /// Stops the server and the deliveries, and waits until they have.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// The root of the Bot API, without a slash at its end: `TELEGRAM_API_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A handle for other tasks and threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Deref for FakeTelegram {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Handle {
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

    /// How often each update from now on is delivered.
    pub fn deliver_times(&self, times: u32) {
        self.0.change(|state| state.config.deliver_times = times.max(1));
    }

    /// Switches the flood limits on or off.
    pub fn rate_limits(&self, limits: Option<RateLimits>) {
        self.0.change(|state| {
            state.config.rate_limits = limits;
            state.buckets = crate::limits::Buckets::default();
        });
    }

    /// Whether the server knows `sendMessageDraft`, from now on.
    pub fn know_drafts(&self, known: bool) {
        self.0.change(|state| state.config.drafts = known);
    }

    /// Whether what Frontdesk never sends is refused, from now on: see [`Config::strict`].
    pub fn strict(&self, strict: bool) {
        self.0.change(|state| state.config.strict = strict);
    }

    /// The factor on Telegram's own waits, from now on.
    pub fn time_scale(&self, factor: f64) {
        self.0.change(|state| state.config.time_scale = factor);
    }

    /// Where deliveries go whatever host the webhook's URL names.
    pub fn deliver_to(&self, base: Option<String>) {
        self.0.change(|state| state.config.deliver_to = base);
    }

    /// Goes on with update ids from here, lower ones too, as Telegram does after a quiet week. In polling
    /// mode updates with the old ids are offered first.
    pub fn restart_update_ids(&self, id: i64) {
        self.0.change(|state| state.queue.restart_ids(id));
    }

    /// Registers a webhook as `setWebhook` would, without its one-a-second limit.
    ///
    /// # Errors
    /// The description of Telegram's refusal.
    pub fn set_webhook(&self, url: &str, secret_token: &str) -> Result<(), String> {
        let mut params = Params::default();
        params.values.insert("url".to_owned(), Value::from(url));
        params
            .values
            .insert("secret_token".to_owned(), Value::from(secret_token));
        self.0.change(|state| {
            state.next_set_webhook = None;
            let set = methods::call(state, "setWebhook", &params);
            state.next_set_webhook = None;
            set.map(drop).map_err(|refusal| refusal.description)
        })
    }

    /// Removes the webhook; what waits is kept.
    pub fn delete_webhook(&self) {
        self.0.change(|state| state.register(None));
    }

    /// Forgets users, chats, messages, updates, faults and the record; keeps settings, the registration of
    /// the webhook and the sequence of update ids.
    pub fn reset(&self) {
        self.0.change(crate::state::State::reset);
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        self.0.quietly(|state| {
            let mut stats = state.record.stats.clone();
            stats.waiting = state.waiting() as u64;
            stats
        })
    }
}
