//! Settings, logging, wiring and lifecycle: the one composition root.
//!
//! The binaries are thin: they call [`main_of`], [`webhook_main`] or [`worker_main`]. Everything that knows more
//! than one adapter is here.

mod admin;
mod cache;
mod cli;
mod clock;
mod commands;
mod engine;
mod failure;
mod files;
mod flags;
mod intake;
mod keeper;
mod kept;
mod knowledge;
mod log;
mod metrics;
mod model;
mod monitoring;
mod offline;
mod playbook;
mod programs;
mod progress;
mod readiness;
mod rules;
mod serve;
pub mod settings;
mod signals;
mod store;
mod telegram;

pub use cli::main_of;
pub use clock::{OsEntropy, SystemClock};
pub use failure::Failure;
pub use programs::{webhook_main, worker_main};

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

/// Says how a program ends.
fn end(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be closed; there is nobody left to tell then.
            drop(writeln!(std::io::stderr(), "{failure}"));
            ExitCode::from(failure.code())
        }
    }
}

/// Runs a program's future on a runtime of its own.
fn on_runtime<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("the runtime cannot start: {error}")))?;
    let result = runtime.block_on(future);
    // What blocks (a long poll, a line being read) may not hold up the end.
    runtime.shutdown_background();
    result
}
