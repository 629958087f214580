//! Calls over a real socket: what is written, and what becomes of every way to fail.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod drafts;
mod failing;
mod files;
mod round_trip;
mod server;
mod writing;
