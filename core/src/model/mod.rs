//! What stands between the desk and its language models: adapters of [`LanguageModel`] around others.
//!
//! ```text
//! request ─► Fallback ─┬─► Retrying ─► Breaker ─► Watched ─► Budgeted ─► OnTime ─► first model
//!                      └─► Retrying ─► Breaker ─► Watched ─► Budgeted ─► OnTime ─► next model
//! ```
//!
//! | decorator | keeps | answers by itself |
//! | --- | --- | --- |
//! | [`Fallback`] | time for the models to come; one answer in the ear | `NoTimeLeft` |
//! | [`Retrying`] | retries within the time, none after a word was heard | |
//! | [`Breaker`] | a model that fails alone | `Resting` |
//! | [`Watched`] | count of every single call | |
//! | [`Budgeted`] | tokens of the day within both limits | `ClientBudget`, `BotBudget`, `BudgetUnknown`, `NoTimeLeft` |
//! | [`OnTime`] | the deadline, whatever the model does | `TimedOut` |
//!
//! **Deadline.** [`ModelRequest::deadline`] is what is left for the callee. Whoever waits, for a retry
//! or for the store, hands on that much less; nobody hands on less than [`LEAST`], but gives up.
//!
//! **No storms.** A call of the chain makes at most `retries + 1` calls of each model. A model that
//! failed [`BreakerSettings::failures`] times in a row is left alone, and then asked by one call at a
//! time until it answers.
//!
//! **Cancelling.** Dropping the future of the chain drops the call under way. The breaker lets the
//! next probe through, the observer is told, and the tokens reserved for it become estimated once
//! their lease ran out.
//!
//! [`LanguageModel`]: crate::port::LanguageModel
//! [`ModelRequest::deadline`]: crate::port::llm::ModelRequest::deadline

mod breaker;
mod budgeted;
mod chain;
mod circuit;
mod estimate;
mod fallback;
mod hearing;
mod on_time;
mod retrying;
mod watched;

use std::time::Duration;

pub use breaker::Breaker;
pub use budgeted::{Budgeted, BudgetedParts};
pub use chain::{Chain, ChainParts, chain};
pub use circuit::{BreakerSettings, BreakerState};
pub use estimate::prompt_tokens;
pub use fallback::Fallback;
pub use on_time::OnTime;
pub use retrying::{RetrySettings, Retrying};
pub use watched::{ModelCall, ModelObserver, Unobserved, Watched};

/// With less time left than this no model is asked: it would be cut off, and charge for it.
pub const LEAST: Duration = Duration::from_secs(1);
