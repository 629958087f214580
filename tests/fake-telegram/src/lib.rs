//! A stateful fake of the Telegram Bot API over HTTP, with its delivery rules and with faults by request.
//!
//! Start one, point a bot at [`FakeTelegram::url`], play the clients, look at what they see:
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use frontdesk_fake_telegram::{Button, Config, FakeTelegram};
//!
//! let telegram = FakeTelegram::start(Config::default()).await?;
//! // … start the bot with telegram.url() and telegram.token() …
//! telegram.user_text(42, "/start");
//! let seen = telegram.wait_for_messages(42, 1, Duration::from_secs(5)).await?;
//! assert!(seen[0].text.contains("Hello"));
//! telegram.tap(42, &Button::label("Prices"))?;
//! # Ok(()) }
//! ```
//!
//! The same is there as a program, `fake-telegram`, for tests in any language; see the README.
//!
//! Map: [`config`](Config) → `state` (everything, behind one lock) → `calls` (one Bot API call) → `methods` ·
//! `queue`, `polling` (getUpdates) · `lanes`, `delivery` (webhook) · `play`, `look`, `control` (for tests).

mod answer;
mod calls;
mod config;
mod control;
mod delivery;
mod fake;
mod fault;
mod flow;
mod lanes;
mod limits;
mod look;
mod methods;
mod multipart;
mod params;
mod play;
mod polling;
mod queue;
mod record;
mod rng;
mod server;
mod state;
mod world;

pub use calls::DOWNLOAD;
pub use config::{Config, RateLimits};
pub use fake::{FakeTelegram, Handle};
pub use fault::{ActiveFault, Effect, Fault};
pub use look::{Condition, NotInTime, Seen};
pub use play::{Button, FileInfo, NoSuchButton, NoSuchDraft, Say};
pub use record::{Call, CallOutcome, Delivery, Stats};
pub use world::{Access, Draft};
