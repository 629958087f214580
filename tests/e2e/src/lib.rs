//! Whole programs end to end against real databases and the fake Telegram: the harness.
//!
//! A [`Desk`] is one installation: a database of its own, a fake Telegram of its own, settings, a
//! folder. [`Desk::start`] runs the built `frontdesk` on it, or a webhook and two workers
//! ([`Desk::in_many`]); [`Desk::command`] runs the other commands.
//! Whatever a program printed is searched for secrets and message texts when it ends
//! ([`Secrecy`]), in every test.
//!
//! Map: [`Invocation`], [`Program`], [`Ended`] (processes) · [`Backend`], [`Database`] · [`Desk`],
//! [`Mode`], [`Shape`], [`Running`], [`Worker`] · [`http`] (requests byte by byte).
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::expect_used,
    reason = "a test whose surroundings fail says so by panicking"
)]

mod backend;
mod binary;
mod desk;
pub mod http;
mod program;
mod secrecy;

use std::future::Future;
use std::time::Duration;

pub use backend::{Backend, Database};
pub use desk::{Desk, Mode, Running, Shape, Worker};
pub use program::{Ended, Invocation, Program};
pub use secrecy::{SECRET, Secrecy, TOKEN};

/// What a program is given to start, answer or end, on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test's body, which must end in time.
pub async fn within<T>(limit: Duration, body: impl Future<Output = T>) -> T {
    let Ok(done) = tokio::time::timeout(limit, body).await else {
        panic!("the test did not end within {limit:?}");
    };
    done
}
