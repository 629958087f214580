//! What the page says.

#![expect(clippy::expect_used, reason = "a helper of tests fails as tests do")]

use frontdesk_core::desk::DeskStats;
use frontdesk_core::port::Metrics;
use frontdesk_core::port::metrics::{Counter, Gauge, Histogram, Reading};
use frontdesk_core::port::store::{Depth, WorkDepth};
use frontdesk_metrics::PrometheusMetrics;
use std::time::Duration;

fn metrics() -> PrometheusMetrics {
    PrometheusMetrics::new().expect("the catalogue is sound")
}

fn has(page: &str, line: &str) {
    assert!(page.lines().any(|found| found == line), "no {line:?} in\n{page}");
}

#[test]
fn what_was_told_is_on_the_page() {
    let metrics = metrics();
    metrics.add(Counter::LlmTokens, &[("model", "a"), ("direction", "in")], 40);
    metrics.add(Counter::LlmTokens, &[("direction", "in"), ("model", "a")], 2);
    metrics.set(Gauge::ConversationsOpen, &[("owner", "bot")], 3.0);
    metrics.set(Gauge::ConversationsOpen, &[("owner", "bot")], 2.0);
    metrics.observe(Histogram::LlmSeconds, &[("model", "a"), ("result", "ok")], 1.5);
    let page = metrics.page(&[]).unwrap();
    has(&page, "# TYPE frontdesk_llm_tokens_total counter");
    has(
        &page,
        "frontdesk_llm_tokens_total{direction=\"in\",model=\"a\"} 42",
    );
    has(&page, "frontdesk_conversations_open{owner=\"bot\"} 2");
    has(
        &page,
        "frontdesk_llm_seconds_bucket{model=\"a\",result=\"ok\",le=\"1\"} 0",
    );
    has(
        &page,
        "frontdesk_llm_seconds_bucket{model=\"a\",result=\"ok\",le=\"2.5\"} 1",
    );
    has(&page, "frontdesk_llm_seconds_sum{model=\"a\",result=\"ok\"} 1.5");
    has(&page, "# TYPE frontdesk_reply_seconds histogram");
    has(&page, "frontdesk_reply_seconds_count 0");
}

#[test]
fn labels_are_matched_by_name_and_escaped() {
    let metrics = metrics();
    metrics.add(Counter::Leads, &[("colour", "red")], 1);
    metrics.add(Counter::LlmCostMicros, &[("model", "a \"quoted\"\nname")], 1);
    let page = metrics.page(&[]).unwrap();
    has(&page, "frontdesk_leads_total{score=\"\"} 1");
    has(
        &page,
        "frontdesk_llm_cost_micros_total{model=\"a \\\"quoted\\\"\\nname\"} 1",
    );
}

#[test]
fn readings_show_where_they_stand_however_often_the_page_is_written() {
    let metrics = metrics();
    let stats = DeskStats::default();
    stats.accepted.add(3);
    stats.busy.up();
    stats.not_updates.up();
    stats.set_depth(WorkDepth {
        turns: Depth {
            waiting: 7,
            oldest: Duration::from_millis(1500),
        },
        ..WorkDepth::default()
    });
    for _ in 0..3 {
        let page = metrics.page(&stats.readings()).unwrap();
        has(&page, "frontdesk_updates_total{result=\"accepted\"} 3");
        has(&page, "frontdesk_updates_total{result=\"refused\"} 2");
        has(&page, "frontdesk_work_waiting{queue=\"turn\"} 7");
        has(&page, "frontdesk_work_oldest_seconds{queue=\"turn\"} 1.5");
        has(&page, "frontdesk_cache_errors_total 0");
    }
    stats.accepted.up();
    let page = metrics.page(&stats.readings()).unwrap();
    has(&page, "frontdesk_updates_total{result=\"accepted\"} 4");
}

#[test]
fn every_metric_can_be_told_with_its_labels() {
    let metrics = metrics();
    for counter in Counter::ALL {
        let labels: Vec<(&'static str, &str)> = counter.labels().iter().map(|&name| (name, "x")).collect();
        metrics.add(*counter, &labels, 1);
    }
    for gauge in Gauge::ALL {
        let labels: Vec<(&'static str, &str)> = gauge.labels().iter().map(|&name| (name, "x")).collect();
        metrics.set(*gauge, &labels, 1.0);
    }
    for histogram in Histogram::ALL {
        let labels: Vec<(&'static str, &str)> = histogram.labels().iter().map(|&name| (name, "x")).collect();
        metrics.observe(*histogram, &labels, 1.0);
    }
    let page = metrics.page(&[]).unwrap();
    let names = Counter::ALL.iter().map(|metric| metric.name());
    let names = names.chain(Gauge::ALL.iter().map(|metric| metric.name()));
    for name in names.chain(Histogram::ALL.iter().map(|metric| metric.name())) {
        let shown = page.lines().any(|line| {
            line.starts_with(name)
                && !line.contains("{\"\"")
                && (line.ends_with(" 1") || line.contains("_count"))
        });
        assert!(shown, "{name} is not on\n{page}");
        has(&page, &format!("# HELP {name} {}", help(name)));
    }
}

fn help(name: &str) -> &'static str {
    let counters = Counter::ALL.iter().map(|metric| (metric.name(), metric.help()));
    let gauges = Gauge::ALL.iter().map(|metric| (metric.name(), metric.help()));
    let histograms = Histogram::ALL.iter().map(|metric| (metric.name(), metric.help()));
    let found = counters
        .chain(gauges)
        .chain(histograms)
        .find(|(known, _)| *known == name);
    found.map_or("", |(_, help)| help)
}

#[test]
fn a_counter_that_somebody_counts_never_goes_back() {
    let metrics = metrics();
    let reading = |stands| [Reading::Counter(Counter::CacheErrors, &[], stands)];
    has(
        &metrics.page(&reading(5)).unwrap(),
        "frontdesk_cache_errors_total 5",
    );
    has(
        &metrics.page(&reading(4)).unwrap(),
        "frontdesk_cache_errors_total 5",
    );
    has(
        &metrics.page(&reading(6)).unwrap(),
        "frontdesk_cache_errors_total 6",
    );
}
