//! Health: what the check is asked, and the two routes that tell.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::answer::{self, Answer};

/// Whether the program can do its work, and how each thing it needs is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// Decides between 200 and 503.
    pub ready: bool,
    /// The body of the answer: each dependency, its state and latency, and the oldest waiting work.
    pub report: serde_json::Value,
}

/// Tells whether the program is ready for traffic.
#[async_trait]
pub trait HealthCheck: Debug + Send + Sync {
    /// Looks at every dependency. Given up after [`Limits::ready_timeout`](crate::Limits::ready_timeout), and
    /// asked at most once in [`Limits::ready_max_age`](crate::Limits::ready_max_age), however many clients ask.
    async fn ready(&self) -> Readiness;
}

/// `GET|HEAD /health/live` and `/health/ready`, the same on both listeners.
#[derive(Debug)]
pub(crate) struct HealthRoutes {
    check: Arc<dyn HealthCheck>,
    stopping: Arc<AtomicBool>,
    timeout: Duration,
    max_age: Duration,
    /// The last answer. The lock is held while asking, so that any number of clients costs one look.
    last: Mutex<Option<Report>>,
}

#[derive(Debug, Clone)]
struct Report {
    made: Instant,
    status: StatusCode,
    body: Bytes,
}

impl HealthRoutes {
    pub(crate) fn new(
        check: Arc<dyn HealthCheck>,
        stopping: Arc<AtomicBool>,
        timeout: Duration,
        max_age: Duration,
    ) -> Self {
        Self {
            check,
            stopping,
            timeout,
            max_age,
            last: Mutex::new(None),
        }
    }

    /// The answer, or none where the path is not about health.
    pub(crate) async fn answer(&self, method: &Method, path: &str) -> Option<Answer> {
        let live = match path {
            "/health/live" => true,
            "/health/ready" => false,
            _ => return None,
        };
        if method != Method::GET && method != Method::HEAD {
            return Some(answer::method_not_allowed("GET, HEAD"));
        }
        if live {
            return Some(answer::json(
                StatusCode::OK,
                Bytes::from_static(br#"{"live":true}"#),
            ));
        }
        let (status, body) = self.readiness().await;
        Some(answer::json(status, body))
    }

    async fn readiness(&self) -> (StatusCode, Bytes) {
        if self.stopping.load(Ordering::Relaxed) {
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                Bytes::from_static(br#"{"ready":false,"state":"stopping"}"#),
            );
        }
        let mut last = self.last.lock().await;
        if let Some(report) = last
            .as_ref()
            .filter(|report| report.made.elapsed() < self.max_age)
        {
            return (report.status, report.body.clone());
        }
        let Readiness { ready, report } =
            timeout(self.timeout, self.check.ready())
                .await
                .unwrap_or_else(|_elapsed| Readiness {
                    ready: false,
                    report: json!({ "ready": false, "state": "the check took too long" }),
                });
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let body = Bytes::from(report.to_string());
        *last = Some(Report {
            made: Instant::now(),
            status,
            body: body.clone(),
        });
        (status, body)
    }
}
