//! The cache of a single process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::{Cache, CacheError, Clock, Subscription};
use frontdesk_core::time::Timestamp;
use serde_json::Value;

use crate::lock;
use crate::topics::Topics;

/// A cache in this process's memory, bounded: at most so many keys. When it is full, what has
/// expired goes first, then what expires soonest.
#[derive(Debug)]
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    max_keys: usize,
    state: Mutex<State>,
    topics: Topics,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<String, Entry>,
    /// The same keys in the order in which they expire.
    by_expiry: BTreeSet<(Timestamp, String)>,
}

#[derive(Debug)]
struct Entry {
    expires_at: Timestamp,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Value(Value),
    Counter(u64),
}

impl MemoryCache {
    /// How many keys a cache holds unless it is told otherwise.
    pub const MAX_KEYS: usize = 100_000;

    /// An empty cache that lives by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::bounded(clock, Self::MAX_KEYS)
    }

    /// An empty cache of at most `max_keys` keys, one at least.
    pub fn bounded(clock: Arc<dyn Clock>, max_keys: usize) -> Self {
        MemoryCache {
            clock,
            max_keys: max_keys.max(1),
            state: Mutex::default(),
            topics: Topics::default(),
        }
    }

    /// How many keys it holds, the expired ones it has not yet dropped included.
    pub fn len(&self) -> usize {
        lock(&self.state).entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl State {
    fn live(&self, key: &str, now: Timestamp) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.expires_at > now)
    }

    fn counted(&self, key: &str, now: Timestamp) -> Option<Counted> {
        let entry = self.live(key, now)?;
        match entry.held {
            Held::Counter(count) => Some(Counted {
                count,
                resets_in: entry.expires_at.since(now),
            }),
            Held::Value(_) => None,
        }
    }

    fn put(&mut self, key: &str, entry: Entry, max_keys: usize, now: Timestamp) {
        self.remove(key);
        self.evict(max_keys, now);
        self.by_expiry.insert((entry.expires_at, key.to_owned()));
        self.entries.insert(key.to_owned(), entry);
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_expiry.remove(&(entry.expires_at, key.to_owned()));
        }
    }

    /// Drops what has expired, and makes room for one more key.
    fn evict(&mut self, max_keys: usize, now: Timestamp) {
        while let Some((expires_at, _)) = self.by_expiry.first() {
            if *expires_at > now && self.entries.len() < max_keys {
                return;
            }
            if let Some((_, key)) = self.by_expiry.pop_first() {
                self.entries.remove(&key);
            }
        }
    }

    /// Counts one group, one counter after another.
    fn count(&mut self, group: &[CountUp], max_keys: usize, now: Timestamp) -> Vec<Counted> {
        let mut exceeded = false;
        let mut counted = Vec::with_capacity(group.len());
        for up in group {
            let stands = if exceeded {
                self.counted(&up.key, now).unwrap_or(Counted {
                    count: 0,
                    resets_in: Duration::ZERO,
                })
            } else {
                self.raise(up, max_keys, now)
            };
            exceeded |= stands.count > up.limit;
            counted.push(stands);
        }
        counted
    }

    /// What the counter stands at after the call.
    fn raise(&mut self, up: &CountUp, max_keys: usize, now: Timestamp) -> Counted {
        let before = self.counted(&up.key, now);
        let Some(before) = before else {
            let entry = Entry {
                expires_at: now + up.window,
                held: Held::Counter(1),
            };
            self.put(&up.key, entry, max_keys, now);
            return Counted {
                count: 1,
                resets_in: up.window,
            };
        };
        let count = (before.count + 1)
            .min(up.limit.saturating_add(1))
            .max(before.count);
        if let Some(entry) = self.entries.get_mut(&up.key) {
            entry.held = Held::Counter(count);
        }
        Counted { count, ..before }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let state = lock(&self.state);
        match state.live(key, self.clock.now()).map(|entry| &entry.held) {
            None => Ok(None),
            Some(Held::Value(value)) => Ok(Some(value.clone())),
            Some(Held::Counter(_)) => Err(CacheError::Corrupt {
                key: key.to_owned(),
                why: "a counter".to_owned(),
            }),
        }
    }

    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError> {
        let now = self.clock.now();
        let entry = Entry {
            expires_at: now + ttl,
            held: Held::Value(value.clone()),
        };
        lock(&self.state).put(key, entry, self.max_keys, now);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        lock(&self.state).remove(key);
        Ok(())
    }

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        Ok(batch
            .iter()
            .map(|group| state.count(group, self.max_keys, now))
            .collect())
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        Ok(lock(&self.state).counted(key, self.clock.now()))
    }

    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError> {
        self.topics.publish(topic, message);
        Ok(())
    }

    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError> {
        Ok(self.topics.subscribe(topics))
    }
}
