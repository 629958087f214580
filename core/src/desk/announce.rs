//! Wake-ups between processes, over the cache's topics: a process that leaves work for others
//! announces it, those that do it listen.
//!
//! A courtesy, as every wake-up is: without the cache, or while it is away, polling finds the work.

use futures_util::future::{Either, poll_fn, select};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::port::{Cache, Subscription};
use crate::work::Backoff;

use super::guarded::GuardedCache;
use super::process::{Process, Wakes};
use super::stop::Stop;
use super::wake::{Listener, Wake};

/// Topic of [`Wakes::turns`].
pub const TURNS_TOPIC: &str = "wake:turns";
/// Topic of [`Wakes::replies`].
pub const REPLIES_TOPIC: &str = "wake:replies";
/// Topic of [`Wakes::jobs`].
pub const JOBS_TOPIC: &str = "wake:jobs";

impl Wakes {
    /// Every signal with the topic it is announced on.
    pub fn topics(&self) -> Vec<(&'static str, Wake)> {
        vec![
            (TURNS_TOPIC, self.turns.clone()),
            (REPLIES_TOPIC, self.replies.clone()),
            (JOBS_TOPIC, self.jobs.clone()),
        ]
    }
}

/// Announces the signals of this process to others: those that nobody in it acts on. Signals that
/// came from another process are not announced again. One per process.
#[derive(Debug)]
pub struct Announcer {
    process: Process,
    cache: GuardedCache,
    ears: Vec<(&'static str, Listener)>,
}

impl Announcer {
    /// A topic is announced on at most once in this time; what is signalled meanwhile goes together.
    pub const EVERY: Duration = Duration::from_millis(20);

    /// Announces `wakes`, from now on.
    pub fn new(process: Process, cache: GuardedCache, wakes: Vec<(&'static str, Wake)>) -> Self {
        let ears = wakes
            .into_iter()
            .map(|(topic, wake)| (topic, wake.listen_here()))
            .collect();
        Announcer { process, cache, ears }
    }

    /// Announces until asked to stop.
    pub async fn run(mut self, stop: Stop) {
        let from = self.process.owner.to_string();
        loop {
            let heard = match select(pin!(self.heard()), pin!(stop.requested())).await {
                Either::Left((heard, _)) => heard,
                Either::Right(_) => return,
            };
            for topic in heard {
                // Not announced is found by polling.
                self.cache.publish(topic, &from).await;
            }
            self.process.pause(Self::EVERY, &stop).await;
        }
    }

    /// The topics that are to be announced, once there are some.
    async fn heard(&mut self) -> Vec<&'static str> {
        poll_fn(|cx| {
            let mut heard = Vec::new();
            for (topic, ear) in &mut self.ears {
                if ear.poll_wait(cx).is_ready() {
                    heard.push(*topic);
                }
            }
            if heard.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(heard)
            }
        })
        .await
    }
}

/// Hears what other processes announce and gives the signals here. One per process.
#[derive(Debug)]
pub struct WakeListener {
    process: Process,
    cache: Arc<dyn Cache>,
    wakes: Vec<(&'static str, Wake)>,
}

/// A cache that takes longer to subscribe is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// When to subscribe again. It works all the same meanwhile, and says nothing.
const AGAIN: Backoff = Backoff {
    base: Duration::from_millis(500),
    cap: Duration::from_secs(15),
};

impl WakeListener {
    /// Gives `wakes` when they are announced in `cache`.
    pub fn new(process: Process, cache: Arc<dyn Cache>, wakes: Vec<(&'static str, Wake)>) -> Self {
        WakeListener {
            process,
            cache,
            wakes,
        }
    }

    /// Listens until asked to stop.
    pub async fn run(self, stop: Stop) {
        let topics: Vec<String> = self.wakes.iter().map(|(topic, _)| (*topic).to_owned()).collect();
        let mut failures = 0_u32;
        while !stop.is_requested() {
            let clock = &self.process.clock;
            let deadline = clock.sleep_until(clock.now() + PATIENCE);
            let subscribing = select(self.cache.subscribe(&topics), deadline);
            match select(subscribing, pin!(stop.requested())).await {
                Either::Right(_) => return,
                Either::Left((Either::Left((Ok(subscription), _)), _)) => {
                    failures = 0;
                    // What was announced before is missed.
                    for (_, wake) in &self.wakes {
                        wake.relay();
                    }
                    self.hear(subscription, &stop).await;
                }
                Either::Left(_) => {}
            }
            failures = failures.saturating_add(1);
            let wait = self.process.backoff(AGAIN, failures);
            self.process.pause(wait, &stop).await;
        }
    }

    /// Gives the signals that are heard, until the subscription ends.
    async fn hear(&self, mut subscription: Box<dyn Subscription>, stop: &Stop) {
        let own = self.process.owner.to_string();
        loop {
            let heard = match select(subscription.next(), pin!(stop.requested())).await {
                Either::Left((Some(heard), _)) => heard,
                Either::Left((None, _)) | Either::Right(_) => return,
            };
            if heard.message == own {
                continue;
            }
            for (topic, wake) in &self.wakes {
                if *topic == heard.topic {
                    wake.relay();
                }
            }
        }
    }
}
