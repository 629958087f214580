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
