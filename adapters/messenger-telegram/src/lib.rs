//! The messenger port on the Telegram Bot API.
