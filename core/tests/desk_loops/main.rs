//! The desk's loops on memory adapters, under a simulated clock and an executor that polls what was
//! woken, in order: every run is the same.

mod doubles;
mod world;

mod door;
mod jobs;
mod limits;
mod poller;
mod sends;
mod turns;
