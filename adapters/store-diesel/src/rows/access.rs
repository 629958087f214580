//! Agents and their tokens.

use diesel::{Insertable, Queryable, Selectable};

use frontdesk_core::access::{Agent, ApiToken, Role, TokenHash};
use frontdesk_core::id::{AgentId, TokenId};
use frontdesk_core::time::Timestamp;

use crate::schema::{agents, api_tokens};
use crate::types::{At, Id, Word};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = agents)]
pub(crate) struct AgentRow {
    id: Id,
    display_name: String,
    role: Word<Role>,
    active: bool,
    created_at: At,
    updated_at: At,
}

impl AgentRow {
    pub(crate) fn new(agent: &Agent, at: Timestamp) -> Self {
        AgentRow {
            id: Id(agent.id.0),
            display_name: agent.display_name.clone(),
            role: Word(agent.role.clone()),
            active: agent.active,
            created_at: At(at),
            updated_at: At(at),
        }
    }
}

impl From<AgentRow> for Agent {
    fn from(row: AgentRow) -> Self {
        Agent {
            id: AgentId(row.id.0),
            display_name: row.display_name,
            role: row.role.0,
            active: row.active,
        }
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
pub(crate) struct TokenRow {
    id: Id,
    agent_id: Id,
    name: String,
    hash: String,
    prefix: String,
    expires_at: Option<At>,
    last_used_at: Option<At>,
    revoked_at: Option<At>,
    created_at: At,
    updated_at: At,
}

impl From<&ApiToken> for TokenRow {
    fn from(token: &ApiToken) -> Self {
        TokenRow {
            id: Id(token.id.0),
            agent_id: Id(token.agent_id.0),
            name: token.name.clone(),
            hash: token.hash.as_str().to_owned(),
            prefix: token.prefix.clone(),
            expires_at: token.expires_at.map(At),
            last_used_at: token.last_used_at.map(At),
            revoked_at: token.revoked_at.map(At),
            created_at: At(token.created_at),
            updated_at: At(token.created_at),
        }
    }
}

impl From<TokenRow> for ApiToken {
    fn from(row: TokenRow) -> Self {
        ApiToken {
            id: TokenId(row.id.0),
            agent_id: AgentId(row.agent_id.0),
            name: row.name,
            hash: TokenHash::from_text(row.hash),
            prefix: row.prefix,
            expires_at: row.expires_at.map(|at| at.0),
            last_used_at: row.last_used_at.map(|at| at.0),
            revoked_at: row.revoked_at.map(|at| at.0),
            created_at: row.created_at.0,
        }
    }
}
