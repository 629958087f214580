//! The checks of the file storage port.

mod model;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::files::{LONGEST_KEY, LONGEST_SEGMENT};
use frontdesk_core::port::{FileHead, FileStorage, FilesError, StagedFile};
use frontdesk_core::time::Timestamp;
use futures_util::future::{join, join_all, join3};

use crate::check::suite;

pub use model::model_based;

/// What the kit must know of a file storage adapter.
#[async_trait]
pub trait FilesHarness: Sync {
    /// An empty storage that shares nothing with those given before.
    async fn fresh(&self) -> Arc<dyn FileStorage>;

    /// Makes everything that is staged by now older by this, as `sweep_staged` sees it.
    async fn age(&self, files: &dyn FileStorage, by: Duration);

    /// The clock that tells when a file was kept, to a minute or so.
    async fn now(&self) -> Timestamp;

    /// How many bytes of a staged file the adapter may hold in memory: a file that is no longer leaves
    /// nothing behind when it is dropped. With 0 even an empty one leaves something to sweep.
    fn held_back(&self) -> usize {
        0
    }
}

suite!(
    FilesHarness,
    "file storage",
    Scene::new,
    [
        bytes_come_back,
        bytes_are_replaced,
        what_was_never_put_is_none,
        what_was_written_is_kept,
        a_large_file_in_small_writes_is_kept,
        nothing_is_seen_before_it_is_kept,
        keeping_replaces,
        what_is_abandoned_is_gone,
        what_is_dropped_is_swept,
        what_is_young_is_not_swept,
        what_is_kept_is_not_swept,
        a_swept_file_is_kept_whole_or_not_at_all,
        files_staged_side_by_side_are_apart,
        concurrent_keeps_keep_one_of_them,
        a_reader_sees_old_bytes_or_new_ones,
        head_tells_size_and_time,
        the_list_is_in_the_order_of_bytes,
        the_list_comes_in_pages,
        the_list_shows_nothing_staged,
        a_deleted_file_is_gone,
        a_prefix_is_deleted_and_nothing_else,
        keys_may_begin_with_one_another,
        the_longest_keys_will_do,
        bad_keys_are_refused,
        a_bad_key_keeps_nothing,
    ]
);

const HOUR: Duration = Duration::from_hours(1);

struct Scene<'a> {
    harness: &'a dyn FilesHarness,
    files: Arc<dyn FileStorage>,
}

impl<'a> Scene<'a> {
    async fn new(harness: &'a dyn FilesHarness) -> Self {
        let files = harness.fresh().await;
        Scene { harness, files }
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        let put = self.files.put(key, bytes.to_vec()).await;
        put.expect("bytes are kept");
    }

    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.files.get(key).await.expect("bytes are read")
    }

    async fn head(&self, key: &str) -> Option<FileHead> {
        self.files.head(key).await.expect("a head is read")
    }

    async fn keys(&self, after: Option<&str>, limit: usize) -> Vec<String> {
        let listed = self.files.list(after.map(str::to_owned), limit).await;
        let listed = listed.expect("files are listed").into_iter();
        listed.map(|head| head.key).collect()
    }

    async fn delete(&self, key: &str) -> bool {
        self.files.delete(key).await.expect("a file is deleted")
    }

    async fn delete_prefix(&self, prefix: &str) -> usize {
        let deleted = self.files.delete_prefix(prefix).await;
        deleted.expect("a prefix is deleted")
    }

    async fn staged(&self, writes: &[&[u8]]) -> Box<dyn StagedFile> {
        let mut staged = self.files.stage().await.expect("a file is staged");
        for bytes in writes {
            staged.write(bytes).await.expect("bytes are written");
        }
        staged
    }

    async fn keep(&self, key: &str, writes: &[&[u8]]) {
        let kept = self.staged(writes).await.keep(key).await;
        kept.expect("a staged file is kept");
    }

    /// So many bytes that something of them is staged, whatever the adapter holds in memory.
    fn enough(&self) -> Vec<u8> {
        pattern(self.harness.held_back() + 10, 7)
    }

    async fn sweep(&self, older_than: Duration) -> usize {
        let swept = self.files.sweep_staged(older_than).await;
        swept.expect("staged files are swept")
    }

    async fn age(&self, by: Duration) {
        self.harness.age(&*self.files, by).await;
    }
}

/// Bytes that differ from place to place and from seed to seed, so that a lost or moved piece shows.
pub(crate) fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((at + seed * 31 + at / 251 * 7) % 251).unwrap_or_default())
        .collect()
}

async fn bytes_come_back(scene: &Scene<'_>) {
    let every: Vec<u8> = (0..=255).collect();
    let large = pattern(3 * 1024 * 1024 + 1, 1);
    for (key, bytes) in [("a/empty", vec![]), ("a/b/every.bin", every), ("L-_.0", large)] {
        scene.put(key, &bytes).await;
        assert!(scene.get(key).await == Some(bytes), "{key}");
    }
}

async fn bytes_are_replaced(scene: &Scene<'_>) {
    scene.put("a/x", b"a longer text").await;
    scene.put("a/x", b"short").await;
    assert_eq!(scene.get("a/x").await.as_deref(), Some(&b"short"[..]));
    assert_eq!(scene.keys(None, 9).await, ["a/x"]);
}

async fn what_was_never_put_is_none(scene: &Scene<'_>) {
    scene.put("a/x", b"x").await;
    for key in ["b", "a", "a/y", "a/x/y", "a/x.part", "A/x"] {
        assert_eq!(scene.get(key).await, None, "{key}");
        assert_eq!(scene.head(key).await, None, "{key}");
        assert!(!scene.delete(key).await, "{key}");
    }
    assert_eq!(scene.get("a/x").await.as_deref(), Some(&b"x"[..]));
}

async fn what_was_written_is_kept(scene: &Scene<'_>) {
    for (key, pieces) in [
        ("none", vec![]),
        ("empty", vec!["", ""]),
        ("some", vec!["one, ", "", "two, ", "three"]),
    ] {
        let writes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        scene.keep(key, &writes).await;
        assert_eq!(scene.get(key).await, Some(pieces.concat().into_bytes()), "{key}");
    }
}

async fn a_large_file_in_small_writes_is_kept(scene: &Scene<'_>) {
    // More than any adapter holds in memory, and no multiple of anything.
    let bytes = pattern(2 * scene.harness.held_back() + 2_500_001, 3);
    let mut staged = scene.staged(&[]).await;
    for piece in bytes.chunks(65_537) {
        staged.write(piece).await.expect("a piece is written");
    }
    staged.keep("c/large").await.expect("it is kept");
    assert!(scene.get("c/large").await == Some(bytes));
}

async fn nothing_is_seen_before_it_is_kept(scene: &Scene<'_>) {
    let bytes = scene.enough();
    let staged = scene.staged(&[&bytes]).await;
    assert_eq!(scene.get("c/x").await, None);
    assert_eq!(scene.head("c/x").await, None);
    assert_eq!(scene.keys(None, 9).await, Vec::<String>::new());
    staged.keep("c/x").await.expect("it is kept");
    assert!(scene.get("c/x").await == Some(bytes));
    assert_eq!(scene.keys(None, 9).await, ["c/x"]);
}

async fn keeping_replaces(scene: &Scene<'_>) {
    scene.put("c/x", b"what was there before, and longer").await;
    let staged = scene.staged(&[b"new"]).await;
    assert_eq!(scene.head("c/x").await.map(|head| head.size_bytes), Some(33));
    staged.keep("c/x").await.expect("it is kept");
    assert_eq!(scene.get("c/x").await.as_deref(), Some(&b"new"[..]));
}

async fn what_is_abandoned_is_gone(scene: &Scene<'_>) {
    let abandoned = scene.staged(&[&scene.enough()]).await.abandon().await;
    abandoned.expect("a staged file is abandoned");
    assert_eq!(scene.keys(None, 9).await, Vec::<String>::new());
    scene.age(HOUR * 2).await;
    assert_eq!(scene.sweep(HOUR).await, 0, "nothing is left of it");
}

async fn what_is_dropped_is_swept(scene: &Scene<'_>) {
    for _ in 0..2 {
        drop(scene.staged(&[&scene.enough()]).await);
    }
    assert_eq!(scene.keys(None, 9).await, Vec::<String>::new());
    scene.age(HOUR * 2).await;
    assert_eq!(scene.sweep(HOUR).await, 2);
    assert_eq!(scene.sweep(HOUR).await, 0);
}

async fn what_is_young_is_not_swept(scene: &Scene<'_>) {
    let bytes = scene.enough();
    drop(scene.staged(&[&bytes]).await);
    scene.age(HOUR * 2).await;
    let young = scene.staged(&[&bytes]).await;
    scene.age(HOUR / 2).await;
    assert_eq!(scene.sweep(HOUR).await, 1, "the old one only");
    young.keep("c/young").await.expect("what was not swept is kept");
    assert!(scene.get("c/young").await == Some(bytes));
}

async fn what_is_kept_is_not_swept(scene: &Scene<'_>) {
    scene.put("c/put", b"put").await;
    scene.keep("c/kept", &[&scene.enough()]).await;
    scene.age(HOUR * 2).await;
    assert_eq!(scene.sweep(HOUR).await, 0);
    assert_eq!(scene.keys(None, 9).await, ["c/kept", "c/put"]);
}

async fn a_swept_file_is_kept_whole_or_not_at_all(scene: &Scene<'_>) {
    for (key, bytes) in [("c/short", b"short".to_vec()), ("c/long", scene.enough())] {
        let mut staged = scene.staged(&[&bytes[..2]]).await;
        staged.write(&bytes[2..]).await.expect("bytes are written");
        scene.age(HOUR * 2).await;
        let swept = scene.sweep(HOUR).await;
        let kept = staged.keep(key).await;
        if swept > 0 {
            assert!(kept.is_err(), "{key}: what was swept is kept");
        }
        assert!(scene.get(key).await == kept.is_ok().then_some(bytes), "{key}");
    }
}

async fn files_staged_side_by_side_are_apart(scene: &Scene<'_>) {
    let (first, second) = (pattern(100_000, 1), pattern(70_000, 2));
    let mut a = scene.staged(&[]).await;
    let mut b = scene.staged(&[]).await;
    let half = first.len() / 2;
    a.write(&first[..half]).await.expect("written");
    let (wrote, other) = join(a.write(&first[half..]), b.write(&second)).await;
    wrote.and(other).expect("both are written");
    let dropped = scene.staged(&[b"dropped"]).await;
    b.keep("b").await.expect("kept");
    drop(dropped);
    a.keep("a").await.expect("kept");
    assert!(scene.get("a").await == Some(first));
    assert!(scene.get("b").await == Some(second));
}

async fn concurrent_keeps_keep_one_of_them(scene: &Scene<'_>) {
    let all: Vec<Vec<u8>> = (0..8).map(|n| pattern(50_000 + n, n)).collect();
    let mut staged = Vec::new();
    for bytes in &all {
        staged.push(scene.staged(&[bytes]).await);
    }
    let kept = join_all(staged.into_iter().map(|staged| staged.keep("new/folder/x"))).await;
    for kept in kept {
        kept.expect("each is kept");
    }
    let left = scene.get("new/folder/x").await.expect("one of them is there");
    assert!(all.contains(&left));
    assert_eq!(scene.keys(None, 9).await, ["new/folder/x"]);
}

async fn a_reader_sees_old_bytes_or_new_ones(scene: &Scene<'_>) {
    let (old, new) = (pattern(200_000, 1), pattern(300_000, 2));
    for (key, staged) in [("a", false), ("b", true)] {
        scene.put(key, &old).await;
        let reads = || join_all((0..4).map(|_| scene.get(key)));
        let write = async {
            if staged {
                scene.keep(key, &[&new[..9], &new[9..]]).await;
            } else {
                scene.put(key, &new).await;
            }
        };
        // Some begin before it, some while it is under way.
        let (before, (), meanwhile) = join3(reads(), write, reads()).await;
        for bytes in before.into_iter().chain(meanwhile) {
            assert!(bytes == Some(old.clone()) || bytes == Some(new.clone()), "{key}");
        }
        assert!(scene.get(key).await == Some(new.clone()), "{key}");
    }
}

async fn head_tells_size_and_time(scene: &Scene<'_>) {
    scene.put("c/put", &pattern(1_234, 1)).await;
    scene.keep("c/kept", &[&[1; 1_000], &[2; 500]]).await;
    scene.keep("c/empty", &[]).await;
    let now = scene.harness.now().await;
    for (key, size_bytes) in [("c/put", 1_234), ("c/kept", 1_500), ("c/empty", 0)] {
        let head = scene.head(key).await.expect("it is there");
        assert_eq!((head.key.as_str(), head.size_bytes), (key, size_bytes));
        let off = head.kept_at.since(now).max(now.since(head.kept_at));
        assert!(
            off < Duration::from_mins(1),
            "{key}: kept at {}, now is {now}",
            head.kept_at
        );
        assert_eq!(scene.head(key).await, Some(head), "reading changes nothing");
    }
    let listed = scene.files.list(None, 9).await.expect("files are listed");
    for head in listed {
        assert_eq!(scene.head(&head.key).await, Some(head));
    }
}

/// Keys in the order of their bytes, chosen so that an order by folders is another one.
const ORDERED: [&str; 10] = [
    "A", "a", "a-b", "a.b", "a/-", "a/B/c", "a/b", "a/b/c", "a0", "b/0",
];

async fn put_in_disorder(scene: &Scene<'_>) {
    for at in [3, 9, 0, 6, 1, 7, 4, 8, 5, 2] {
        scene.put(ORDERED[at], b"x").await;
    }
}

async fn the_list_is_in_the_order_of_bytes(scene: &Scene<'_>) {
    put_in_disorder(scene).await;
    assert_eq!(scene.keys(None, 100).await, ORDERED);
}

async fn the_list_comes_in_pages(scene: &Scene<'_>) {
    assert_eq!(scene.keys(None, 5).await, Vec::<String>::new());
    put_in_disorder(scene).await;
    for limit in [1, 3, 10] {
        let mut seen = Vec::new();
        loop {
            let page = scene.keys(seen.last().map(String::as_str), limit).await;
            assert!(page.len() <= limit);
            assert!(
                seen.len() < 2 * ORDERED.len(),
                "the pages come to no end: {seen:?}"
            );
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, ORDERED, "in pages of {limit}");
    }
    assert_eq!(scene.keys(None, 0).await, Vec::<String>::new());
    // What a page began after need not be there, nor anything like it.
    assert_eq!(scene.keys(Some("a.c"), 2).await, ["a/-", "a/B/c"]);
    assert_eq!(scene.keys(Some("a/b/a/z"), 1).await, ["a/b/c"]);
    assert_eq!(scene.keys(Some("zz"), 9).await, Vec::<String>::new());
}

async fn the_list_shows_nothing_staged(scene: &Scene<'_>) {
    scene.put("c/x", b"x").await;
    let open = scene.staged(&[&scene.enough()]).await;
    drop(scene.staged(&[&scene.enough()]).await);
    assert_eq!(scene.keys(None, 9).await, ["c/x"]);
    assert_eq!(scene.keys(Some("c/x"), 9).await, Vec::<String>::new());
    open.abandon().await.expect("it is abandoned");
}

async fn a_deleted_file_is_gone(scene: &Scene<'_>) {
    for key in ["c/x", "c/y"] {
        scene.put(key, b"x").await;
    }
    assert!(scene.delete("c/x").await);
    assert!(!scene.delete("c/x").await);
    assert_eq!(scene.get("c/x").await, None);
    assert_eq!(scene.head("c/x").await, None);
    assert_eq!(scene.keys(None, 9).await, ["c/y"]);
    assert!(scene.delete("c/y").await);
    // A folder that lost its last file may be used again.
    scene.keep("c/x", &[b"again"]).await;
    assert_eq!(scene.get("c/x").await.as_deref(), Some(&b"again"[..]));
}

async fn a_prefix_is_deleted_and_nothing_else(scene: &Scene<'_>) {
    for key in ["c1", "c1/x", "c1/y/z", "c10/x", "c2/x", "d/ab/1", "d/ac/1", "d/b"] {
        scene.put(key, b"x").await;
    }
    assert_eq!(scene.delete_prefix("c1/").await, 2);
    assert_eq!(scene.delete_prefix("c1/").await, 0);
    let left = ["c1", "c10/x", "c2/x", "d/ab/1", "d/ac/1", "d/b"];
    assert_eq!(scene.keys(None, 9).await, left);
    assert_eq!(scene.delete_prefix("c").await, 3);
    assert_eq!(scene.delete_prefix("d/a").await, 2);
    assert_eq!(scene.delete_prefix("nowhere/at/all").await, 0);
    assert_eq!(scene.keys(None, 9).await, ["d/b"]);
}

async fn keys_may_begin_with_one_another(scene: &Scene<'_>) {
    let keys = ["k", "k/k", "k/k/k"];
    for key in keys.iter().rev().chain(&keys) {
        scene.put(key, key.as_bytes()).await;
    }
    for key in keys {
        assert_eq!(scene.get(key).await.as_deref(), Some(key.as_bytes()));
    }
    assert!(scene.delete("k/k").await);
    assert_eq!(scene.keys(None, 9).await, ["k", "k/k/k"]);
}

async fn the_longest_keys_will_do(scene: &Scene<'_>) {
    let segment = "s".repeat(LONGEST_SEGMENT);
    let deep = format!("{}z", "a/".repeat((LONGEST_KEY - 1) / 2));
    let long = format!(
        "{segment}/{segment}/{}",
        "t".repeat(LONGEST_KEY - 2 * LONGEST_SEGMENT - 2)
    );
    for key in [deep, long] {
        scene.keep(&key, &[b"x"]).await;
        assert_eq!(scene.get(&key).await.as_deref(), Some(&b"x"[..]));
        assert!(scene.keys(None, 9).await.contains(&key));
        assert!(scene.delete(&key).await);
    }
}

fn bad_keys() -> Vec<String> {
    let mut bad: Vec<String> = [
        "", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/./b", "ключ", "a b", "a\0b", "a\\b", "a+b", "a=",
        "~", "%2e%2e/a",
    ]
    .map(str::to_owned)
    .into();
    bad.push("a/".repeat(LONGEST_KEY / 2) + "b");
    bad.push("k".repeat(LONGEST_SEGMENT + 1));
    bad
}

async fn bad_keys_are_refused(scene: &Scene<'_>) {
    let refused = |what: &str, key: &str, outcome: Option<FilesError>| {
        let bad = matches!(&outcome, Some(FilesError::BadKey(told)) if told == key);
        assert!(bad, "{what} {key:?}: {outcome:?}");
    };
    for key in bad_keys() {
        refused("put", &key, scene.files.put(&key, vec![1]).await.err());
        refused("get", &key, scene.files.get(&key).await.err());
        refused("head", &key, scene.files.head(&key).await.err());
        refused("delete", &key, scene.files.delete(&key).await.err());
        if key != "a/" {
            refused("delete_prefix", &key, scene.files.delete_prefix(&key).await.err());
        }
    }
}

async fn a_bad_key_keeps_nothing(scene: &Scene<'_>) {
    for key in bad_keys() {
        let kept = scene.staged(&[b"bytes"]).await.keep(&key).await;
        assert!(matches!(kept, Err(FilesError::BadKey(_))), "{key:?}: {kept:?}");
    }
    assert_eq!(scene.keys(None, 9).await, Vec::<String>::new());
    scene.age(HOUR * 2).await;
    scene.sweep(HOUR).await;
    assert_eq!(scene.sweep(HOUR).await, 0);
}
