//! File storage in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use frontdesk_core::port::files::is_storage_key;
use frontdesk_core::port::{FileStorage, FilesError};

use crate::lock;

/// Bytes under keys, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryFiles {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every key, sorted.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.files).keys().cloned().collect()
    }
}

#[async_trait]
impl FileStorage for MemoryFiles {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        check(key)?;
        lock(&self.files).insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        check(key)?;
        Ok(lock(&self.files).get(key).cloned())
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        // A prefix that ends with the separator names a folder: the erasure of one client.
        check(prefix.strip_suffix('/').unwrap_or(prefix))?;
        let mut files = lock(&self.files);
        let before = files.len();
        files.retain(|key, _| !key.starts_with(prefix));
        Ok(before - files.len())
    }
}

fn check(key: &str) -> Result<(), FilesError> {
    if is_storage_key(key) {
        Ok(())
    } else {
        Err(FilesError::BadKey(key.to_owned()))
    }
}
