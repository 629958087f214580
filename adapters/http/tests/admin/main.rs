//! The admin API over real sockets, on a back office over the memory adapters. Whatever is answered is
//! held against the API's own document.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod access;
mod changes;
#[expect(dead_code, reason = "shared with the tests of the listeners")]
#[path = "../listeners/client.rs"]
mod client;
mod document;
mod knowledge;
mod lists;
mod world;
