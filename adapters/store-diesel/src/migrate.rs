//! Bringing the database's schema up and down. Both databases have the same migrations, by name.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::open::{OpenError, Place};
use crate::sqlite;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// One program at a time changes a schema: the key of Postgres' advisory lock.
const LOCK: i64 = 0x6672_6f6e_7464_6573;

/// A migration, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Every migration this program knows, oldest first.
///
/// # Errors
/// [`OpenError`].
pub async fn status(url: &str) -> Result<Vec<Step>, OpenError> {
    run(url, Task::Status).await
}

/// Runs what is missing, each step in its own transaction; says which ran.
///
/// # Errors
/// [`OpenError`]; steps that ran before stay.
pub async fn up(url: &str) -> Result<Vec<String>, OpenError> {
    Ok(names(run(url, Task::Up).await?))
}

/// Takes back the last `steps`; says which. Their tables and what is in them are gone.
///
/// # Errors
/// [`OpenError`]; steps taken back before stay so.
pub async fn down(url: &str, steps: usize) -> Result<Vec<String>, OpenError> {
    Ok(names(run(url, Task::Down(steps)).await?))
}

/// What [`up`] would run, changing nothing.
///
/// # Errors
/// [`OpenError`].
pub async fn dry_run(url: &str) -> Result<Vec<String>, OpenError> {
    let steps = status(url).await?;
    Ok(names(steps.into_iter().filter(|step| !step.applied).collect()))
}

fn names(steps: Vec<Step>) -> Vec<String> {
    steps.into_iter().map(|step| step.name).collect()
}

#[derive(Clone, Copy)]
enum Task {
    Status,
    Up,
    Down(usize),
}

async fn run(url: &str, task: Task) -> Result<Vec<Step>, OpenError> {
    let joined = match Place::of(url)? {
        Place::Postgres(target) => {
            let conn = target.connect().await.map_err(|error| OpenError::Unreachable {
                what: target.shown.clone(),
                why: error.to_string(),
            })?;
            tokio::task::spawn_blocking(move || on_postgres(conn, task)).await
        }
        Place::Sqlite(path) => {
            sqlite::prepare_folder(&path)?;
            tokio::task::spawn_blocking(move || on_sqlite(&path.display().to_string(), task)).await
        }
    };
    joined.unwrap_or_else(|error| Err(OpenError::Migration(error.to_string())))
}

fn on_postgres(conn: AsyncPgConnection, task: Task) -> Result<Vec<Step>, OpenError> {
    let mut conn: AsyncConnectionWrapper<AsyncPgConnection> = AsyncConnectionWrapper::from(conn);
    // Rewriting a large table may take longer than a desk's statement. The lock goes with the connection.
    for statement in [
        "SET statement_timeout = 0".to_owned(),
        "SET lock_timeout = '5s'".to_owned(),
        format!("SELECT pg_advisory_lock({LOCK})"),
    ] {
        diesel::sql_query(statement)
            .execute(&mut conn)
            .map_err(|error| failed(&error))?;
    }
    perform::<Pg, _>(&mut conn, &POSTGRES, task)
}

fn on_sqlite(path: &str, task: Task) -> Result<Vec<Step>, OpenError> {
    let unreachable = |why: String| OpenError::Unreachable {
        what: format!("SQLite at {path}"),
        why,
    };
    let mut conn = SqliteConnection::establish(path).map_err(|error| unreachable(error.to_string()))?;
    for pragma in ["PRAGMA busy_timeout = 5000", "PRAGMA foreign_keys = ON"] {
        diesel::connection::SimpleConnection::batch_execute(&mut conn, pragma)
            .map_err(|error| unreachable(error.to_string()))?;
    }
    perform::<Sqlite, _>(&mut conn, &SQLITE, task)
}

fn failed(error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Migration(error.to_string())
}

fn perform<DB, C>(conn: &mut C, source: &EmbeddedMigrations, task: Task) -> Result<Vec<Step>, OpenError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(|error| failed(&error))?;
    known.sort_by_key(|migration| migration.name().version().as_owned());
    let applied: Vec<MigrationVersion<'static>> =
        conn.applied_migrations().map_err(|error| failed(&error))?;
    let has = |migration: &dyn Migration<DB>| applied.contains(&migration.name().version().as_owned());
    let mut done = Vec::new();
    match task {
        Task::Status => {
            for migration in &known {
                done.push(Step {
                    name: migration.name().to_string(),
                    applied: has(migration.as_ref()),
                });
            }
        }
        Task::Up => {
            for migration in known.iter().filter(|migration| !has(migration.as_ref())) {
                conn.run_migration(migration.as_ref())
                    .map_err(|error| failed(&error))?;
                done.push(Step {
                    name: migration.name().to_string(),
                    applied: true,
                });
            }
        }
        Task::Down(steps) => {
            for migration in known
                .iter()
                .rev()
                .filter(|migration| has(migration.as_ref()))
                .take(steps)
            {
                conn.revert_migration(migration.as_ref())
                    .map_err(|error| failed(&error))?;
                done.push(Step {
                    name: migration.name().to_string(),
                    applied: false,
                });
            }
        }
    }
    Ok(done)
}
