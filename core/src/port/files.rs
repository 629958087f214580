//! Where the bytes of attachments live.

use async_trait::async_trait;
use std::fmt::Debug;
use std::time::Duration;

use crate::time::Timestamp;

/// Why file storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It cannot be reached, or did not answer in time.
    #[error("file storage cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room left.
    #[error("file storage is full")]
    Full,
    /// The key is no plain relative path of `a-z A-Z 0-9 . _ -` segments, or too long
    /// ([`is_storage_key`]).
    #[error(
        "`{0}` is no storage key: expected segments of letters, digits, `.`, `_` and `-`, up to 200 bytes each and 512 in all"
    )]
    BadKey(String),
}

impl FilesError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            FilesError::Unavailable(_) | FilesError::Full => true,
            FilesError::BadKey(_) => false,
        }
    }
}

/// What is known of a kept file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHead {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was kept, by the storage's clock.
    pub kept_at: Timestamp,
}

/// A file that is being written. Nobody sees a byte of it before [`keep`](StagedFile::keep);
/// dropped without an end, or cut by a crash, it is what
/// [`sweep_staged`](FileStorage::sweep_staged) removes.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait StagedFile: Debug + Send {
    /// Appends bytes. After an error the file can only be abandoned.
    ///
    /// # Errors
    /// `Unavailable` or `Full`.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError>;

    /// Keeps all that was written under `key`, durably: a reader sees what was there before or all of
    /// it. What was under `key` is replaced. After an error nothing was kept, or all of it (an answer
    /// that was lost): doing it again is safe.
    ///
    /// # Errors
    /// Any [`FilesError`].
    async fn keep(self: Box<Self>, key: &str) -> Result<(), FilesError>;

    /// Throws away what was written.
    ///
    /// # Errors
    /// `Unavailable`; the sweep does it later.
    async fn abandon(self: Box<Self>) -> Result<(), FilesError>;
}

/// Bytes under keys such as `<client id>/<sha256>`.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FileStorage: Debug + Send + Sync {
    /// Begins a file, apart from those that are kept.
    ///
    /// # Errors
    /// `Unavailable` or `Full`.
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError>;

    /// Keeps `bytes` under `key`, all of them or none: a reader sees the old bytes or the new ones.
    ///
    /// # Errors
    /// Any [`FilesError`].
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError>;

    /// The bytes under `key`.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError>;

    /// What is known of the file under `key`.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError>;

    /// At most `limit` kept files whose keys come after `after`, in the order of their bytes. Staged
    /// ones are never among them.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError>;

    /// Removes the file under `key`, and says whether there was one.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn delete(&self, key: &str) -> Result<bool, FilesError>;

    /// Removes every key that starts with `prefix`, and says how many there were. `prefix` is the
    /// beginning of a key, or a folder with its `/` ([`is_storage_prefix`]).
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError>;

    /// Removes what was staged longer than `older_than` ago and neither kept nor abandoned, and says
    /// how many files that were; an adapter that holds the beginning of a file in memory has nothing
    /// to remove of one that was no longer. `older_than` is to be longer than any file takes to be
    /// written: what is swept while it is written cannot be kept any more, or is kept whole.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError>;
}

/// The longest key, in bytes.
pub const LONGEST_KEY: usize = 512;
/// The longest segment of a key, in bytes: where segments are names in a file system there is a limit.
pub const LONGEST_SEGMENT: usize = 200;

/// Whether `key` is one an adapter accepts: the same rule for all of them. A key may be what others
/// begin with: `a`, `a/b` and `a/b/c` are three files.
pub fn is_storage_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= LONGEST_KEY
        && key.split('/').all(|segment| {
            !segment.is_empty()
                && segment.len() <= LONGEST_SEGMENT
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        })
}

/// Whether `prefix` is one that keys are deleted by: the beginning of a key, or a folder with its `/`.
/// The empty one is none: everything is not deleted by mistake.
pub fn is_storage_prefix(prefix: &str) -> bool {
    is_storage_key(prefix.strip_suffix('/').unwrap_or(prefix))
}
