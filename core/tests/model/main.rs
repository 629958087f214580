//! The decorators around language models, under a simulated clock: how often a model is asked in each
//! fault, when, with how much time, and what it costs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod world;

mod breaker;
mod budgeted;
mod chain;
mod fallback;
mod retrying;
