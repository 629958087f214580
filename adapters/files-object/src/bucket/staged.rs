//! A file that is being written to a bucket.

use async_trait::async_trait;
use frontdesk_core::port::{FileStorage as _, FilesError, StagedFile};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};

use super::BucketFiles;
use super::refusal::failed;
use crate::storage::checked;

/// So many bytes are held in memory, and are a part; S3 wants 5 MiB at least, but of the last.
const PART: usize = 8 * 1024 * 1024;

/// The beginning of a file in parts, as objects under `staged/NAME/`, and the rest in memory.
#[derive(Debug)]
pub(super) struct BucketStaged {
    files: BucketFiles,
    name: String,
    parts: usize,
    rest: Vec<u8>,
    /// A part that failed, or whose writing was cut off, is missing for good.
    broken: bool,
}

impl BucketStaged {
    pub(super) fn new(files: BucketFiles, name: String) -> Self {
        BucketStaged {
            files,
            name,
            parts: 0,
            rest: Vec::new(),
            broken: false,
        }
    }

    fn part(&self, number: usize) -> Result<Path, FilesError> {
        self.files.object("staged", &format!("{}/{number:05}", self.name))
    }

    fn parts(&self) -> Result<Vec<Path>, FilesError> {
        // One more than there are for sure: the writing of the last may have been cut off.
        let parts = self.parts + usize::from(self.broken);
        (0..parts).map(|number| self.part(number)).collect()
    }

    /// Puts the parts together under their key.
    async fn assemble(&self, upload: &mut Box<dyn MultipartUpload>) -> Result<(), object_store::Error> {
        let staged = self.parts().map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: Box::new(error),
        })?;
        for part in staged {
            let bytes = self.files.store.get(&part).await?.bytes().await?;
            upload.put_part(PutPayload::from(bytes)).await?;
        }
        if !self.rest.is_empty() {
            upload.put_part(PutPayload::from(self.rest.clone())).await?;
        }
        upload.complete().await.map(drop)
    }
}

#[async_trait]
impl StagedFile for BucketStaged {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            if self.broken {
                return Err(missing());
            }
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == PART {
                let part = self.part(self.parts)?;
                let rest = std::mem::take(&mut self.rest);
                self.broken = true;
                let put = self.files.store.put(&part, PutPayload::from(rest)).await;
                put.map_err(|error| failed("writing", error))?;
                self.broken = false;
                self.parts += 1;
            }
        }
        Ok(())
    }

    async fn keep(mut self: Box<Self>, key: &str) -> Result<(), FilesError> {
        checked(key)?;
        if self.broken {
            return Err(missing());
        }
        if self.parts == 0 {
            let bytes = std::mem::take(&mut self.rest);
            return self.files.put(key, bytes).await;
        }
        let object = self.files.kept(key)?;
        let begun = self.files.store.put_multipart(&object).await;
        let mut upload = begun.map_err(|error| failed("keeping", error))?;
        if let Err(error) = self.assemble(&mut upload).await {
            // What cannot be aborted now is what the bucket's own rule for unfinished uploads is for.
            drop(upload.abort().await);
            return Err(failed("keeping", error));
        }
        // It is kept; parts that stay behind are swept.
        drop(self.files.delete_all(self.parts()?).await);
        Ok(())
    }

    async fn abandon(self: Box<Self>) -> Result<(), FilesError> {
        self.files.delete_all(self.parts()?).await
    }
}

fn missing() -> FilesError {
    FilesError::Unavailable("an earlier write to the staged file failed".into())
}
