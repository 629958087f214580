//! The checks of the file storage port.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_core::port::{FileStorage, FilesError};
use futures_util::future::join_all;

use crate::check::suite;

/// What the kit must know of a file storage adapter.
#[async_trait]
pub trait FilesHarness: Sync {
    /// An empty storage that shares nothing with those given before.
    async fn fresh(&self) -> Arc<dyn FileStorage>;
}

suite!(
    FilesHarness,
    "file storage",
    start,
    [
        bytes_come_back,
        bytes_are_replaced,
        what_was_never_put_is_none,
        a_prefix_is_deleted_and_nothing_else,
        bad_keys_are_refused,
        a_reader_sees_old_bytes_or_new_ones,
    ]
);

type Files = Arc<dyn FileStorage>;

async fn start(harness: &dyn FilesHarness) -> Files {
    harness.fresh().await
}

async fn put(files: &Files, key: &str, bytes: &[u8]) {
    files.put(key, bytes.to_vec()).await.expect("bytes are kept");
}

async fn get(files: &Files, key: &str) -> Option<Vec<u8>> {
    files.get(key).await.expect("bytes are read")
}

async fn bytes_come_back(files: &Files) {
    let every: Vec<u8> = (0..=255).collect();
    let large = vec![7; 3 * 1024 * 1024];
    for (key, bytes) in [("a/empty", vec![]), ("a/b/every.bin", every), ("L-_.0", large)] {
        put(files, key, &bytes).await;
        assert!(get(files, key).await == Some(bytes), "{key}");
    }
}

async fn bytes_are_replaced(files: &Files) {
    put(files, "a/x", b"a longer text").await;
    put(files, "a/x", b"short").await;
    assert_eq!(get(files, "a/x").await.as_deref(), Some(&b"short"[..]));
}

async fn what_was_never_put_is_none(files: &Files) {
    put(files, "a/x", b"x").await;
    for key in ["b", "a/y", "a/x.part", "A/x"] {
        assert_eq!(get(files, key).await, None, "{key}");
    }
}

async fn a_prefix_is_deleted_and_nothing_else(files: &Files) {
    for key in ["c1/x", "c1/y/z", "c10/x", "c2/x"] {
        put(files, key, b"x").await;
    }
    let delete = |prefix: &'static str| async move {
        let deleted = files.delete_prefix(prefix).await;
        deleted.expect("a prefix is deleted")
    };
    assert_eq!(delete("c1/").await, 2);
    assert_eq!(delete("c1/").await, 0);
    assert_eq!(get(files, "c1/x").await, None);
    assert!(get(files, "c10/x").await.is_some() && get(files, "c2/x").await.is_some());
    assert_eq!(delete("c").await, 2);
    assert_eq!(get(files, "c2/x").await, None);
}

async fn bad_keys_are_refused(files: &Files) {
    let long = "k".repeat(513);
    for key in [
        "", "/a", "a/", "a//b", "../a", "a/./b", "ключ", "a b", "a\0b", &long,
    ] {
        let kept = files.put(key, vec![1]).await;
        assert!(matches!(kept, Err(FilesError::BadKey(_))), "{key:?}: {kept:?}");
        let read = files.get(key).await;
        assert!(matches!(read, Err(FilesError::BadKey(_))), "{key:?}: {read:?}");
    }
}

async fn a_reader_sees_old_bytes_or_new_ones(files: &Files) {
    let (old, new) = (vec![1; 200_000], vec![2; 300_000]);
    put(files, "a", &old).await;
    let reads = join_all((0..8).map(|_| get(files, "a")));
    let (seen, ()) = futures_util::future::join(reads, put(files, "a", &new)).await;
    for bytes in seen {
        assert!(bytes == Some(old.clone()) || bytes == Some(new.clone()));
    }
    assert!(get(files, "a").await == Some(new));
}
