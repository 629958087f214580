//! Wrong settings and surroundings: a line that says what to do, exit 1 or 2, soon.

use std::path::Path;

use frontdesk_e2e::{Backend, Desk, Ended, Invocation, Mode, SECRET, TOKEN};
use tempfile::TempDir;

use crate::within_seconds;

/// It ended with this code and these words, in so many lines.
#[track_caller]
fn assert_told(ended: &Ended, code: i32, lines: usize, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    let told: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| !line.starts_with('{'))
        .collect();
    assert_eq!(told.len(), lines, "{ended:#?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in {ended:#?}");
    }
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// A command on SQLite in a folder, with a token, and a Telegram that nobody needs.
fn frontdesk(folder: &Path, arguments: &[&str]) -> Invocation {
    Invocation::frontdesk(folder, arguments)
        .with("DATA_DIR", folder.join("data").display().to_string())
        .with("TELEGRAM_BOT_TOKEN", TOKEN)
        .with("TELEGRAM_API_URL", "http://127.0.0.1:1")
        .with("LISTEN_ADDR", "127.0.0.1:0")
        .with("ADMIN_ADDR", "off")
}

#[tokio::test]
async fn all_wrong_settings_are_named_at_once() {
    within_seconds(30, async {
        let folder = folder();
        let wrong = |arguments: &[&str]| {
            Invocation::frontdesk(folder.path(), arguments)
                .with("TELEGRAM_BOT_TOKEN", format!("{SECRET} is no token"))
                .with("TELEGRAM_WEBHOOK_SECRET", format!("{SECRET}!"))
                .with("TELEGRAM_API_URL", "http://example.com")
                .with("DATABASE_URL", "mysql://root@localhost/x")
                .with("DATABASE_POOL", "0")
                .with("LISTEN_ADDR", "localhost")
                .with("WORK_LEASE", "soon")
                .with("SEND_RATE_CHAT", "1/year")
                .with("LOG_FORMAT", "xml")
        };
        let names = [
            "TELEGRAM_BOT_TOKEN: ",
            "TELEGRAM_WEBHOOK_SECRET: ",
            "TELEGRAM_API_URL: ",
            "DATABASE_URL: ",
            "DATABASE_POOL: ",
            "LISTEN_ADDR: ",
            "WORK_LEASE: ",
            "SEND_RATE_CHAT: ",
            "LOG_FORMAT: ",
        ];
        for command in [&["run"][..], &["chat"], &["migrate"], &["dead", "list"], &[]] {
            let ended = wrong(command).run().await;
            assert_told(&ended, 2, names.len(), &names);
            assert!(
                ended.stderr.matches("expected").count() >= names.len(),
                "{ended:#?}"
            );
        }
        let checked = wrong(&["check"]).run().await;
        assert_told(&checked, 1, names.len(), &names);
        let shown = wrong(&["config", "show"]).run().await;
        assert_told(&shown, 2, names.len(), &names);
        assert!(shown.stdout.contains("***"), "{shown:#?}");
    })
    .await;
}

#[tokio::test]
async fn wrong_use_is_exit_2() {
    within_seconds(30, async {
        let folder = folder();
        for arguments in [
            &["--no-such-flag"][..],
            &["fly"],
            &["run", "--work-lease"],
            &["migrate", "down"],
            &["migrate", "down", "x"],
            &["dead"],
            &["dead", "retry", "x"],
            &["telegram"],
        ] {
            let ended = frontdesk(folder.path(), arguments).run().await;
            assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
            assert!(ended.stderr.contains("help"), "{arguments:?}: {ended:#?}");
        }
        let without_token = frontdesk(folder.path(), &["run"]).without("TELEGRAM_BOT_TOKEN");
        assert_told(
            &without_token.run().await,
            2,
            1,
            &["TELEGRAM_BOT_TOKEN", "@BotFather"],
        );
        let without_url =
            frontdesk(folder.path(), &["telegram", "set-webhook"]).with("TELEGRAM_WEBHOOK_SECRET", SECRET);
        assert_told(&without_url.run().await, 2, 1, &["PUBLIC_URL", "https://"]);
        let without_secret = frontdesk(folder.path(), &["run"]).with("TELEGRAM_MODE", "webhook");
        assert_told(&without_secret.run().await, 2, 1, &["TELEGRAM_WEBHOOK_SECRET"]);
        for help in [&["--help"][..], &["run", "--help"], &["dead", "list", "--help"]] {
            let ended = frontdesk(folder.path(), help).run().await.fine();
            assert!(ended.stdout.contains("Usage"), "{ended:#?}");
        }
        let missing = frontdesk(folder.path(), &["dead", "drop", "5"]);
        assert_eq!(missing.run().await.code, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_bad_playbook_is_told_by_file_and_line() {
    within_seconds(30, async {
        let folder = folder();
        let playbook = folder.path().join("playbook");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production"),
            &playbook,
        );
        let text = std::fs::read_to_string(playbook.join("playbook.toml")).expect("the playbook");
        let lines = text.lines().map(|line| {
            if line.starts_with("warm =") {
                "warm = \"mild\""
            } else {
                line
            }
        });
        let broken: Vec<&str> = lines.collect();
        std::fs::write(playbook.join("playbook.toml"), broken.join("\n")).expect("writing it");
        let at = broken
            .iter()
            .position(|line| line.starts_with("warm ="))
            .map_or(0, |at| at + 1);
        let place = format!("playbook.toml:{at}");
        for command in [&["run"][..], &["chat"]] {
            let ended = frontdesk(folder.path(), command)
                .with("PLAYBOOK", "playbook")
                .run()
                .await;
            assert_eq!(ended.code, Some(2), "{ended:#?}");
            assert!(ended.stderr.contains(&place), "no {place} in {ended:#?}");
        }
        let checked = frontdesk(folder.path(), &["check"])
            .with("PLAYBOOK", "playbook")
            .run()
            .await;
        assert_eq!(checked.code, Some(1), "{checked:#?}");
        assert!(checked.stderr.contains(&place), "no {place} in {checked:#?}");
        let nowhere = frontdesk(folder.path(), &["chat"])
            .with("PLAYBOOK", "nowhere")
            .run()
            .await;
        assert_told(&nowhere, 2, 1, &["PLAYBOOK", "nowhere"]);
        frontdesk(folder.path(), &["check"]).run().await.fine();
    })
    .await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("reading a folder") {
        let entry = entry.expect("reading a folder");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copying a file");
        }
    }
}

#[tokio::test]
async fn a_busy_port_and_a_folder_that_is_none() {
    within_seconds(30, async {
        let folder = folder();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address").to_string();
        for name in ["LISTEN_ADDR", "ADMIN_ADDR"] {
            let ended = frontdesk(folder.path(), &["run"])
                .with(name, address.as_str())
                .run()
                .await;
            assert_told(&ended, 1, 1, &[&address, "another program", name]);
        }
        // A file where the folder should be: nobody may write in it, root included.
        let file = folder.path().join("file");
        std::fs::write(&file, "x").expect("a file");
        for command in [&["run"][..], &["chat"], &["migrate"]] {
            let data = file.join("data").display().to_string();
            let ended = frontdesk(folder.path(), command)
                .with("DATA_DIR", data)
                .run()
                .await;
            assert_told(&ended, 1, 1, &["file/data", "DATA_DIR"]);
        }
        // No database at all in the file.
        std::fs::create_dir_all(folder.path().join("data")).expect("a folder");
        std::fs::write(
            folder.path().join("data/frontdesk.db"),
            "no database\n".repeat(1000),
        )
        .expect("a file");
        for command in [&["run"][..], &["chat"], &["dead", "list"]] {
            let ended = frontdesk(folder.path(), command).run().await;
            assert_told(&ended, 1, 1, &["not a database"]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_bot_or_another_schema_on_sqlite() {
    within_seconds(60, another(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_bot_or_another_schema_on_postgres() {
    within_seconds(60, another(Backend::Postgres)).await;
}

async fn another(backend: Backend) {
    let Some(mut desk) = Desk::empty(backend, Mode::Polling).await else {
        return;
    };
    if backend == Backend::Postgres {
        for command in [&["run"][..], &["chat"], &["dead", "list"]] {
            assert_told(&desk.run(command).await, 1, 1, &["frontdesk migrate"]);
        }
        desk.run(&["migrate"]).await.fine();
    }
    desk.start().await.stop().await.fine();
    let other = TOKEN.replace("7000001", "7000002");
    let ended = desk
        .command(&["run"])
        .with("TELEGRAM_BOT_TOKEN", other)
        .run()
        .await;
    assert_told(&ended, 1, 1, &["7000001", "7000002"]);

    if backend == Backend::Postgres {
        desk.database
            .execute("UPDATE schema_info SET version = 900, min_compatible = 900")
            .await;
        assert_told(&desk.run(&["run"]).await, 1, 1, &["900", "newer frontdesk"]);
        desk.database
            .execute("UPDATE schema_info SET version = 1, min_compatible = 1")
            .await;
        assert_told(&desk.run(&["run"]).await, 1, 1, &["frontdesk migrate"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_beside_a_registered_webhook_is_one_clear_error() {
    within_seconds(30, async {
        let Some(desk) = Desk::new(Backend::Sqlite, Mode::Polling).await else {
            return;
        };
        let set = desk
            .telegram
            .set_webhook("http://127.0.0.1:9/webhook/telegram", SECRET);
        assert_eq!(set, Ok(()));
        desk.telegram.user_text(1, "/start");
        assert_told(
            &desk.run(&["run"]).await,
            1,
            1,
            &["webhook", "frontdesk telegram delete-webhook"],
        );
        let info = desk.run(&["telegram", "webhook-info"]).await.fine();
        assert!(info.stdout.contains("127.0.0.1:9"), "{info:#?}");
        // Starting and stopping changed no registration, and what waits still waits.
        assert_eq!(desk.telegram.calls_of("deleteWebhook").len(), 0);
        desk.run(&["telegram", "delete-webhook"]).await.fine();
        assert_eq!(desk.telegram.stats().waiting, 1);
    })
    .await;
}

#[tokio::test]
async fn a_postgres_that_is_not_there() {
    within_seconds(60, async {
        let folder = folder();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let url = format!("postgres://someone:a-password-nobody-prints@127.0.0.1:{port}/frontdesk");
        for command in [&["run"][..], &["chat"], &["migrate"], &["dead", "list"]] {
            let secrecy = frontdesk_e2e::Secrecy::default().secret("a-password-nobody-prints");
            let invocation = frontdesk(folder.path(), command).with("DATABASE_URL", url.as_str());
            let ended = invocation.keeping(secrecy).run().await;
            assert_told(&ended, 1, 1, &["127.0.0.1", "cannot be reached"]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_programs_of_many_say_what_they_need() {
    within_seconds(30, async {
        let folder = folder();
        for program in ["frontdesk-webhook", "frontdesk-worker"] {
            let run = |arguments: &[&str]| Invocation::of(program, folder.path(), arguments);
            let help = run(&["--help"]).run().await.fine();
            for word in ["--database-url", "--admin-addr", "[default: off]"] {
                assert!(help.stdout.contains(word), "no {word:?} in {help:#?}");
            }
            let embedded = run(&[]).with("TELEGRAM_BOT_TOKEN", TOKEN).run().await;
            assert_told(&embedded, 2, 1, &["DATABASE_URL: ", program, "postgres://"]);
            assert!(!folder.path().join("data").exists(), "nothing was made");
            let nobody = run(&[])
                .with("DATABASE_URL", "postgres://127.0.0.1:1/x")
                .run()
                .await;
            assert_told(&nobody, 2, 1, &["TELEGRAM_BOT_TOKEN: "]);
            let bad = run(&["--database-url", "mysql://x", "--sentry-dsn", "here"])
                .run()
                .await;
            assert_told(&bad, 2, 2, &["DATABASE_URL: ", "SENTRY_DSN: "]);
        }
        let idle = frontdesk(folder.path(), &["run", "--no-worker", "--no-intake"]);
        assert_told(&idle.run().await, 2, 1, &["ADMIN_ADDR: "]);
    })
    .await;
}
