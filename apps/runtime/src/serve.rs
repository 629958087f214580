//! A program that serves until it is told to stop: what it is made of, and its life from the first
//! bound address to the last flushed line.

use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::knowledge::Overlay;
use frontdesk_core::port::{DeskStore, KnowledgeStore, UpdateDecoder};
use frontdesk_core::work::LaneKey;
use frontdesk_http::{
    AdminApi, PrivateListener, PrivateSettings, PublicListener, PublicSettings, WebhookSecret,
};
use frontdesk_telegram::{TelegramClient, TelegramDecoder, TelegramFiles, TelegramMessenger, TelegramPoller};
use slog::{Logger, o};
use std::sync::Arc;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::{OsEntropy, SystemClock};
use crate::engine::{Base, DoorPart, Engine, FileParts, Polling, WorkParts};
use crate::failure::Failure;
use crate::intake::DoorIntake;
use crate::keeper::Keeper;
use crate::log::Log;
use crate::readiness::StoreHealth;
use crate::settings::{Settings, Telegram, TelegramMode};
use crate::signals::Signals;
use crate::{admin, files, metrics, model, rules, store, telegram};

/// What a program does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roles {
    /// Its name.
    pub program: &'static str,
    /// Whether updates come in here.
    pub intake: bool,
    /// Whether they are worked on here.
    pub worker: bool,
    /// Whether the private listener has the admin API.
    pub office: bool,
}

/// Serves until a signal. The settings have a bot, unless there is neither intake nor worker.
pub(crate) async fn serve(settings: &Settings, roles: Roles) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let logging = Log::monitored(settings, roles.program)?;
    let log = logging.root.clone();
    let served = match Serving::start(settings, roles, signals.hangups(), &log).await {
        Ok(serving) => serving.until_stopped(&mut signals, settings).await,
        Err(failure) => Err(failure),
    };
    match served {
        Ok(stopping) => {
            signals.exit_at_next();
            let drained = stopping.drain(settings).await;
            slog::info!(log, "frontdesk has stopped");
            drop(log);
            logging.end(drained.left);
            drained.failed.map_or(Ok(()), |why| Err(Failure::Work(why)))
        }
        Err(failure) => {
            drop(log);
            logging.end(settings.shutdown_grace);
            Err(failure)
        }
    }
}

/// A program at work.
struct Serving {
    engine: Engine,
    client: Option<TelegramClient>,
    public: Option<PublicListener>,
    private: Option<PrivateListener>,
    log: Logger,
}

/// A program that was told to stop, or has to.
struct Stopping {
    serving: Engine,
    client: Option<TelegramClient>,
    stop: watch::Sender<bool>,
    listeners: tokio::task::JoinHandle<()>,
    failed: Option<String>,
    log: Logger,
}

/// A program that has stopped.
struct Drained {
    failed: Option<String>,
    /// What is left of the grace.
    left: std::time::Duration,
}

impl Serving {
    async fn start(
        settings: &Settings,
        roles: Roles,
        hangups: Option<Signal>,
        log: &Logger,
    ) -> Result<Serving, Failure> {
        let bot = settings.telegram.as_ref().map(|telegram| telegram.token.bot_id());
        let log = match bot {
            Some(bot) => log.new(o!("bot_id" => bot.0)),
            None => log.clone(),
        };
        // A worker decides by the playbook, and the office tells what is in it: the others need none.
        let decides = roles.worker && bot.is_some();
        let has_office = roles.office && settings.admin_addr.is_some();
        let draft = if decides || has_office {
            let staff = staff(settings, bot);
            Some(rules::read(settings, staff, TelegramFiles::MAX_BYTES, &log)?)
        } else {
            None
        };
        let engine = roles.intake || roles.worker;
        let store = store::open(settings, engine, &log).await?;
        let keeper = match draft {
            Some(draft) => {
                let overlay = Overlay::read(&store).await.map_err(Failure::work)?;
                Some(draft.put_in_force(overlay))
            }
            None => None,
        };
        let rules = keeper.as_ref().map(Keeper::rules);
        let knowledge: Arc<dyn KnowledgeStore> = Arc::new(store.clone());
        // Those who work keep files, those in the office look at them.
        let kept = match decides || has_office {
            true => Some(files::open(settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await?),
            false => None,
        };
        let office = has_office.then(|| admin::office(&store, kept.clone(), rules.clone(), settings, &log));
        let store: Arc<dyn DeskStore> = Arc::new(store);
        if let Some(bot) = bot {
            store
                .adopt(&Channel::TELEGRAM, bot)
                .await
                .map_err(Failure::work)?;
        }
        let metrics = metrics::start(roles.program)?;
        let desks = bot.into_iter().map(|bot| (bot, Channel::TELEGRAM)).collect();
        let base = Base::new(store, desks, metrics.clone(), settings, &log);
        let health = Arc::new(StoreHealth {
            store: Arc::clone(&base.process.store),
        });

        // The listeners are bound before a loop starts: a busy port ends the program with nothing begun.
        let intake = Arc::new(DoorIntake::new(log.clone()));
        let public = if roles.intake {
            let public = PublicSettings::new(settings.listen_addr, secrets(settings)?);
            let listener = PublicListener::bind(public, intake.clone(), health.clone(), &log);
            Some(listener.map_err(Failure::work)?)
        } else {
            None
        };
        let private = match settings.admin_addr {
            Some(addr) => {
                let page = Arc::new(metrics::Page {
                    metrics,
                    process: base.process.clone(),
                    conversations: (roles.worker || !roles.intake).then(|| Arc::clone(&base.process.store)),
                });
                let api = office.clone().map(AdminApi::new);
                let listener = PrivateListener::bind(PrivateSettings::new(addr), health, page, api, &log);
                Some(listener.map_err(Failure::work)?)
            }
            None => None,
        };

        let client = match &settings.telegram {
            Some(telegram) if engine => Some(telegram::client(telegram, &log)?),
            _ => None,
        };
        // What the back office orders comes in by a door, too.
        let mut door = (roles.intake || office.is_some()).then(|| DoorPart::open(&base, settings));
        if let (Some(office), Some(door)) = (&office, &door) {
            office.open(door.door.clone(), base.process.desks.clone());
        }
        let decoder: Arc<dyn UpdateDecoder> = Arc::new(TelegramDecoder);
        let mut work = None;
        if let (Some(bot), Some(telegram), Some(client)) = (bot, &settings.telegram, &client) {
            if let Some(door) = door.as_mut().filter(|_| roles.intake) {
                intake.open(Arc::clone(&decoder), bot, door.door.clone());
                if telegram.mode == TelegramMode::Polling {
                    door.poll(&base, polling(bot, client, &decoder));
                }
            }
            if let (Some(rules), Some(kept)) = (rules.filter(|_| decides), kept) {
                let model = model::open(settings, &rules, &base.process, &log)?;
                let sent = Arc::new(TelegramFiles::new(client.clone()));
                work = Some(WorkParts {
                    rules,
                    model,
                    messengers: vec![(bot, Arc::new(TelegramMessenger::new(client.clone())))],
                    decoders: vec![decoder],
                    files: FileParts {
                        kept,
                        sources: vec![((bot, Channel::TELEGRAM), sent)],
                    },
                });
            }
        }
        let mut engine = Engine::start(&base, door, work, settings);
        if let (Some(keeper), Some(hangups)) = (keeper, hangups) {
            let process = base.process.clone();
            engine.keep(|stop| keeper.run(process, knowledge, hangups, stop));
        }
        slog::info!(log, "frontdesk is running"; "program" => roles.program,
            "mode" => settings.telegram.as_ref().map(|telegram| format!("{:?}", telegram.mode)),
            "listen_addr" => public.as_ref().map(|listener| listener.local_addr().to_string()),
            "admin_addr" => private.as_ref().map(|listener| listener.local_addr().to_string()));
        Ok(Serving {
            engine,
            client,
            public,
            private,
            log,
        })
    }

    /// Serves until a signal, or until it cannot go on.
    async fn until_stopped(self, signals: &mut Signals, settings: &Settings) -> Result<Stopping, Failure> {
        let Serving {
            mut engine,
            client,
            public,
            private,
            log,
        } = self;
        let (stop, stopped) = watch::channel(false);
        let listeners = tokio::spawn(listen(public, private, stopped));
        let failed = tokio::select! {
            _ = signals.next() => None,
            why = engine.failed() => Some(why),
        };
        slog::info!(log, "frontdesk is stopping"; "grace_s" => settings.shutdown_grace.as_secs());
        Ok(Stopping {
            serving: engine,
            client,
            stop,
            listeners,
            failed,
            log,
        })
    }
}

impl Stopping {
    /// Finishes what is in hand, within the grace.
    async fn drain(self, settings: &Settings) -> Drained {
        let started = Instant::now();
        let log = self.log;
        let drained = tokio::time::timeout(settings.shutdown_grace, async {
            // Readiness and the door go first; the engine still answers what is being received.
            self.stop.send_replace(true);
            if let Err(error) = self.listeners.await {
                slog::error!(log, "the listeners ended badly"; "error" => %error);
            }
            self.serving.drain().await;
        })
        .await;
        if let Some(client) = &self.client {
            client.shut_down();
        }
        if drained.is_err() {
            slog::warn!(
                log,
                "the grace is over; what is in hand comes back when its leases run out"
            );
        }
        Drained {
            failed: self.failed,
            left: settings.shutdown_grace.saturating_sub(started.elapsed()),
        }
    }
}

fn staff(settings: &Settings, bot: Option<BotId>) -> Vec<LaneKey> {
    let lane = |(bot_id, chat)| LaneKey {
        bot_id,
        channel: Channel::TELEGRAM,
        chat,
    };
    bot.zip(settings.staff_chat).map(lane).into_iter().collect()
}

fn polling(bot: BotId, client: &TelegramClient, decoder: &Arc<dyn UpdateDecoder>) -> Polling {
    Polling {
        bot,
        channel: Channel::TELEGRAM,
        source: Arc::new(TelegramPoller::new(client.clone())),
        decoder: Arc::clone(decoder),
    }
}

/// The webhook's secrets; none, and so no webhook, where the bot asks.
fn secrets(settings: &Settings) -> Result<Vec<WebhookSecret>, Failure> {
    let in_use = |telegram: &&Telegram| telegram.mode == TelegramMode::Webhook;
    let mut secrets = Vec::new();
    for secret in settings
        .telegram
        .iter()
        .filter(in_use)
        .flat_map(|telegram| &telegram.secrets)
    {
        secrets.push(WebhookSecret::new(secret.expose()).map_err(|error| Failure::Usage(error.to_string()))?);
    }
    Ok(secrets)
}

async fn listen(
    public: Option<PublicListener>,
    private: Option<PrivateListener>,
    stopped: watch::Receiver<bool>,
) {
    let until_stopped = |mut stopped: watch::Receiver<bool>| async move {
        // The sender going away means the same.
        if stopped.wait_for(|stop| *stop).await.is_err() {}
    };
    let public = async {
        if let Some(listener) = public {
            listener.serve(until_stopped(stopped.clone())).await;
        }
    };
    let private = async {
        if let Some(listener) = private {
            listener.serve(until_stopped(stopped.clone())).await;
        }
    };
    tokio::join!(public, private);
}
