//! Rough figures of accepting, for whoever changes it: `cargo test --release -- --ignored --nocapture`.

mod common;

use common::*;
use frontdesk_core::port::store::InboxStore;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, proves nothing"]
async fn accepts_per_second() {
    each(async |db| {
        let mut update = 0;
        for slice in [1, 64] {
            let began = Instant::now();
            let first = update;
            while began.elapsed() < Duration::from_secs(2) {
                let items: Vec<_> = (update..update + slice)
                    .map(|update| item(update % 1_000, update))
                    .collect();
                db.store.accept(&items).await.unwrap();
                update += slice;
            }
            let rate =
                i128::from(update - first) * 1_000 / i128::try_from(began.elapsed().as_millis()).unwrap();
            eprintln!("postgres {} slice {slice}: {rate} accepts/s", db.is_postgres());
        }
    })
    .await;
}
