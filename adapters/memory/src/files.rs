//! File storage in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::files::{is_storage_key, is_storage_prefix};
use frontdesk_core::port::{Clock, FileHead, FileStorage, FilesError, StagedFile};
use frontdesk_core::time::Timestamp;

use crate::lock;

/// Bytes under keys, gone with the process. Holds as much as it is told to.
#[derive(Clone, Debug)]
pub struct MemoryFiles {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Inner {
    kept: BTreeMap<String, Held>,
    staged: BTreeMap<u64, Held>,
    begun: u64,
    room: u64,
}

#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    at: Timestamp,
}

impl Inner {
    fn used(&self) -> u64 {
        let held = self.kept.values().chain(self.staged.values());
        held.map(|held| held.bytes.len() as u64).sum()
    }
}

impl MemoryFiles {
    /// An empty storage with room without end. `clock` says when a file was kept.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        MemoryFiles {
            inner: Arc::new(Mutex::new(Inner {
                kept: BTreeMap::new(),
                staged: BTreeMap::new(),
                begun: 0,
                room: u64::MAX,
            })),
            clock,
        }
    }

    /// From now on it is full with `bytes`, staged ones included.
    pub fn set_room(&self, bytes: u64) {
        lock(&self.inner).room = bytes;
    }

    /// Every key of a kept file, sorted.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.inner).kept.keys().cloned().collect()
    }

    /// How many files are staged.
    pub fn staged(&self) -> usize {
        lock(&self.inner).staged.len()
    }
}

#[derive(Debug)]
struct MemoryStaged {
    number: u64,
    files: MemoryFiles,
}

#[async_trait]
impl StagedFile for MemoryStaged {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        let mut inner = lock(&self.files.inner);
        if inner.used().saturating_add(bytes.len() as u64) > inner.room {
            return Err(FilesError::Full);
        }
        let Some(staged) = inner.staged.get_mut(&self.number) else {
            return Err(FilesError::Unavailable("the staged file was swept".into()));
        };
        staged.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn keep(self: Box<Self>, key: &str) -> Result<(), FilesError> {
        check(key)?;
        let at = self.files.clock.now();
        let mut inner = lock(&self.files.inner);
        let Some(staged) = inner.staged.remove(&self.number) else {
            return Err(FilesError::Unavailable("the staged file was swept".into()));
        };
        let bytes = staged.bytes;
        inner.kept.insert(key.to_owned(), Held { bytes, at });
        Ok(())
    }

    async fn abandon(self: Box<Self>) -> Result<(), FilesError> {
        lock(&self.files.inner).staged.remove(&self.number);
        Ok(())
    }
}

#[async_trait]
impl FileStorage for MemoryFiles {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        let at = self.clock.now();
        let mut inner = lock(&self.inner);
        let number = inner.begun;
        inner.begun += 1;
        let bytes = Vec::new();
        inner.staged.insert(number, Held { bytes, at });
        let files = self.clone();
        Ok(Box::new(MemoryStaged { number, files }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        check(key)?;
        let at = self.clock.now();
        let mut inner = lock(&self.inner);
        if inner.used().saturating_add(bytes.len() as u64) > inner.room {
            return Err(FilesError::Full);
        }
        inner.kept.insert(key.to_owned(), Held { bytes, at });
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        check(key)?;
        Ok(lock(&self.inner).kept.get(key).map(|held| held.bytes.clone()))
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        check(key)?;
        let inner = lock(&self.inner);
        Ok(inner.kept.get(key).map(|held| head(key, held)))
    }

    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        let inner = lock(&self.inner);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = inner.kept.range((from, Bound::Unbounded)).take(limit);
        Ok(listed.map(|(key, held)| head(key, held)).collect())
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        check(key)?;
        Ok(lock(&self.inner).kept.remove(key).is_some())
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        if !is_storage_prefix(prefix) {
            return Err(FilesError::BadKey(prefix.to_owned()));
        }
        let mut inner = lock(&self.inner);
        let before = inner.kept.len();
        inner.kept.retain(|key, _| !key.starts_with(prefix));
        Ok(before - inner.kept.len())
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let before = inner.staged.len();
        inner.staged.retain(|_, held| now.since(held.at) <= older_than);
        Ok(before - inner.staged.len())
    }
}

fn head(key: &str, held: &Held) -> FileHead {
    FileHead {
        key: key.to_owned(),
        size_bytes: held.bytes.len() as u64,
        kept_at: held.at,
    }
}

fn check(key: &str) -> Result<(), FilesError> {
    if is_storage_key(key) {
        Ok(())
    } else {
        Err(FilesError::BadKey(key.to_owned()))
    }
}
