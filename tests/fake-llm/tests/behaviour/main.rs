//! What a client of the fake sees, and what the fake then knows.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod common;
mod control;
mod faults;
