//! SQLite: one connection that writes, several that read, and the lock that keeps a second program out.

use diesel::sqlite::SqliteConnection;
use diesel::{Connection, QueryResult};
use diesel_async::SimpleAsyncConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::conn::SqliteSlot;
use crate::open::OpenError;

/// What every connection is told. `synchronous` is set with each transaction.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
                       PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;";

pub(crate) struct SqlitePool {
    writer: Arc<Mutex<SqliteSlot>>,
    readers: Vec<Arc<Mutex<SqliteSlot>>>,
    next: AtomicUsize,
    /// Held as long as the store lives.
    _lock: Option<File>,
}

impl SqlitePool {
    pub(crate) async fn open(path: &Path, readers: usize, lock: Option<File>) -> Result<Self, OpenError> {
        let writer = Arc::new(Mutex::new(connect(path, PRAGMAS).await?));
        let mut pool = SqlitePool {
            writer,
            readers: Vec::new(),
            next: AtomicUsize::new(0),
            _lock: lock,
        };
        let read_only = format!("{PRAGMAS} PRAGMA query_only = ON;");
        for _ in 0..readers.max(1) {
            pool.readers
                .push(Arc::new(Mutex::new(connect(path, &read_only).await?)));
        }
        Ok(pool)
    }

    /// The connection that writes; rolls back what a dropped future left open.
    pub(crate) async fn writer(&self) -> QueryResult<OwnedMutexGuard<SqliteSlot>> {
        let mut slot = Arc::clone(&self.writer).lock_owned().await;
        if slot.left_open {
            slot.conn
                .spawn_blocking(|conn| {
                    // Fails where nothing was left open after all.
                    drop(diesel::connection::SimpleConnection::batch_execute(
                        conn, "ROLLBACK",
                    ));
                    Ok(())
                })
                .await?;
            slot.left_open = false;
        }
        Ok(slot)
    }

    /// One of the connections that read.
    pub(crate) async fn reader(&self) -> OwnedMutexGuard<SqliteSlot> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.readers.len();
        for offset in 0..count {
            if let Some(reader) = self.readers.get((start + offset) % count)
                && let Ok(slot) = Arc::clone(reader).try_lock_owned()
            {
                return slot;
            }
        }
        match self.readers.get(start % count) {
            Some(reader) => Arc::clone(reader).lock_owned().await,
            None => Arc::clone(&self.writer).lock_owned().await,
        }
    }
}

async fn connect(path: &Path, pragmas: &str) -> Result<SqliteSlot, OpenError> {
    let shown = path.display().to_string();
    let opened = shown.clone();
    let conn = tokio::task::spawn_blocking(move || SqliteConnection::establish(&opened))
        .await
        .map_err(|error| OpenError::Unreachable {
            what: shown.clone(),
            why: error.to_string(),
        })?
        .map_err(|error| OpenError::Unreachable {
            what: shown.clone(),
            why: error.to_string(),
        })?;
    let mut conn = SyncConnectionWrapper::new(conn);
    conn.batch_execute(pragmas)
        .await
        .map_err(|error| OpenError::Unreachable {
            what: shown,
            why: error.to_string(),
        })?;
    Ok(SqliteSlot {
        conn,
        left_open: false,
    })
}

/// Makes the folder and sees that the database can be written there.
pub(crate) fn prepare_folder(path: &Path) -> Result<(), OpenError> {
    let refused = |at: &Path, error: std::io::Error| OpenError::Folder {
        path: at.to_owned(),
        why: error.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .map(drop)
        .map_err(|error| refused(path, error))
}

/// Takes the lock beside the database: one running desk a file.
pub(crate) fn take_lock(path: &Path) -> Result<File, OpenError> {
    let file = lock_path(path);
    let refused = |error: std::io::Error| OpenError::Folder {
        path: file.clone(),
        why: error.to_string(),
    };
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&file)
        .map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { file }),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
