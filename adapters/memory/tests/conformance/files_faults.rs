//! The kit would notice a file storage that breaks its promises.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::files::is_storage_key;
use frontdesk_core::port::{Clock, FileHead, FileStorage, FilesError, StagedFile};
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryFiles, SimulatedClock};
use frontdesk_port_kit::files::{self, FilesHarness};

use crate::harness::{give_way, start};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Bytes are written where they will be kept.
    SeenWhileWritten,
    /// The list names staged files too.
    StagedListed,
    /// What is young is swept as well.
    YoungSwept,
    /// Nothing is ever swept.
    NothingSwept,
    /// Putting removes first what was there, and writes then.
    PutInTwoSteps,
    /// The last bytes that were written are not kept.
    LastBytesForgotten,
    /// A swept file is kept, without its bytes.
    SweptKeptEmpty,
    /// Where there is a file already it stays.
    KeepsTheFirst,
    /// A list begins with what it was to begin after.
    PagesOverlap,
    /// A list is ordered by folders.
    OrderedByFolders,
    /// A prefix takes what only begins like the folder.
    FoldersMixed,
    /// Abandoning forgets the bytes, not the file.
    AbandonedLeft,
    /// The size is that of the first write.
    SizeOfFirstWrite,
    /// Keys are not looked at when a file is kept.
    AnyKeyKept,
    /// Files that are staged at a time share their place.
    StagedTogether,
    /// A file hides what lies in the folder of its name.
    FileHidesFolder,
    /// When a file was kept is when it is asked for, in another time.
    TimeMadeUp,
}

/// The memory storage with a bug in front of it.
#[derive(Clone, Debug)]
struct Faulty {
    inner: Arc<MemoryFiles>,
    fault: Fault,
    begun: Arc<AtomicUsize>,
    /// Where files staged at a time meet.
    shared: Arc<Mutex<Vec<u8>>>,
}

/// A key as good as any for what should have none.
fn staged_key(number: usize) -> String {
    format!("staged.{number}")
}

#[async_trait]
impl FileStorage for Faulty {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        if self.fault == Fault::StagedListed {
            self.inner.put(&staged_key(number), Vec::new()).await?;
        }
        Ok(Box::new(FaultyStaged {
            inner: self.inner.stage().await?,
            files: self.clone(),
            number,
            written: Vec::new(),
            pieces: Vec::new(),
        }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        match self.fault {
            Fault::PutInTwoSteps => {
                self.inner.delete(key).await?;
                give_way().await;
                self.inner.put(key, bytes).await
            }
            _ => self.inner.put(key, bytes).await,
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        if self.fault == Fault::FileHidesFolder {
            for (at, _) in key.match_indices('/') {
                if is_storage_key(key) && self.inner.get(&key[..at]).await?.is_some() {
                    return Ok(None);
                }
            }
        }
        self.inner.get(key).await
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        let head = self.inner.head(key).await?;
        Ok(head.map(|head| match self.fault {
            Fault::TimeMadeUp => FileHead {
                kept_at: Timestamp::EPOCH,
                ..head
            },
            Fault::SizeOfFirstWrite => FileHead {
                size_bytes: head.size_bytes.min(1_000),
                ..head
            },
            _ => head,
        }))
    }

    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        match (self.fault, after) {
            (Fault::PagesOverlap, Some(after)) if limit > 0 => {
                let first = self.inner.head(&after).await?;
                let rest = self
                    .inner
                    .list(Some(after), limit - usize::from(first.is_some()))
                    .await?;
                Ok(first.into_iter().chain(rest).collect())
            }
            (Fault::OrderedByFolders, after) => {
                let mut all = self.inner.list(None, usize::MAX).await?;
                let in_folders = |key: &str| key.split('/').map(str::to_owned).collect::<Vec<_>>();
                all.sort_by_key(|head| in_folders(&head.key));
                let after = after.map(|after| in_folders(&after));
                let later =
                    |head: &FileHead| after.as_ref().is_none_or(|after| in_folders(&head.key) > *after);
                Ok(all.into_iter().filter(later).take(limit).collect())
            }
            (_, after) => self.inner.list(after, limit).await,
        }
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        self.inner.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        match self.fault {
            Fault::FoldersMixed => self.inner.delete_prefix(prefix.trim_end_matches('/')).await,
            _ => self.inner.delete_prefix(prefix).await,
        }
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        match self.fault {
            Fault::YoungSwept => self.inner.sweep_staged(Duration::ZERO).await,
            Fault::NothingSwept => Ok(0),
            _ => self.inner.sweep_staged(older_than).await,
        }
    }
}

impl Faulty {
    fn shared(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct FaultyStaged {
    inner: Box<dyn StagedFile>,
    files: Faulty,
    number: usize,
    written: Vec<u8>,
    pieces: Vec<usize>,
}

#[async_trait]
impl StagedFile for FaultyStaged {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        self.written.extend_from_slice(bytes);
        self.pieces.push(bytes.len());
        if self.files.fault == Fault::SeenWhileWritten {
            self.files.inner.put("c/x", self.written.clone()).await?;
        }
        if self.files.fault == Fault::StagedTogether {
            self.files.shared().extend_from_slice(bytes);
        }
        self.inner.write(bytes).await
    }

    async fn keep(self: Box<Self>, key: &str) -> Result<(), FilesError> {
        let files = &self.files.inner;
        match self.files.fault {
            Fault::StagedListed => {
                files.delete(&staged_key(self.number)).await?;
                self.inner.keep(key).await
            }
            Fault::LastBytesForgotten => {
                let last = self.pieces.last().copied().unwrap_or_default();
                files
                    .put(key, self.written[..self.written.len() - last].to_vec())
                    .await
            }
            Fault::SweptKeptEmpty => match self.inner.keep(key).await {
                Err(FilesError::Unavailable(_)) => files.put(key, Vec::new()).await,
                kept => kept,
            },
            Fault::KeepsTheFirst if is_storage_key(key) && files.get(key).await?.is_some() => {
                self.inner.abandon().await
            }
            Fault::AnyKeyKept if !is_storage_key(key) => files.put("any", self.written).await,
            Fault::StagedTogether => {
                let shared = std::mem::take(&mut *self.files.shared());
                files.put(key, shared).await
            }
            _ => self.inner.keep(key).await,
        }
    }

    async fn abandon(self: Box<Self>) -> Result<(), FilesError> {
        match self.files.fault {
            Fault::AbandonedLeft => Ok(()),
            _ => self.inner.abandon().await,
        }
    }
}

struct Harness(SimulatedClock, Fault);

#[async_trait]
impl FilesHarness for Harness {
    async fn fresh(&self) -> Arc<dyn FileStorage> {
        Arc::new(Faulty {
            inner: Arc::new(MemoryFiles::new(Arc::new(self.0.clone()))),
            fault: self.1,
            begun: Arc::default(),
            shared: Arc::default(),
        })
    }

    async fn age(&self, _: &dyn FileStorage, by: Duration) {
        self.0.advance(by);
    }

    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[tokio::test]
async fn every_fault_is_caught_by_name() {
    for (fault, name) in [
        (Fault::SeenWhileWritten, "nothing_is_seen_before_it_is_kept"),
        (Fault::StagedListed, "the_list_shows_nothing_staged"),
        (Fault::YoungSwept, "what_is_young_is_not_swept"),
        (Fault::NothingSwept, "what_is_dropped_is_swept"),
        (Fault::PutInTwoSteps, "a_reader_sees_old_bytes_or_new_ones"),
        (Fault::LastBytesForgotten, "a_large_file_in_small_writes_is_kept"),
        (Fault::SweptKeptEmpty, "a_swept_file_is_kept_whole_or_not_at_all"),
        (Fault::KeepsTheFirst, "keeping_replaces"),
        (Fault::PagesOverlap, "the_list_comes_in_pages"),
        (Fault::OrderedByFolders, "the_list_is_in_the_order_of_bytes"),
        (Fault::FoldersMixed, "a_prefix_is_deleted_and_nothing_else"),
        (Fault::AbandonedLeft, "what_is_abandoned_is_gone"),
        (Fault::SizeOfFirstWrite, "head_tells_size_and_time"),
        (Fault::TimeMadeUp, "head_tells_size_and_time"),
        (Fault::AnyKeyKept, "a_bad_key_keeps_nothing"),
        (Fault::StagedTogether, "files_staged_side_by_side_are_apart"),
        (Fault::FileHidesFolder, "keys_may_begin_with_one_another"),
    ] {
        let broken = files::broken(&Harness(start(), fault)).await;
        let names: Vec<_> = broken.iter().map(|broken| broken.check).collect();
        assert!(names.contains(&name), "{fault:?}: {names:?}");
    }
}

#[tokio::test]
async fn random_operations_notice_a_fault_too() {
    for fault in [
        Fault::LastBytesForgotten,
        Fault::NothingSwept,
        Fault::FoldersMixed,
    ] {
        let harness = Harness(start(), fault);
        let played = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(files::model_based(
            &harness, 100,
        )));
        assert!(played.await.is_err(), "{fault:?}");
    }
}
