//! How many updates a second the limits of the door can count, by how many go in one call:
//! `cargo run --release -p frontdesk-cache-redis --example counts -- redis://127.0.0.1:PORT`.
//! It measures; it proves nothing.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use frontdesk_cache_redis::{RedisCache, RedisSettings};
use frontdesk_core::port::Cache;
use frontdesk_core::port::cache::CountUp;
use std::time::{Duration, Instant};

/// What the door counts for one update.
fn update(id: usize) -> Vec<CountUp> {
    let up = |key: String, minutes: u64, limit: u64| CountUp {
        key,
        window: Duration::from_mins(minutes),
        limit,
    };
    let (seen, user) = (format!("rate:seen:1:{id}"), id % 10_000);
    vec![
        up(seen.clone(), 10, 1),
        up(format!("rate:hour:1:telegram:{user}"), 60, 1_000_000),
        up(format!("rate:day:1:telegram:{user}"), 1440, 1_000_000),
        up(seen.clone(), 10, 3),
        up(seen, 10, 3),
    ]
}

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).unwrap();
    let redis = RedisCache::open(RedisSettings {
        prefix: format!("counts:{}:", std::process::id()),
        ..RedisSettings::new(url)
    })
    .unwrap();
    let mut id = 0;
    for size in [1, 16, 64, 256] {
        let (began, first) = (Instant::now(), id);
        let mut slowest = Duration::ZERO;
        while began.elapsed() < Duration::from_secs(2) {
            let batch: Vec<_> = (id..id + size).map(update).collect();
            id += size;
            let asked = Instant::now();
            redis.count_all(&batch).await.unwrap();
            slowest = slowest.max(asked.elapsed());
        }
        let updates = id - first;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{size:>4} a call: {:>8.0} updates/s, {:>7.0} calls/s, slowest call {slowest:?}",
            f64::from(u32::try_from(updates).unwrap()) / seconds,
            f64::from(u32::try_from(updates / size).unwrap()) / seconds,
        );
    }
}
