//! The messenger port on the Telegram Bot API.
//!
//! - [`TelegramDecoder`] reads updates, however they came: by webhook or by [`TelegramPoller`].
//! - [`TelegramMessenger`] sends.
//! - [`TelegramFiles`] hands out what clients send.
//! - [`TelegramClient`] is beneath both, and holds the calls with which an operator registers the bot.
//!
//! What this crate keeps to:
//!
//! - The types of the Bot API stay private. Reading is lenient throughout: a field that is missing,
//!   new or of a wrong type never costs an update or hides that a call worked.
//! - An error says whether Telegram may have acted. `Unreachable` is claimed only while no byte of a
//!   request's body was handed to the connection.
//! - The token is in every URL and in no text: every error passes one redaction point.
//! - Nothing is retried here.

mod client;
mod exchange;
mod files;
mod json;
mod messenger;
mod poller;
mod registration;
mod settings;
mod token;
mod update;
mod verdict;

pub use client::TelegramClient;
pub use files::TelegramFiles;
pub use messenger::TelegramMessenger;
pub use poller::TelegramPoller;
pub use registration::{BotCommand, BotProfile, WebhookInfo};
pub use settings::{BadApiUrl, TelegramSettings};
pub use token::{BotToken, NoBotToken};
pub use update::{ALLOWED_UPDATES, TelegramDecoder};
