//! The kit would notice a cache that breaks its promises.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::{Cache, CacheError};
use frontdesk_memory::{MemoryCache, SimulatedClock};
use frontdesk_port_kit::cache::{self, CacheHarness};
use serde_json::Value;

use crate::harness::start;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    TtlIgnored,
    WindowProlonged,
    LimitIgnored,
    AllCountersRaised,
    KeysClipped,
}

/// The memory cache with a bug in front of it.
#[derive(Debug)]
struct Faulty {
    inner: MemoryCache,
    fault: Fault,
}

const DAY: Duration = Duration::from_hours(24);

#[async_trait]
impl Cache for Faulty {
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        self.inner.get(self.key(key)).await
    }

    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError> {
        let ttl = if self.fault == Fault::TtlIgnored { DAY } else { ttl };
        self.inner.set(self.key(key), value, ttl).await
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.inner.delete(self.key(key)).await
    }

    async fn count(&self, counters: &[CountUp]) -> Result<Vec<Counted>, CacheError> {
        let mut counters = counters.to_vec();
        for up in &mut counters {
            match self.fault {
                Fault::LimitIgnored => up.limit = 1_000_000,
                Fault::WindowProlonged => self.begin_anew(up).await?,
                Fault::TtlIgnored | Fault::AllCountersRaised | Fault::KeysClipped => {}
            }
        }
        if self.fault != Fault::AllCountersRaised {
            return self.inner.count(&counters).await;
        }
        let mut all = Vec::new();
        for up in counters {
            all.extend(self.inner.count(&[up]).await?);
        }
        Ok(all)
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        self.inner.counted(self.key(key)).await
    }
}

impl Faulty {
    fn key<'k>(&self, key: &'k str) -> &'k str {
        match (self.fault, key.char_indices().nth(1)) {
            (Fault::KeysClipped, Some((at, _))) => &key[..at],
            _ => key,
        }
    }

    /// Counts what there is once more, in a new window.
    async fn begin_anew(&self, up: &CountUp) -> Result<(), CacheError> {
        let before = self.inner.counted(&up.key).await?;
        self.inner.delete(&up.key).await?;
        for _ in 0..before.map_or(0, |counted| counted.count) {
            self.inner.count(std::slice::from_ref(up)).await?;
        }
        Ok(())
    }
}

struct Harness(SimulatedClock, Fault);

#[async_trait]
impl CacheHarness for Harness {
    async fn fresh(&self) -> Arc<dyn Cache> {
        Arc::new(Faulty {
            inner: MemoryCache::new(Arc::new(self.0.clone())),
            fault: self.1,
        })
    }

    async fn advance(&self, _: &dyn Cache, by: Duration) {
        self.0.advance(by);
    }
}

#[tokio::test]
async fn every_fault_is_caught_by_name() {
    for (fault, name) in [
        (Fault::TtlIgnored, "a_value_is_gone_after_its_time"),
        (Fault::WindowProlonged, "counting_does_not_prolong_the_window"),
        (Fault::LimitIgnored, "a_counter_stops_one_above_its_limit"),
        (
            Fault::AllCountersRaised,
            "counters_after_an_exceeded_one_are_left_alone",
        ),
        (Fault::KeysClipped, "any_key_will_do"),
    ] {
        let broken = cache::broken(&Harness(start(), fault)).await;
        let names: Vec<_> = broken.iter().map(|broken| broken.check).collect();
        assert!(names.contains(&name), "{fault:?}: {names:?}");
    }
}
