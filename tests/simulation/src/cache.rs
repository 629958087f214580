//! The cache as one process reaches it.

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::{Cache, CacheError, Subscription};
use frontdesk_memory::MemoryCache;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use crate::line::{Call, Cut, Line, Port};

/// One process's way to a cache: its own, or one that it shares.
#[derive(Debug)]
pub(crate) struct SimulatedCache {
    line: Line,
    cache: Arc<MemoryCache>,
}

fn cut(_: Cut) -> CacheError {
    CacheError::Unavailable("cut off".into())
}

impl SimulatedCache {
    pub(crate) fn new(line: Line, cache: Arc<MemoryCache>) -> Self {
        SimulatedCache { line, cache }
    }

    async fn through<T: Send>(
        &self,
        name: &'static str,
        act: impl Future<Output = Result<T, CacheError>> + Send,
    ) -> Result<T, CacheError> {
        let call = Call::new(Port::Cache, name);
        self.line.through(call, cut, act, |_| String::new()).await
    }
}

#[async_trait]
impl Cache for SimulatedCache {
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        self.through("get", self.cache.get(key)).await
    }

    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError> {
        self.through("set", self.cache.set(key, value, ttl)).await
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.through("delete", self.cache.delete(key)).await
    }

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        self.through("count_all", self.cache.count_all(batch)).await
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        self.through("counted", self.cache.counted(key)).await
    }

    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError> {
        self.through("publish", self.cache.publish(topic, message)).await
    }

    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError> {
        self.through("subscribe", self.cache.subscribe(topics)).await
    }
}
