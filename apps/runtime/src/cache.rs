//! The cache that the settings name: on Redis, shared by many processes, or in this one.

use frontdesk_cache_redis::RedisCache;
use frontdesk_core::port::{Cache, Clock};
use frontdesk_memory::MemoryCache;
use slog::Logger;
use std::sync::Arc;

use crate::settings::Settings;

/// Opens it; call it on the runtime. A Redis that cannot be reached keeps nobody from starting: the
/// desk works without, and finds it when it comes back.
pub(crate) fn open(settings: &Settings, clock: Arc<dyn Clock>, log: &Logger) -> Arc<dyn Cache> {
    if let Some(redis) = &settings.redis {
        match RedisCache::open(redis.clone()) {
            Ok(cache) => return Arc::new(cache),
            Err(error) => {
                slog::error!(log, "the shared cache cannot be used, this process keeps its own"; "error" => %error);
            }
        }
    }
    Arc::new(MemoryCache::new(clock))
}
