//! Rows of the desk's tables, to and from the core's entities.

mod access;
mod attachment;
mod audit;
mod client;
mod conversation;
mod knowledge;
mod lead;
mod message;
mod session;

pub(crate) use access::{AgentRow, TokenRow};
pub(crate) use attachment::AttachmentRow;
pub(crate) use audit::AuditRow;
pub(crate) use client::ClientRow;
pub(crate) use conversation::ConversationRow;
pub(crate) use knowledge::KnowledgeRow;
pub(crate) use lead::{LeadRow, StageRow, doc, read};
pub(crate) use message::{DeliveryRow, MessageRow, NewMessageRow};
pub(crate) use session::SessionRow;
