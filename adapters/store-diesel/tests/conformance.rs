//! Both databases pass the conformance kit, and behave like the memory adapter.

mod common;

use async_trait::async_trait;
use common::{Fixture, postgres_server};
use frontdesk_core::time::Timestamp;
use frontdesk_port_kit::store::{self, KitStore, StoreHarness};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Sequences the random model plays on each database.
const CASES: usize = 12;

/// Empties every table but those about the schema itself.
const EMPTY: &str = "DO $$ DECLARE names text; BEGIN \
    SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables \
    WHERE schemaname = 'public' AND tablename NOT IN ('schema_info', '__diesel_schema_migrations'); \
    EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE'; END $$";

struct Databases {
    server: Option<String>,
    /// The database of the check under way; the one before is dropped when the next is made.
    current: Mutex<Option<Fixture>>,
}

impl Databases {
    fn new(server: Option<String>) -> Self {
        Databases {
            server,
            current: Mutex::new(None),
        }
    }
}

#[async_trait]
impl StoreHarness for Databases {
    async fn fresh(&self) -> Arc<dyn KitStore> {
        // Emptying a database is much faster on Postgres than making one; a file is made in no time.
        if let (Some(_), Some(fixture)) = (&self.server, self.current.lock().await.as_ref()) {
            fixture.sql(EMPTY).await;
            return Arc::new(fixture.store.clone());
        }
        let fixture = match &self.server {
            Some(server) => Fixture::postgres(server).await,
            None => Fixture::sqlite().await,
        };
        let store = Arc::new(fixture.store.clone());
        if let Some(before) = self.current.lock().await.replace(fixture) {
            before.close().await;
        }
        store
    }

    async fn advance(&self, _: &dyn KitStore, by: Duration) {
        if let Some(fixture) = self.current.lock().await.as_ref() {
            fixture.advance(by).await;
        }
    }

    fn now(&self) -> Timestamp {
        // The database's clock is this machine's.
        #[expect(
            clippy::disallowed_methods,
            reason = "a test of what runs on the machine's own clock"
        )]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(0))
    }
}

/// Runs every check, and tells all that are broken at once.
async fn conforms(server: Option<String>) {
    let harness = Databases::new(server);
    let broken = store::broken(&harness).await;
    let told: Vec<String> = broken
        .iter()
        .map(|broken| format!("{}: {}", broken.check, broken.why))
        .collect();
    assert!(
        told.is_empty(),
        "{} of {}:\n{}",
        told.len(),
        store::checks().len(),
        told.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_conforms() {
    conforms(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conforms() {
    if let Some(server) = postgres_server() {
        conforms(Some(server)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_like_memory() {
    store::model_based(&Databases::new(None), CASES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_like_memory() {
    if let Some(server) = postgres_server() {
        store::model_based(&Databases::new(Some(server)), CASES).await;
    }
}
