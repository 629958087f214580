//! The guards around the language model: redaction on the way in and out, and the set of attempts
//! to turn the bot against its company.
#![expect(clippy::unwrap_used, reason = "part of tests: what fails here fails the test")]

mod injection;
mod playbook;
mod redacted;
#[path = "../shipped/mod.rs"]
mod shipped;
