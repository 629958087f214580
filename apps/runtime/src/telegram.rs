//! The Telegram client that the settings describe.

use frontdesk_telegram::{TelegramClient, TelegramSettings};

use crate::failure::Failure;
use crate::settings::Telegram;

/// A client, not yet connected.
pub(crate) fn client(telegram: &Telegram, log: &slog::Logger) -> Result<TelegramClient, Failure> {
    let settings = TelegramSettings {
        api_url: telegram.api_url.clone(),
        file_url: telegram.file_url.clone(),
        ..TelegramSettings::new(telegram.token.clone())
    };
    TelegramClient::new(settings, log.clone()).map_err(|error| Failure::Usage(error.to_string()))
}
