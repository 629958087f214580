//! The metrics port in Prometheus' text format.
//!
//! [`PrometheusMetrics`] keeps the series of one process and writes them down when asked. A figure
//! for a series that exists costs a look-up and an atomic, and no allocation. What somebody counts
//! for himself comes along as [`Reading`]s when the page is written.
//!
//! Every metric of the port is registered at the start; one with labels appears with its first
//! figure.

use frontdesk_core::port::Metrics;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Labels, Reading};
use prometheus::{
    Encoder as _, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Upper ends of the buckets of every histogram, in seconds: from a cached write to a model that
/// takes its time.
const BUCKETS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Most labels a metric has.
const MOST_LABELS: usize = 2;

/// The library refused a metric's definition or could not write the page.
#[derive(Debug)]
pub struct MetricsError(prometheus::Error);

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metrics: {}", self.0)
    }
}

impl std::error::Error for MetricsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<prometheus::Error> for MetricsError {
    fn from(error: prometheus::Error) -> Self {
        MetricsError(error)
    }
}

/// The figures of one process.
#[derive(Debug)]
pub struct PrometheusMetrics {
    registry: Registry,
    counters: Vec<IntCounterVec>,
    gauges: Vec<GaugeVec>,
    histograms: Vec<HistogramVec>,
    /// Held while a page is written: readings are brought up to date by one at a time.
    page: Mutex<()>,
}

impl PrometheusMetrics {
    /// The media type of the page.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Every metric of the port, without figures.
    ///
    /// # Errors
    /// [`MetricsError`] if two have one name, which a test of the port rules out.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let mut counters = Vec::with_capacity(Counter::ALL.len());
        for counter in Counter::ALL {
            let vec = IntCounterVec::new(Opts::new(counter.name(), counter.help()), counter.labels())?;
            registry.register(Box::new(vec.clone()))?;
            counters.push(vec);
        }
        let mut gauges = Vec::with_capacity(Gauge::ALL.len());
        for gauge in Gauge::ALL {
            let vec = GaugeVec::new(Opts::new(gauge.name(), gauge.help()), gauge.labels())?;
            registry.register(Box::new(vec.clone()))?;
            gauges.push(vec);
        }
        let mut histograms = Vec::with_capacity(Histogram::ALL.len());
        for histogram in Histogram::ALL {
            let options = HistogramOpts::new(histogram.name(), histogram.help()).buckets(BUCKETS.to_vec());
            let vec = HistogramVec::new(options, histogram.labels())?;
            registry.register(Box::new(vec.clone()))?;
            if histogram.labels().is_empty() {
                vec.get_metric_with_label_values::<&str>(&[])?;
            }
            histograms.push(vec);
        }
        Ok(PrometheusMetrics {
            registry,
            counters,
            gauges,
            histograms,
            page: Mutex::default(),
        })
    }

    /// The page: what was told, and these readings. The counters among them belong to whoever gives
    /// the readings: nobody else adds to the same series.
    ///
    /// # Errors
    /// [`MetricsError`].
    pub fn page(&self, readings: &[Reading]) -> Result<String, MetricsError> {
        let _one_at_a_time = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        for reading in readings {
            match *reading {
                Reading::Counter(counter, labels, stands) => {
                    let series = self.counters[counter as usize].get_metric_with_label_values(values(
                        counter.labels(),
                        labels,
                        &mut [""; MOST_LABELS],
                    ))?;
                    series.inc_by(stands.saturating_sub(series.get()));
                }
                Reading::Gauge(gauge, labels, value) => self.set(gauge, labels, value),
            }
        }
        let mut page = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

// A label set that the library refuses cannot be: the values are as many as the names it was given.
impl Metrics for PrometheusMetrics {
    fn add(&self, counter: Counter, labels: Labels<'_>, n: u64) {
        let mut room = [""; MOST_LABELS];
        let values = values(counter.labels(), labels, &mut room);
        if let Ok(series) = self.counters[counter as usize].get_metric_with_label_values(values) {
            series.inc_by(n);
        }
    }

    fn set(&self, gauge: Gauge, labels: Labels<'_>, value: f64) {
        let mut room = [""; MOST_LABELS];
        let values = values(gauge.labels(), labels, &mut room);
        if let Ok(series) = self.gauges[gauge as usize].get_metric_with_label_values(values) {
            series.set(value);
        }
    }

    fn observe(&self, histogram: Histogram, labels: Labels<'_>, seconds: f64) {
        let mut room = [""; MOST_LABELS];
        let values = values(histogram.labels(), labels, &mut room);
        if let Ok(series) = self.histograms[histogram as usize].get_metric_with_label_values(values) {
            series.observe(seconds);
        }
    }
}

/// The values of the labels in the order of their names, without allocating.
fn values<'room, 'a>(
    names: &[&'static str],
    labels: Labels<'a>,
    room: &'room mut [&'a str; MOST_LABELS],
) -> &'room [&'a str] {
    let places = room.iter_mut().zip(names);
    let mut count = 0;
    for (place, name) in places {
        if let Some((_, value)) = labels.iter().find(|(label, _)| label == name) {
            *place = value;
        }
        count += 1;
    }
    &room[..count]
}
