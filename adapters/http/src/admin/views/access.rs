//! Tokens, and the log of what was changed.

use frontdesk_core::access::OwnedToken;
use frontdesk_core::audit::AuditEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Time;

/// An entry of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditView {
    id: i64,
    at: Time,
    /// `agent:<id>`, `bootstrap` or `command line`.
    actor: String,
    action: String,
    subject: String,
    /// An object.
    detail: serde_json::Value,
    /// SHA-256 of the entry before.
    prev_hash: String,
    /// SHA-256 of this entry and `prev_hash`.
    hash: String,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        AuditView {
            id: entry.id,
            at: Time(entry.at),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            prev_hash: entry.prev_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenView {
    id: Uuid,
    name: String,
    /// Its first characters.
    prefix: String,
    agent_id: Uuid,
    agent_name: String,
    /// `viewer`, `agent`, `admin`.
    role: String,
    expires_at: Option<Time>,
    /// To a minute.
    last_used_at: Option<Time>,
    revoked_at: Option<Time>,
    created_at: Time,
}

impl From<OwnedToken> for TokenView {
    fn from(OwnedToken { token, agent }: OwnedToken) -> Self {
        TokenView {
            id: token.id.0,
            name: token.name,
            prefix: token.prefix,
            agent_id: agent.id.0,
            agent_name: agent.display_name,
            role: agent.role.to_string(),
            expires_at: token.expires_at.map(Time),
            last_used_at: token.last_used_at.map(Time),
            revoked_at: token.revoked_at.map(Time),
            created_at: Time(token.created_at),
        }
    }
}

/// What an agent may do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    Viewer,
    Agent,
    Admin,
}

/// A token to be made: for a new agent of this name with `role`, or for the agent `agent_id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// 1 to 255 characters.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) role: Option<RoleName>,
    #[serde(default)]
    pub(crate) agent_id: Option<Uuid>,
    /// When it ends by itself.
    #[serde(default)]
    pub(crate) expires_at: Option<Time>,
}

/// A new token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewTokenView {
    pub(crate) token: TokenView,
    /// The token itself: shown here and never again.
    pub(crate) secret: String,
}
