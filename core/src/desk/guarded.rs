//! The cache as the desk uses it: never waited for longer than 50 ms, and left alone for a second
//! after it failed. Whoever asks goes on without.
//!
//! After a rest one call is tried, and nobody waits for it either: it is looked at by whoever comes
//! next. So an outage costs those who were waiting when it began, once, and nobody after them.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, poll_fn, select};
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::port::cache::{CountUp, Counted};
use crate::port::{Cache, CacheError, Clock};
use crate::time::Timestamp;

use super::stats::DeskStats;

/// A cache behind a deadline and a breaker. Clones share the breaker. `None` means "go on without".
#[derive(Clone, Debug)]
pub struct GuardedCache {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    stats: Arc<DeskStats>,
    breaker: Arc<Breaker>,
}

/// Whether the cache is left alone.
#[derive(Debug, Default)]
struct Breaker {
    /// The same as whether `rest` is there, for a look without the lock.
    is_open: AtomicBool,
    rest: Mutex<Option<Rest>>,
}

/// The cache failed and is left alone.
struct Rest {
    until: Timestamp,
    /// The call that is tried after the rest, and when it has taken too long.
    probe: Option<(BoxFuture<'static, Result<(), CacheError>>, Timestamp)>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest")
            .field("until", &self.until)
            .field("probing", &self.probe.is_some())
            .finish()
    }
}

type Call<T> = BoxFuture<'static, Result<T, CacheError>>;

/// What becomes of a call.
enum Entry<T> {
    /// The cache works, as far as is known: make the call.
    Ask(Call<T>),
    /// It was the one to be tried, and had its answer at once.
    Answered(Result<T, CacheError>),
    /// Go on without.
    Leave,
}

impl GuardedCache {
    /// The longest a caller waits for the cache.
    pub const PATIENCE: Duration = Duration::from_millis(50);
    /// How long a cache that failed is left alone.
    pub const REST: Duration = Duration::from_secs(1);

    /// Guards `cache`.
    pub fn new(cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, stats: Arc<DeskStats>) -> Self {
        GuardedCache {
            cache,
            clock,
            stats,
            breaker: Arc::default(),
        }
    }

    /// See [`Cache::get`]; `Some(None)` if there is no such value.
    pub async fn get(&self, key: &str) -> Option<Option<Value>> {
        let (cache, key) = (Arc::clone(&self.cache), key.to_owned());
        self.guard(Box::pin(async move { cache.get(&key).await })).await
    }

    /// See [`Cache::set`].
    pub async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Option<()> {
        let (cache, key, value) = (Arc::clone(&self.cache), key.to_owned(), value.clone());
        self.guard(Box::pin(async move { cache.set(&key, &value, ttl).await }))
            .await
    }

    /// See [`Cache::count_all`]; one answer per group, one per counter in it.
    pub async fn count_all(&self, batch: Vec<Vec<CountUp>>) -> Option<Vec<Vec<Counted>>> {
        let sizes: Vec<usize> = batch.iter().map(Vec::len).collect();
        let cache = Arc::clone(&self.cache);
        let counted = self
            .guard(Box::pin(async move { cache.count_all(&batch).await }))
            .await?;
        let fits = counted.iter().map(Vec::len).eq(sizes);
        fits.then_some(counted)
    }

    /// See [`Cache::count`]; one answer per counter.
    pub async fn count(&self, counters: Vec<CountUp>) -> Option<Vec<Counted>> {
        self.count_all(vec![counters]).await?.pop()
    }

    /// See [`Cache::counted`]; `Some(None)` if there is no such counter.
    pub async fn counted(&self, key: &str) -> Option<Option<Counted>> {
        let (cache, key) = (Arc::clone(&self.cache), key.to_owned());
        self.guard(Box::pin(async move { cache.counted(&key).await }))
            .await
    }

    /// See [`Cache::publish`].
    pub async fn publish(&self, topic: &str, message: &str) -> Option<()> {
        let (cache, topic, message) = (Arc::clone(&self.cache), topic.to_owned(), message.to_owned());
        self.guard(Box::pin(async move { cache.publish(&topic, &message).await }))
            .await
    }

    /// Whether the cache is left alone at present: a call would probably go on without it.
    pub(super) fn is_resting(&self) -> bool {
        self.breaker.is_open.load(Ordering::Acquire)
    }

    async fn guard<T: Send + 'static>(&self, call: Call<T>) -> Option<T> {
        let mut call = Some(call);
        let entry =
            poll_fn(|cx| Poll::Ready(call.take().map_or(Entry::Leave, |call| self.enter(call, cx)))).await;
        let answer = match entry {
            Entry::Leave => {
                self.stats.cache_skipped.up();
                return None;
            }
            Entry::Answered(answer) => answer,
            Entry::Ask(call) => {
                let deadline = self.clock.sleep_until(self.clock.now() + Self::PATIENCE);
                match select(call, deadline).await {
                    Either::Left((answer, _)) => answer,
                    Either::Right(_) => {
                        self.failed(&mut self.breaker.lock(), true);
                        return None;
                    }
                }
            }
        };
        match answer {
            Ok(answer) => {
                if self.is_resting() {
                    self.breaker.close(&mut self.breaker.lock());
                }
                Some(answer)
            }
            Err(error) => {
                self.failed(&mut self.breaker.lock(), error.is_transient());
                None
            }
        }
    }

    /// Decides what becomes of a call. While the cache is left alone, whoever comes looks at the
    /// call that is tried; the first one after the rest brings that call.
    fn enter<T: Send + 'static>(&self, mut call: Call<T>, cx: &mut Context<'_>) -> Entry<T> {
        if !self.is_resting() {
            return Entry::Ask(call);
        }
        let mut guard = self.breaker.lock();
        let Some(rest) = guard.as_mut() else {
            return Entry::Ask(call);
        };
        let now = self.clock.now();
        if let Some((probe, deadline)) = rest.probe.as_mut() {
            match probe.poll_unpin(cx) {
                Poll::Ready(Ok(())) => {
                    self.breaker.close(&mut guard);
                    return Entry::Ask(call);
                }
                Poll::Ready(Err(error)) => self.failed(&mut guard, error.is_transient()),
                Poll::Pending if is_over(*deadline, Self::PATIENCE, now) => self.failed(&mut guard, true),
                Poll::Pending => {}
            }
            return Entry::Leave;
        }
        if !is_over(rest.until, Self::REST, now) {
            return Entry::Leave;
        }
        match call.poll_unpin(cx) {
            Poll::Ready(answer) => Entry::Answered(answer),
            Poll::Pending => {
                let probe = call.map(|answer| answer.map(drop)).boxed();
                rest.probe = Some((probe, now + Self::PATIENCE));
                Entry::Leave
            }
        }
    }

    /// Counts a failure. One that may pass begins a rest.
    fn failed(&self, rest: &mut Option<Rest>, is_transient: bool) {
        self.stats.cache_failed.up();
        if is_transient {
            let until = self.clock.now() + Self::REST;
            *rest = Some(Rest { until, probe: None });
            self.breaker.is_open.store(true, Ordering::Release);
        } else {
            // It answered.
            self.breaker.close(rest);
        }
    }
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, Option<Rest>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, rest: &mut Option<Rest>) {
        *rest = None;
        self.is_open.store(false, Ordering::Release);
    }
}

/// Whether a time that was `span` ahead when it was set has come. One that is further ahead is of a
/// clock that was set back since.
fn is_over(at: Timestamp, span: Duration, now: Timestamp) -> bool {
    now >= at || at > now + span
}
