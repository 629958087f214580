//! The kit would notice a cache that breaks its promises.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted, Heard};
use frontdesk_core::port::{Cache, CacheError, Subscription};
use frontdesk_memory::{MemoryCache, SimulatedClock};
use frontdesk_port_kit::cache::{self, CacheHarness};
use serde_json::Value;

use crate::harness::{give_way, start};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    TtlIgnored,
    WindowProlonged,
    /// Of a batch, the step that gives a new counter its window is lost.
    WindowLost,
    LimitIgnored,
    /// A counter above its limit is put back to one above it.
    LimitCutsBack,
    AllCountersRaised,
    KeysClipped,
    /// A batch is counted as if it were one group.
    GroupsLeak,
    GroupsReversed,
    /// Counters are read, then written: what others count meanwhile is lost.
    ReadThenWritten,
    TopicsMixed,
    MessagesKept,
    MessagesTwice,
}

/// The memory cache with a bug in front of it.
#[derive(Debug)]
struct Faulty {
    inner: MemoryCache,
    fault: Fault,
    published: Mutex<Vec<Heard>>,
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

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        let mut batch = batch.to_vec();
        let batched = batch.len() > 1;
        for up in batch.iter_mut().flatten() {
            match self.fault {
                Fault::LimitIgnored => up.limit = 1_000_000,
                Fault::WindowLost if batched => up.window = DAY,
                Fault::WindowProlonged => self.begin_anew(up, u64::MAX).await?,
                Fault::LimitCutsBack => self.begin_anew(up, up.limit.saturating_add(1)).await?,
                _ => {}
            }
        }
        match self.fault {
            Fault::GroupsLeak => self.as_one_group(&batch).await,
            Fault::GroupsReversed => {
                batch.reverse();
                let mut answers = self.inner.count_all(&batch).await?;
                answers.reverse();
                Ok(answers)
            }
            Fault::AllCountersRaised => self.one_by_one(&batch).await,
            Fault::ReadThenWritten => self.read_then_write(&batch).await,
            _ => self.inner.count_all(&batch).await,
        }
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        self.inner.counted(self.key(key)).await
    }

    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError> {
        if self.fault == Fault::MessagesKept {
            self.kept().push(Heard {
                topic: topic.to_owned(),
                message: message.to_owned(),
            });
        }
        let topic = if self.fault == Fault::TopicsMixed {
            "all"
        } else {
            topic
        };
        if self.fault == Fault::MessagesTwice {
            self.inner.publish(topic, message).await?;
        }
        self.inner.publish(topic, message).await
    }

    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError> {
        if self.fault == Fault::TopicsMixed {
            return self.inner.subscribe(&["all".to_owned()]).await;
        }
        let before = self.kept().clone();
        let inner = self.inner.subscribe(topics).await?;
        Ok(Box::new(Replaying { before, inner }))
    }
}

/// Brings what was published before, then what is published.
#[derive(Debug)]
struct Replaying {
    before: Vec<Heard>,
    inner: Box<dyn Subscription>,
}

#[async_trait]
impl Subscription for Replaying {
    async fn next(&mut self) -> Option<Heard> {
        if self.before.is_empty() {
            self.inner.next().await
        } else {
            Some(self.before.remove(0))
        }
    }
}

impl Faulty {
    fn key<'k>(&self, key: &'k str) -> &'k str {
        match (self.fault, key.char_indices().nth(1)) {
            (Fault::KeysClipped, Some((at, _))) => &key[..at],
            _ => key,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what there is, up to `most`, once more, in a new window.
    async fn begin_anew(&self, up: &CountUp, most: u64) -> Result<(), CacheError> {
        let Some(before) = self.inner.counted(&up.key).await? else {
            return Ok(());
        };
        self.inner.delete(&up.key).await?;
        self.raise(up, before.count.min(most)).await
    }

    async fn raise(&self, up: &CountUp, times: u64) -> Result<(), CacheError> {
        let endless = CountUp {
            limit: u64::MAX,
            ..up.clone()
        };
        for _ in 0..times {
            self.inner.count(std::slice::from_ref(&endless)).await?;
        }
        Ok(())
    }

    async fn as_one_group(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        let all: Vec<CountUp> = batch.iter().flatten().cloned().collect();
        let mut answers = self.inner.count(&all).await?.into_iter();
        Ok(batch
            .iter()
            .map(|group| answers.by_ref().take(group.len()).collect())
            .collect())
    }

    async fn one_by_one(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        let mut answers = Vec::new();
        for group in batch {
            let mut answer = Vec::new();
            for up in group {
                answer.extend(self.inner.count(std::slice::from_ref(up)).await?);
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    async fn read_then_write(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        let mut before = Vec::new();
        for up in batch.iter().flatten() {
            before.push(
                self.inner
                    .counted(&up.key)
                    .await?
                    .map_or(0, |counted| counted.count),
            );
        }
        give_way().await;
        for (up, before) in batch.iter().flatten().zip(before) {
            self.inner.delete(&up.key).await?;
            self.raise(up, before).await?;
        }
        self.inner.count_all(batch).await
    }
}

struct Harness(SimulatedClock, Fault);

#[async_trait]
impl CacheHarness for Harness {
    async fn fresh(&self) -> Arc<dyn Cache> {
        Arc::new(Faulty {
            inner: MemoryCache::new(Arc::new(self.0.clone())),
            fault: self.1,
            published: Mutex::default(),
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
        (Fault::WindowLost, "every_counter_of_a_batch_has_its_window"),
        (Fault::LimitCutsBack, "a_counter_above_its_limit_stays_as_it_is"),
        (Fault::GroupsLeak, "groups_of_a_batch_leave_each_other_alone"),
        (Fault::GroupsReversed, "groups_of_a_batch_are_counted_in_order"),
        (Fault::ReadThenWritten, "concurrent_counts_are_all_counted"),
        (
            Fault::TopicsMixed,
            "every_subscriber_hears_its_topics_and_no_other",
        ),
        (Fault::MessagesKept, "nothing_is_heard_of_before_the_subscription"),
        (Fault::MessagesTwice, "messages_come_in_order_and_unchanged"),
    ] {
        let broken = cache::broken(&Harness(start(), fault)).await;
        let names: Vec<_> = broken.iter().map(|broken| broken.check).collect();
        assert!(names.contains(&name), "{fault:?}: {names:?}");
    }
}
