//! The door of a process: what comes in is kept.

use frontdesk_core::desk::{Door, DoorSettings, Poller, PollerError, PollerParts, StopHandle};
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::{UpdateDecoder, UpdateSource};
use slog::Logger;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

use super::Base;
use super::group::Group;
use crate::settings::Settings;

/// How long the messenger may wait for updates before it answers with none.
const POLL_WAIT: Duration = Duration::from_secs(25);

/// A door and the loop that writes what it receives.
pub(crate) struct DoorPart {
    /// The door.
    pub door: Door,
    writer: Group,
    polling: Option<(StopHandle, JoinHandle<Result<(), PollerError>>)>,
}

/// A messenger that is asked for updates.
pub(crate) struct Polling {
    /// Its bot.
    pub bot: BotId,
    /// Its channel.
    pub channel: Channel,
    /// Where its updates come from.
    pub source: Arc<dyn UpdateSource>,
    /// Who reads them.
    pub decoder: Arc<dyn UpdateDecoder>,
}

impl DoorPart {
    /// Opens a door.
    pub fn open(base: &Base, settings: &Settings) -> DoorPart {
        let door_settings = DoorSettings {
            backlog: settings.backlog_limit,
            rates: settings.rate,
            exempt: vec![Channel::TERMINAL],
            ..DoorSettings::default()
        };
        let (door, loop_) = Door::new(&base.process, base.cache.clone(), door_settings);
        let mut writer = Group::new();
        writer.run(|stop| async move { loop_.run(stop).await });
        DoorPart {
            door,
            writer,
            polling: None,
        }
    }

    /// Starts asking a messenger for updates.
    pub fn poll(&mut self, base: &Base, polling: Polling) {
        let poller = Poller::new(PollerParts {
            process: base.process.clone(),
            door: self.door.clone(),
            source: polling.source,
            decoder: polling.decoder,
            bot: polling.bot,
            channel: polling.channel,
            wait: POLL_WAIT,
        });
        let (handle, stop) = StopHandle::new();
        let task = tokio::spawn(async move { poller.run(stop).await });
        self.polling = Some((handle, task));
    }

    /// Completes when polling cannot go on; never if nobody polls.
    pub(super) async fn polling_failed(&mut self) -> String {
        match self.polling.as_mut() {
            None => std::future::pending().await,
            Some((_, poller)) => match poller.await {
                Ok(Ok(())) => "polling ended".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => format!("polling ended badly: {error}"),
            },
        }
    }

    /// Ends polling and gives its lease back, so that another process can take over at once.
    pub(super) async fn end_polling(&mut self, log: &Logger) {
        let Some((handle, poller)) = self.polling.take() else {
            return;
        };
        handle.stop();
        if !poller.is_finished()
            && let Err(error) = poller.await
        {
            slog::error!(log, "polling ended badly"; "error" => %error);
        }
    }

    /// Writes what still waits, and closes.
    pub(super) async fn close(self, log: &Logger) {
        self.writer.finish(log).await;
    }
}
