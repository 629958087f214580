//! Calls over a real socket, against the fake server: what is asked, and what becomes of every way to
//! answer and to fail.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod conformance;
mod failing;
mod leaving;
mod scene;
mod streaming;
