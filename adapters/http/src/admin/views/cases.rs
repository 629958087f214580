//! Cases, their clients and what was said.

use frontdesk_core::conversation::ModelUse;
use frontdesk_core::port::back_office::{Case, StoredMessage};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Time;

/// A person who writes to the company.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClientView {
    id: Uuid,
    channel: String,
    /// The messenger's id of the person.
    user_id: i64,
    /// The messenger's id of their chat with the bot.
    chat_id: i64,
    /// What to call them in a list.
    display_name: String,
    username: Option<String>,
    language: Option<String>,
    /// Whether messages still reach them.
    reachable: bool,
    banned_at: Option<Time>,
    created_at: Time,
}

/// A case of a client.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationView {
    id: Uuid,
    channel: String,
    client: ClientView,
    /// `active`, `escalated`, `closed`, `archived`.
    status: String,
    /// Who may speak: `bot`, `queue`, `agent`.
    owner: String,
    /// `hot`, `warm`, `cold`, `unqualified`.
    lead_score: Option<String>,
    lead_id: Option<Uuid>,
    escalated_to_agent_id: Option<Uuid>,
    last_message_at: Option<Time>,
    escalated_at: Option<Time>,
    closed_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl From<Case> for ConversationView {
    fn from(case: Case) -> Self {
        let Case {
            conversation,
            client,
            lead,
        } = case;
        ConversationView {
            id: conversation.id.0,
            channel: conversation.channel.to_string(),
            client: ClientView {
                id: client.id.0,
                channel: client.channel.to_string(),
                user_id: client.user_id.0,
                chat_id: client.chat_id.0,
                display_name: client.display_name(),
                username: client.username,
                language: client.language,
                reachable: client.reachable,
                banned_at: client.banned_at.map(Time),
                created_at: Time(client.created_at),
            },
            status: conversation.status.to_string(),
            owner: conversation.owner.to_string(),
            lead_score: conversation.lead_score.map(|score| score.to_string()),
            lead_id: lead.map(|id| id.0),
            escalated_to_agent_id: conversation.escalated_to_agent_id.map(|id| id.0),
            last_message_at: conversation.last_message_at.map(Time),
            escalated_at: conversation.escalated_at.map(Time),
            closed_at: conversation.closed_at.map(Time),
            created_at: Time(conversation.created_at),
            updated_at: Time(conversation.updated_at),
        }
    }
}

/// An order that is kept and waits for its turn in the client's chat.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Waiting {
    pub(crate) conversation_id: Uuid,
    /// Always `waiting`: look at the case later.
    pub(crate) state: &'static str,
}

/// What a language model had to do with a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelUseView {
    model: String,
    tokens_in: i64,
    tokens_out: i64,
    latency_ms: i64,
    /// How far the answer rests on what the company knows, 0 to 1.
    confidence: f64,
    /// In millionths of the playbook's currency; null for a model without a price.
    cost_micros: Option<i64>,
}

impl From<ModelUse> for ModelUseView {
    fn from(used: ModelUse) -> Self {
        ModelUseView {
            model: used.model,
            tokens_in: used.tokens_in,
            tokens_out: used.tokens_out,
            latency_ms: used.latency_ms,
            confidence: used.confidence,
            cost_micros: used.cost_micros,
        }
    }
}

/// Something that was said.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessageView {
    id: Uuid,
    /// Its place in the case, from 1 without gaps.
    seq: i64,
    /// `user`, `bot`, `agent`, or `note`: a note never leaves the company.
    sender_type: String,
    /// The agent, if one said it.
    sender_id: Option<Uuid>,
    content: String,
    content_type: String,
    /// What it was understood as, and how surely, 0 to 1.
    intent: Option<String>,
    intent_score: Option<f64>,
    reply_to: Option<Uuid>,
    /// The playbook's version an answer was based on.
    knowledge_version: Option<String>,
    /// What a language model had to do with it; null without one.
    llm: Option<ModelUseView>,
    edited_at: Option<Time>,
    created_at: Time,
}

impl From<StoredMessage> for MessageView {
    fn from(stored: StoredMessage) -> Self {
        let message = stored.message;
        MessageView {
            id: message.id.0,
            seq: stored.seq,
            sender_type: message.sender_type.to_string(),
            sender_id: message.sender_id.map(|id| id.0),
            content: message.content,
            content_type: message.content_type.to_string(),
            intent: message.intent,
            intent_score: message.intent_score,
            reply_to: message.reply_to.map(|id| id.0),
            knowledge_version: message.knowledge_version,
            llm: message.llm.map(Into::into),
            edited_at: stored.edited_at.map(Time),
            created_at: Time(message.created_at),
        }
    }
}
