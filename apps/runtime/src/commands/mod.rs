//! What `frontdesk` can be asked to do, one file a command.

pub(crate) mod audit;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod dead;
pub(crate) mod knowledge;
pub(crate) mod migrate;
pub(crate) mod run;
pub(crate) mod telegram;
pub(crate) mod token;

use std::future::Future;

use crate::failure::Failure;

/// Runs a command's future on a runtime of its own.
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
