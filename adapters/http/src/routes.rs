//! Which path is answered by whom, on each listener.

use std::fmt::Debug;
use std::time::Duration;

use hyper::http::request::Parts;
use slog::Logger;

use crate::admin::AdminApi;
use crate::answer::{self, Answer};
use crate::body::RequestBody;
use crate::health::HealthRoutes;
use crate::metrics::MetricsRoute;
use crate::webhook::Webhook;

/// The paths of one listener.
pub(crate) trait Routes: Debug + Send + Sync + 'static {
    /// Answers one request; what is left of its body is nobody's then.
    fn answer(&self, head: &Parts, body: &mut RequestBody) -> impl Future<Output = Answer> + Send;
}

/// The listener the messenger reaches: webhook and health.
#[derive(Debug)]
pub(crate) struct PublicRoutes {
    pub(crate) webhook: Webhook,
    pub(crate) health: HealthRoutes,
}

impl Routes for PublicRoutes {
    async fn answer(&self, head: &Parts, body: &mut RequestBody) -> Answer {
        match head.uri.path() {
            "/webhook/telegram" => self.webhook.answer(head, body).await,
            path => self
                .health
                .answer(&head.method, path)
                .await
                .unwrap_or_else(answer::not_found),
        }
    }
}

/// The listener for operators: health, metrics, and the admin API where it is served.
#[derive(Debug)]
pub(crate) struct PrivateRoutes {
    pub(crate) health: HealthRoutes,
    pub(crate) metrics: MetricsRoute,
    pub(crate) admin: Option<AdminApi>,
    pub(crate) body_timeout: Duration,
    pub(crate) log: Logger,
}

impl Routes for PrivateRoutes {
    async fn answer(&self, head: &Parts, body: &mut RequestBody) -> Answer {
        let path = head.uri.path();
        if path == "/metrics" {
            return self.metrics.answer(&head.method).await;
        }
        if let Some(answer) = self.health.answer(&head.method, path).await {
            return answer;
        }
        let admin = match &self.admin {
            Some(admin) => admin.answer(head, body, self.body_timeout, &self.log).await,
            None => None,
        };
        admin.unwrap_or_else(answer::not_found)
    }
}
