//! One installation: a database, a Telegram, settings, a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_fake_telegram::{Config, FakeTelegram};
use tempfile::TempDir;

use crate::backend::{Backend, Database};
use crate::program::{Ended, Invocation, Program};
use crate::secrecy::{SECRET, Secrecy, TOKEN};
use crate::{PATIENCE, http};

/// How updates reach the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It asks.
    Polling,
    /// It is told.
    Webhook,
}

/// One installation. Its database, its folder and its Telegram go with it.
#[derive(Debug)]
pub struct Desk {
    /// The Telegram it talks to.
    pub telegram: FakeTelegram,
    /// Its database.
    pub database: Database,
    mode: Mode,
    settings: BTreeMap<String, String>,
    registered: bool,
    folder: TempDir,
}

/// A desk at work: `frontdesk run`.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub program: Program,
    /// Where it listens, as `host:port`.
    pub address: String,
}

impl Desk {
    /// Sets one up, its database migrated; `None` if there is no server for its database.
    pub async fn new(backend: Backend, mode: Mode) -> Option<Desk> {
        let desk = Desk::empty(backend, mode).await?;
        if desk.database.is_postgres() {
            desk.run(&["migrate"]).await.fine();
        }
        Some(desk)
    }

    /// Sets one up with nothing in its database.
    pub async fn empty(backend: Backend, mode: Mode) -> Option<Desk> {
        let folder = TempDir::new().expect("a folder for the test");
        let database = Database::new(backend, folder.path()).await?;
        let telegram = FakeTelegram::start(Config {
            token: TOKEN.to_owned(),
            time_scale: 0.02,
            ..Config::default()
        })
        .await
        .expect("starting the fake Telegram");
        let mut settings = BTreeMap::from(
            [
                ("TELEGRAM_BOT_TOKEN", TOKEN),
                ("TELEGRAM_API_URL", &telegram.url()),
                ("DATABASE_URL", &database.url),
                ("DATABASE_POOL", "4"),
                ("DATA_DIR", &folder.path().join("data").display().to_string()),
                ("LISTEN_ADDR", "127.0.0.1:0"),
                ("ADMIN_ADDR", "off"),
                ("LOG_FORMAT", "json"),
                ("SEND_RATE_BOT", "0"),
                ("SEND_RATE_CHAT", "0"),
                ("SEND_RATE_GROUP", "0"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        if mode == Mode::Webhook {
            settings.insert("TELEGRAM_WEBHOOK_SECRET".to_owned(), SECRET.to_owned());
        }
        Some(Desk {
            telegram,
            database,
            mode,
            settings,
            registered: false,
            folder,
        })
    }

    /// Sets a setting, for programs started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its data is.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command with its settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Invocation {
        let invocation =
            Invocation::frontdesk(self.folder.path(), arguments).keeping(Secrecy::of(self.telegram.handle()));
        self.settings
            .iter()
            .fold(invocation, |invocation, (name, value)| {
                invocation.with(name, value)
            })
    }

    /// Runs a command with its settings to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).run().await
    }

    /// Starts `frontdesk run`, waits until it is ready, and has updates brought to it.
    pub async fn start(&mut self) -> Running {
        self.start_with_line().await.0
    }

    /// The same, and where the private listener is.
    pub async fn start_with_admin(&mut self) -> (Running, String) {
        let (running, line) = self.start_with_line().await;
        let address = line["admin_addr"]
            .as_str()
            .unwrap_or_else(|| panic!("no admin_addr: {line}"))
            .to_owned();
        (running, address)
    }

    async fn start_with_line(&mut self) -> (Running, serde_json::Value) {
        let mut program = self.command(&["run"]).start();
        let line = program.logged("frontdesk is running").await;
        let address = line["listen_addr"]
            .as_str()
            .unwrap_or_else(|| panic!("no listen_addr: {line}"))
            .to_owned();
        ready(&address).await;
        if self.mode == Mode::Webhook {
            let url = format!("http://{address}");
            // A port of its own at each start: the fake delivers where the program is now.
            self.telegram.deliver_to(Some(url.clone()));
            if !self.registered {
                let register = self.command(&["telegram", "set-webhook"]);
                register.with("PUBLIC_URL", url).run().await.fine();
                self.registered = true;
            }
        }
        (Running { program, address }, line)
    }

    /// The dead letters, as `frontdesk dead list --json` tells them.
    pub async fn dead_letters(&self) -> Vec<serde_json::Value> {
        let ended = self.run(&["dead", "list", "--json"]).await.fine();
        ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

impl Running {
    /// Asks it to stop and waits until it has.
    pub async fn stop(self) -> Ended {
        self.program.terminate();
        self.program.wait(PATIENCE + Duration::from_secs(10)).await
    }

    /// Waits until nothing waits to be done or sent, as its readiness tells.
    pub async fn idle(&self) {
        // A report may be a second old: what was there before it does not count.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let asking = async {
            loop {
                let answer = http::request(&self.address, "GET", "/health/ready").await;
                let report: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
                if ["turns", "replies"]
                    .iter()
                    .all(|queue| report["work"][queue]["waiting"] == 0)
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, asking).await.is_ok(),
            "{} has work left after {PATIENCE:?}",
            self.address
        );
    }

    /// Kills it as a machine that loses power would.
    pub async fn kill(self) {
        self.program.kill().await;
    }
}

/// Asks until the program says it is ready.
async fn ready(address: &str) {
    let asking = async {
        while http::request(address, "GET", "/health/ready").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, asking).await.is_ok(),
        "{address} was not ready within {PATIENCE:?}"
    );
}
