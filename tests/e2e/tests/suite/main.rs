//! Whole programs end to end. Build them first: `cargo build --workspace --bins`.
//!
//! Postgres tests need FRONTDESK_TEST_POSTGRES, the URL of a server whose user may make databases.

#![expect(
    clippy::expect_used,
    reason = "a test whose surroundings fail says so by panicking"
)]

mod admin;
mod commands;
mod conversation;
mod crowd;
mod duplicates;
mod faults;
mod hostile;
mod injection;
mod many;
mod media;
mod model;
mod monitoring;
mod order;
mod outage;
mod power_cut;
mod reload;
mod stop;
mod terminal;
mod wrong_use;

/// One test body on each database and in each mode.
#[macro_export]
macro_rules! on_every_desk {
    ($name:ident, $seconds:expr, $body:path) => {
        mod $name {
            $crate::on_every_desk!(one, sqlite_polling, Sqlite, Polling, $seconds, $body);
            $crate::on_every_desk!(one, sqlite_webhook, Sqlite, Webhook, $seconds, $body);
            $crate::on_every_desk!(one, postgres_polling, Postgres, Polling, $seconds, $body);
            $crate::on_every_desk!(one, postgres_webhook, Postgres, Webhook, $seconds, $body);
        }
    };
    (one, $name:ident, $backend:ident, $mode:ident, $seconds:expr, $body:path) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            use frontdesk_e2e::{Backend, Desk, Mode};
            $crate::within_seconds($seconds, async {
                if let Some(desk) = Desk::new(Backend::$backend, Mode::$mode).await {
                    $body(desk).await;
                }
            })
            .await;
        }
    };
}

async fn within_seconds(seconds: u64, body: impl Future<Output = ()>) {
    frontdesk_e2e::within(std::time::Duration::from_secs(seconds), body).await;
}
