//! The store port on Postgres and SQLite, one schema, with Diesel.
//!
//! [`DieselStore`] implements every role of the store port on both databases. Where things are:
//!
//! - `open`, `postgres`, `sqlite`, `migrate`: getting to a database with the right schema.
//! - `conn`: one connection of either kind, and the macro that runs one body on both.
//! - `schema`, `types`, `rows`: what the query builder knows: people, cases, messages, leads, sessions.
//! - `sql`, `lanes`: hand-written statements on the work tables, in one text for both databases.
//! - `accept`, `claim`, `load`, `commit`, `send`, `lease`, `jobs`, `budget`, `upkeep`, `back_office`: the
//!   port's roles, a file each.
//!
//! **Order of locks**, the same everywhere, so that no two transactions wait for each other: accepted
//! ids, then turn lanes by bot, channel and chat, then reply lanes likewise, then everything else, the
//! audit log last.
//!
//! **Time** is the database's; SQLite's is the process' own.

mod accept;
mod attachments;
mod back_office;
mod budget;
mod claim;
mod clock;
mod commit;
mod conn;
mod dead;
mod error;
mod jobs;
mod lanes;
mod lease;
mod load;
pub mod migrate;
mod open;
mod postgres;
mod rows;
mod schema;
mod send;
mod sql;
mod sqlite;
mod types;
mod upkeep;

pub use open::{DieselStore, OpenError, SCHEMA_VERSION, StoreSettings};
