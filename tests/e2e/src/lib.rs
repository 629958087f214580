//! Whole programs end to end against real databases and the fake Telegram.
