//! Messages and their deliveries.

use diesel::{Insertable, Queryable, Selectable};

use frontdesk_core::conversation::{ContentType, Message, ModelUse, SenderType};
use frontdesk_core::id::{AgentId, ChannelMessageId, ConversationId, MessageId};
use frontdesk_core::port::back_office::StoredMessage;

use crate::schema::{message_deliveries, messages};
use crate::types::{At, Doc, Id, Word};

/// A message as it is first written.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = messages)]
pub(crate) struct NewMessageRow {
    id: Id,
    conversation_id: Id,
    sender_type: Word<SenderType>,
    sender_id: Option<Id>,
    seq: i64,
    content: String,
    content_type: Word<ContentType>,
    intent: Option<String>,
    intent_score: Option<f64>,
    reply_to: Option<Id>,
    llm_used: bool,
    llm_model: Option<String>,
    llm_tokens_in: Option<i64>,
    llm_tokens_out: Option<i64>,
    llm_latency_ms: Option<i64>,
    llm_confidence: Option<f64>,
    llm_cost_micros: Option<i64>,
    knowledge_version: Option<String>,
    metadata: Doc,
    created_at: At,
    updated_at: At,
}

impl NewMessageRow {
    pub(crate) fn new(message: &Message, seq: i64) -> Self {
        let llm = message.llm.as_ref();
        NewMessageRow {
            id: Id(message.id.0),
            conversation_id: Id(message.conversation_id.0),
            sender_type: Word(message.sender_type.clone()),
            sender_id: message.sender_id.map(|id| Id(id.0)),
            seq,
            content: message.content.clone(),
            content_type: Word(message.content_type.clone()),
            intent: message.intent.clone(),
            intent_score: message.intent_score,
            reply_to: message.reply_to.map(|id| Id(id.0)),
            llm_used: llm.is_some(),
            llm_model: llm.map(|llm| llm.model.clone()),
            llm_tokens_in: llm.map(|llm| llm.tokens_in),
            llm_tokens_out: llm.map(|llm| llm.tokens_out),
            llm_latency_ms: llm.map(|llm| llm.latency_ms),
            llm_confidence: llm.map(|llm| llm.confidence),
            llm_cost_micros: llm.and_then(|llm| llm.cost_micros),
            knowledge_version: message.knowledge_version.clone(),
            metadata: Doc(message.metadata.clone()),
            created_at: At(message.created_at),
            updated_at: At(message.created_at),
        }
    }
}

/// A message as it is read.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    pub(crate) id: Id,
    conversation_id: Id,
    sender_type: Word<SenderType>,
    sender_id: Option<Id>,
    seq: i64,
    content: String,
    content_type: Word<ContentType>,
    intent: Option<String>,
    intent_score: Option<f64>,
    reply_to: Option<Id>,
    llm_model: Option<String>,
    llm_tokens_in: Option<i64>,
    llm_tokens_out: Option<i64>,
    llm_latency_ms: Option<i64>,
    llm_confidence: Option<f64>,
    llm_cost_micros: Option<i64>,
    knowledge_version: Option<String>,
    edited_at: Option<At>,
    metadata: Doc,
    created_at: At,
}

impl MessageRow {
    pub(crate) fn into_message(self, channel_message_id: Option<i64>) -> StoredMessage {
        StoredMessage {
            seq: self.seq,
            edited_at: self.edited_at.map(|at| at.0),
            message: Message {
                id: MessageId(self.id.0),
                conversation_id: ConversationId(self.conversation_id.0),
                sender_type: self.sender_type.0,
                sender_id: self.sender_id.map(|id| AgentId(id.0)),
                content: self.content,
                content_type: self.content_type.0,
                intent: self.intent,
                intent_score: self.intent_score,
                reply_to: self.reply_to.map(|id| MessageId(id.0)),
                llm: self.llm_model.map(|model| ModelUse {
                    model,
                    tokens_in: self.llm_tokens_in.unwrap_or_default(),
                    tokens_out: self.llm_tokens_out.unwrap_or_default(),
                    latency_ms: self.llm_latency_ms.unwrap_or_default(),
                    confidence: self.llm_confidence.unwrap_or_default(),
                    cost_micros: self.llm_cost_micros,
                }),
                knowledge_version: self.knowledge_version,
                channel_message_id: channel_message_id.map(ChannelMessageId),
                metadata: self.metadata.0,
                created_at: self.created_at.0,
            },
        }
    }
}

/// A messenger's message that carries one of ours.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = message_deliveries)]
pub(crate) struct DeliveryRow {
    pub(crate) message_id: Id,
    pub(crate) part: i32,
    pub(crate) bot_id: i64,
    pub(crate) channel: String,
    pub(crate) chat_id: i64,
    pub(crate) thread_id: Option<i64>,
    pub(crate) direction: &'static str,
    pub(crate) channel_message_id: i64,
}

impl DeliveryRow {
    /// Direction of what a client sent.
    pub(crate) const IN: &'static str = "in";
    /// Direction of what the desk sent.
    pub(crate) const OUT: &'static str = "out";
}
