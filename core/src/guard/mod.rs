//! What stands between the client, the model and what it says. Pure: no I/O, no clock, and time that
//! grows with the length of the text.
//!
//! | module | does |
//! | --- | --- |
//! | [`untrusted`] | cleans what goes to the model, and fences what nobody vouches for |
//! | [`redact`], [`redacted`] | keeps contact details, account numbers and secrets from the model |
//! | [`disguise`] | makes a chat fit to be shown: made-up values for personal ones |
//! | [`tokens`] | bounds a prompt, drops the oldest turns that do not fit |
//! | [`check`] | decides whether an answer may be said |
//! | [`propose`] | reads what the model proposes; keeps what the client's own words bear out |
//!
//! No prompt can be relied on against a client who wants the model to misbehave. So nothing here
//! asks the model to behave: what it must not know is kept from it, and what it must not say is not
//! passed on. It holds no tool: it proposes, and the dialogue decides.

pub mod check;
pub mod disguise;
pub mod propose;
pub mod redact;
pub mod redacted;
pub mod tokens;
pub mod untrusted;
