//! The metrics of this process, and the page that shows them.

use async_trait::async_trait;
use frontdesk_core::desk::Process;
use frontdesk_core::port::metrics::Gauge;
use frontdesk_core::port::{DeskStore, Metrics as _};
use frontdesk_http::MetricsPage;
use frontdesk_metrics::PrometheusMetrics;
use std::sync::Arc;

use crate::failure::Failure;

/// Metrics of a program that says who it is.
pub(crate) fn start(program: &'static str) -> Result<Arc<PrometheusMetrics>, Failure> {
    let metrics = PrometheusMetrics::new().map_err(Failure::work)?;
    let version = env!("CARGO_PKG_VERSION");
    metrics.set(
        Gauge::BuildInfo,
        &[("program", program), ("version", version)],
        1.0,
    );
    Ok(Arc::new(metrics))
}

/// What is told, what the loops have counted, and what the store knows.
#[derive(Debug)]
pub(crate) struct Page {
    pub metrics: Arc<PrometheusMetrics>,
    pub process: Process,
    /// Asked for open conversations, by a process whose business they are.
    pub conversations: Option<Arc<dyn DeskStore>>,
}

#[async_trait]
impl MetricsPage for Page {
    async fn page(&self) -> Option<String> {
        if let Some(store) = &self.conversations {
            match store.open_conversations().await {
                Ok(counted) => self.tell_open(&counted),
                // The other figures are wanted most when the store does not answer.
                Err(error) => {
                    slog::warn!(self.process.log, "open conversations could not be counted"; "error" => %error);
                }
            }
        }
        match self.metrics.page(&self.process.stats.readings()) {
            Ok(page) => Some(page),
            Err(error) => {
                slog::error!(self.process.log, "the metrics could not be written"; "error" => %error);
                None
            }
        }
    }
}

impl Page {
    fn tell_open(&self, counted: &[(frontdesk_core::conversation::Owner, u64)]) {
        let of = |owner: &str| {
            let found = counted.iter().find(|(known, _)| known.as_str() == owner);
            found.map_or(0, |(_, count)| *count)
        };
        for owner in frontdesk_core::conversation::Owner::KNOWN {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 conversations")]
            let count = of(owner.as_str()) as f64;
            self.metrics
                .set(Gauge::ConversationsOpen, &[("owner", owner.as_str())], count);
        }
    }
}
