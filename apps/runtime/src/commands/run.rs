//! `frontdesk run`: everything in one process.

use async_trait::async_trait;
use frontdesk_core::desk::{Door, DoorError};
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::{DeskStore, UpdateDecoder};
use frontdesk_core::work::LaneKey;
use frontdesk_http::{
    AdminApi, Intake, PrivateListener, PrivateSettings, PublicListener, PublicSettings, UpdateIntake,
    WebhookSecret,
};
use frontdesk_telegram::{
    TelegramClient, TelegramDecoder, TelegramMessenger, TelegramPoller, TelegramSettings,
};
use slog::o;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

use crate::cli::Context;
use crate::engine::{Engine, EngineParts};
use crate::failure::Failure;
use crate::log::Log;
use crate::readiness::StoreHealth;
use crate::settings::{Settings, Telegram, TelegramMode};
use crate::signals::Signals;
use crate::{admin, rules, store};

pub(crate) fn execute(context: &Context) -> Result<(), Failure> {
    let settings = context.settings()?;
    let Some(telegram) = settings.telegram.clone() else {
        return Err(Failure::Usage(
            "TELEGRAM_BOT_TOKEN: is not set: expected a token from @BotFather; `frontdesk chat` works without one"
                .to_owned(),
        ));
    };
    super::on_runtime(serve(&settings, telegram))
}

/// The Telegram client that the settings describe.
pub(crate) fn client(telegram: &Telegram, log: &slog::Logger) -> Result<TelegramClient, Failure> {
    let settings = TelegramSettings {
        api_url: telegram.api_url.clone(),
        ..TelegramSettings::new(telegram.token.clone())
    };
    TelegramClient::new(settings, log.clone()).map_err(|error| Failure::Usage(error.to_string()))
}

async fn serve(settings: &Settings, telegram: Telegram) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let logging = Log::start(settings);
    let log = logging.root.new(o!("bot_id" => telegram.token.bot_id().0));
    let bot = telegram.token.bot_id();
    let staff = settings.staff_chat.map(|chat| LaneKey {
        bot_id: bot,
        channel: Channel::TELEGRAM,
        chat,
    });
    let rules = rules::load(settings, staff.into_iter().collect())?;
    let store = store::open(settings, true, &log).await?;
    let office = admin::office(&store, settings, &log);
    let store: Arc<dyn DeskStore> = Arc::new(store);
    store
        .adopt(&Channel::TELEGRAM, bot)
        .await
        .map_err(Failure::work)?;
    let client = client(&telegram, &log)?;
    let decoder: Arc<dyn UpdateDecoder> = Arc::new(TelegramDecoder);

    let health = Arc::new(StoreHealth {
        store: Arc::clone(&store),
    });
    let parts = EngineParts {
        store,
        rules,
        messengers: vec![(bot, Arc::new(TelegramMessenger::new(client.clone())))],
        decoders: vec![Arc::clone(&decoder)],
    };
    // The listeners are bound before a loop starts: a busy port ends the program with nothing begun.
    let mut secrets = Vec::new();
    if telegram.mode == TelegramMode::Webhook {
        for secret in &telegram.secrets {
            secrets.push(
                WebhookSecret::new(secret.expose()).map_err(|error| Failure::Usage(error.to_string()))?,
            );
        }
    }
    let intake = Arc::new(DoorIntake {
        log: log.clone(),
        door: std::sync::OnceLock::new(),
    });
    let public = PublicListener::bind(
        PublicSettings::new(settings.listen_addr, secrets),
        intake.clone(),
        health.clone(),
        &log,
    )
    .map_err(Failure::work)?;
    let private = match settings.admin_addr {
        Some(addr) => Some(
            PrivateListener::bind(
                PrivateSettings::new(addr),
                health,
                Some(AdminApi::new(office.clone())),
                &log,
            )
            .map_err(Failure::work)?,
        ),
        None => None,
    };
    let mut engine = Engine::start(parts, settings, &log);
    intake.open(Arc::clone(&decoder), bot, engine.door.clone());
    office.open(engine.door.clone(), engine.process.desks.clone());
    slog::info!(log, "frontdesk is running";
        "mode" => ?telegram.mode, "listen_addr" => %public.local_addr(),
        "admin_addr" => private.as_ref().map(|listener| listener.local_addr().to_string()));
    if telegram.mode == TelegramMode::Polling {
        engine.poll(
            bot,
            Channel::TELEGRAM,
            Arc::new(TelegramPoller::new(client.clone())),
            decoder,
        );
    }

    let (stop, stopped) = watch::channel(false);
    let listeners = tokio::spawn(listen(public, private, stopped));
    let failed = tokio::select! {
        _ = signals.next() => None,
        why = engine.polling_failed() => Some(why),
    };
    slog::info!(log, "frontdesk is stopping"; "grace_s" => settings.shutdown_grace.as_secs());
    signals.exit_at_next();
    let drained = tokio::time::timeout(settings.shutdown_grace, async {
        // Readiness and the door go first; the engine still answers what is being received.
        stop.send_replace(true);
        if let Err(error) = listeners.await {
            slog::error!(log, "the listeners ended badly"; "error" => %error);
        }
        engine.drain().await;
    })
    .await;
    client.shut_down();
    if drained.is_err() {
        slog::warn!(
            log,
            "the grace is over; what is in hand comes back when its leases run out"
        );
    }
    slog::info!(log, "frontdesk has stopped");
    drop(logging);
    match failed {
        Some(why) => Err(Failure::Work(why)),
        None => Ok(()),
    }
}

async fn listen(public: PublicListener, private: Option<PrivateListener>, stopped: watch::Receiver<bool>) {
    let until_stopped = |mut stopped: watch::Receiver<bool>| async move {
        // The sender going away means the same.
        if stopped.wait_for(|stop| *stop).await.is_err() {}
    };
    let private = async {
        if let Some(listener) = private {
            listener.serve(until_stopped(stopped.clone())).await;
        }
    };
    tokio::join!(public.serve(until_stopped(stopped.clone())), private);
}

/// Brings webhook bodies to the door.
#[derive(Debug)]
struct DoorIntake {
    log: slog::Logger,
    door: std::sync::OnceLock<(Arc<dyn UpdateDecoder>, BotId, Door)>,
}

impl DoorIntake {
    fn open(&self, decoder: Arc<dyn UpdateDecoder>, bot: BotId, door: Door) {
        self.door.get_or_init(|| (decoder, bot, door));
    }
}

#[async_trait]
impl UpdateIntake for DoorIntake {
    async fn receive(&self, body: Vec<u8>) -> Intake {
        let Some((decoder, bot, door)) = self.door.get() else {
            return Intake::TryLater(Duration::from_secs(1));
        };
        match door
            .receive(decoder.as_ref(), *bot, Channel::TELEGRAM, body)
            .await
        {
            Ok(_) => Intake::Kept,
            Err(DoorError::NotAnUpdate(why)) => Intake::NotAnUpdate(why.to_string()),
            Err(DoorError::Busy { retry_after } | DoorError::Unavailable { retry_after }) => {
                Intake::TryLater(retry_after)
            }
            Err(DoorError::Refused(why)) => {
                // The database will never take it. Anything but 200 would have Telegram bring it again
                // for a day, and hold back everything behind it in that chat.
                slog::error!(self.log, "an update was refused by the database and is lost"; "error" => why);
                Intake::Kept
            }
        }
    }
}
