//! Small shared state that may vanish at any time: copies of sessions, counters, flags.

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

/// Keys are text up to 512 bytes, values JSON up to 1 MiB.
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

    /// Raises the counters in order, each by one, until one of them stands above its limit: those
    /// after it are left alone and reported as they stand. A counter at `limit + 1` stays there.
    ///
    /// Atomic: of two concurrent calls one sees the other's counts entirely or not at all. The
    /// window starts at a counter's first count and is not prolonged by later ones.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]: then nothing or everything was counted.
    async fn count(&self, counters: &[CountUp]) -> Result<Vec<Counted>, CacheError>;

    /// What a counter stands at, without counting; `None` if it is not there.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`].
    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError>;
}
