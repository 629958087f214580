//! Redis passes the conformance kit.
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod common;

use async_trait::async_trait;
use frontdesk_cache_redis::RedisCache;
use frontdesk_core::port::Cache;
use frontdesk_port_kit::cache::{self, CacheHarness};
use std::sync::Arc;
use std::time::Duration;

struct Redis(String);

#[async_trait]
impl CacheHarness for Redis {
    async fn fresh(&self) -> Arc<dyn Cache> {
        Arc::new(RedisCache::open(common::settings(&self.0)).expect("a cache"))
    }

    async fn advance(&self, _: &dyn Cache, by: Duration) {
        // The time is the server's own.
        tokio::time::sleep(by).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    if let Some(server) = common::redis_server() {
        let report = cache::conforms(&Redis(server)).await;
        assert_eq!(report.names.len(), cache::checks().len());
    }
}
