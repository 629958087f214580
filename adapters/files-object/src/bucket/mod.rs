//! Files in a bucket of S3, or of what speaks like it.
//!
//! A file becomes visible by one request that S3 carries out wholly or not at all: a plain `PUT` where
//! all of it is in memory, else the completion of an upload in parts. Until then its parts are objects
//! under `staged/`, which the sweep can list; unfinished uploads could not be.

mod access;
mod refusal;
mod requests;
mod staged;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::files::is_storage_key;
use frontdesk_core::port::{Clock, FileHead, FileStorage, FilesError, IdSource, StagedFile};
use frontdesk_core::time::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutPayload};

use crate::staged as names;
pub(crate) use access::client;
use refusal::failed;

/// File storage in a bucket.
#[derive(Clone, Debug)]
pub(crate) struct BucketFiles {
    store: Arc<AmazonS3>,
    /// What the names of all objects begin with: empty, or with a slash at its end.
    prefix: String,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl BucketFiles {
    pub(crate) fn new(store: AmazonS3, prefix: &str, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        let store = Arc::new(store);
        BucketFiles {
            store,
            prefix,
            clock,
            ids,
        }
    }

    /// The object that has the bytes of a key.
    fn kept(&self, key: &str) -> Result<Path, FilesError> {
        self.object("kept", key)
    }

    fn object(&self, folder: &str, name: &str) -> Result<Path, FilesError> {
        Path::parse(format!("{}{folder}/{name}", self.prefix))
            .map_err(|_| FilesError::BadKey(name.to_owned()))
    }

    /// The name behind `folder/`.
    fn name_in(&self, folder: &str, object: &Path) -> Option<String> {
        let name = object.as_ref().strip_prefix(&self.prefix)?;
        Some(name.strip_prefix(folder)?.strip_prefix('/')?.to_owned())
    }

    fn head_of(&self, object: &ObjectMeta) -> Option<FileHead> {
        Some(FileHead {
            key: self.name_in("kept", &object.location)?,
            size_bytes: object.size,
            // Some tell more than the second that others tell: one file has one time.
            kept_at: Timestamp::from_seconds(object.last_modified.timestamp()),
        })
    }

    async fn delete_all(&self, objects: Vec<Path>) -> Result<(), FilesError> {
        let objects = futures_util::stream::iter(objects.into_iter().map(Ok)).boxed();
        let deleted = self.store.delete_stream(objects);
        deleted
            .try_for_each(|_| async { Ok(()) })
            .await
            .or_else(|error| match error {
                object_store::Error::NotFound { .. } => Ok(()),
                error => Err(failed("deleting", error)),
            })
    }
}

#[async_trait]
impl FileStorage for BucketFiles {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        let name = names::name(&*self.clock, &*self.ids);
        Ok(Box::new(staged::BucketStaged::new(self.clone(), name)))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        let object = self.kept(key)?;
        let put = self.store.put(&object, PutPayload::from(bytes)).await;
        put.map(drop).map_err(|error| failed("keeping", error))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        let got = match self.store.get(&self.kept(key)?).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("reading", error)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        match self.store.head(&self.kept(key)?).await {
            Ok(object) => Ok(self.head_of(&object)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("looking at", error)),
        }
    }

    /// S3 lists names in the order of their bytes.
    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let folder = self.object("kept", "")?;
        let listed = match after.as_deref().filter(|after| is_storage_key(after)) {
            Some(after) => self.store.list_with_offset(Some(&folder), &self.kept(after)?),
            None => self.store.list(Some(&folder)),
        };
        let mut heads = Vec::new();
        let mut listed = listed;
        while let Some(object) = listed
            .try_next()
            .await
            .map_err(|error| failed("listing", error))?
        {
            let head = self.head_of(&object);
            heads.extend(head.filter(|head| after.as_ref().is_none_or(|after| head.key > *after)));
            if heads.len() == limit {
                break;
            }
        }
        Ok(heads)
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        // S3 does not say whether there was anything to delete.
        if self.head(key).await?.is_none() {
            return Ok(false);
        }
        self.delete_all(vec![self.kept(key)?]).await?;
        Ok(true)
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        // Listed by folder, picked by the beginning.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let listed = self.store.list(Some(&self.object("kept", folder)?));
        let objects: Vec<Path> = listed
            .map_ok(|object| object.location)
            .try_filter(|object| {
                let name = self.name_in("kept", object);
                std::future::ready(name.is_some_and(|name| name.starts_with(prefix)))
            })
            .try_collect()
            .await
            .map_err(|error| failed("listing", error))?;
        let deleted = objects.len();
        self.delete_all(objects).await?;
        Ok(deleted)
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        let now = self.clock.now();
        let listed: Vec<ObjectMeta> = self
            .store
            .list(Some(&self.object("staged", "")?))
            .try_collect()
            .await
            .map_err(|error| failed("listing", error))?;
        let (mut files, mut parts) = (BTreeSet::new(), Vec::new());
        for object in listed {
            let name = self.name_in("staged", &object.location).unwrap_or_default();
            let file = name.split('/').next().unwrap_or_default();
            if names::is_old(file, older_than, now) {
                files.insert(file.to_owned());
                parts.push(object.location);
            }
        }
        self.delete_all(parts).await?;
        Ok(files.len())
    }
}
