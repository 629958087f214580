//! docs/metrics.md names every metric there is, with its type and labels, and nothing else.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use frontdesk_core::port::metrics::{Counter, Gauge, Histogram};
use std::collections::BTreeMap;

/// Name → type and labels.
type Table = BTreeMap<String, (String, Vec<String>)>;

fn in_code() -> Table {
    let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
    let row = |name: &str, kind: &str, names: &[&str]| (name.to_owned(), (kind.to_owned(), labels(names)));
    let counters = Counter::ALL
        .iter()
        .map(|metric| row(metric.name(), "counter", metric.labels()));
    let gauges = Gauge::ALL
        .iter()
        .map(|metric| row(metric.name(), "gauge", metric.labels()));
    let histograms = Histogram::ALL
        .iter()
        .map(|metric| row(metric.name(), "histogram", metric.labels()));
    counters.chain(gauges).chain(histograms).collect()
}

fn in_document() -> Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let text = std::fs::read_to_string(path).expect("docs/metrics.md");
    let mut table = Table::new();
    for line in text.lines().filter(|line| line.starts_with("| `frontdesk_")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, kind, labels, meaning] = cells[..] else {
            panic!("not four cells: {line}")
        };
        assert!(meaning.len() > 5, "no meaning: {line}");
        let labels = match labels {
            "none" => Vec::new(),
            some => some
                .split(", ")
                .map(|label| label.trim_matches('`').to_owned())
                .collect(),
        };
        let before = table.insert(name.trim_matches('`').to_owned(), (kind.to_owned(), labels));
        assert_eq!(before, None, "twice: {line}");
    }
    table
}

#[test]
fn the_document_and_the_code_name_the_same_metrics() {
    assert_eq!(in_document(), in_code());
}
