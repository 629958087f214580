//! A fake of an OpenAI-style chat-completions server in LongCat's dialect, with scripted answers and with
//! faults by request.
//!
//! Start one, point a client at [`FakeLlm::api_url`], say what the model answers, look at what it was asked:
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use frontdesk_fake_llm::{Answer, Condition, Config, Effect, End, FakeLlm, Fault};
//!
//! let llm = FakeLlm::start(Config::default()).await?;
//! llm.answer(Answer::text("From 5,000 EUR.").when_user_says("price"));
//! llm.fault(Fault::once(Effect::Cut { after: 1 }));
//! // … start the client with llm.api_url() and llm.key() …
//! llm.wait_for(Condition::Ended { count: 2 }, Duration::from_secs(5)).await?;
//! assert_eq!(llm.calls()[0].outcome.end, Some(End::Cut));
//! assert_eq!(llm.stats().tokens["LongCat-2.0"].completion, 4);
//! # Ok(()) }
//! ```
//!
//! The same is there as a program, `fake-llm`, for tests in any language; see the README.
//!
//! Map: [`config`](Config) → `state` (everything, behind one lock) → `server` (one call begins) → `request`,
//! `fault`, `script` (what becomes of it) → `plan`, `wire` (what is written) → `play` (writing it) · `look`,
//! `control` (for tests).

mod config;
mod control;
mod fake;
mod fault;
mod look;
mod plan;
mod play;
mod record;
mod refusal;
mod request;
mod rng;
mod script;
mod server;
mod state;
pub mod tokens;
mod wire;

pub use config::Config;
pub use fake::{FakeLlm, Handle};
pub use fault::{ActiveFault, Effect, Fault, Told};
pub use look::{Condition, NotInTime};
pub use record::{Call, CallOutcome, End, Stats, key_hash};
pub use script::{ActiveAnswer, Answer, Hold, ToolCall, UsagePlace};
pub use tokens::Tokens;
