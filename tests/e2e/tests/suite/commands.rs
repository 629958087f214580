//! Looking back and showing: `seed`, `score replay`, `transcript`, `replay`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use frontdesk_e2e::{Backend, Database, Ended, Invocation};
use serde_json::Value;
use tempfile::TempDir;

use crate::within_seconds;

/// What a database with demo clients is read by: every column that is not the database's own time or
/// counter, in an order of its own.
const ROWS: [(&str, &str); 6] = [
    ("clients", "SELECT * FROM clients ORDER BY id"),
    ("conversations", "SELECT * FROM conversations ORDER BY id"),
    ("messages", "SELECT * FROM messages ORDER BY conversation_id, seq"),
    ("leads", "SELECT * FROM leads ORDER BY id"),
    (
        "stages",
        "SELECT lead_id, from_stage, to_stage, changed_by, reason, created_at FROM lead_stage_history ORDER BY id",
    ),
    (
        "sessions",
        "SELECT client_id, state, expires_at, version FROM sessions ORDER BY client_id",
    ),
];

/// A database that was migrated, and the folder of its programs.
struct Desk {
    folder: TempDir,
    database: Database,
}

impl Desk {
    async fn new(backend: Backend) -> Option<Desk> {
        let folder = TempDir::new().expect("a folder");
        let database = Database::new(backend, folder.path()).await?;
        let desk = Desk { folder, database };
        desk.run(&["migrate", "up"]).await.fine();
        Some(desk)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        self.invocation(arguments).run().await
    }

    fn invocation(&self, arguments: &[&str]) -> Invocation {
        Invocation::frontdesk(self.path(), arguments)
            .with("DATA_DIR", self.path().join("data").display().to_string())
            .with("DATABASE_URL", &*self.database.url)
    }

    async fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ended = self.run(arguments).await.fine();
        let line = |line: &str| serde_json::from_str(line).expect("a line of JSON");
        ended.stdout.lines().map(line).collect()
    }

    /// Every row of the demo, a text each.
    async fn rows(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut all = BTreeMap::new();
        for (table, sql) in ROWS {
            all.insert(table, self.database.rows(sql).await);
        }
        all
    }
}

async fn seeding_is_repeatable(backend: Backend) {
    let (Some(one), Some(other)) = (Desk::new(backend).await, Desk::new(backend).await) else {
        return;
    };
    one.run(&["seed", "--clients", "60"]).await.fine();
    // The same in two steps, the second of which finds the first half there.
    other.run(&["seed", "--clients", "25"]).await.fine();
    let rest = other.lines(&["seed", "--clients", "60", "--json"]).await;
    assert_eq!(
        (&rest[0]["added"], &rest[0]["already_there"]),
        (&35.into(), &25.into())
    );
    let rows = one.rows().await;
    let chats = rows["conversations"].len();
    assert!(rows["clients"].len() == 60 && chats >= 60 && rows["messages"].len() > 4 * chats);
    assert_eq!(rows, other.rows().await);

    let again = one.run(&["seed", "--clients", "60"]).await.fine();
    assert!(again.stdout.contains("nothing to do"), "{again:#?}");
    assert_eq!(rows, one.rows().await);

    for (what, sql) in [
        ("scores", "SELECT DISTINCT lead_score FROM leads"),
        ("stages", "SELECT DISTINCT lead_stage FROM leads"),
        ("status", "SELECT DISTINCT status FROM conversations"),
        ("language", "SELECT DISTINCT language FROM clients"),
    ] {
        let seen = one.database.rows(sql).await;
        assert!(seen.len() >= 2, "{what}: {seen:?}");
    }
    // Nothing waits: nobody is ever told anything.
    for table in ["inbox", "outbox", "jobs", "dead_letters"] {
        let waiting = one.database.rows(&format!("SELECT * FROM {table}")).await;
        assert!(waiting.is_empty(), "{table}: {waiting:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeding_is_repeatable_on_sqlite() {
    within_seconds(120, seeding_is_repeatable(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeding_is_repeatable_on_postgres() {
    within_seconds(120, seeding_is_repeatable(Backend::Postgres)).await;
}

#[tokio::test]
async fn a_database_with_real_chats_is_not_seeded_unless_forced() {
    within_seconds(60, async {
        let Some(desk) = Desk::new(Backend::Sqlite).await else {
            return;
        };
        desk.invocation(&["chat"]).run_with("hello\n").await.fine();
        let refused = desk.run(&["seed", "--clients", "3"]).await;
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.stderr.contains("--force"), "{refused:#?}");
        assert_eq!(desk.rows().await["clients"].len(), 1);
        desk.run(&["seed", "--clients", "3", "--force"]).await.fine();
        assert_eq!(desk.rows().await["clients"].len(), 4);
    })
    .await;
}

/// The score of a lead under a rubric that knows one rule: 10 for a named company, 5 for what is urgent,
/// hot from 15, warm from 10.
fn small_rubric(fields: &Value) -> (&'static str, i64) {
    let value = |field: &str| fields[field]["value"].as_str();
    let company = i64::from(value("company").is_some()) * 10;
    let urgent = i64::from(value("timeline") == Some("urgent")) * 5;
    let points = company + urgent;
    let score = match points {
        15.. => "hot",
        10.. => "warm",
        _ => "cold",
    };
    (score, points)
}

const SMALL_RUBRIC: &str = r#"
[rubric]
version = "small"
hot = 15
warm = 10
[[rubric.rule]]
id = "company-named"
when = { present = "company" }
points = 10
[[rubric.rule]]
id = "in-a-hurry"
when = { field = "timeline", in = ["urgent"] }
points = 5
"#;

#[tokio::test]
async fn a_rubric_is_tried_on_every_lead_and_changes_none() {
    within_seconds(60, async {
        let Some(desk) = Desk::new(Backend::Sqlite).await else {
            return;
        };
        desk.run(&["seed", "--clients", "120"]).await.fine();
        let rows = desk.rows().await;
        std::fs::write(desk.path().join("small.toml"), SMALL_RUBRIC).expect("a rubric");
        let printed = desk
            .lines(&["score", "replay", "--rubric", "small.toml", "--json"])
            .await;
        let (summary, moved) = printed.split_last().expect("a summary");

        let leads = desk
            .database
            .rows("SELECT id, lead_score, score_points, fields, rubric_version FROM leads ORDER BY id")
            .await;
        let mut expected = BTreeMap::new();
        for lead in &leads {
            let lead: Value = serde_json::from_str(lead).expect("a row");
            if lead["rubric_version"].is_null() {
                continue;
            }
            let fields: Value = serde_json::from_str(lead["fields"].as_str().expect("fields")).expect("JSON");
            let (score, points) = small_rubric(&fields);
            if lead["lead_score"] != score {
                let id = lead["id"].as_str().expect("an id").to_owned();
                expected.insert(
                    id,
                    (
                        lead["lead_score"].clone(),
                        score,
                        lead["score_points"].clone(),
                        points,
                    ),
                );
            }
        }
        let found: BTreeMap<String, _> = moved
            .iter()
            .map(|line| {
                let to = line["to_score"].as_str().expect("a score");
                let points = line["to_points"].as_i64().expect("points");
                let from = (
                    line["from_score"].clone(),
                    to,
                    line["from_points"].clone(),
                    points,
                );
                (line["lead_id"].as_str().expect("an id").to_owned(), from)
            })
            .collect();
        assert!(expected.len() > 5, "{expected:?}");
        assert_eq!(found, expected);
        assert_eq!(summary["summary"]["moved"], expected.len());
        assert_eq!(summary["summary"]["leads"], leads.len());
        let hurried = moved
            .iter()
            .flat_map(|line| line["rules"].as_array().expect("rules"))
            .find(|rule| rule["rule"] == "in-a-hurry")
            .expect("a lead in a hurry");
        assert_eq!((&hurried["from"], &hurried["to"]), (&Value::Null, &5.into()));
        assert_eq!(rows, desk.rows().await);

        // Under its own rubric nobody moves.
        let playbook =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production/playbook.toml");
        let own = playbook.display().to_string();
        let same = desk.lines(&["score", "replay", "--rubric", &own, "--json"]).await;
        assert_eq!(
            (same.len(), &same[0]["summary"]["moved"]),
            (1, &0.into()),
            "{same:?}"
        );

        let wrong = SMALL_RUBRIC.replace("present = \"company\"", "present = \"shoe-size\"");
        std::fs::write(desk.path().join("wrong.toml"), wrong).expect("a rubric");
        let refused = desk.run(&["score", "replay", "--rubric", "wrong.toml"]).await;
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.stderr.contains("wrong.toml:6: error: "), "{refused:#?}");
        let missing = desk.run(&["score", "replay", "--rubric", "nowhere.toml"]).await;
        assert_eq!(missing.code, Some(2), "{missing:#?}");
    })
    .await;
}

const LINES: &str = "/start\n\
    my mail is ann@example.com, call me on +49 30 901820\n\
    /human\n\
    /as agent Hello, this is Lea.\n\
    thank you, Lea\n\
    /as agent /bot\n\
    how much is a devops audit?\n";

#[tokio::test]
async fn a_stored_chat_is_written_as_a_golden_transcript() {
    within_seconds(60, async {
        let Some(desk) = Desk::new(Backend::Sqlite).await else {
            return;
        };
        desk.invocation(&["chat"]).run_with(LINES).await.fine();
        let rows = desk.rows().await;
        let id = desk.database.rows("SELECT id FROM conversations").await.remove(0);
        let id: Value = serde_json::from_str(&id).expect("a row");
        let id = id["id"].as_str().expect("an id").to_owned();
        let raw = desk.run(&["transcript", &id, "--raw"]).await.fine().stdout;
        assert!(
            raw.contains("> my mail is ann@example.com, call me on +49 30 901820\n"),
            "{raw}"
        );
        let text = desk.run(&["transcript", &id]).await.fine().stdout;
        assert!(
            text.contains("> my mail is client1@example.com, call me on +493023125001\n"),
            "{text}"
        );
        assert!(
            text.contains("@agent Hello, this is Lea.\n") && text.contains("@agent /bot\n"),
            "{text}"
        );
        assert!(!text.contains("901820") && !text.contains("ann@"), "{text}");

        // It holds, as a golden one of the playbook.
        let playbook = desk.path().join("playbook");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production"),
            &playbook,
        );
        std::fs::remove_dir_all(playbook.join("golden")).expect("the golden ones");
        std::fs::create_dir(playbook.join("golden")).expect("a folder");
        std::fs::write(playbook.join("golden/kept.txt"), &text).expect("a transcript");
        let folder = playbook.display().to_string();
        let checked = desk
            .run(&["check", "--golden", "--playbook", &folder])
            .await
            .fine();
        assert!(
            checked.stdout.contains("golden: 1 passed, 0 failed"),
            "{checked:#?}"
        );

        let unknown = desk
            .run(&["transcript", "0199aaaa-0000-7000-8000-000000000000"])
            .await;
        assert_eq!(unknown.code, Some(1), "{unknown:#?}");
        assert_eq!(desk.run(&["transcript", "7"]).await.code, Some(2));
        assert_eq!(rows, desk.rows().await);
    })
    .await;
}

#[tokio::test]
async fn another_playbook_is_tried_on_stored_chats() {
    within_seconds(90, async {
        let Some(desk) = Desk::new(Backend::Sqlite).await else {
            return;
        };
        desk.run(&["seed", "--clients", "80"]).await.fine();
        let rows = desk.rows().await;
        let same = desk.lines(&["replay", "--json"]).await;
        assert_eq!(same.len(), 1, "{same:#?}");
        assert_eq!(same[0]["summary"]["conversations"], rows["conversations"].len());

        // One text of one language is another.
        let playbook = desk.path().join("playbook");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production"),
            &playbook,
        );
        let file = playbook.join("locales/en.ftl");
        let texts = std::fs::read_to_string(&file).expect("texts");
        let changed: Vec<&str> = texts
            .lines()
            .map(|line| {
                if line.starts_with("thanks = ") {
                    "thanks = Do not mention it!"
                } else {
                    line
                }
            })
            .collect();
        std::fs::write(&file, changed.join("\n") + "\n").expect("texts");
        let was = texts
            .lines()
            .find_map(|line| line.strip_prefix("thanks = "))
            .expect("a text");
        let folder = playbook.display().to_string();
        let printed = desk.lines(&["replay", "--json", "--playbook", &folder]).await;
        let (summary, turns) = printed.split_last().expect("a summary");
        let said = format!("SELECT conversation_id, created_at FROM messages WHERE content = '{was}'");
        let expected: BTreeSet<String> = desk.database.rows(&said).await.into_iter().collect();
        assert!(!expected.is_empty());
        let found: BTreeSet<String> = turns
            .iter()
            .map(|turn| {
                assert_eq!(turn["before"][0]["text"], was, "{turn:#}");
                assert_eq!(turn["after"][0]["text"], "Do not mention it!", "{turn:#}");
                let row = serde_json::json!({
                    "conversation_id": turn["conversation_id"], "created_at": turn["at"],
                });
                row.to_string()
            })
            .collect();
        assert_eq!(found, expected);
        assert_eq!(summary["summary"]["differing_turns"], expected.len());

        let one = turns[0]["conversation_id"].as_str().expect("an id");
        let text = desk
            .run(&["replay", "--playbook", &folder, "--conversation", one])
            .await
            .fine();
        assert!(text.stdout.contains("    + [-] Do not mention it!"), "{text:#?}");
        let none = desk.lines(&["replay", "--json", "--since", "2026-11-21"]).await;
        assert_eq!(none[0]["summary"]["conversations"], 0);
        assert_eq!(desk.run(&["replay", "--since", "tomorrow"]).await.code, Some(2));
        assert_eq!(rows, desk.rows().await);
    })
    .await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}
