//! The port kit, read back from the page.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

use async_trait::async_trait;
use frontdesk_core::port::Metrics;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Labels};
use frontdesk_metrics::PrometheusMetrics;
use frontdesk_port_kit::metrics::{self, MetricsHarness};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Page(Mutex<Option<Arc<PrometheusMetrics>>>);

impl Page {
    fn value(&self, name: &str, names: &[&'static str], labels: Labels<'_>) -> Option<f64> {
        let metrics = self.0.lock().unwrap().clone().expect("fresh ones were made");
        let page = metrics.page(&[]).unwrap();
        let mut pairs: Vec<String> = names
            .iter()
            .map(|name| {
                let value = labels.iter().find(|(label, _)| label == name);
                format!("{name}=\"{}\"", value.map_or("", |(_, value)| value))
            })
            .collect();
        // The page sorts them.
        pairs.sort();
        let series = if pairs.is_empty() {
            name.to_owned()
        } else {
            format!("{name}{{{}}}", pairs.join(","))
        };
        page.lines()
            .find_map(|line| line.strip_prefix(&series)?.strip_prefix(' '))
            .map(|value| value.parse().unwrap())
    }
}

#[async_trait]
impl MetricsHarness for Page {
    async fn fresh(&self) -> Arc<dyn Metrics> {
        let metrics = Arc::new(PrometheusMetrics::new().unwrap());
        *self.0.lock().unwrap() = Some(metrics.clone());
        metrics
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the kit counts to small numbers"
    )]
    fn counted(&self, counter: Counter, labels: Labels<'_>) -> u64 {
        self.value(counter.name(), counter.labels(), labels)
            .unwrap_or(0.0) as u64
    }

    fn stands(&self, gauge: Gauge, labels: Labels<'_>) -> Option<f64> {
        self.value(gauge.name(), gauge.labels(), labels)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the kit counts to small numbers"
    )]
    fn observed(&self, histogram: Histogram, labels: Labels<'_>) -> (u64, f64) {
        let part = |part: &str| {
            let name = format!("{}_{part}", histogram.name());
            self.value(&name, histogram.labels(), labels).unwrap_or(0.0)
        };
        (part("count") as u64, part("sum"))
    }
}

#[test]
fn the_metrics_conform() {
    let report = futures_executor::block_on(metrics::conforms(&Page::default()));
    assert_eq!(report.names.len(), metrics::checks().len());
}
