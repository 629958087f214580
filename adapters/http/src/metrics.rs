//! `GET /metrics` on the private listener.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::{Method, StatusCode};
use tokio::time::timeout;

use crate::answer::{self, Answer};

/// Writes down how the program's figures stand.
#[async_trait]
pub trait MetricsPage: Debug + Send + Sync {
    /// The page in Prometheus' text format; `None` where it cannot be written. Given up after
    /// [`Limits::ready_timeout`](crate::Limits::ready_timeout).
    async fn page(&self) -> Option<String>;
}

#[derive(Debug)]
pub(crate) struct MetricsRoute {
    page: Arc<dyn MetricsPage>,
    timeout: Duration,
}

impl MetricsRoute {
    pub(crate) fn new(page: Arc<dyn MetricsPage>, timeout: Duration) -> Self {
        Self { page, timeout }
    }

    pub(crate) async fn answer(&self, method: &Method) -> Answer {
        if method != Method::GET && method != Method::HEAD {
            return answer::method_not_allowed("GET, HEAD");
        }
        match timeout(self.timeout, self.page.page()).await {
            Ok(Some(page)) => answer::metrics(StatusCode::OK, Bytes::from(page)),
            Ok(None) | Err(_) => answer::broken(),
        }
    }
}
