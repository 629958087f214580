//! The domain of Frontdesk: ports, entities, the dialogue and the use cases. No I/O.

#[macro_use]
mod open_enum;

pub mod conversation;
pub mod desk;
pub mod dialogue;
pub mod id;
pub mod knowledge;
pub mod lead;
pub mod playbook;
pub mod port;
pub mod text;
pub mod time;
pub mod work;

pub use open_enum::OpenEnum;
