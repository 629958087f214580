//! Clients' files through the whole desk, whatever happens on the way.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::conversation::{Attachment, AttachmentStatus, ContentType, Person, Refusal};
use frontdesk_core::desk::{
    Door, DoorSettings, DownloadKind, DownloadParts, Janitor, JobRunner, JobSettings, PacingSettings,
    Process, TimerKind, Upkeep,
};
use frontdesk_core::dialogue::{
    ChatKind, Event, FilesRung, Media, Registry, Rules, RulesSettings, Update, UpdateKind,
};
use frontdesk_core::id::{Channel, ChannelMessageId, ClientId, UserId};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::port::store::TurnStore as _;
use frontdesk_core::port::{
    AttachmentStore as _, Clock as _, FileHead, FileSource, FileSourceError, FileStorage, FileStream,
    FilesError, StagedFile,
};
use frontdesk_memory::{MemoryFiles, ScriptedFiles, ScriptedRead};

use crate::shipped::shipped_files;
use crate::world::{BOT, World, lane, secs};

const DAY: Duration = Duration::from_hours(24);
const LIMIT: u64 = 20 << 20;

/// Lets others have their turn: a place where a process can die.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The same source, with a breath before each answer.
#[derive(Debug)]
struct Breathing<T>(T);

#[async_trait]
impl FileSource for Breathing<ScriptedFiles> {
    fn max_bytes(&self) -> u64 {
        self.0.max_bytes()
    }

    async fn open(&self, file_id: &str) -> Result<Box<dyn FileStream>, FileSourceError> {
        give_way().await;
        Ok(Box::new(Breathing(self.0.open(file_id).await?)))
    }
}

#[async_trait]
impl FileStream for Breathing<Box<dyn FileStream>> {
    fn size_bytes(&self) -> Option<u64> {
        self.0.size_bytes()
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, FileSourceError> {
        give_way().await;
        self.0.next().await
    }
}

/// The same storage, with a breath after each deed.
#[async_trait]
impl FileStorage for Breathing<MemoryFiles> {
    async fn stage(&self) -> Result<Box<dyn StagedFile>, FilesError> {
        let staged = self.0.stage().await?;
        give_way().await;
        Ok(Box::new(Breathing(staged)))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        self.0.put(key, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        self.0.get(key).await
    }

    async fn head(&self, key: &str) -> Result<Option<FileHead>, FilesError> {
        self.0.head(key).await
    }

    async fn list(&self, after: Option<String>, limit: usize) -> Result<Vec<FileHead>, FilesError> {
        self.0.list(after, limit).await
    }

    async fn delete(&self, key: &str) -> Result<bool, FilesError> {
        self.0.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<usize, FilesError> {
        self.0.delete_prefix(prefix).await
    }

    async fn sweep_staged(&self, older_than: Duration) -> Result<usize, FilesError> {
        self.0.sweep_staged(older_than).await
    }
}

#[async_trait]
impl StagedFile for Breathing<Box<dyn StagedFile>> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        self.0.write(bytes).await?;
        give_way().await;
        Ok(())
    }

    async fn keep(self: Box<Self>, key: &str) -> Result<(), FilesError> {
        self.0.keep(key).await?;
        give_way().await;
        Ok(())
    }

    async fn abandon(self: Box<Self>) -> Result<(), FilesError> {
        self.0.abandon().await?;
        give_way().await;
        Ok(())
    }
}

/// A desk that keeps files, and the one client on it.
struct Desk {
    world: World,
    rules: Arc<Rules>,
    door: Door,
    sent: ScriptedFiles,
    files: MemoryFiles,
    messages: i64,
}

fn shipped_rules() -> Arc<Rules> {
    static RULES: std::sync::OnceLock<Arc<Rules>> = std::sync::OnceLock::new();
    let rules = RULES.get_or_init(|| {
        let playbook = Playbook::parse(&shipped_files()).unwrap_or_else(|problems| panic!("{problems}"));
        let settings = RulesSettings {
            files: Some(FilesRung { max_bytes: LIMIT }),
            ..RulesSettings::default()
        };
        Arc::new(Rules::new(Arc::new(playbook), Registry::standard(), settings))
    });
    Arc::clone(rules)
}

impl Desk {
    fn new() -> Desk {
        let mut world = World::new();
        let rules = shipped_rules();
        let door = world.door(DoorSettings::default());
        world.worker_with(world.process.clone(), Arc::clone(&rules) as _);
        world.sender(PacingSettings::OFF);
        let files = MemoryFiles::new(Arc::new(world.clock.clone()));
        Desk {
            world,
            rules,
            door,
            sent: ScriptedFiles::new(LIMIT),
            files,
            messages: 0,
        }
    }

    fn runner(&self, process: Process) -> JobRunner {
        let downloads = DownloadKind::new(DownloadParts {
            process: process.clone(),
            rules: Arc::clone(&self.rules).into(),
            sources: vec![((BOT, Channel::TELEGRAM), Arc::new(Breathing(self.sent.clone())))],
            files: Arc::new(Breathing(self.files.clone())),
        });
        JobRunner::new(
            process,
            vec![Arc::new(TimerKind), Arc::new(downloads)],
            JobSettings::default(),
        )
    }

    /// Runs jobs in a process of their own.
    fn start_jobs(&mut self, seed: u64) -> u64 {
        let runner = self.runner(self.world.new_process(seed));
        let stop = self.world.stop.clone();
        let id = self.world.spawn(async move { runner.run(stop).await });
        self.world.settle();
        id
    }

    /// Clears away what is left, as the upkeep does. Nothing else runs any more: days pass faster so.
    fn start_upkeep(&mut self) {
        self.world.kill_all();
        let process = self.world.new_process(99);
        let janitor = Janitor::new(process.clone(), Arc::new(self.files.clone()));
        let mut upkeep = Upkeep::new(process).with_janitor(janitor);
        upkeep.sample_every = Duration::from_mins(5);
        let stop = self.world.stop.clone();
        self.world.spawn(async move { upkeep.run(stop).await });
    }

    fn media() -> Media {
        Media {
            content_type: ContentType::Document,
            kind: "document".to_owned(),
            file_id: Some("f1".to_owned()),
            file_name: Some("brief.pdf".to_owned()),
            mime_type: None,
            size_bytes: Some(1_000),
            album: None,
            caption: String::new(),
        }
    }

    fn send(&mut self, media: Media) {
        self.messages += 1;
        let update = Update {
            chat: lane(5).chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: Person::unnamed(UserId(5)),
            channel_message_id: Some(ChannelMessageId(1_000 + self.messages)),
            at: self.world.clock.now(),
            what: UpdateKind::Media(media),
        };
        let door = self.door.clone();
        let event = Event::Update(Box::new(update));
        self.world
            .now(async move { door.report(lane(5), &event).await.unwrap() });
        self.world.settle();
    }

    /// What the client was told of files.
    fn told(&self) -> Vec<String> {
        let said = self.world.said().into_iter().map(|(_, text)| text);
        said.filter(|text| !text.contains("AI assistant")).collect()
    }

    fn attachments(&mut self) -> Vec<Attachment> {
        let store = self.world.store.clone();
        self.world.now(async move {
            let loaded = store.memory.load(&[lane(5)]).await.unwrap();
            let case = loaded[0].conversation.clone().expect("a case is open");
            store.memory.attachments(case.id).await.unwrap()
        })
    }

    /// The one file there is, and what is kept under its key.
    fn only(&mut self) -> (Attachment, Option<Vec<u8>>) {
        let mut all = self.attachments();
        assert_eq!(all.len(), 1, "{all:?}");
        let file = all.remove(0);
        let (files, key) = (self.files.clone(), file.storage_key.clone());
        let bytes = self.world.now(async move {
            match key {
                Some(key) => files.get(&key).await.unwrap(),
                None => None,
            }
        });
        (file, bytes)
    }
}

fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.extend((bytes.len()..size).map(|at| u8::try_from(at % 251).unwrap_or(0)));
    bytes
}

#[test]
fn a_file_is_kept_byte_for_byte_and_acknowledged_once() {
    let mut desk = Desk::new();
    let bytes = pdf(100_000);
    desk.sent.put("f1", bytes.clone());
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(secs(5));
    let (file, kept) = desk.only();
    assert_eq!(file.status, AttachmentStatus::Stored);
    assert_eq!(file.size_bytes, Some(100_000));
    assert_eq!(file.mime_detected.as_deref(), Some("application/pdf"));
    assert!(kept.as_ref() == Some(&bytes));
    assert_eq!((desk.files.keys().len(), desk.files.staged()), (1, 0));
    let key = file.storage_key.unwrap();
    assert!(key.ends_with(&format!("/{}", file.sha256.unwrap())), "{key}");
    let told = desk.told();
    assert!(told.len() == 1 && told[0].contains("noted your file"), "{told:?}");
    // The same bytes once more: another row, the same key.
    desk.send(Desk::media());
    desk.world.pass(secs(5));
    assert_eq!(desk.attachments().len(), 2);
    assert_eq!(desk.files.keys(), [key]);
    assert_eq!(desk.told().len(), 2);
}

#[test]
fn a_download_that_is_cut_starts_anew_and_leaves_nothing_half() {
    let mut desk = Desk::new();
    let bytes = pdf(50_000);
    desk.sent.put("f1", bytes.clone());
    for read in [
        ScriptedRead::CutAfter(0),
        ScriptedRead::CutAfter(30_000),
        ScriptedRead::Fails(FileSourceError::Unreachable("down".into())),
    ] {
        desk.sent.then(read);
    }
    desk.start_jobs(20);
    desk.send(Desk::media());
    assert!(desk.told().is_empty());
    desk.world.pass(secs(60));
    let (file, kept) = desk.only();
    assert!(file.status == AttachmentStatus::Stored && kept == Some(bytes));
    assert_eq!((desk.files.keys().len(), desk.files.staged()), (1, 0));
    assert_eq!(desk.sent.opened().len(), 4);
    assert_eq!(desk.told().len(), 1);
}

#[test]
fn a_process_that_dies_at_any_step_loses_nothing_and_doubles_nothing() {
    let bytes = pdf(20_000);
    let mut deaths = 0;
    // More steps than one download has.
    for steps in 0..40_u32 {
        let mut desk = Desk::new();
        desk.sent.put("f1", bytes.clone());
        let runner = desk.runner(desk.world.new_process(20));
        let stop = desk.world.stop.clone();
        let dying = desk.world.spawn(async move {
            let mut left = steps;
            let mut running = pin!(runner.run(stop));
            poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                running.as_mut().poll(cx).map(|()| ())
            })
            .await;
        });
        desk.send(Desk::media());
        desk.world.pass(secs(1));
        if !desk.world.is_running(dying) {
            deaths += 1;
        }
        desk.start_jobs(30);
        // The dead one's lease runs out.
        desk.world.pass(secs(90));
        let (file, kept) = desk.only();
        assert_eq!(file.status, AttachmentStatus::Stored, "died at {steps}");
        assert!(kept.as_ref() == Some(&bytes), "died at {steps}");
        assert_eq!(desk.files.keys().len(), 1, "died at {steps}");
        let told = desk.told();
        assert_eq!(told.len(), 1, "died at {steps}: {told:?}");
        // What it staged is cleared away in a day and a bit, and nothing else is.
        desk.start_upkeep();
        desk.world.pass(DAY + Duration::from_hours(3));
        assert_eq!(
            (desk.files.keys().len(), desk.files.staged()),
            (1, 0),
            "died at {steps}"
        );
    }
    assert!(
        (10..40).contains(&deaths),
        "the steps are of one download: {deaths}"
    );
}

#[test]
fn a_file_whose_processes_all_die_is_missing_and_the_client_is_told() {
    let mut desk = Desk::new();
    desk.sent.put("f1", pdf(50_000));
    for _ in 0..20 {
        desk.sent.then(ScriptedRead::StallsAfter(10_000));
    }
    desk.send(Desk::media());
    for seed in 0..8 {
        let id = desk.start_jobs(20 + seed);
        desk.world.pass(secs(5));
        desk.world.kill(id);
        desk.world.pass(secs(60));
    }
    desk.start_jobs(60);
    desk.world.pass(secs(90));
    let (file, _) = desk.only();
    assert_eq!(file.status, AttachmentStatus::Missing);
    let told = desk.told();
    assert!(
        told.len() == 1 && told[0].contains("could not get your file"),
        "{told:?}"
    );
    assert!(desk.files.keys().is_empty());
}

#[test]
fn a_trickle_keeps_no_slot_for_ever() {
    let mut desk = Desk::new();
    let bytes = pdf(50_000);
    desk.sent.put("f1", bytes.clone());
    desk.sent.then(ScriptedRead::StallsAfter(10_000));
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(Duration::from_mins(9));
    assert_eq!(desk.files.keys().len(), 0);
    desk.world.pass(Duration::from_mins(3));
    let (file, kept) = desk.only();
    assert!(file.status == AttachmentStatus::Stored && kept == Some(bytes));
    assert_eq!(desk.files.staged(), 0, "what came before was thrown away");
}

#[test]
fn a_full_storage_is_waited_for_and_then_given_up_honestly() {
    let mut desk = Desk::new();
    desk.sent.put("f1", pdf(50_000));
    desk.files.set_room(10_000);
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(secs(5));
    assert!(desk.told().is_empty(), "not yet");
    desk.files.set_room(1 << 30);
    desk.world.pass(secs(60));
    assert_eq!(desk.only().0.status, AttachmentStatus::Stored);

    let mut desk = Desk::new();
    desk.sent.put("f1", pdf(50_000));
    desk.files.set_room(10_000);
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(Duration::from_mins(30));
    let (file, _) = desk.only();
    assert_eq!(file.status, AttachmentStatus::Missing);
    assert_eq!(desk.sent.opened().len(), 8);
    let told = desk.told();
    assert!(
        told.len() == 1 && told[0].contains("could not get your file"),
        "{told:?}"
    );
    assert_eq!((desk.files.keys().len(), desk.files.staged()), (0, 0));
    assert!(desk.world.dead().is_empty(), "it was reported");
}

#[test]
fn nothing_is_kept_of_what_is_not_taken() {
    let mut larger = pdf(0);
    larger.resize(usize::try_from(LIMIT).unwrap() + 1, b' ');
    for (bytes, name, refusal, sized) in [
        (larger.clone(), "brief.pdf", Refusal::TooBig, true),
        (larger, "brief.pdf", Refusal::TooBig, false),
        (
            b"MZ\x90\0\x03 a program".to_vec(),
            "brief.pdf",
            Refusal::Kind,
            true,
        ),
        (pdf(100), "brief.pdf.exe", Refusal::Kind, true),
        (Vec::new(), "brief.pdf", Refusal::Empty, true),
    ] {
        let mut desk = Desk::new();
        desk.sent.put("f1", bytes);
        if !sized {
            desk.sent.without_sizes();
        }
        desk.start_jobs(20);
        // Whatever the messenger said of its size.
        let media = Media {
            file_name: Some(name.to_owned()),
            size_bytes: Some(10),
            ..Desk::media()
        };
        desk.send(media);
        desk.world.pass(secs(5));
        let (file, _) = desk.only();
        assert_eq!(
            (file.status, file.refusal),
            (AttachmentStatus::Refused, Some(refusal))
        );
        assert_eq!((desk.files.keys().len(), desk.files.staged()), (0, 0));
        assert_eq!(desk.told().len(), 1);
        assert_eq!(desk.sent.opened().len(), 1, "it is not tried again");
    }
}

#[test]
fn a_file_that_is_gone_is_missing_at_once() {
    let mut desk = Desk::new();
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(secs(5));
    assert_eq!(desk.only().0.status, AttachmentStatus::Missing);
    assert_eq!(desk.sent.opened().len(), 1);
    assert_eq!(desk.told().len(), 1);
}

#[test]
fn an_album_is_acknowledged_once_by_the_clock() {
    let mut desk = Desk::new();
    desk.sent.put("f1", pdf(1_000));
    desk.start_jobs(20);
    for at in 0..10 {
        let item = Media {
            album: Some("g".to_owned()),
            caption: if at == 0 {
                "how much is a devops audit?".to_owned()
            } else {
                String::new()
            },
            ..Desk::media()
        };
        desk.send(item);
        desk.world.pass(Duration::from_millis(300));
    }
    assert!(desk.told().is_empty(), "{:?}", desk.told());
    desk.world.pass(secs(6));
    let told = desk.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("your 10 files") && told[1].contains("EUR 2,500"),
        "{told:?}"
    );
    assert_eq!(desk.attachments().len(), 10);
}

#[test]
fn the_janitor_removes_orphans_that_are_a_day_old_and_nothing_else() {
    let mut desk = Desk::new();
    desk.sent.put("f1", pdf(1_000));
    desk.start_jobs(20);
    desk.send(Desk::media());
    desk.world.pass(secs(5));
    let kept = desk.files.keys();
    let orphan = Attachment::storage_key(ClientId(uuid::Uuid::from_u128(7)), &"b".repeat(64));
    let put = |desk: &mut Desk, key: String| {
        let files = desk.files.clone();
        desk.world
            .now(async move { files.put(&key, b"x".to_vec()).await.unwrap() });
    };
    put(&mut desk, orphan.clone());
    put(&mut desk, "tombstones/ledger".to_owned());
    desk.start_upkeep();
    desk.world.pass(Duration::from_hours(23));
    assert!(desk.files.keys().contains(&orphan));
    let young = Attachment::storage_key(ClientId(uuid::Uuid::from_u128(8)), &"c".repeat(64));
    put(&mut desk, young.clone());
    desk.world.pass(Duration::from_hours(4));
    let left = desk.files.keys();
    assert!(!left.contains(&orphan), "{left:?}");
    assert!(
        left.contains(&young) && left.contains(&kept[0]) && left.len() == 3,
        "{left:?}"
    );
    // Files of which this database knows next to nothing are another desk's.
    for at in 0..60_u128 {
        put(
            &mut desk,
            Attachment::storage_key(ClientId(uuid::Uuid::from_u128(at)), &"d".repeat(64)),
        );
    }
    desk.world.pass(DAY * 3);
    assert!(desk.files.keys().len() > 60, "nothing of it is touched");
}
