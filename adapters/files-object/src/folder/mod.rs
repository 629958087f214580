//! Files in a local folder.
//!
//! Durable before it is reported: a file's bytes are synced before it gets its name, and the folder
//! that has the name after it. Private: folders are made with mode 0700, files with 0600. Nothing
//! outside: a key is a chain of checked names, and a link on the way is not followed.

mod disk;
mod names;
mod walk;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::{Clock, FileHead, FileStorage, FilesError, IdSource, StagedFile};
use frontdesk_core::time::Timestamp;
use tokio::task::spawn_blocking;

use crate::staged;
use crate::storage::checked;
use disk::{Root, Trouble};

/// Writes are gathered up to so many bytes: a download comes in small pieces.
const GATHERED: usize = 256 * 1024;

/// File storage in a folder.
#[derive(Clone, Debug)]
pub(crate) struct FolderFiles {
    root: Arc<Root>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl FolderFiles {
    /// Makes the folder where there is none.
    pub(crate) async fn open(
        path: PathBuf,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> std::io::Result<FolderFiles> {
        let opened = spawn_blocking(move || Root::open(&path)).await;
        let root = Arc::new(opened.map_err(std::io::Error::other)??);
        Ok(FolderFiles { root, clock, ids })
    }

    /// Runs what blocks where it may.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, FilesError> {
        let root = Arc::clone(&self.root);
        match spawn_blocking(move || work(&root)).await {
            Ok(done) => done.map_err(FilesError::from),
            Err(panicked) => Err(FilesError::Unavailable(Box::new(panicked))),
        }
    }
}

#[async_trait]
impl FileStorage for FolderFiles {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        let name = staged::name(&*self.clock, &*self.ids);
        let begun = name.clone();
        let file = self.blocking(move |root| root.begin(&begun)).await?;
        Ok(Box::new(FolderStaged {
            files: self.clone(),
            name,
            gathered: Vec::new(),
            file: Some(file),
        }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        let mut staged = self.stage().await?;
        match staged.write(&bytes).await {
            Ok(()) => staged.keep(key).await,
            Err(error) => {
                // The sweep removes what cannot be removed now; the first error is the one to tell.
                drop(staged.abandon().await);
                Err(error)
            }
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        let key = key.to_owned();
        self.blocking(move |root| root.read(&key)).await
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        let key = key.to_owned();
        self.blocking(move |root| root.head(&key)).await
    }

    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        self.blocking(move |root| root.list(after.as_deref(), limit))
            .await
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        let key = key.to_owned();
        self.blocking(move |root| root.delete(&key)).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        let prefix = prefix.to_owned();
        self.blocking(move |root| root.delete_prefix(&prefix)).await
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        let now = self.clock.now();
        self.blocking(move |root| root.sweep(older_than, now)).await
    }
}

/// A file under `staged/`.
#[derive(Debug)]
struct FolderStaged {
    files: FolderFiles,
    name: String,
    gathered: Vec<u8>,
    /// Away while it is written to; gone for good if that failed or was cut off.
    file: Option<File>,
}

impl FolderStaged {
    async fn flush(&mut self) -> Result<File, FilesError> {
        let Some(mut file) = self.file.take() else {
            return Err(FilesError::Unavailable(
                "an earlier write to the staged file failed".into(),
            ));
        };
        let bytes = std::mem::take(&mut self.gathered);
        let name = self.name.clone();
        self.files
            .blocking(move |_| match file.write_all(&bytes) {
                Ok(()) => Ok(file),
                Err(error) => Err(Trouble::new("writing", &name, error)),
            })
            .await
    }
}

#[async_trait]
impl StagedFile for FolderStaged {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.file = Some(self.flush().await?);
        }
        Ok(())
    }

    async fn keep(mut self: Box<Self>, key: &str) -> Result<(), FilesError> {
        checked(key)?;
        let file = self.flush().await?;
        let at: Timestamp = self.files.clock.now();
        let (name, key) = (self.name.clone(), key.to_owned());
        self.files
            .blocking(move |root| root.keep(&file, &name, &key, at))
            .await
    }

    async fn abandon(self: Box<Self>) -> Result<(), FilesError> {
        let name = self.name.clone();
        self.files.blocking(move |root| root.abandon(&name)).await
    }
}
