//! What the desk says changes while it runs: its playbook at SIGHUP, its knowledge by the admin API.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE, Program, http, within};
use serde_json::{Value, json};

use crate::admin::TOKEN;
use crate::conversation::{Client, assert_says};

const DOOR: &str = "What colour is the door?";
const PARKING: &str = "Where can I park my caravan?";
const CHANGED: &str = "the knowledge was changed";
/// Within this, what was added is in force everywhere.
const SOON: Duration = Duration::from_secs(10);

/// A playbook in a folder: the shipped one with an entry of its own, which trains at once.
struct Folder(PathBuf);

impl Folder {
    fn new(desk: &mut Desk) -> Folder {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production");
        let folder = desk.folder().join("playbook");
        for name in [
            "playbook.toml",
            "locales/en.ftl",
            "locales/ru.ftl",
            "prompts/system.md",
        ] {
            let to = folder.join(name);
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("making a folder");
            std::fs::copy(shipped.join(name), to).expect("copying the playbook");
        }
        std::fs::create_dir(folder.join("knowledge")).expect("making a folder");
        desk.set("PLAYBOOK", &folder.display().to_string());
        let folder = Folder(folder);
        folder.answers("Green.");
        folder
    }

    fn answers(&self, answer: &str) {
        self.write("human", answer);
    }

    fn write(&self, button: &str, answer: &str) {
        let entry = format!(
            "[[entry]]\nslug = \"door\"\nbuttons = [\"{button}\"]\nquestions.en = [\"{DOOR}\"]\n\
             questions.ru = [\"Какого цвета дверь?\"]\nanswer.en = \"{answer}\"\nanswer.ru = \"{answer}\"\n"
        );
        // Renamed, so that nobody reads half of it.
        let beside = self.0.join("door.new");
        std::fs::write(&beside, entry).expect("writing the playbook");
        std::fs::rename(beside, self.0.join("knowledge/door.toml")).expect("writing the playbook");
    }
}

/// Lines of the log with this message and this reason.
fn lines(program: &Program, message: &str, why: &str) -> usize {
    let log = program.log();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["msg"] == message && line["why"] == why)
        .count()
}

/// Waits until new rules came into force so often for this reason.
async fn in_force(program: &Program, why: &str, times: usize) {
    let waiting = async {
        while lines(program, "new rules are in force", why) < times {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(came.is_ok(), "not in force: {why}: {}", program.log());
}

async fn read_again(program: &Program, times: usize) {
    in_force(program, "the playbook was read again", times).await;
}

/// Sends JSON to the admin API.
async fn send(address: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let request = format!(
        "{method} /admin/api/v1{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = http::send(address, request.as_bytes()).await;
    let read = serde_json::from_str(&answer.body);
    (
        answer.status,
        read.unwrap_or_else(|error| panic!("{error}: {answer:?}")),
    )
}

/// Adds what is known about parking, and gives the path by which it is changed.
async fn add_parking(address: &str) -> String {
    let entry = json!({
        "locale": "en", "slug": "parking", "questions": [PARKING], "answer": "In the yard.",
    });
    let (status, added) = send(address, "POST", "/knowledge", &entry).await;
    assert_eq!((status, &added["in_force"]), (201, &json!(true)), "{added}");
    format!("/knowledge/{}", added["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_reads_the_playbook_again_and_an_invalid_one_changes_nothing() {
    within(Duration::from_mins(2), async {
        let mut desk = Desk::new(Backend::Sqlite, Mode::Polling).await.expect("SQLite");
        desk.set("ADMIN_ADDR", "127.0.0.1:0");
        // She asks as often as it takes.
        desk.set("RATE_LIMIT_PER_HOUR", "1000");
        desk.set("RATE_LIMIT_PER_DAY", "1000");
        let folder = Folder::new(&mut desk);
        let (running, address) = desk.start_with_admin().await;
        let mut ann = Client::new(&desk, 41);
        ann.says("/start").await;
        assert_says(&ann.says(DOOR).await, "Green.");
        folder.answers("Blue.");
        running.program.hang_up();
        read_again(&running.program, 1).await;
        assert_says(&ann.says(DOOR).await, "Blue.");

        folder.write("launch", "Pink.");
        running.program.hang_up();
        let refused = "new rules were refused, the old ones stay in force";
        let waiting = async {
            while !running.program.log().contains(refused) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("a refusal");
        let log = running.program.log();
        let line = log.lines().find(|line| line.contains(refused)).expect("its line");
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(
            (&line["file"], &line["line"]),
            (&json!("knowledge/door.toml"), &json!(3))
        );
        assert!(
            line["error"].as_str().is_some_and(|why| why.contains("launch")),
            "{line}"
        );
        assert_says(&ann.says(DOOR).await, "Blue.");

        // Two signals in a row: whatever is read between them, the last state is in force in the end.
        folder.answers("Red.");
        running.program.hang_up();
        folder.answers("White.");
        running.program.hang_up();
        while !ann.says(DOOR).await.text.contains("White.") {}
        let page = http::request(&address, "GET", "/metrics").await.body;
        assert!(
            page.contains("frontdesk_playbook_reloads_total{result=\"invalid\"} 1\n"),
            "{page}"
        );
        let in_force = page
            .lines()
            .filter(|line| line.starts_with("frontdesk_playbook_info{") && line.ends_with(" 1"));
        assert_eq!(in_force.count(), 1, "{page}");
        running.stop().await.fine();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_added_is_answered_until_it_is_switched_off() {
    within(Duration::from_secs(150), async {
        let mut desk = Desk::new(Backend::Sqlite, Mode::Polling).await.expect("SQLite");
        desk.set("ADMIN_ADDR", "127.0.0.1:0");
        desk.set("ADMIN_TOKEN", TOKEN);
        let folder = Folder::new(&mut desk);
        let (running, address) = desk.start_with_admin().await;
        let mut ann = Client::new(&desk, 41);
        ann.says("/start").await;
        let added = Instant::now();
        let path = add_parking(&address).await;
        in_force(&running.program, CHANGED, 1).await;
        assert_says(&ann.says(PARKING).await, "In the yard.");
        assert!(added.elapsed() < SOON, "{:?}", added.elapsed());
        assert_says(&ann.says(DOOR).await, "Green.");
        // The files' own entries cannot be taken over.
        let owned = json!({ "locale": "en", "slug": "door", "questions": [DOOR], "answer": "Black." });
        assert_eq!(send(&address, "POST", "/knowledge", &owned).await.0, 409);

        folder.answers("Blue.");
        running.program.hang_up();
        read_again(&running.program, 1).await;
        assert_says(&ann.says(PARKING).await, "In the yard.");
        assert_says(&ann.says(DOOR).await, "Blue.");
        running.stop().await.fine();

        let (running, address) = desk.start_with_admin().await;
        let mut bob = Client::new(&desk, 42);
        bob.says("/start").await;
        assert_says(&bob.says(PARKING).await, "In the yard.");
        let off = json!({ "version": 1, "enabled": false });
        let (status, answer) = send(&address, "PATCH", &path, &off).await;
        assert_eq!(status, 200, "{answer}");
        in_force(&running.program, CHANGED, 1).await;
        assert!(!bob.says(PARKING).await.text.contains("In the yard."));
        assert_eq!(
            send(&address, "PATCH", &path, &off).await.0,
            409,
            "it is at version 2 by now"
        );
        running.stop().await.fine();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_worker_learns_what_is_added() {
    within(Duration::from_secs(150), async {
        let Some(desk) = Desk::new(Backend::Postgres, Mode::Webhook).await else {
            return;
        };
        let mut desk = desk.in_many();
        desk.set("ADMIN_TOKEN", TOKEN);
        let folder = Folder::new(&mut desk);
        let mut running = desk.start().await;
        let office = desk.start_office().await;
        let mut ann = Client::new(&desk, 41);
        ann.says("/start").await;
        let added = Instant::now();
        add_parking(&office.address).await;
        for worker in &running.workers {
            in_force(&worker.program, CHANGED, 1).await;
        }
        assert!(added.elapsed() < SOON, "{:?}", added.elapsed());
        // The door has nothing to read again, and goes on.
        running.program.hang_up();
        folder.answers("Blue.");
        for worker in &running.workers {
            worker.program.hang_up();
            read_again(&worker.program, 1).await;
        }
        // Each of them alone.
        let one = running.workers.remove(0);
        one.program.terminate();
        one.program.wait(PATIENCE).await.fine();
        assert_says(&ann.says(PARKING).await, "In the yard.");
        assert_says(&ann.says(DOOR).await, "Blue.");
        running.workers.push(desk.start_worker().await);
        let other = running.workers.remove(0);
        other.program.terminate();
        other.program.wait(PATIENCE).await.fine();
        assert_says(&ann.says(PARKING).await, "In the yard.");
        office.program.terminate();
        office.program.wait(PATIENCE).await.fine();
        running.stop().await.fine();
    })
    .await;
}
