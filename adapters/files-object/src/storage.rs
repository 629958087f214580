//! One of the two, with what both keep to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::files::{is_storage_key, is_storage_prefix};
use frontdesk_core::port::{Clock, FileHead, FileStorage, FilesError, IdSource, StagedFile};

#[cfg(feature = "s3")]
use crate::bucket::BucketFiles;
use crate::folder::FolderFiles;
use crate::place::FilesPlace;

/// What opens a bucket: the usual `AWS_*` variables, by name. It has no `Debug` and no `Display`: there
/// are keys among them.
#[derive(Clone, Default)]
pub struct Access(
    #[cfg_attr(
        not(feature = "s3"),
        expect(dead_code, reason = "only buckets are opened with it")
    )]
    BTreeMap<String, String>,
);

impl Access {
    /// By name and value, of which those that mean nothing to S3 are left alone.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Access(variables.into_iter().collect())
    }

    #[cfg(feature = "s3")]
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Why file storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or used.
    #[error("FILES_URL={place}: {source}; expected a folder that this program may write in")]
    Folder {
        /// The place.
        place: FilesPlace,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// What is said about the bucket does not do.
    #[error("FILES_URL={place}: {problem}")]
    Bucket {
        /// The place.
        place: FilesPlace,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// This build knows no buckets.
    #[error(
        "FILES_URL={0}: this program was built without the feature `s3`: expected file:///FOLDER, or a build with `--features frontdesk-runtime/s3`"
    )]
    WithoutS3(FilesPlace),
}

/// File storage in a local folder or in a bucket.
#[derive(Debug)]
pub struct ObjectFiles {
    inner: Box<dyn FileStorage>,
}

impl ObjectFiles {
    /// Looks whether a place can be one of this build's, without going there.
    ///
    /// # Errors
    /// [`OpenError::WithoutS3`], or what is missing or wrong about a bucket.
    pub fn check(place: &FilesPlace, access: &Access) -> Result<(), OpenError> {
        match place {
            FilesPlace::Folder(_) => Ok(()),
            FilesPlace::Bucket { name, prefix } => bucket::check(place, name, prefix, access),
        }
    }

    /// Opens it. A folder is made where there is none; a bucket is not asked, so that one that cannot be
    /// reached keeps nobody from starting. `clock` tells the age of what is staged, `ids` name it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        place: &FilesPlace,
        access: &Access,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<ObjectFiles, OpenError> {
        let inner: Box<dyn FileStorage> = match place {
            FilesPlace::Folder(path) => {
                let opened = FolderFiles::open(path.clone(), clock, ids).await;
                Box::new(opened.map_err(|source| OpenError::Folder {
                    place: place.clone(),
                    source,
                })?)
            }
            FilesPlace::Bucket { name, prefix } => bucket::open(place, name, prefix, access, clock, ids)?,
        };
        Ok(ObjectFiles { inner })
    }
}

#[cfg(feature = "s3")]
mod bucket {
    use super::{Access, Arc, BucketFiles, Clock, FileStorage, FilesPlace, IdSource, OpenError};
    use crate::bucket::client;

    pub(super) fn check(place: &FilesPlace, name: &str, _: &str, access: &Access) -> Result<(), OpenError> {
        client(name, access)
            .map(drop)
            .map_err(|problem| wrong(place, problem))
    }

    pub(super) fn open(
        place: &FilesPlace,
        name: &str,
        prefix: &str,
        access: &Access,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Box<dyn FileStorage>, OpenError> {
        let store = client(name, access).map_err(|problem| wrong(place, problem))?;
        Ok(Box::new(BucketFiles::new(store, prefix, clock, ids)))
    }

    fn wrong(place: &FilesPlace, problem: String) -> OpenError {
        OpenError::Bucket {
            place: place.clone(),
            problem,
        }
    }
}

#[cfg(not(feature = "s3"))]
mod bucket {
    use super::{Access, Arc, Clock, FileStorage, FilesPlace, IdSource, OpenError};

    pub(super) fn check(place: &FilesPlace, _: &str, _: &str, _: &Access) -> Result<(), OpenError> {
        Err(OpenError::WithoutS3(place.clone()))
    }

    pub(super) fn open(
        place: &FilesPlace,
        _: &str,
        _: &str,
        access: &Access,
        _: Arc<dyn Clock>,
        _: Arc<dyn IdSource>,
    ) -> Result<Box<dyn FileStorage>, OpenError> {
        check(place, "", "", access)?;
        Err(OpenError::WithoutS3(place.clone()))
    }
}

/// What both kinds ask of a key.
pub(crate) fn checked(key: &str) -> Result<(), FilesError> {
    if is_storage_key(key) {
        Ok(())
    } else {
        Err(FilesError::BadKey(key.to_owned()))
    }
}

#[async_trait]
impl FileStorage for ObjectFiles {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        self.inner.stage().await
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        checked(key)?;
        self.inner.put(key, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        checked(key)?;
        self.inner.get(key).await
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        checked(key)?;
        self.inner.head(key).await
    }

    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        self.inner.list(after, limit).await
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        checked(key)?;
        self.inner.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        if !is_storage_prefix(prefix) {
            return Err(FilesError::BadKey(prefix.to_owned()));
        }
        self.inner.delete_prefix(prefix).await
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        self.inner.sweep_staged(older_than).await
    }
}
