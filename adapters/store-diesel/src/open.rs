//! Opening a store: which database, whether it can be used, and what to do if not.

use diesel::{OptionalExtension, QueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::bb8::Pool;
use slog::{Logger, info, o};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use frontdesk_core::port::store::StoreError;

use crate::conn::{Conn, Durability, on_conn, rows};
use crate::error::{store_error, unavailable};
use crate::migrate;
use crate::postgres::Target;
use crate::schema::schema_info;
use crate::sql::Sql;
use crate::sqlite::{self, SqlitePool};

/// The schema this program writes. It runs on newer ones as long as they say so (`min_compatible`).
pub const SCHEMA_VERSION: i32 = 6;

/// Which database, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// `sqlite://PATH` or `postgres://user:password@host/database?sslmode=…`, where `sslmode` is
    /// `disable`, `prefer` (the default), `require` or `verify-full`.
    pub url: String,
    /// How many connections to Postgres, or reading ones to SQLite.
    pub pool: u32,
    /// Whether this program works on the queues: then it takes the lock beside a SQLite database, since
    /// one engine a file is all it bears. No meaning for Postgres.
    pub engine: bool,
    /// Whether to bring a SQLite database to this program's schema first. No meaning for Postgres,
    /// where several programs share a schema and migrating is a step of its own.
    pub migrate: bool,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        let kind = self.url.split(':').next().unwrap_or("");
        f.debug_struct("StoreSettings")
            .field("kind", &kind)
            .field("pool", &self.pool)
            .field("engine", &self.engine)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

/// Why a store cannot be opened. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database.
    #[error(
        "the database's URL cannot be used: {why}; give sqlite://PATH or postgres://user:password@host/database"
    )]
    BadUrl {
        /// What is wrong with it.
        why: String,
    },
    /// Another program works on this file.
    #[error("another frontdesk is working on this database (lock file {}): stop it first", file.display())]
    Locked {
        /// The lock file.
        file: PathBuf,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written: {why}; check the folder and its rights", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The database cannot be reached.
    #[error("{what} cannot be reached: {why}; check that it runs and that the URL is right")]
    Unreachable {
        /// Which, without its password.
        what: String,
        /// What it said.
        why: String,
    },
    /// The schema is not one this program can work on.
    #[error("{}", schema_line(*found, *min_compatible, *wanted))]
    Schema {
        /// Its version; 0 for an empty database.
        found: i32,
        /// The oldest program's schema that may work on it.
        min_compatible: i32,
        /// This program's.
        wanted: i32,
    },
    /// Migrating failed; what was done before is kept.
    #[error(
        "the database's schema could not be changed: {0}; nothing of the failed step is kept: see that \
         DATABASE_URL names a database of Frontdesk and that it can be written, then run it again"
    )]
    Migration(String),
}

fn schema_line(found: i32, min_compatible: i32, wanted: i32) -> String {
    if found < wanted {
        format!("the database has schema {found}, this program needs {wanted}: run `frontdesk migrate up`")
    } else {
        format!(
            "the database has schema {found}, which needs a program that knows schema {min_compatible}; this one \
             knows {wanted}: install a newer frontdesk"
        )
    }
}

/// Which database a URL names.
#[derive(Clone)]
pub(crate) enum Place {
    Postgres(Box<Target>),
    Sqlite(PathBuf),
}

impl Place {
    pub(crate) fn of(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Place::Postgres(Box::new(url.parse()?)));
        }
        match url.strip_prefix("sqlite://") {
            Some("") => Err(OpenError::BadUrl {
                why: "it names no file".to_owned(),
            }),
            Some(":memory:") => Err(OpenError::BadUrl {
                why: "a database in memory has one connection only and forgets everything".to_owned(),
            }),
            Some(path) => Ok(Place::Sqlite(PathBuf::from(path))),
            None => Err(OpenError::BadUrl {
                why: "its scheme is neither sqlite nor postgres".to_owned(),
            }),
        }
    }
}

/// The store on Postgres or SQLite. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct DieselStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Connections,
    shown: String,
    log: Logger,
}

enum Connections {
    Postgres(Pool<AsyncPgConnection>),
    Sqlite(SqlitePool),
}

impl fmt::Debug for DieselStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DieselStore").field(&self.inner.shown).finish()
    }
}

impl DieselStore {
    /// Opens the database and checks that its schema is one this program can work on.
    ///
    /// # Errors
    /// [`OpenError`], whose text says in one line what to do.
    pub async fn open(settings: &StoreSettings, log: Logger) -> Result<Self, OpenError> {
        let (pool, shown) = match Place::of(&settings.url)? {
            Place::Postgres(target) => {
                // Straight, not through the pool, whose error would only be its own time-out.
                let conn = target.connect().await.map_err(|error| OpenError::Unreachable {
                    what: target.shown.clone(),
                    why: error.to_string(),
                })?;
                drop(conn);
                (
                    Connections::Postgres(target.pool(settings.pool).await?),
                    target.shown,
                )
            }
            Place::Sqlite(path) => (
                Connections::Sqlite(open_sqlite(&path, settings).await?),
                format!("SQLite at {}", path.display()),
            ),
        };
        let log = log.new(o!("adapter" => "store"));
        let store = DieselStore {
            inner: Arc::new(Inner { pool, shown, log }),
        };
        store.check_schema().await?;
        if settings.engine {
            store.free_leases_of_the_dead().await?;
        }
        info!(store.inner.log, "store opened"; "database" => &store.inner.shown, "schema" => SCHEMA_VERSION);
        Ok(store)
    }

    /// On SQLite the engine's lock proves that whoever holds a lease here is dead: nothing has to wait
    /// until it runs out. The fences stay, and the attempts count.
    async fn free_leases_of_the_dead(&self) -> Result<(), OpenError> {
        if matches!(self.inner.pool, Connections::Postgres(_)) {
            return Ok(());
        }
        let freed = async {
            let mut conn = self.steps(Durability::Lease).await?;
            let freed = async {
                conn.run(
                    Sql::new("UPDATE lanes SET owner = NULL, ready_at = ? WHERE owner IS NOT NULL").now(),
                )
                .await?;
                conn.run(Sql::new("UPDATE jobs SET owner = NULL, run_at = ? WHERE owner IS NOT NULL").now())
                    .await?;
                conn.run(Sql::new("DELETE FROM leases")).await
            }
            .await;
            conn.close_steps(freed).await
        };
        freed.await.map(drop).map_err(|error| OpenError::Unreachable {
            what: self.inner.shown.clone(),
            why: error.to_string(),
        })
    }

    async fn check_schema(&self) -> Result<(), OpenError> {
        let (found, min_compatible) = self.schema().await.map_err(|error| OpenError::Unreachable {
            what: self.inner.shown.clone(),
            why: error.to_string(),
        })?;
        if found >= SCHEMA_VERSION && min_compatible <= SCHEMA_VERSION {
            return Ok(());
        }
        Err(OpenError::Schema {
            found,
            min_compatible,
            wanted: SCHEMA_VERSION,
        })
    }

    /// Version and oldest compatible version of the schema, zeros for an empty database.
    async fn schema(&self) -> Result<(i32, i32), StoreError> {
        let mut conn = self.reader().await?;
        let there = match &conn {
            Conn::Postgres(_) => {
                "SELECT 1::bigint FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_info')"
            }
            Conn::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_info'",
        };
        let there =
            rows!(&mut conn, Sql::<diesel::sql_types::BigInt>::new(there) => i64).map_err(store_error)?;
        if there.is_empty() {
            return Ok((0, 0));
        }
        let row = on_conn!(&mut conn, |c| {
            schema_info::table
                .select((schema_info::version, schema_info::min_compatible))
                .first::<(i32, i32)>(c)
                .await
        });
        row.optional().map(Option::unwrap_or_default).map_err(store_error)
    }

    pub(crate) fn log(&self) -> &Logger {
        &self.inner.log
    }

    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Conn, StoreError> {
        match &self.inner.pool {
            Connections::Postgres(pool) => Ok(Conn::Postgres(Box::new(
                pool.get_owned().await.map_err(unavailable)?,
            ))),
            Connections::Sqlite(pool) => Ok(Conn::Sqlite(pool.reader().await)),
        }
    }

    /// A connection for writing, outside a transaction.
    pub(crate) async fn writer(&self) -> Result<Conn, StoreError> {
        match &self.inner.pool {
            Connections::Postgres(pool) => Ok(Conn::Postgres(Box::new(
                pool.get_owned().await.map_err(unavailable)?,
            ))),
            Connections::Sqlite(pool) => Ok(Conn::Sqlite(pool.writer().await.map_err(store_error)?)),
        }
    }

    /// A connection with a transaction begun; to be ended with [`Conn::close`].
    pub(crate) async fn transaction(&self, durability: Durability) -> Result<Conn, StoreError> {
        let mut conn = self.writer().await?;
        conn.begin(durability).await.map_err(store_error)?;
        Ok(conn)
    }

    /// A connection for statements of which each is a transaction by itself in Postgres; SQLite gets a
    /// transaction around them, for its clock and its one sync.
    pub(crate) async fn steps(&self, durability: Durability) -> Result<Conn, StoreError> {
        let mut conn = self.writer().await?;
        if let Conn::Sqlite(_) = &conn {
            conn.begin(durability).await.map_err(store_error)?;
        }
        Ok(conn)
    }
}

impl Conn {
    /// Ends what [`DieselStore::steps`] began.
    pub(crate) async fn close_steps<R>(&mut self, result: diesel::QueryResult<R>) -> Result<R, StoreError> {
        match self {
            Conn::Postgres(_) => result.map_err(store_error),
            Conn::Sqlite(_) => self.close(result).await,
        }
    }
}

async fn open_sqlite(path: &Path, settings: &StoreSettings) -> Result<SqlitePool, OpenError> {
    sqlite::prepare_folder(path)?;
    let lock = if settings.engine {
        Some(sqlite::take_lock(path)?)
    } else {
        None
    };
    if settings.migrate {
        migrate::up(&settings.url).await?;
    }
    let readers = usize::try_from(settings.pool).unwrap_or(1);
    SqlitePool::open(path, readers, lock).await
}
