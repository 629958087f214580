//! Conversations.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use frontdesk_core::conversation::{Conversation, ConversationStatus, Owner};
use frontdesk_core::id::{AgentId, Channel, ClientId, ConversationId, ThreadId};
use frontdesk_core::lead::LeadScore;

use crate::schema::conversations;
use crate::types::{At, Doc, Id, Word};

/// A conversation without `last_seq`, which only the numbering of messages writes.
#[derive(Clone, Debug, AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = conversations, treat_none_as_null = true)]
pub(crate) struct ConversationRow {
    pub(crate) id: Id,
    channel: String,
    pub(crate) client_id: Id,
    pub(crate) version: i64,
    status: Word<ConversationStatus>,
    lead_score: Option<Word<LeadScore>>,
    last_message_at: Option<At>,
    escalated_at: Option<At>,
    closed_at: Option<At>,
    escalated_to_agent_id: Option<Id>,
    owner: Word<Owner>,
    owner_epoch: i64,
    agents_topic_id: Option<i64>,
    metadata: Doc,
    created_at: At,
    updated_at: At,
}

impl From<&Conversation> for ConversationRow {
    fn from(case: &Conversation) -> Self {
        ConversationRow {
            id: Id(case.id.0),
            channel: case.channel.as_str().to_owned(),
            client_id: Id(case.client_id.0),
            version: case.version,
            status: Word(case.status.clone()),
            lead_score: case.lead_score.clone().map(Word),
            last_message_at: case.last_message_at.map(At),
            escalated_at: case.escalated_at.map(At),
            closed_at: case.closed_at.map(At),
            escalated_to_agent_id: case.escalated_to_agent_id.map(|id| Id(id.0)),
            owner: Word(case.owner.clone()),
            owner_epoch: case.owner_epoch,
            agents_topic_id: case.agents_topic_id.map(|id| id.0),
            metadata: Doc(case.metadata.clone()),
            created_at: At(case.created_at),
            updated_at: At(case.updated_at),
        }
    }
}

impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        Conversation {
            id: ConversationId(row.id.0),
            channel: Channel::new(row.channel),
            client_id: ClientId(row.client_id.0),
            version: row.version,
            status: row.status.0,
            lead_score: row.lead_score.map(|score| score.0),
            last_message_at: row.last_message_at.map(|at| at.0),
            escalated_at: row.escalated_at.map(|at| at.0),
            closed_at: row.closed_at.map(|at| at.0),
            escalated_to_agent_id: row.escalated_to_agent_id.map(|id| AgentId(id.0)),
            owner: row.owner.0,
            owner_epoch: row.owner_epoch,
            agents_topic_id: row.agents_topic_id.map(ThreadId),
            metadata: row.metadata.0,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}
