//! What to do: data, comparable and printable. The store commits it, nobody else acts on it.

use serde::Serialize;
use std::borrow::Cow;

use crate::audit::NewAuditEntry;
use crate::conversation::{AttachmentWrite, Client, Conversation, Message, MessageEdit, Session};
use crate::lead::{Lead, StageChange};
use crate::work::{JobChange, Outgoing};

/// A conversation to be written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationWrite {
    /// The row. Its `version` is the one that was read; the commit stores one more.
    pub row: Conversation,
    /// Whether it is a new row. If not, the stored version must still be `row.version`.
    pub is_new: bool,
}

/// Something worth a log line. Never texts, names or other personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What happened, in the past tense: `lead_scored`, `chat_escalated`.
    pub what: &'static str,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
}

/// What one event came to. Written in one commit, in the order of the fields: rows that others
/// refer to come first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Decision {
    /// The client's row, inserted or replaced by id.
    pub client: Option<Client>,
    /// Conversations: one that ends and one that begins, in this order, at most.
    pub conversations: Vec<ConversationWrite>,
    /// Messages, in order; the commit numbers them within their conversation.
    pub messages: Vec<Message>,
    /// Changes of earlier messages.
    pub edits: Vec<MessageEdit>,
    /// Files, in order.
    pub attachments: Vec<AttachmentWrite>,
    /// The lead's row, inserted or replaced by id.
    pub lead: Option<Lead>,
    /// Stage changes of that lead.
    pub stage_changes: Vec<StageChange>,
    /// The session's row, inserted or replaced by client.
    pub session: Option<Session>,
    /// Calls to messengers, in order.
    pub outgoing: Vec<Outgoing>,
    /// Jobs to be started or cancelled, in order.
    pub jobs: Vec<JobChange>,
    /// Entries of the audit log, in order.
    pub audit: Vec<NewAuditEntry>,
    /// For the log, once it is committed.
    #[serde(skip)]
    pub facts: Vec<Fact>,
    /// The playbook's version it was decided under.
    pub playbook_version: Cow<'static, str>,
}
