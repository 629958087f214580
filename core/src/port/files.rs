//! Where the bytes of attachments live.

use async_trait::async_trait;
use std::fmt::Debug;

/// Why file storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It cannot be reached, or did not answer in time.
    #[error("file storage cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room left.
    #[error("file storage is full")]
    Full,
    /// The key is no plain relative path of `a-z A-Z 0-9 . _ -` segments.
    #[error("`{0}` is no storage key: expected segments of letters, digits, `.`, `_` and `-`")]
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

/// Bytes under keys such as `<client id>/<sha256>`.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FileStorage: Debug + Send + Sync {
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

    /// Removes every key that starts with `prefix`, and says how many there were.
    ///
    /// # Errors
    /// Any [`FilesError`] but `Full`.
    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError>;
}

/// Whether `key` is one an adapter accepts: the same rule for all of them.
pub fn is_storage_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 512
        && key.split('/').all(|segment| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        })
}
