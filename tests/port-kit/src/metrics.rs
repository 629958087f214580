//! The checks of the metrics port.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_core::port::Metrics;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Labels};

use crate::check::suite;

/// What the kit must know of a metrics adapter.
#[async_trait]
pub trait MetricsHarness: Sync {
    /// Metrics that nobody has told anything.
    async fn fresh(&self) -> Arc<dyn Metrics>;

    /// What the last fresh ones show of a counter; 0 if it was never told.
    fn counted(&self, counter: Counter, labels: Labels<'_>) -> u64;

    /// Where they show a gauge; nothing if it was never told.
    fn stands(&self, gauge: Gauge, labels: Labels<'_>) -> Option<f64>;

    /// How many times they were told, and their sum.
    fn observed(&self, histogram: Histogram, labels: Labels<'_>) -> (u64, f64);
}

suite!(
    MetricsHarness,
    "metrics",
    Scene::new,
    [
        what_is_counted_adds_up,
        a_gauge_stands_where_it_was_set_last,
        every_time_is_observed,
        series_are_kept_apart,
        labels_are_matched_by_name,
        every_metric_takes_its_labels,
    ]
);

struct Scene<'a> {
    harness: &'a dyn MetricsHarness,
    metrics: Arc<dyn Metrics>,
}

impl<'a> Scene<'a> {
    async fn new(harness: &'a dyn MetricsHarness) -> Self {
        let metrics = harness.fresh().await;
        Scene { harness, metrics }
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

async fn what_is_counted_adds_up(scene: &Scene<'_>) {
    assert_eq!(scene.harness.counted(Counter::CacheErrors, &[]), 0);
    for n in [1, 0, 41] {
        scene.metrics.add(Counter::CacheErrors, &[], n);
    }
    assert_eq!(scene.harness.counted(Counter::CacheErrors, &[]), 42);
}

async fn a_gauge_stands_where_it_was_set_last(scene: &Scene<'_>) {
    let labels: Labels<'_> = &[("owner", "bot")];
    assert_eq!(scene.harness.stands(Gauge::ConversationsOpen, labels), None);
    for value in [3.0, 0.5] {
        scene.metrics.set(Gauge::ConversationsOpen, labels, value);
    }
    let stands = scene.harness.stands(Gauge::ConversationsOpen, labels);
    assert!(stands.is_some_and(|value| near(value, 0.5)), "{stands:?}");
}

async fn every_time_is_observed(scene: &Scene<'_>) {
    let observed = || scene.harness.observed(Histogram::ReplySeconds, &[]);
    assert_eq!(observed().0, 0);
    for seconds in [0.0, 0.25, 3600.0] {
        scene.metrics.observe(Histogram::ReplySeconds, &[], seconds);
    }
    let (count, sum) = observed();
    assert!(count == 3 && near(sum, 3600.25), "{count} {sum}");
}

async fn series_are_kept_apart(scene: &Scene<'_>) {
    scene.metrics.add(Counter::Leads, &[("score", "hot")], 1);
    scene.metrics.add(Counter::Leads, &[("score", "cold")], 2);
    let counted = |score| scene.harness.counted(Counter::Leads, &[("score", score)]);
    assert_eq!((counted("hot"), counted("cold"), counted("warm")), (1, 2, 0));
    assert_eq!(scene.harness.counted(Counter::Degradation, &[("rung", "hot")]), 0);
}

async fn labels_are_matched_by_name(scene: &Scene<'_>) {
    let metrics = &scene.metrics;
    metrics.add(Counter::LlmTokens, &[("model", "a"), ("direction", "in")], 1);
    metrics.add(Counter::LlmTokens, &[("direction", "in"), ("model", "a")], 1);
    metrics.add(
        Counter::LlmTokens,
        &[("colour", "red"), ("model", "a"), ("direction", "in")],
        1,
    );
    let both: Labels<'_> = &[("model", "a"), ("direction", "in")];
    assert_eq!(scene.harness.counted(Counter::LlmTokens, both), 3);
    metrics.add(Counter::LlmTokens, &[("model", "a")], 5);
    let bare: Labels<'_> = &[("model", "a"), ("direction", "")];
    assert_eq!(scene.harness.counted(Counter::LlmTokens, bare), 5);
}

async fn every_metric_takes_its_labels(scene: &Scene<'_>) {
    let filled = |names: &'static [&'static str]| names.iter().map(|&name| (name, "x")).collect::<Vec<_>>();
    for counter in Counter::ALL {
        scene.metrics.add(*counter, &filled(counter.labels()), 7);
        let counted = scene.harness.counted(*counter, &filled(counter.labels()));
        assert_eq!(counted, 7, "{counter:?}");
    }
    for gauge in Gauge::ALL {
        scene.metrics.set(*gauge, &filled(gauge.labels()), 7.0);
        let stands = scene.harness.stands(*gauge, &filled(gauge.labels()));
        assert!(
            stands.is_some_and(|value| near(value, 7.0)),
            "{gauge:?} {stands:?}"
        );
    }
    for histogram in Histogram::ALL {
        scene
            .metrics
            .observe(*histogram, &filled(histogram.labels()), 7.0);
        let (count, sum) = scene.harness.observed(*histogram, &filled(histogram.labels()));
        assert!(count == 1 && near(sum, 7.0), "{histogram:?} {count} {sum}");
    }
}
