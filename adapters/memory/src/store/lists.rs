//! Lists: cases, what was said in them, leads.

use async_trait::async_trait;
use frontdesk_core::conversation::{Attachment, Conversation};
use frontdesk_core::id::{AttachmentId, ConversationId, LeadId};
use frontdesk_core::lead::Lead;
use frontdesk_core::port::back_office::{
    Case, ConversationQuery, ConversationStore, LeadFile, LeadQuery, LeadStore, Paging, StoredMessage,
};
use frontdesk_core::port::store::HistoryStore;
use frontdesk_core::port::{AttachmentStore, StoreError};

use super::rows::Rows;
use super::{Fault, MemoryStore};

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn conversations(&self, query: &ConversationQuery) -> Result<Vec<Case>, StoreError> {
        let state = self.lock();
        let twice = state.has(Fault::PageStartsTwice);
        let found = state.rows.conversations().rev().filter(|case| {
            let here = query
                .page
                .before
                .is_none_or(|before| case.id < before || twice && case.id == before);
            here && fits(query.status.as_ref(), Some(&case.status))
                && fits(query.owner.as_ref(), Some(&case.owner))
                && fits(query.lead_score.as_ref(), case.lead_score.as_ref())
                && fits(query.client.as_ref(), Some(&case.client_id))
        });
        Ok(found
            .take(query.page.limit)
            .filter_map(|case| state.rows.case(case))
            .collect())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Case>, StoreError> {
        let state = self.lock();
        let found = state.rows.conversation(id);
        Ok(found.and_then(|case| state.rows.case(case)))
    }

    async fn messages_before(
        &self,
        conversation: ConversationId,
        page: &Paging<i64>,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let state = self.lock();
        let said = state.rows.said(conversation);
        let end = said.partition_point(|stored| page.before.is_none_or(|before| stored.seq < before));
        let last = &said[end.saturating_sub(page.limit)..end];
        Ok(last.to_vec())
    }
}

#[async_trait]
impl HistoryStore for MemoryStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.messages_before(conversation, &Paging::first(limit)).await
    }
}

#[async_trait]
impl AttachmentStore for MemoryStore {
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
        let state = self.lock();
        let found = state.rows.attachments();
        Ok(found
            .filter(|file| file.conversation_id == conversation)
            .cloned()
            .collect())
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        Ok(self.lock().rows.attachment(id).cloned())
    }

    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError> {
        let state = self.lock();
        let blind = state.has(Fault::ReferencedTakenForOrphans);
        let is_free = |key: &&String| {
            blind
                || !state
                    .rows
                    .attachments()
                    .any(|file| file.storage_key.as_ref() == Some(*key))
        };
        Ok(storage_keys.iter().filter(is_free).cloned().collect())
    }
}

#[async_trait]
impl LeadStore for MemoryStore {
    async fn leads(&self, query: &LeadQuery) -> Result<Vec<Lead>, StoreError> {
        let state = self.lock();
        let found = state.rows.leads().filter(|lead| {
            query.page.before.is_none_or(|before| lead.id < before)
                && fits(query.stage.as_ref(), Some(&lead.lead_stage))
                && fits(query.score.as_ref(), Some(&lead.lead_score))
        });
        let mut found: Vec<Lead> = found.cloned().collect();
        found.sort_by_key(|lead| std::cmp::Reverse(lead.id));
        found.truncate(query.page.limit);
        Ok(found)
    }

    async fn lead(&self, id: LeadId) -> Result<Option<LeadFile>, StoreError> {
        let state = self.lock();
        let found = state.rows.leads().find(|lead| lead.id == id);
        Ok(found.map(|lead| LeadFile {
            lead: lead.clone(),
            history: state.rows.stage_changes(id).cloned().collect(),
        }))
    }
}

/// Whether a value is the one wanted, if one is.
fn fits<T: PartialEq>(wanted: Option<&T>, value: Option<&T>) -> bool {
    wanted.is_none() || wanted == value
}

impl Rows {
    /// A case with whom it is about.
    fn case(&self, conversation: &Conversation) -> Option<Case> {
        Some(Case {
            client: self.client(conversation.client_id)?.clone(),
            lead: self.lead_of(conversation.id).map(|lead| lead.id),
            conversation: conversation.clone(),
        })
    }
}
