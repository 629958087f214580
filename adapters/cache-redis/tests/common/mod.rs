//! A Redis to test with, if `FRONTDESK_TEST_REDIS` names one.

use frontdesk_cache_redis::RedisSettings;
use std::sync::atomic::{AtomicU64, Ordering};

/// The server to test with; says so if there is none, and fails where that is not allowed.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test is given, it is given in the environment"
)]
pub fn redis_server() -> Option<String> {
    match std::env::var("FRONTDESK_TEST_REDIS") {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "FRONTDESK_TEST_REDIS must be set in CI"
            );
            // Written past the capture of the test runner: what is skipped must be seen.
            let note = "SKIPPED: Redis part (FRONTDESK_TEST_REDIS is not set)";
            drop(std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("{note}\n"),
            ));
            None
        }
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Settings under which nothing else keeps anything on that server.
pub fn settings(server: &str) -> RedisSettings {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    RedisSettings {
        prefix: format!("test:{}:{number}:", std::process::id()),
        ..RedisSettings::new(server)
    }
}
