//! A listener under test, with an intake and a health check that do as they are told.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_http::{
    HealthCheck, Intake, Limits, MetricsPage, PrivateListener, PrivateSettings, PublicListener,
    PublicSettings, Readiness, UpdateIntake, WebhookSecret,
};
use serde_json::json;
use slog::{Drain, Logger, o};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

pub const CURRENT: &str = "current_Secret-1";
pub const PREVIOUS: &str = "previous_Secret-0";
/// Stands in every body; must stand in no log and no answer.
pub const CANARY: &str = "canary text of a client";

/// What the intake does with the next updates.
#[derive(Debug, Clone)]
pub enum Plan {
    Say(Intake),
    Panic,
    Hang,
    /// Keep it once [`Door::release`] is notified.
    Hold,
}

#[derive(Debug)]
pub struct Door {
    pub plan: Mutex<Plan>,
    pub received: Mutex<Vec<Vec<u8>>>,
    pub entered: Notify,
    pub release: Notify,
}

#[async_trait]
impl UpdateIntake for Door {
    async fn receive(&self, body: Vec<u8>) -> Intake {
        self.received.lock().unwrap().push(body);
        self.entered.notify_one();
        let plan = self.plan.lock().unwrap().clone();
        match plan {
            Plan::Say(intake) => intake,
            Plan::Panic => panic!("told to, with the {CANARY}"),
            Plan::Hang => std::future::pending().await,
            Plan::Hold => {
                self.release.notified().await;
                Intake::Kept
            }
        }
    }
}

#[derive(Debug)]
pub struct Check {
    pub ready: Mutex<Option<bool>>,
    pub asked: AtomicUsize,
}

#[async_trait]
impl HealthCheck for Check {
    async fn ready(&self) -> Readiness {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let ready = *self.ready.lock().unwrap();
        match ready {
            Some(ready) => Readiness {
                ready,
                report: json!({ "ready": ready, "store": { "state": "told" } }),
            },
            None => std::future::pending().await,
        }
    }
}

/// A page of one figure.
#[derive(Debug)]
pub struct Page;

#[async_trait]
impl MetricsPage for Page {
    async fn page(&self) -> Option<String> {
        Some("frontdesk_build_info 1\n".to_owned())
    }
}

pub struct Desk {
    pub addr: SocketAddr,
    pub door: Arc<Door>,
    pub check: Arc<Check>,
    pub log: Lines,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Desk {
    pub fn open() -> Self {
        Self::with(quick())
    }

    pub fn with(limits: Limits) -> Self {
        let secrets = vec![
            WebhookSecret::new(CURRENT).unwrap(),
            WebhookSecret::new(PREVIOUS).unwrap(),
        ];
        Self::public(PublicSettings {
            addr: loopback(),
            secrets,
            limits,
        })
    }

    pub fn public(settings: PublicSettings) -> Self {
        let (door, check, log) = parts();
        let listener = PublicListener::bind(settings, door.clone(), check.clone(), &log.logger()).unwrap();
        let addr = listener.local_addr();
        Self::run(addr, door, check, log, |stop| listener.serve(stop))
    }

    pub fn private() -> Self {
        let (door, check, log) = parts();
        let settings = PrivateSettings {
            addr: loopback(),
            limits: quick(),
        };
        let page = Arc::new(Page);
        let listener = PrivateListener::bind(settings, check.clone(), page, None, &log.logger()).unwrap();
        let addr = listener.local_addr();
        Self::run(addr, door, check, log, |stop| listener.serve(stop))
    }

    fn run<F: Future<Output = ()> + Send + 'static>(
        addr: SocketAddr,
        door: Arc<Door>,
        check: Arc<Check>,
        log: Lines,
        serve: impl FnOnce(Stop) -> F,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(Box::pin(async { stopped.await.unwrap_or(()) })));
        Self {
            addr,
            door,
            check,
            log,
            stop,
            serving,
        }
    }

    pub fn plan(&self, plan: Plan) {
        *self.door.plan.lock().unwrap() = plan;
    }

    pub fn received(&self) -> usize {
        self.door.received.lock().unwrap().len()
    }

    /// Tells the listener to stop; the handle ends when it has.
    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.serving
    }
}

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn parts() -> (Arc<Door>, Arc<Check>, Lines) {
    let door = Door {
        plan: Mutex::new(Plan::Say(Intake::Kept)),
        received: Mutex::default(),
        entered: Notify::new(),
        release: Notify::new(),
    };
    let check = Check {
        ready: Mutex::new(Some(true)),
        asked: AtomicUsize::new(0),
    };
    (Arc::new(door), Arc::new(check), Lines::default())
}

pub fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Limits with nothing to wait for in a test, long enough for a busy machine.
pub fn quick() -> Limits {
    Limits {
        ready_max_age: Duration::ZERO,
        stop_notice: Duration::ZERO,
        ..Limits::default()
    }
}

/// Everything logged.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn logger(&self) -> Logger {
        Logger::root(Mutex::new(slog_json::Json::default(self.clone())).fuse(), o!())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// How many lines of that level.
    pub fn count(&self, level: &str) -> usize {
        self.text().matches(&format!("\"level\":\"{level}\"")).count()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
