//! Rough figures of accepting, for whoever changes it:
//! `FRONTDESK_TEST_POSTGRES=… cargo run --release -p frontdesk-store-diesel --example accepts`.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{each, item};
use frontdesk_core::port::store::InboxStore;
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() {
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
