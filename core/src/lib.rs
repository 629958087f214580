//! The domain of Frontdesk: ports, entities, the dialogue and the use cases.
//!
//! | module | holds |
//! | --- | --- |
//! | [`id`], [`time`], [`text`] | the words everything else is said in |
//! | [`port`] | what the desk needs of the world: one contract a file |
//! | [`conversation`], [`lead`], [`work`], [`access`], [`audit`] | entities and their pure rules |
//! | [`playbook`] | everything that is the company's, as data |
//! | [`knowledge`] | which entry a question means |
//! | [`dialogue`] | `decide(occasion, event) -> decision` |
//! | [`guard`] | what the model may see, say and propose |
//! | [`model`] | what keeps calls of language models within time, budget and reason |
//! | [`desk`] | the use cases and the loops: door, worker, sender, jobs, upkeep |
//! | [`replay`] | chats as they were kept, decided again |
//! | [`demo`] | made-up clients for demonstrations |
//!
//! **Invariants.** No I/O, no clock, no randomness and no runtime of its own: time, entropy and
//! waiting come through [`port::Clock`] and [`port::IdSource`]. No module names a technology. A
//! decision is data: only the store acts on it, in one commit. Nothing in here knows a text, a price
//! or a service of any company.

#[macro_use]
mod open_enum;

pub mod access;
pub mod audit;
pub mod conversation;
pub mod demo;
pub mod desk;
pub mod dialogue;
pub mod guard;
pub mod id;
pub mod knowledge;
pub mod lead;
pub mod model;
pub mod playbook;
pub mod port;
pub mod replay;
pub mod text;
pub mod time;
pub mod work;

pub use open_enum::OpenEnum;
