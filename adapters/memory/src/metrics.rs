//! Metrics that remember what they were told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use frontdesk_core::port::Metrics;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Labels};

use super::lock;

/// A series: a metric and the values of its labels, in the metric's order.
type Series<M> = (M, Vec<String>);

#[derive(Debug, Default)]
struct Told {
    counters: BTreeMap<Series<Counter>, u64>,
    gauges: BTreeMap<Series<Gauge>, f64>,
    histograms: BTreeMap<Series<Histogram>, Vec<f64>>,
}

/// Keeps every figure, to be asked for by tests.
#[derive(Debug, Default)]
pub struct RecordingMetrics {
    told: Mutex<Told>,
}

impl RecordingMetrics {
    /// Where a counter stands; 0 if it was never told.
    pub fn counted(&self, counter: Counter, labels: Labels<'_>) -> u64 {
        let series = (counter, values(counter.labels(), labels));
        lock(&self.told).counters.get(&series).copied().unwrap_or(0)
    }

    /// Where a gauge stands, if it was told.
    pub fn stands(&self, gauge: Gauge, labels: Labels<'_>) -> Option<f64> {
        let series = (gauge, values(gauge.labels(), labels));
        lock(&self.told).gauges.get(&series).copied()
    }

    /// Every time that was observed, in order.
    pub fn observed(&self, histogram: Histogram, labels: Labels<'_>) -> Vec<f64> {
        let series = (histogram, values(histogram.labels(), labels));
        lock(&self.told)
            .histograms
            .get(&series)
            .cloned()
            .unwrap_or_default()
    }
}

impl Metrics for RecordingMetrics {
    fn add(&self, counter: Counter, labels: Labels<'_>, n: u64) {
        let series = (counter, values(counter.labels(), labels));
        let mut told = lock(&self.told);
        let count = told.counters.entry(series).or_default();
        *count = count.saturating_add(n);
    }

    fn set(&self, gauge: Gauge, labels: Labels<'_>, value: f64) {
        let series = (gauge, values(gauge.labels(), labels));
        lock(&self.told).gauges.insert(series, value);
    }

    fn observe(&self, histogram: Histogram, labels: Labels<'_>, seconds: f64) {
        let series = (histogram, values(histogram.labels(), labels));
        lock(&self.told)
            .histograms
            .entry(series)
            .or_default()
            .push(seconds);
    }
}

fn values(names: &[&'static str], labels: Labels<'_>) -> Vec<String> {
    names
        .iter()
        .map(|name| {
            let given = labels.iter().find(|(label, _)| label == name);
            given.map_or_else(String::new, |(_, value)| (*value).to_owned())
        })
        .collect()
}
