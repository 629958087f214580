#![doc = include_str!("../README.md")]
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::expect_used,
    reason = "a check that finds a broken contract says so by panicking"
)]

pub mod cache;
mod check;
pub mod clock;
pub mod files;
pub mod metrics;
pub mod model;
pub mod store;

pub use check::{Broken, Report};

/// The adapters in memory that the kit compares with: for tests of an adapter that drives the desk.
pub use frontdesk_memory as memory;
