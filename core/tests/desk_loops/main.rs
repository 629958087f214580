//! The desk's loops on memory adapters, under a simulated clock and an executor that polls what was
//! woken, in order: every run is the same.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod doubles;
mod echo;
#[path = "../shipped/mod.rs"]
mod shipped;
mod world;

mod announce;
mod answers;
mod door;
mod downloads;
mod figures;
mod jobs;
mod limits;
mod poller;
mod sends;
mod shared_pace;
mod slow_sends;
mod together;
mod turns;
