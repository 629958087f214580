//! Migrations and opening: both databases agree, every step can be taken back, and what is wrong is said.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use frontdesk_core::port::store::{InboxStore as _, TurnStore as _};
use frontdesk_store_diesel::{DieselStore, OpenError, SCHEMA_VERSION, StoreSettings, migrate};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn settings(url: &str) -> StoreSettings {
    StoreSettings {
        url: url.to_owned(),
        pool: 2,
        engine: false,
        migrate: false,
    }
}

async fn postgres_lines(url: &str, sql: &str) -> BTreeSet<String> {
    let mut conn = connect(url).await;
    let lines: Vec<Line> = diesel_async::RunQueryDsl::load(diesel::sql_query(sql), &mut conn)
        .await
        .unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn sqlite_lines(url: &str, sql: &str) -> BTreeSet<String> {
    use diesel::Connection;
    let mut conn = diesel::sqlite::SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap();
    let lines: Vec<Line> = diesel::RunQueryDsl::load(diesel::sql_query(sql), &mut conn).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

const SQLITE_SCHEMA: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master WHERE name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";
const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || c.name AS line FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";
const SQLITE_INDEXES: &str =
    "SELECT name AS line FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%'";
const POSTGRES_SCHEMA: &str = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%' UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%'";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name AS line FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'";
const POSTGRES_INDEXES: &str = "SELECT i.relname::text AS line FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)";

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |database| migration_texts(database).into_keys().collect::<Vec<_>>();
    assert_eq!(names("postgres"), names("sqlite"));
}

#[tokio::test(flavor = "multi_thread")]
async fn up_down_up_leaves_the_same_schema_and_nothing_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let steps = migrate::dry_run(&url).await.unwrap();
    assert_eq!(migrate::up(&url).await.unwrap(), steps);
    let before = sqlite_lines(&url, SQLITE_SCHEMA);
    assert_eq!(migrate::down(&url, steps.len()).await.unwrap().len(), steps.len());
    assert!(sqlite_lines(&url, SQLITE_COLUMNS).is_empty());
    migrate::up(&url).await.unwrap();
    assert_eq!(sqlite_lines(&url, SQLITE_SCHEMA), before);
    assert!(
        migrate::status(&url)
            .await
            .unwrap()
            .iter()
            .all(|step| step.applied)
    );

    let Some(server) = postgres_server() else { return };
    let name = empty_database(&server).await;
    let postgres = database(&server, &name);
    assert_eq!(migrate::up(&postgres).await.unwrap(), steps);
    let before = postgres_lines(&postgres, POSTGRES_SCHEMA).await;
    migrate::down(&postgres, 1).await.unwrap();
    migrate::down(&postgres, steps.len()).await.unwrap();
    assert!(postgres_lines(&postgres, POSTGRES_COLUMNS).await.is_empty());
    migrate::up(&postgres).await.unwrap();
    assert_eq!(postgres_lines(&postgres, POSTGRES_SCHEMA).await, before);
    // Tables, columns and indexes agree between the databases.
    assert_eq!(
        postgres_lines(&postgres, POSTGRES_COLUMNS).await,
        sqlite_lines(&url, SQLITE_COLUMNS)
    );
    assert_eq!(
        postgres_lines(&postgres, POSTGRES_INDEXES).await,
        sqlite_lines(&url, SQLITE_INDEXES)
    );
    drop_database(&server, &name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_programs_may_migrate_at_once() {
    let Some(server) = postgres_server() else { return };
    let name = empty_database(&server).await;
    let url = database(&server, &name);
    let (a, b) = tokio::join!(migrate::up(&url), migrate::up(&url));
    assert_eq!(
        a.unwrap().len() + b.unwrap().len(),
        migrate::status(&url).await.unwrap().len()
    );
    drop_database(&server, &name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_does_not_fit_is_refused_and_one_that_does_is_not() {
    each(async |db| {
        let settings = settings(&db.url);
        let open = || DieselStore::open(&settings, log());
        open().await.unwrap();
        // A newer neighbour migrated, and says that this program may still run.
        db.sql("UPDATE schema_info SET version = 99").await;
        open().await.unwrap();
        db.sql("UPDATE schema_info SET min_compatible = 98").await;
        let error = open().await.unwrap_err();
        assert!(matches!(
            error,
            OpenError::Schema {
                found: 99,
                min_compatible: 98,
                wanted: SCHEMA_VERSION
            }
        ));
        assert!(error.to_string().contains("install a newer frontdesk"), "{error}");
        db.sql("UPDATE schema_info SET version = 1, min_compatible = 1")
            .await;
        let error = open().await.unwrap_err();
        assert!(error.to_string().contains("frontdesk migrate up"), "{error}");
    })
    .await;
}

async fn refusal(settings: &StoreSettings) -> OpenError {
    let error = DieselStore::open(settings, log())
        .await
        .expect_err("must not open");
    assert!(
        !error.to_string().contains('\n') && !error.to_string().contains("s3cret"),
        "{error}"
    );
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn one_engine_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("new/desk.db").display());
    let engine = StoreSettings {
        engine: true,
        migrate: true,
        ..settings(&url)
    };
    let first = DieselStore::open(&engine, log()).await.unwrap();
    let error = refusal(&engine).await;
    assert!(
        matches!(error, OpenError::Locked { .. }) && error.to_string().contains("desk.db.lock"),
        "{error}"
    );
    // Commands that only look may.
    DieselStore::open(&settings(&url), log()).await.unwrap();
    drop(first);
    DieselStore::open(&engine, log()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_engine_on_a_file_waits_for_no_lease_of_the_dead_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        url: format!("sqlite://{}", folder.path().join("desk.db").display()),
        pool: 2,
        engine: true,
        migrate: true,
    };
    let first = DieselStore::open(&settings, log()).await.unwrap();
    first.accept(&[item(1, 1)]).await.unwrap();
    let lost = first.claim_turns(&claim_as(1, 1)).await.unwrap();
    assert_eq!(lost.len(), 1);
    drop(first);
    let second = DieselStore::open(&settings, log()).await.unwrap();
    let again = second.claim_turns(&claim_as(2, 1)).await.unwrap();
    assert_eq!(again.len(), 1);
    assert!(again[0].claim.fence > lost[0].claim.fence);
    assert_eq!(again[0].attempt, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_says_why_at_once() {
    let began = Instant::now();
    assert!(matches!(
        refusal(&settings("mysql://x")).await,
        OpenError::BadUrl { .. }
    ));
    assert!(matches!(
        refusal(&settings("sqlite://")).await,
        OpenError::BadUrl { .. }
    ));
    let odd = "postgres://u:s3cret@127.0.0.1:1/x?sslmode=sometimes";
    assert!(matches!(refusal(&settings(odd)).await, OpenError::BadUrl { .. }));
    let closed = "postgres://u:s3cret@127.0.0.1:1/x";
    assert!(matches!(
        refusal(&settings(closed)).await,
        OpenError::Unreachable { .. }
    ));
    // A listener that never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u:s3cret@{}/x", silent.local_addr().unwrap());
    assert!(matches!(
        refusal(&settings(&url)).await,
        OpenError::Unreachable { .. }
    ));
    let folder = tempfile::tempdir().unwrap();
    let empty = format!("sqlite://{}", folder.path().join("a.db").display());
    assert!(matches!(
        refusal(&settings(&empty)).await,
        OpenError::Schema { found: 0, .. }
    ));
    std::fs::write(folder.path().join("file"), "").unwrap();
    let inside = format!("sqlite://{}", folder.path().join("file/a.db").display());
    assert!(matches!(
        refusal(&settings(&inside)).await,
        OpenError::Folder { .. }
    ));
    let garbage = folder.path().join("b.db");
    std::fs::write(
        &garbage,
        "this is no database, but long enough to look at".repeat(50),
    )
    .unwrap();
    let url = format!("sqlite://{}", garbage.display());
    assert!(matches!(
        refusal(&settings(&url)).await,
        OpenError::Unreachable { .. }
    ));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(!format!("{:?}", settings(closed)).contains("s3cret"));
}
