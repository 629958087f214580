//! The language model port on LongCat, and on other servers with OpenAI's chat completions.
//!
//! - [`LongCatModel`] answers; [`LongCatSettings`] say where it is and how long to wait.
//! - [`StreamReader`] is the pure part of a streamed answer, for whoever wants to replay or fuzz one.
//!
//! What this crate keeps to:
//!
//! - An answer is complete if it said why it ended, in a way that is known, and a stream also said
//!   `[DONE]`. Servers end streams early and cleanly; anything less is `Incomplete`.
//! - What the model thinks is never shown, nor its own markup. What may be the beginning of markup is
//!   held back until it is clear.
//! - What an answer cost is told even where it is none, as far as the provider said it.
//! - Reading is lenient: a field that is missing, new or of a wrong type never costs an answer.
//! - Whoever waits no more costs nothing more: a dropped call's connection is shut down, and its thread
//!   ends before its place is taken again.
//! - No error's text holds the key or a part of the prompt. Prose of the provider is read for what it
//!   means and never repeated; of its words only `type` and `code` are.
//! - Nothing is retried here.
//!
//! Map: `model` (one call) → `request` (what is asked) · `exchange` (the thread and its connection) ·
//! `sse` → `reading` → `assembly`, `markup` (what came) · `refusal`, `wait` (what came instead) · `key`.

mod assembly;
mod exchange;
mod key;
mod markup;
mod model;
mod reading;
mod refusal;
mod request;
mod settings;
mod sse;
mod wait;

pub use key::{ApiKey, NoApiKey};
pub use model::LongCatModel;
pub use reading::{Broken, StreamReader};
pub use settings::{BadApiUrl, Limits, LongCatSettings};
