//! One connection, to whichever database it is.

use diesel::QueryResult;
use diesel::sqlite::SqliteConnection;
use diesel_async::pooled_connection::bb8::PooledConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};
use tokio::sync::OwnedMutexGuard;

use frontdesk_core::port::store::StoreError;

use crate::error::store_error;
use crate::sql::Sql;

/// A connection to SQLite.
pub(crate) type SqliteConn = SyncConnectionWrapper<SqliteConnection>;

/// A connection to SQLite, and whether a transaction may have been left open on it by a future that
/// was dropped.
pub(crate) struct SqliteSlot {
    pub(crate) conn: SqliteConn,
    pub(crate) left_open: bool,
}

/// A connection.
pub(crate) enum Conn {
    Postgres(Box<PooledConnection<'static, AsyncPgConnection>>),
    Sqlite(OwnedMutexGuard<SqliteSlot>),
}

/// Whether a commit must survive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It must: what is accepted, decided, intended.
    Full,
    /// It need not: a lease. On SQLite, where one process holds the database, a lease dies with its
    /// owner anyway, and not waiting for the disk makes claiming cheap. Postgres always waits.
    Lease,
}

/// Runs one body for either database; `$c` is the connection. Both arms are the same text, compiled
/// against each database.
macro_rules! on_conn {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::conn::Conn::Postgres(pooled) => {
                let $c: &mut diesel_async::AsyncPgConnection = &mut *pooled;
                $body
            }
            $crate::conn::Conn::Sqlite(slot) => {
                let $c: &mut $crate::conn::SqliteConn = &mut slot.conn;
                $body
            }
        }
    };
}
pub(crate) use on_conn;

/// Inserts rows: one statement in Postgres, one a row in SQLite, where a statement costs no round trip
/// and Diesel has no statement for many rows. `$values` is what goes into `.values(…)`.
macro_rules! insert_rows {
    ($conn:expr, $rows:expr, |$values:ident| $statement:expr) => {
        match $conn {
            $crate::conn::Conn::Postgres(pooled) => {
                let c: &mut diesel_async::AsyncPgConnection = &mut *pooled;
                let $values = $rows;
                diesel_async::RunQueryDsl::execute($statement, c).await
            }
            $crate::conn::Conn::Sqlite(slot) => {
                let mut written = 0;
                let mut failed = None;
                for $values in $rows {
                    let c: &mut $crate::conn::SqliteConn = &mut slot.conn;
                    match diesel_async::RunQueryDsl::execute($statement, c).await {
                        Ok(count) => written += count,
                        Err(error) => {
                            failed = Some(error);
                            break;
                        }
                    }
                }
                match failed {
                    None => Ok(written),
                    Some(error) => Err(error),
                }
            }
        }
    };
}
pub(crate) use insert_rows;

/// Runs a hand-written statement and reads its rows.
macro_rules! rows {
    ($conn:expr, $sql:expr => $row:ty) => {{
        let sql = $sql;
        $crate::conn::on_conn!($conn, |c| diesel_async::RunQueryDsl::load::<$row>(sql, c).await)
    }};
}
pub(crate) use rows;

impl Conn {
    /// Runs a hand-written statement; says how many rows it changed.
    pub(crate) async fn run(&mut self, sql: Sql) -> QueryResult<usize> {
        on_conn!(self, |c| sql.execute(c).await)
    }

    /// Begins a transaction. A SQLite one takes the write lock at once.
    pub(crate) async fn begin(&mut self, durability: Durability) -> QueryResult<()> {
        match self {
            Conn::Postgres(c) => AnsiTransactionManager::begin_transaction(&mut ***c).await,
            Conn::Sqlite(slot) => {
                let begin = match durability {
                    Durability::Full => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
                    Durability::Lease => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
                };
                slot.left_open = true;
                slot.conn.batch_execute(begin).await
            }
        }
    }

    /// Ends the transaction: commits if all went well, else rolls back and hands the error on.
    pub(crate) async fn end<R>(&mut self, result: QueryResult<R>) -> QueryResult<R> {
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        match self {
            Conn::Postgres(c) => AnsiTransactionManager::commit_transaction(&mut ***c).await?,
            Conn::Sqlite(slot) => match slot.conn.batch_execute("COMMIT").await {
                Ok(()) => slot.left_open = false,
                Err(error) => {
                    self.roll_back().await;
                    return Err(error);
                }
            },
        }
        Ok(value)
    }

    /// Rolls back. A failure is no news: the connection is lost or will be cleaned before its next use.
    pub(crate) async fn roll_back(&mut self) {
        match self {
            Conn::Postgres(c) => {
                drop(AnsiTransactionManager::rollback_transaction(&mut ***c).await);
            }
            Conn::Sqlite(slot) => {
                if slot.conn.batch_execute("ROLLBACK").await.is_ok() {
                    slot.left_open = false;
                }
            }
        }
    }

    /// A whole transaction's end, in the port's words.
    pub(crate) async fn close<R>(&mut self, result: QueryResult<R>) -> Result<R, StoreError> {
        self.end(result).await.map_err(store_error)
    }
}
