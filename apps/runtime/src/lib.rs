//! Settings, logging, wiring and lifecycle: the one composition root.
//!
//! The binaries are thin: they call [`main_of`] with their own commands. Everything that knows more
//! than one adapter is here.

mod admin;
mod cli;
mod clock;
mod commands;
mod engine;
mod failure;
mod log;
mod playbook;
mod readiness;
mod rules;
pub mod settings;
mod signals;
mod store;

pub use cli::main_of;
pub use clock::{OsEntropy, SystemClock};
pub use failure::Failure;
