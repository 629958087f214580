//! The messenger port on the Telegram Bot API.

mod json;
mod token;
mod update;

pub use token::{BotToken, NoBotToken};
pub use update::{ALLOWED_UPDATES, TelegramDecoder};
