//! The fake, seen from a bot and from its tests.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod drafts;
mod methods;
mod polling;
mod webhook;
