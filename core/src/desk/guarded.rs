//! The cache as the desk uses it: never waited for longer than 50 ms, and left alone for a second
//! after it failed. Whoever asks goes on without.

use futures_util::future::{BoxFuture, Either, select};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::port::cache::{CountUp, Counted};
use crate::port::{Cache, CacheError, Clock};

use super::stats::DeskStats;

/// A cache behind a deadline and a breaker. Clones share the breaker. `None` means "go on without".
#[derive(Clone, Debug)]
pub struct GuardedCache {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    stats: Arc<DeskStats>,
    /// Microseconds until which the cache is left alone; 0 while it works.
    open_until: Arc<AtomicI64>,
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
            open_until: Arc::new(AtomicI64::new(0)),
        }
    }

    /// See [`Cache::get`]; `Some(None)` if there is no such value.
    pub async fn get(&self, key: &str) -> Option<Option<Value>> {
        self.guard(|| self.cache.get(key)).await
    }

    /// See [`Cache::set`].
    pub async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Option<()> {
        self.guard(|| self.cache.set(key, value, ttl)).await
    }

    /// See [`Cache::count`]; one answer per counter.
    pub async fn count(&self, counters: &[CountUp]) -> Option<Vec<Counted>> {
        let counted = self.guard(|| self.cache.count(counters)).await?;
        (counted.len() == counters.len()).then_some(counted)
    }

    /// See [`Cache::counted`]; `Some(None)` if there is no such counter.
    pub async fn counted(&self, key: &str) -> Option<Option<Counted>> {
        self.guard(|| self.cache.counted(key)).await
    }

    async fn guard<'a, T>(&self, call: impl FnOnce() -> BoxFuture<'a, Result<T, CacheError>>) -> Option<T> {
        if !self.may_ask() {
            self.stats.cache_skipped.up();
            return None;
        }
        let deadline = self.clock.sleep_until(self.clock.now() + Self::PATIENCE);
        match select(call(), deadline).await {
            Either::Left((Ok(answer), _)) => {
                self.open_until.store(0, Ordering::Release);
                Some(answer)
            }
            Either::Left((Err(error), _)) => {
                self.failed(error.is_transient());
                None
            }
            Either::Right(_) => {
                self.failed(true);
                None
            }
        }
    }

    /// Whether the cache may be asked. After a rest one caller asks while the others go on without,
    /// until the cache has answered.
    fn may_ask(&self) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return true;
        }
        let now = self.clock.now();
        let next = (now + Self::REST).as_micros();
        // A rest that ends later than one that begins now is of a clock that was set back since.
        let over = now.as_micros() >= until || until > next;
        over && self
            .open_until
            .compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn failed(&self, rest: bool) {
        self.stats.cache_failed.up();
        if rest {
            let until = (self.clock.now() + Self::REST).as_micros();
            self.open_until.store(until, Ordering::Release);
        }
    }
}
