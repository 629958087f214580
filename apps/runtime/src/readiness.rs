//! What the health routes tell.

use async_trait::async_trait;
use frontdesk_core::port::{Clock, DeskStore};
use frontdesk_http::{HealthCheck, Readiness};
use serde_json::json;
use std::sync::Arc;

use crate::clock::SystemClock;

/// Asks the store; says how long it took and how much waits.
#[derive(Debug)]
pub(crate) struct StoreHealth {
    pub store: Arc<dyn DeskStore>,
}

#[async_trait]
impl HealthCheck for StoreHealth {
    async fn ready(&self) -> Readiness {
        let started = SystemClock.now();
        let depth = self.store.depth().await;
        let latency_ms = SystemClock.now().since(started).as_secs_f64() * 1_000.0;
        match depth {
            Ok(depth) => {
                let queue = |depth: frontdesk_core::port::store::Depth| json!({ "waiting": depth.waiting, "oldest_seconds": depth.oldest.as_secs_f64() });
                Readiness {
                    ready: true,
                    report: json!({
                        "database": { "state": "ok", "latency_ms": latency_ms },
                        "work": {
                            "turns": queue(depth.turns),
                            "replies": queue(depth.replies),
                            "jobs": queue(depth.jobs),
                        },
                    }),
                }
            }
            Err(_) => Readiness {
                ready: false,
                report: json!({ "database": { "state": "unavailable", "latency_ms": latency_ms } }),
            },
        }
    }
}
