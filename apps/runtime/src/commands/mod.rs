//! What `frontdesk` can be asked to do, one file a command.

pub(crate) mod audit;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod dead;
pub(crate) mod knowledge;
pub(crate) mod migrate;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod seed;
pub(crate) mod telegram;
pub(crate) mod token;
pub(crate) mod transcript;
