//! The listeners over real sockets on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod bind;
mod client;
mod connection;
mod fixture;
mod health;
mod lifecycle;
mod slow;
mod webhook;
