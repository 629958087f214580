//! The local folder: the port kit, and what is its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::{Clock, FileStorage, FilesError};
use frontdesk_core::time::Timestamp;
use frontdesk_files::{Access, FilesPlace, ObjectFiles, OpenError};
use frontdesk_port_kit::files::{self, FilesHarness};
use frontdesk_port_kit::memory::{SeededIds, SimulatedClock};
use tempfile::TempDir;

struct Folders {
    clock: SimulatedClock,
    folders: Mutex<Vec<TempDir>>,
}

impl Folders {
    fn new() -> Self {
        Folders {
            clock: SimulatedClock::at(Timestamp::from_seconds(1_800_000_000)),
            folders: Mutex::default(),
        }
    }
}

#[async_trait]
impl FilesHarness for Folders {
    async fn fresh(&self) -> Arc<dyn FileStorage> {
        let folder = tempfile::tempdir().unwrap();
        let files = open(folder.path(), &self.clock).await.unwrap();
        self.folders.lock().unwrap().push(folder);
        Arc::new(files)
    }

    async fn age(&self, _: &dyn FileStorage, by: Duration) {
        self.clock.advance(by);
    }

    async fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

async fn open(path: &Path, clock: &SimulatedClock) -> Result<ObjectFiles, OpenError> {
    let place = FilesPlace::Folder(path.to_owned());
    let ids = Arc::new(SeededIds::new(1));
    ObjectFiles::open(&place, &Access::default(), Arc::new(clock.clone()), ids).await
}

/// A storage in `files/` of a folder of its own.
async fn alone() -> (TempDir, PathBuf, ObjectFiles) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("files");
    let files = open(&root, &Folders::new().clock).await.unwrap();
    (folder, root, files)
}

/// Everything below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_conforms() {
    let report = files::conforms(&Folders::new()).await;
    assert_eq!(report.names.len(), files::checks().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_is_like_the_memory_adapter() {
    files::model_based(&Folders::new(), 40).await;
}

#[tokio::test]
async fn nobody_else_may_look() {
    let (_folder, root, files) = alone().await;
    files.put("client/x", vec![1]).await.unwrap();
    let _open = files.stage().await.unwrap();
    let mut seen = 0;
    for path in below(&root).into_iter().chain([root]) {
        let metadata = path.metadata().unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(
            metadata.permissions().mode() & 0o777,
            expected,
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert_eq!(seen, 6, "two files and their folders");
}

#[tokio::test]
async fn nothing_is_staged_where_it_is_kept() {
    let (_folder, root, files) = alone().await;
    let mut staged = files.stage().await.unwrap();
    staged.write(&[7; 600_000]).await.unwrap();
    assert_eq!(below(&root.join("kept")), Vec::<PathBuf>::new());
    assert_eq!(below(&root.join("staged")).len(), 1);
    staged.keep("client/x").await.unwrap();
    assert_eq!(below(&root.join("staged")), Vec::<PathBuf>::new());
    assert_eq!(fs::read(root.join("kept/client+/x")).unwrap().len(), 600_000);
}

#[tokio::test]
async fn folders_go_with_their_last_file() {
    let (_folder, root, files) = alone().await;
    for key in ["a/b/c/x", "a/b/y", "d/e/z"] {
        files.put(key, vec![1]).await.unwrap();
    }
    files.delete("a/b/c/x").await.unwrap();
    assert!(!root.join("kept/a+/b+/c+").exists() && root.join("kept/a+/b+/y").exists());
    files.delete("a/b/y").await.unwrap();
    files.delete_prefix("d/").await.unwrap();
    assert_eq!(below(&root.join("kept")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn links_are_not_followed() {
    let (folder, root, files) = alone().await;
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x"), "secret").unwrap();
    files.put("ours/x", vec![1]).await.unwrap();
    symlink(&outside, root.join("kept/client+")).unwrap();
    symlink(outside.join("x"), root.join("kept/ours+/link")).unwrap();
    for key in ["client/x", "ours/link"] {
        for refused in [
            files.get(key).await.map(drop),
            files.head(key).await.map(drop),
            files.delete(key).await.map(drop),
        ] {
            assert!(
                matches!(refused, Err(FilesError::Unavailable(_))),
                "{key}: {refused:?}"
            );
        }
    }
    let refused = files.put("client/y", vec![2]).await;
    assert!(matches!(refused, Err(FilesError::Unavailable(_))), "{refused:?}");
    assert!(files.delete_prefix("client/").await.is_err());
    let listed = files.list(None, 9).await.unwrap();
    let keys: Vec<&str> = listed.iter().map(|head| head.key.as_str()).collect();
    assert_eq!(keys, ["ours/x"]);
    assert_eq!(files.delete_prefix("c").await.unwrap(), 0);
    // Keeping puts a file in a link's place; what it pointed to stays as it was.
    files.put("ours/link", vec![3]).await.unwrap();
    assert_eq!(files.get("ours/link").await.unwrap(), Some(vec![3]));
    assert_eq!(fs::read_to_string(outside.join("x")).unwrap(), "secret");
    assert_eq!(below(&outside).len(), 1);
}

#[tokio::test]
async fn what_is_left_of_a_crash_is_swept_by_the_next_process() {
    let clock = Folders::new().clock;
    let folder = tempfile::tempdir().unwrap();
    let hour = Duration::from_hours(1);
    let files = open(folder.path(), &clock).await.unwrap();
    let mut staged = files.stage().await.unwrap();
    staged.write(b"half of it").await.unwrap();
    drop((staged, files));
    fs::write(folder.path().join("staged/not-ours"), "x").unwrap();
    clock.advance(hour * 2);
    let next = open(folder.path(), &clock).await.unwrap();
    assert_eq!(next.sweep_staged(hour).await.unwrap(), 1);
    let left = below(&folder.path().join("staged"));
    assert_eq!(left, [folder.path().join("staged/not-ours")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_emptied_while_files_are_kept_in_it_takes_them_all() {
    let (_folder, root, files) = alone().await;
    let files = Arc::new(files);
    let mut tasks = Vec::new();
    for writer in 0..4 {
        let files = Arc::clone(&files);
        tasks.push(tokio::spawn(async move {
            for round in 0..50 {
                let key = format!("a/b/{writer}");
                files.put(&key, vec![round]).await.unwrap();
                assert_eq!(files.get(&key).await.unwrap(), Some(vec![round]));
                assert!(files.delete(&key).await.unwrap());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(below(&root).len(), 2, "nothing but the two folders");
}

#[tokio::test]
async fn a_place_that_will_not_do_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = open(&file.join("files"), &Folders::new().clock)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("FILES_URL=file:///") && said.contains("expected a folder"),
        "{said}"
    );
}

#[cfg(not(feature = "s3"))]
#[tokio::test]
async fn a_bucket_wants_a_build_that_knows_them() {
    let place: FilesPlace = "s3://bucket/prefix".parse().unwrap();
    let error = ObjectFiles::check(&place, &Access::default()).unwrap_err();
    assert!(error.to_string().contains("frontdesk-runtime/s3"), "{error}");
}
