//! One installation: a database, a Telegram, settings, a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_fake_telegram::{Config, FakeTelegram};
use tempfile::TempDir;

use crate::backend::{self, Backend, Database};
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

/// Which programs do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `frontdesk run`.
    AllInOne,
    /// One `frontdesk-webhook` and two `frontdesk-worker`, on one Postgres; on one Redis too where
    /// `FRONTDESK_TEST_REDIS` names one.
    Many,
}

/// One installation. Its database, its folder and its Telegram go with it.
#[derive(Debug)]
pub struct Desk {
    /// The Telegram it talks to.
    pub telegram: FakeTelegram,
    /// Its database.
    pub database: Database,
    mode: Mode,
    shape: Shape,
    settings: BTreeMap<String, String>,
    registered: bool,
    folder: TempDir,
}

/// A desk at work.
#[derive(Debug)]
pub struct Running {
    /// The process that takes updates in.
    pub program: Program,
    /// Where it listens, as `host:port`.
    pub address: String,
    /// The processes that do nothing but work.
    pub workers: Vec<Worker>,
}

/// A `frontdesk-worker` at work.
#[derive(Debug)]
pub struct Worker {
    /// The process.
    pub program: Program,
    /// Where it tells how it is, as `host:port`.
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
        share_cache(&folder.path().join("data"));
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
            shape: Shape::AllInOne,
            settings,
            registered: false,
            folder,
        })
    }

    /// The same in many processes.
    #[must_use]
    pub fn in_many(mut self) -> Desk {
        self.shape = Shape::Many;
        if let Some(redis) = backend::variable("FRONTDESK_TEST_REDIS") {
            self.set("REDIS_URL", &redis);
        }
        self
    }

    /// Sets a setting, for programs started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// A setting's value.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
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
        self.invocation("frontdesk", arguments)
    }

    /// A program with its settings.
    #[must_use]
    pub fn invocation(&self, program: &'static str, arguments: &[&str]) -> Invocation {
        let invocation = Invocation::of(program, self.folder.path(), arguments)
            .keeping(Secrecy::of(self.telegram.handle()));
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

    /// Starts its programs, waits until they are ready, and has updates brought to them.
    pub async fn start(&mut self) -> Running {
        let mut workers = Vec::new();
        if self.shape == Shape::Many {
            for _ in 0..2 {
                workers.push(self.start_worker().await);
            }
        }
        let (program, address) = self.start_intake().await;
        Running {
            program,
            address,
            workers,
        }
    }

    /// Starts one more worker and waits until it is ready.
    pub async fn start_worker(&self) -> Worker {
        let worker = self.invocation("frontdesk-worker", &[]);
        self.start_private(worker).await
    }

    /// Starts `frontdesk run` with the admin API and neither intake nor work, and waits until it is ready.
    pub async fn start_office(&self) -> Worker {
        let office = self.invocation("frontdesk", &["run", "--no-worker", "--no-intake"]);
        self.start_private(office).await
    }

    async fn start_private(&self, program: Invocation) -> Worker {
        let mut program = program.with("ADMIN_ADDR", "127.0.0.1:0").start();
        let line = program.logged("frontdesk is running").await;
        let address = told(&line, "admin_addr");
        ready(&address).await;
        Worker { program, address }
    }

    /// Starts what takes updates in, waits until it is ready, and has them brought to it.
    pub async fn start_intake(&mut self) -> (Program, String) {
        let (program, line) = self.start_with_line().await;
        (program, told(&line, "listen_addr"))
    }

    /// Starts `frontdesk run` like [`Desk::start`], and tells where its private listener is.
    pub async fn start_with_admin(&mut self) -> (Running, String) {
        let (program, line) = self.start_with_line().await;
        let running = Running {
            program,
            address: told(&line, "listen_addr"),
            workers: Vec::new(),
        };
        (running, told(&line, "admin_addr"))
    }

    /// What takes updates in, and the line that says it runs.
    async fn start_with_line(&mut self) -> (Program, serde_json::Value) {
        let mut program = match self.shape {
            Shape::AllInOne => self.command(&["run"]).start(),
            Shape::Many => self.invocation("frontdesk-webhook", &[]).start(),
        };
        let line = program.logged("frontdesk is running").await;
        let address = told(&line, "listen_addr");
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
        (program, line)
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
    /// Asks all of it to stop and waits until it has; tells everything that was said together, and the
    /// first exit code that is not 0.
    pub async fn stop(self) -> Ended {
        let mut programs = vec![self.program];
        programs.extend(self.workers.into_iter().map(|worker| worker.program));
        for program in &programs {
            program.terminate();
        }
        let mut all = Ended {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        for program in programs {
            let ended = program.wait(PATIENCE + Duration::from_secs(10)).await;
            if all.code == Some(0) {
                all.code = ended.code;
            }
            all.stdout.push_str(&ended.stdout);
            all.stderr.push_str(&ended.stderr);
        }
        all
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
        for worker in self.workers {
            worker.program.kill().await;
        }
        self.program.kill().await;
    }
}

/// The address that a program's first line tells under this name.
fn told(line: &serde_json::Value, name: &str) -> String {
    line[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {line}"))
        .to_owned()
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

/// Lets the programs of a desk find what those of another have trained. Each desk works without, only later.
fn share_cache(data_dir: &Path) {
    let shared = crate::binary::cache();
    std::fs::create_dir_all(&shared).expect("a folder for what is trained");
    std::fs::create_dir(data_dir).expect("the desk's DATA_DIR");
    std::os::unix::fs::symlink(shared, data_dir.join("cache")).expect("a link to it");
}
