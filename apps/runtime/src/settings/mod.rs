//! Settings: one list of names, one place that reads them. Nothing outside this folder looks at the
//! environment.

pub(crate) mod duration;
mod effective;
mod problem;
mod secret;
mod source;
mod spec;

pub use effective::{Database, LogFormat, Model, Settings, Telegram, TelegramMode};
pub use problem::{SettingProblem, SettingProblems};
pub use secret::Secret;
pub use source::{Origin, Sources, Value};
pub use spec::{SETTINGS, Spec, flag_of};
