//! Everything in here passes the conformance kit.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod cache_faults;
mod faults;
mod files_faults;
mod harness;
mod model;
mod others;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Labels};
use frontdesk_core::port::{Cache, Clock, FileStorage, Metrics};
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryCache, MemoryFiles, MemoryStore, RecordingMetrics, SimulatedClock};
use frontdesk_port_kit::cache::CacheHarness;
use frontdesk_port_kit::clock::ClockHarness;
use frontdesk_port_kit::files::FilesHarness;
use frontdesk_port_kit::metrics::MetricsHarness;
use frontdesk_port_kit::{cache, clock, files, metrics, store};

use harness::{Memory, start};

#[tokio::test]
async fn the_store_conforms() {
    let report = store::conforms(&Memory::new(MemoryStore::new)).await;
    assert_eq!(report.names.len(), store::checks().len());
}

#[tokio::test]
async fn the_store_conforms_with_jitter() {
    for seed in 0..5 {
        store::conforms(&Memory::new(move |clock| {
            MemoryStore::new(clock).with_jitter(seed)
        }))
        .await;
    }
}

#[tokio::test]
async fn the_store_with_jitter_is_like_the_one_without() {
    let harness = Memory::new(|clock| MemoryStore::new(clock).with_jitter(1));
    store::model_based(&harness, 200).await;
}

struct Other(SimulatedClock);

#[async_trait]
impl CacheHarness for Other {
    async fn fresh(&self) -> Arc<dyn Cache> {
        Arc::new(MemoryCache::new(Arc::new(self.0.clone())))
    }

    async fn advance(&self, _: &dyn Cache, by: Duration) {
        self.0.advance(by);
    }
}

#[async_trait]
impl FilesHarness for Other {
    async fn fresh(&self) -> Arc<dyn FileStorage> {
        Arc::new(MemoryFiles::new(Arc::new(self.0.clone())))
    }

    async fn age(&self, _: &dyn FileStorage, by: Duration) {
        self.0.advance(by);
    }

    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[async_trait]
impl ClockHarness for Other {
    async fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.clone())
    }

    async fn advance(&self, _: &dyn Clock, by: Duration) {
        self.0.advance(by);
    }
}

#[tokio::test]
async fn the_cache_conforms() {
    cache::conforms(&Other(start())).await;
}

#[tokio::test]
async fn file_storage_conforms() {
    let report = files::conforms(&Other(start())).await;
    assert_eq!(report.names.len(), files::checks().len());
}

#[tokio::test]
async fn file_storage_is_like_another_one() {
    files::model_based(&Other(start()), 100).await;
}

#[tokio::test]
async fn the_clock_conforms() {
    clock::conforms(&Other(start())).await;
}

/// The last fresh metrics.
#[derive(Default)]
struct Figures(Mutex<Arc<RecordingMetrics>>);

#[async_trait]
impl MetricsHarness for Figures {
    async fn fresh(&self) -> Arc<dyn Metrics> {
        let metrics = Arc::new(RecordingMetrics::default());
        *self.0.lock().unwrap() = metrics.clone();
        metrics
    }

    fn counted(&self, counter: Counter, labels: Labels<'_>) -> u64 {
        self.0.lock().unwrap().counted(counter, labels)
    }

    fn stands(&self, gauge: Gauge, labels: Labels<'_>) -> Option<f64> {
        self.0.lock().unwrap().stands(gauge, labels)
    }

    fn observed(&self, histogram: Histogram, labels: Labels<'_>) -> (u64, f64) {
        let observed = self.0.lock().unwrap().observed(histogram, labels);
        (u64::try_from(observed.len()).unwrap(), observed.iter().sum())
    }
}

#[tokio::test]
async fn the_metrics_conform() {
    metrics::conforms(&Figures::default()).await;
}
