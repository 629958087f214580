//! What every loop of one process shares.

use futures_util::future::{BoxFuture, Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::id::{BotId, Channel, OwnerId};
use crate::port::store::{Claim, Release, StoreError};
use crate::port::{Clock, DeskStore, IdSource, Metrics, NoMetrics};
use crate::time::Timestamp;
use crate::work::{Backoff, LaneKind};

use super::hands::Hands;
use super::stats::DeskStats;
use super::stop::Stop;
use super::wake::{Listener, Wake};
use super::watched::WatchedStore;

/// Signals that work has come, one for each kind of loop. The runtime gives them too, for work
/// that another process left.
#[derive(Clone, Debug, Default)]
pub struct Wakes {
    /// Something waits to be decided.
    pub turns: Wake,
    /// Something waits to be sent.
    pub replies: Wake,
    /// A job waits.
    pub jobs: Wake,
}

/// What every loop of one process shares. Clones are the same process.
#[derive(Clone, Debug)]
pub struct Process {
    /// The store.
    pub store: Arc<dyn DeskStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids and jitter.
    pub ids: Arc<dyn IdSource>,
    /// This start of this process.
    pub owner: OwnerId,
    /// The bots and channels it serves.
    pub desks: Vec<(BotId, Channel)>,
    /// How long a claim holds without a heartbeat.
    pub lease: Duration,
    /// What the process has in hand.
    pub hands: Hands,
    /// What it has counted.
    pub stats: Arc<DeskStats>,
    /// Where it tells how long things take.
    pub metrics: Arc<dyn Metrics>,
    /// Its wake-up signals.
    pub wakes: Wakes,
    /// Its log.
    pub log: slog::Logger,
}

impl Process {
    /// How long a claim holds unless told otherwise.
    pub const LEASE: Duration = Duration::from_secs(30);

    /// A process that has nothing in hand, with a fresh owner id.
    pub fn new(
        store: Arc<dyn DeskStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        desks: Vec<(BotId, Channel)>,
        log: slog::Logger,
    ) -> Self {
        let owner = OwnerId(crate::id::Ids::new(clock.now(), ids.entropy()).next_uuid());
        Process {
            store,
            clock,
            ids,
            owner,
            desks,
            lease: Self::LEASE,
            hands: Hands::default(),
            stats: Arc::new(DeskStats::default()),
            metrics: Arc::new(NoMetrics),
            wakes: Wakes::default(),
            log,
        }
    }

    /// The same process with another lease.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// The same process with somebody who watches: its store is timed from here on.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        let watched = WatchedStore::new(self.store, Arc::clone(&self.clock), Arc::clone(&metrics));
        self.store = Arc::new(watched);
        self.metrics = metrics;
        self
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn claim(&self, desks: &[(BotId, Channel)], limit: usize) -> Claim {
        Claim {
            desks: desks.to_vec(),
            owner: self.owner,
            limit,
            lease: self.lease,
        }
    }

    /// A wait drawn between `from` and `to`.
    pub(super) fn between(&self, from: Duration, to: Duration) -> Duration {
        let spread = to.saturating_sub(from).as_micros().max(1);
        let drawn = u64::try_from(self.ids.entropy() % spread).unwrap_or(0);
        from + Duration::from_micros(drawn)
    }

    /// The wait after attempt `attempt`.
    pub(super) fn backoff(&self, backoff: Backoff, attempt: u32) -> Duration {
        backoff.after(attempt, self.ids.entropy())
    }

    /// Waits for `wait`, shorter if asked to stop.
    pub(super) async fn pause(&self, wait: Duration, stop: &Stop) {
        let sleep = self.clock.sleep_until(self.now() + wait);
        select(sleep, pin!(stop.requested())).await;
    }

    /// Waits for `wait`, shorter if woken or asked to stop. Says whether it was woken.
    pub(super) async fn rest(&self, wait: Duration, listener: &mut Listener, stop: &Stop) -> bool {
        let sleep = self.clock.sleep_until(self.now() + wait);
        let woken = pin!(listener.wait());
        match select(select(woken, sleep), pin!(stop.requested())).await {
            Either::Left((Either::Left(_), _)) => true,
            Either::Left((Either::Right(_), _)) | Either::Right(_) => false,
        }
    }

    /// `call`, and again while it fails for a reason that may pass, until `until`. For calls that
    /// may be repeated.
    pub(super) async fn persist<'a, T>(
        &self,
        until: Timestamp,
        call: impl Fn() -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync,
    ) -> Result<T, StoreError> {
        let mut attempt = 0;
        loop {
            let error = match call().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            attempt += 1;
            let again = self.now() + self.backoff(RETRY, attempt);
            if !error.is_transient() || again >= until {
                return Err(error);
            }
            self.clock.sleep_until(again).await;
        }
    }
}

impl Process {
    /// Gives lanes back with their items still waiting.
    pub(super) async fn give_back(&self, kind: &LaneKind, releases: &[Release]) -> Result<(), StoreError> {
        if releases.is_empty() {
            return Ok(());
        }
        let until = self.now() + self.lease;
        self.persist(until, || self.store.release(kind.clone(), releases))
            .await?;
        Ok(())
    }
}

/// How long a store that did not answer is left alone.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(200),
    cap: Duration::from_secs(5),
};

/// When a loop looks for work again: soon after there was some, rarely when there is none, rarer
/// when the store does not answer.
#[derive(Debug)]
pub(super) struct Rhythm {
    what: &'static str,
    idle: Duration,
    failures: u32,
}

impl Rhythm {
    const SOONEST: Duration = Duration::from_millis(250);
    const RAREST: Duration = Duration::from_secs(2);
    const OUTAGE: Backoff = Backoff {
        base: Duration::from_millis(500),
        cap: Duration::from_secs(15),
    };

    pub(super) fn new(what: &'static str) -> Self {
        Rhythm {
            what,
            idle: Self::SOONEST,
            failures: 0,
        }
    }

    /// The store answered: an outage is over.
    pub(super) fn answered(&mut self, process: &Process) {
        if self.failures > 0 {
            slog::info!(process.log, "the store answers again"; "loop" => self.what, "failures" => self.failures);
        }
        self.failures = 0;
    }

    /// There was work, or there is a hint that there will be.
    pub(super) fn busy(&mut self) {
        self.idle = Self::SOONEST;
    }

    /// There was no work: how long to wait before the next look.
    pub(super) fn nothing(&mut self, process: &Process) -> Duration {
        let wait = process.between(self.idle * 3 / 4, self.idle);
        self.idle = (self.idle * 2).min(Self::RAREST);
        wait
    }

    /// The store did not answer: how long to leave it alone. Logged once per outage.
    pub(super) fn failed(&mut self, process: &Process, error: &StoreError) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            slog::error!(process.log, "the store does not answer, waiting"; "loop" => self.what, "error" => %error);
        }
        process.backoff(Self::OUTAGE, self.failures)
    }
}

/// Lets other futures of the same task have their turn.
pub(super) async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|cx| {
        if given {
            return std::task::Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
