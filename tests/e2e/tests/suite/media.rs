//! Clients' files: kept byte for byte where `FILES_URL` says and nowhere else, acknowledged once, never half.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_e2e::{Desk, PATIENCE};
use frontdesk_fake_telegram::{DOWNLOAD, Effect, Fault, Say};
use serde_json::json;

use crate::conversation::texts;

mod what_clients_send_is_kept {
    crate::on_every_desk!(
        one,
        sqlite_polling,
        Sqlite,
        Polling,
        120,
        super::what_clients_send_is_kept
    );
    crate::on_every_desk!(
        one,
        postgres_webhook,
        Postgres,
        Webhook,
        120,
        super::what_clients_send_is_kept
    );
}

mod what_is_not_taken_leaves_nothing {
    crate::on_every_desk!(
        one,
        sqlite_webhook,
        Sqlite,
        Webhook,
        90,
        super::what_is_not_taken_leaves_nothing
    );
}

mod a_download_that_breaks_off_starts_anew {
    crate::on_every_desk!(
        one,
        sqlite_polling,
        Sqlite,
        Polling,
        90,
        super::a_download_that_breaks_off_starts_anew
    );
}

mod a_full_disk_is_waited_for {
    crate::on_every_desk!(
        one,
        sqlite_polling,
        Sqlite,
        Polling,
        90,
        super::a_full_disk_is_waited_for
    );
}

mod killed_in_the_middle_of_a_download {
    crate::on_every_desk!(
        one,
        sqlite_polling,
        Sqlite,
        Polling,
        90,
        super::killed_in_the_middle_of_a_download
    );
    crate::on_every_desk!(
        one,
        postgres_webhook,
        Postgres,
        Webhook,
        90,
        super::killed_in_the_middle_of_a_download
    );
}

/// In every file that is sent, so that it is found wherever a byte of one is.
const MARK: &[u8] = b"-this-was-sent-by-a-client-";

/// A file of about this size that starts so; no two with a different number are the same.
fn file(start: &[u8], number: u32, size: usize) -> Vec<u8> {
    let mut bytes = [start, MARK, number.to_string().as_bytes()].concat();
    let mut state = u64::from(number) + 1;
    while bytes.len() < size {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(size.max(start.len() + MARK.len() + 1));
    bytes
}

const PDF: &[u8] = b"%PDF-1.7\n";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";

/// Every file under a folder, links not followed.
fn walk(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                // One that goes away meanwhile is not there.
                if let Ok(bytes) = std::fs::read(entry.path()) {
                    found.insert(entry.path(), bytes);
                }
            }
        }
    }
    found
}

fn contains_mark(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|part| part == MARK)
}

/// What is kept, by key; nothing of any file is outside of the folder of `FILES_URL`.
fn kept(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let root = desk.data_dir().join("files");
    let mut kept = BTreeMap::new();
    for (path, bytes) in walk(desk.folder()) {
        if let Ok(key) = path.strip_prefix(root.join("kept")) {
            kept.insert(key.display().to_string(), bytes);
        } else if !path.starts_with(root.join("staged")) {
            assert!(
                !contains_mark(&bytes),
                "{} holds what a client sent",
                path.display()
            );
        }
    }
    kept
}

/// How many files are staged.
fn staged(desk: &Desk) -> usize {
    walk(&desk.data_dir().join("files").join("staged")).len()
}

/// Sends a file in a chat of its sender's own.
fn send(desk: &Desk, say: Say, name: &str, mime: &str, bytes: &[u8], size: Option<u64>) {
    let known = desk.telegram.add_file(name, mime, bytes.to_vec(), size);
    desk.telegram.say(Say {
        file_id: Some(known.file_id),
        ..say
    });
}

fn from(user: i64) -> Say {
    Say {
        user,
        ..Say::default()
    }
}

/// Waits until a client was told this, and gives all that they were told.
async fn told(desk: &Desk, user: i64, text: &str) -> Vec<String> {
    let seen = desk
        .telegram
        .wait_until(text, PATIENCE, |telegram| {
            let seen = telegram.bot_messages(user);
            seen.iter()
                .any(|message| message.text.contains(text))
                .then_some(seen)
        })
        .await;
    match seen {
        Ok(seen) => texts(&seen).into_iter().map(str::to_owned).collect(),
        Err(late) => panic!("{late}: {:?}", texts(&desk.telegram.bot_messages(user))),
    }
}

/// A client was told this once, of their files nothing else, and a moment later still.
async fn told_once(desk: &Desk, user: i64, text: &str) {
    told(desk, user, text).await;
    // Whatever would be told once more is told by now.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let all = told(desk, user, text).await;
    let count = all.iter().filter(|told| told.contains(text)).count();
    assert_eq!(count, 1, "{all:?}");
}

async fn what_clients_send_is_kept(mut desk: Desk) {
    let running = desk.start().await;
    let mut sent: Vec<Vec<u8>> = Vec::new();
    // As clients' apps send them, with the names that people and worse give them.
    for (user, kind, name, start) in [
        (301, "photo", "x.jpg", JPEG),
        (302, "document", "../../../../tmp/brief.pdf", PDF),
        (303, "voice", "v.ogg", b"OggS\0\x02"),
        (304, "video", "v.mp4", b"\0\0\0\x18ftypmp42"),
        (305, "audio", "a.mp3", b"ID3\x04"),
        (306, "video_note", "n.mp4", b"\0\0\0\x18ftypisom"),
        (307, "document", "\u{202e}gpj.\0brief\n.pdf", PDF),
        (308, "document", "notes.txt", b"plain words "),
    ] {
        let number = u32::try_from(user).unwrap_or(0);
        let size = if kind == "document" { 700_000 } else { 90_000 };
        let mut bytes = file(start, number, size);
        if name == "notes.txt" {
            bytes.truncate(start.len() + MARK.len() + 3);
        }
        let say = Say {
            file_as: Some(kind.to_owned()),
            ..from(user)
        };
        send(&desk, say, name, "text/html", &bytes, None);
        sent.push(bytes);
    }
    // A moving picture comes as an animation and as a document at once.
    let bytes = file(b"\0\0\0\x18ftypmp42", 309, 50_000);
    let known = desk
        .telegram
        .add_file("gif.mp4", "video/mp4", bytes.clone(), None);
    let both = json!({"file_id": known.file_id, "file_unique_id": "u", "file_size": bytes.len()});
    let fields = [("animation", both.clone()), ("document", both)];
    desk.telegram.say(Say {
        fields: fields
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
        ..from(309)
    });
    sent.push(bytes);
    // The largest that is taken.
    let bytes = file(PDF, 310, 20 << 20);
    send(&desk, from(310), "large.pdf", "application/pdf", &bytes, None);
    sent.push(bytes);
    // An album of ten, its words under one of them.
    for item in 0..10 {
        let bytes = file(JPEG, 400 + item, 30_000);
        let say = Say {
            file_as: Some("photo".to_owned()),
            media_group_id: Some("13000000000000001".to_owned()),
            text: if item == 4 {
                "how much is a devops audit?".to_owned()
            } else {
                String::new()
            },
            ..from(311)
        };
        send(&desk, say, "x.jpg", "image/jpeg", &bytes, None);
        sent.push(bytes);
    }
    for user in [301, 302, 304, 305, 306, 307, 308, 309, 310] {
        told_once(&desk, user, "noted your file").await;
    }
    told_once(&desk, 303, "cannot listen yet").await;
    told_once(&desk, 311, "noted your 10 files").await;
    told_once(&desk, 311, "EUR 2,500").await;

    let kept = kept(&desk);
    assert_eq!(kept.len(), sent.len());
    for bytes in &sent {
        assert!(
            kept.values().any(|kept| kept == bytes),
            "a file of {} bytes is not kept as sent",
            bytes.len()
        );
    }
    for key in kept.keys() {
        let parts: Vec<&str> = key.split('/').collect();
        let is_hash =
            parts.len() == 2 && parts[1].len() == 64 && parts[1].bytes().all(|b| b.is_ascii_hexdigit());
        // Folders are told from files by a mark behind their name.
        assert!(is_hash && parts[0].trim_end_matches('+').len() == 36, "{key}");
    }
    assert_eq!(staged(&desk), 0);
    if desk.database.is_postgres() {
        let stored = "SELECT count(*) FROM attachments WHERE status = 'stored' AND length(sha256) = 64";
        assert_eq!(desk.database.number(stored).await, 20);
        let named =
            "SELECT count(*) FROM attachments WHERE file_name LIKE '%/%' OR file_name LIKE '%\u{202e}%'";
        assert_eq!(desk.database.number(named).await, 0);
        let clean = "SELECT count(*) FROM attachments WHERE file_name IN ('brief.pdf', 'gpj.brief.pdf')";
        assert_eq!(desk.database.number(clean).await, 2);
    }
    running.stop().await.fine();
    assert!(desk.dead_letters().await.is_empty());
}

async fn what_is_not_taken_leaves_nothing(mut desk: Desk) {
    let running = desk.start().await;
    let too_large = file(PDF, 1, (20 << 20) + 1);
    // One that says so is not even asked for; one that says less is stopped at the limit.
    send(&desk, from(321), "large.pdf", "application/pdf", &too_large, None);
    send(
        &desk,
        from(322),
        "large.pdf",
        "application/pdf",
        &too_large,
        Some(1_000),
    );
    send(
        &desk,
        from(323),
        "brief.pdf",
        "application/pdf",
        &file(b"MZ\x90\0", 2, 50_000),
        None,
    );
    send(
        &desk,
        from(324),
        "brief.pdf",
        "application/pdf",
        &file(b"\x7fELF", 3, 50_000),
        None,
    );
    send(
        &desk,
        from(325),
        "brief.pdf.exe",
        "application/pdf",
        &file(PDF, 4, 50_000),
        None,
    );
    for user in [321, 322] {
        told_once(&desk, user, "more than 20 MB").await;
    }
    for user in [323, 324, 325] {
        told_once(&desk, user, "cannot take a file of this kind").await;
    }
    // A path that leads elsewhere is not followed, and a file that is gone is not waited for.
    let known = desk
        .telegram
        .add_file("a.pdf", "application/pdf", file(PDF, 5, 1_000), None);
    assert!(
        desk.telegram
            .change_file(&known.file_id, Some("../../../../etc/passwd"), None)
    );
    desk.telegram.say(Say {
        file_id: Some(known.file_id),
        ..from(326)
    });
    told_once(&desk, 326, "could not get your file").await;
    // What is no file is answered, too.
    for (user, field, value) in [
        (327, "sticker", json!({"file_id": "s", "emoji": "x"})),
        (328, "poll", json!({"id": "1", "question": "which?"})),
        (329, "dice", json!({"emoji": "x", "value": 3})),
        (330, "something_of_next_year", json!({"a": 1})),
    ] {
        desk.telegram.say(Say {
            fields: [(field.to_owned(), value)].into_iter().collect(),
            ..from(user)
        });
        told_once(&desk, user, "understand words best").await;
    }
    assert_eq!(kept(&desk).len(), 0);
    assert_eq!(staged(&desk), 0);
    let downloaded = desk.telegram.calls_of(DOWNLOAD).len();
    assert_eq!(
        downloaded, 4,
        "the largest and the one with a path are not asked for"
    );
    running.stop().await.fine();
}

async fn a_download_that_breaks_off_starts_anew(mut desk: Desk) {
    let running = desk.start().await;
    let bytes = file(PDF, 1, 300_000);
    for effect in [
        Effect::CutBody { after: 100_000 },
        Effect::DropBefore,
        Effect::InternalError,
    ] {
        desk.telegram.fault(Fault::new(effect).method(DOWNLOAD).times(1));
    }
    send(&desk, from(331), "brief.pdf", "application/pdf", &bytes, None);
    told_once(&desk, 331, "noted your file").await;
    assert_eq!(desk.telegram.calls_of(DOWNLOAD).len(), 4);
    let kept = kept(&desk);
    assert!(kept.len() == 1 && kept.values().all(|kept| *kept == bytes));
    assert_eq!(staged(&desk), 0, "what broke off was thrown away");
    running.stop().await.fine();
}

/// A file system of its own with little room, taken away again when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, and a line that says so, where it may not be mounted.
    fn mount(at: PathBuf) -> Option<SmallDisk> {
        std::fs::create_dir_all(&at).expect("a folder");
        if SmallDisk::command("mount", &["-t", "tmpfs", "-o", "size=256k", "none"], &at) {
            return Some(SmallDisk(at));
        }
        // Written past the capture of the test runner: what is skipped must be seen.
        drop(writeln!(
            std::io::stderr(),
            "SKIPPED: media::a_full_disk_is_waited_for: no file system may be mounted here"
        ));
        None
    }

    fn grow(&self) {
        assert!(SmallDisk::command("mount", &["-o", "remount,size=16m"], &self.0));
    }

    fn command(program: &str, arguments: &[&str], at: &Path) -> bool {
        let ran = std::process::Command::new(program)
            .args(arguments)
            .arg(at)
            .output();
        ran.is_ok_and(|ran| ran.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        SmallDisk::command("umount", &["--lazy"], &self.0);
    }
}

async fn a_full_disk_is_waited_for(mut desk: Desk) {
    let Some(small) = SmallDisk::mount(desk.data_dir().join("files")) else {
        return;
    };
    let mut running = desk.start().await;
    let bytes = file(PDF, 1, 1_000_000);
    send(&desk, from(335), "brief.pdf", "application/pdf", &bytes, None);
    let failed = running.program.logged("a job failed").await;
    let why = failed["error"].as_str().expect("why").to_owned();
    assert!(why.contains("full"), "{why}");
    assert_eq!((kept(&desk).len(), staged(&desk)), (0, 0), "nothing half is left");
    small.grow();
    told_once(&desk, 335, "noted your file").await;
    let kept = kept(&desk);
    assert!(kept.len() == 1 && kept.values().all(|kept| *kept == bytes));
    running.stop().await.fine();
}

async fn killed_in_the_middle_of_a_download(mut desk: Desk) {
    desk.set("WORK_LEASE", "3s");
    let running = desk.start().await;
    let bytes = file(PDF, 1, 2_000_000);
    let trickle = Effect::Trickle {
        bytes: 100_000,
        seconds: 0.5,
    };
    desk.telegram.fault(Fault::new(trickle).method(DOWNLOAD).times(1));
    send(&desk, from(341), "brief.pdf", "application/pdf", &bytes, None);
    // Half of it has come.
    let come = async {
        while walk(&desk.data_dir().join("files").join("staged"))
            .values()
            .all(|staged| staged.len() < 200_000)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, come).await.is_ok(),
        "nothing is staged"
    );
    running.kill().await;
    assert_eq!(kept(&desk).len(), 0, "nobody sees half a file");
    assert!(
        desk.telegram
            .bot_messages(341)
            .iter()
            .all(|message| !message.text.contains("noted"))
    );

    let running = desk.start().await;
    told_once(&desk, 341, "noted your file").await;
    let kept = kept(&desk);
    assert!(kept.len() == 1 && kept.values().all(|kept| *kept == bytes));
    running.stop().await.fine();
    assert!(desk.dead_letters().await.is_empty());
}
