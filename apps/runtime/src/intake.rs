//! Brings webhook bodies to the door.

use async_trait::async_trait;
use frontdesk_core::desk::{Door, DoorError};
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::UpdateDecoder;
use frontdesk_http::{Intake, UpdateIntake};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A door that may not be open yet: listeners are bound before a loop starts.
#[derive(Debug)]
pub(crate) struct DoorIntake {
    log: slog::Logger,
    door: OnceLock<(Arc<dyn UpdateDecoder>, BotId, Door)>,
}

impl DoorIntake {
    pub fn new(log: slog::Logger) -> DoorIntake {
        DoorIntake {
            log,
            door: OnceLock::new(),
        }
    }

    pub fn open(&self, decoder: Arc<dyn UpdateDecoder>, bot: BotId, door: Door) {
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
