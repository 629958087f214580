//! Tokens, the audit log, and changes, each with its entry.

use std::collections::BTreeMap;

use async_trait::async_trait;
use frontdesk_core::access::{Agent, ApiToken, OwnedToken};
use frontdesk_core::audit::{AuditEntry, AuditHead, NewAuditEntry};
use frontdesk_core::id::{AgentId, LeadId, TokenId};
use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{
    AccessStore, AuditStore, Change, ChangeKind, ChangeOutcome, ChangeStore, Paging,
};
use frontdesk_core::time::Timestamp;

use super::{Fault, MemoryStore, State, refused};

/// Who may come in, and what was done.
#[derive(Debug, Default)]
pub(super) struct Office {
    agents: BTreeMap<AgentId, Agent>,
    tokens: BTreeMap<TokenId, ApiToken>,
    audit: Vec<AuditEntry>,
}

impl Office {
    fn owned(&self, token: &ApiToken) -> Option<OwnedToken> {
        Some(OwnedToken {
            token: token.clone(),
            agent: self.agents.get(&token.agent_id)?.clone(),
        })
    }
}

#[async_trait]
impl AccessStore for MemoryStore {
    async fn tokens_with_prefix(&self, prefix: &str) -> Result<Vec<OwnedToken>, StoreError> {
        let state = self.lock();
        let found = state
            .office
            .tokens
            .values()
            .filter(|token| token.prefix == prefix);
        Ok(found.filter_map(|token| state.office.owned(token)).collect())
    }

    async fn tokens(&self, page: &Paging<TokenId>) -> Result<Vec<OwnedToken>, StoreError> {
        let state = self.lock();
        let tokens = state.office.tokens.values().rev();
        let older = tokens.filter(|token| page.before.is_none_or(|before| token.id < before));
        Ok(older
            .take(page.limit)
            .filter_map(|token| state.office.owned(token))
            .collect())
    }

    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        Ok(self.lock().office.agents.get(&id).cloned())
    }

    async fn note_token_use(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(token) = self.lock().office.tokens.get_mut(&id) {
            token.last_used_at = Some(at);
        }
        Ok(())
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn audit(&self, page: &Paging<i64>) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.lock();
        let entries = state.office.audit.iter().rev();
        let older = entries.filter(|entry| page.before.is_none_or(|before| entry.id < before));
        Ok(older.take(page.limit).cloned().collect())
    }

    async fn audit_since(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.lock();
        let newer = state.office.audit.iter().filter(|entry| entry.id > after);
        Ok(newer.take(limit).cloned().collect())
    }
}

#[async_trait]
impl ChangeStore for MemoryStore {
    async fn change(&self, change: &Change) -> Result<ChangeOutcome, StoreError> {
        let (mut state, now) = self.now();
        let outcome = match &change.what {
            ChangeKind::MoveLead { lead, change } => state.move_lead(lead, change),
            ChangeKind::RetryDead { id } => state.retry_dead(*id, now),
            ChangeKind::DropDead { id } => match state.dead.remove(id) {
                Some(_) => ChangeOutcome::Done,
                None => ChangeOutcome::NotFound,
            },
            ChangeKind::CreateToken { token, agent } => state.create_token(token, agent.as_ref())?,
            ChangeKind::PutKnowledge { entry, was } => state.put_knowledge(entry, *was),
            ChangeKind::RevokeToken { id, at } => state.revoke_token(*id, *at),
        };
        if outcome == ChangeOutcome::Done && !state.has(Fault::ChangeUnaudited) {
            state.append(&change.audit);
        }
        Ok(outcome)
    }
}

impl State {
    /// Appends to the audit log.
    pub(super) fn append(&mut self, new: &NewAuditEntry) {
        let mut head = self
            .office
            .audit
            .last()
            .map_or_else(AuditHead::default, AuditEntry::head);
        if self.has(Fault::AuditUnchained) {
            head.hash = AuditHead::default().hash;
        }
        self.office.audit.push(AuditEntry::after(&head, new));
    }

    fn move_lead(&mut self, lead: &Lead, change: &StageChange) -> ChangeOutcome {
        match self.lead_stands(lead.id) {
            None => ChangeOutcome::NotFound,
            Some(stored) if Some(&stored.lead_stage) != change.from.as_ref() => ChangeOutcome::Conflict,
            Some(_) => {
                self.rows.move_lead(lead, change);
                ChangeOutcome::Done
            }
        }
    }

    fn lead_stands(&self, id: LeadId) -> Option<&Lead> {
        self.rows.leads().find(|lead| lead.id == id)
    }

    fn retry_dead(&mut self, id: i64, now: Timestamp) -> ChangeOutcome {
        let Some(dead) = self.dead.remove(&id) else {
            return ChangeOutcome::NotFound;
        };
        if !self.has(Fault::DeadForgottenOnRetry) {
            self.revive(dead, now);
        }
        ChangeOutcome::Done
    }

    fn create_token(&mut self, token: &ApiToken, agent: Option<&Agent>) -> Result<ChangeOutcome, StoreError> {
        let office = &mut self.office;
        if office.tokens.contains_key(&token.id) {
            return Err(refused(format!("there is a token {} already", token.id)));
        }
        if let Some(agent) = agent {
            office.agents.insert(agent.id, agent.clone());
        }
        if !office.agents.contains_key(&token.agent_id) {
            return Ok(ChangeOutcome::NotFound);
        }
        office.tokens.insert(token.id, token.clone());
        Ok(ChangeOutcome::Done)
    }

    fn revoke_token(&mut self, id: TokenId, at: Timestamp) -> ChangeOutcome {
        match self.office.tokens.get_mut(&id) {
            None => ChangeOutcome::NotFound,
            Some(token) if token.revoked_at.is_some() => ChangeOutcome::Conflict,
            Some(token) => {
                token.revoked_at = Some(at);
                ChangeOutcome::Done
            }
        }
    }
}
