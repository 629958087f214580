//! Small shared state that may vanish at any time: copies of sessions, counters, flags, and hints
//! between processes.

use async_trait::async_trait;
use serde_json::Value;
use std::fmt::Debug;
use std::time::Duration;

/// Why the cache did not do it. The caller degrades: nothing here is ever the only copy.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be reached, or did not answer in time.
    #[error("the cache cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it holds under the key is not what was asked for.
    #[error("the cache holds something else under `{key}`: {why}")]
    Corrupt {
        /// The key.
        key: String,
        /// What was found.
        why: String,
    },
}

impl CacheError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            CacheError::Unavailable(_) => true,
            CacheError::Corrupt { .. } => false,
        }
    }
}

/// One counter to be raised: see [`Cache::count`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountUp {
    /// The counter.
    pub key: String,
    /// How long it lives, from its first count.
    pub window: Duration,
    /// Above this it does not grow any more.
    pub limit: u64,
}

/// What a counter stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The count after the call; at most `limit + 1`.
    pub count: u64,
    /// How long until the counter is gone.
    pub resets_in: Duration,
}

/// A message heard on a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The topic.
    pub topic: String,
    /// The message.
    pub message: String,
}

/// What is published on some topics, from the subscription on. See [`Cache::subscribe`].
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Subscription: Debug + Send {
    /// The next message; `None` for ever once the connection is lost: subscribe anew, and take it
    /// that messages were missed. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<Heard>;
}

/// Keys and topics are text up to 512 bytes, values JSON up to 1 MiB, messages text up to 64 KiB.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Cache: Debug + Send + Sync {
    /// The value under `key`, or `None` if there is none or it has expired.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]; [`CacheError::Corrupt`] if it is a counter or no JSON.
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError>;

    /// Puts `value` under `key` for `ttl`, in place of what is there, counters included.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`].
    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError>;

    /// Removes `key`; fine if it is not there.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`].
    async fn delete(&self, key: &str) -> Result<(), CacheError>;

    /// Counts every group of a batch in one round trip, each as [`count`](Cache::count) does; one
    /// answer per group, in the order of the batch, in which they are counted too. What one group
    /// exceeds leaves the others alone, but they may share counters. Each group is atomic; the batch
    /// need not be. The caller keeps it small: hundreds of counters are fine, many thousands are not.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]: then of each group nothing or everything was counted.
    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError>;

    /// Raises the counters in order, each by one, until one of them stands above its limit: those
    /// after it are left alone and reported as they stand, with a count of 0 where there is none. A
    /// counter above its limit stays as it is, whatever limit it was counted by before. A counter may
    /// stand in the group twice and is raised twice then. A value gives way to a counter.
    ///
    /// Atomic: of two concurrent calls one sees the other's counts entirely or not at all. The
    /// window starts at a counter's first count and is not prolonged by later ones; counter and
    /// window are written together, so that none counts for ever.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]: then nothing or everything was counted.
    async fn count(&self, counters: &[CountUp]) -> Result<Vec<Counted>, CacheError> {
        let answers = self.count_all(&[counters.to_vec()]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// What a counter stands at, without counting; `None` if it is not there.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`].
    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError>;

    /// Tells those who are subscribed to `topic` now, in this process and others. A hint, heard once
    /// at most: by nobody if nobody is subscribed, and missed by a subscriber who is slow or just
    /// reconnecting. Nothing may depend on it alone. Waits for no subscriber.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]: then some may have heard it.
    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError>;

    /// Hears what is published on `topics` after this returns; what one publisher says one after
    /// another is heard in that order. A subscriber who does not keep up misses messages, the
    /// publishers do not wait.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`].
    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError>;
}
