//! Knowledge beside the playbook's files, and the epoch that tells of its changes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::playbook::KnowledgeEntry;
use frontdesk_core::port::back_office::ChangeOutcome;
use frontdesk_core::port::knowledge::KnowledgeQuery;
use frontdesk_core::port::{KnowledgeStore, StoreError};

use super::{Fault, MemoryStore, State};

/// What people added, and how often it was changed.
#[derive(Debug, Default)]
pub(super) struct Library {
    entries: BTreeMap<KnowledgeEntryId, KnowledgeEntry>,
    epoch: i64,
}

#[async_trait]
impl KnowledgeStore for MemoryStore {
    async fn knowledge(&self, query: &KnowledgeQuery) -> Result<Vec<KnowledgeEntry>, StoreError> {
        let state = self.lock();
        let entries = state.library.entries.values().rev();
        let wanted = entries.filter(|entry| {
            query.page.before.is_none_or(|before| entry.id < before)
                && query.locale.as_ref().is_none_or(|locale| entry.locale == *locale)
        });
        Ok(wanted.take(query.page.limit).cloned().collect())
    }

    async fn knowledge_entry(&self, id: KnowledgeEntryId) -> Result<Option<KnowledgeEntry>, StoreError> {
        Ok(self.lock().library.entries.get(&id).cloned())
    }

    async fn knowledge_epoch(&self) -> Result<i64, StoreError> {
        Ok(self.lock().library.epoch)
    }
}

impl State {
    pub(super) fn put_knowledge(&mut self, entry: &KnowledgeEntry, was: Option<i64>) -> ChangeOutcome {
        let stands = self.library.entries.get(&entry.id).map(|stored| stored.version);
        let outcome = match (was, stands) {
            (None, None) if self.is_taken(entry) && !self.has(Fault::NameTakenTwice) => {
                ChangeOutcome::Conflict
            }
            (None, Some(_)) => ChangeOutcome::Conflict,
            (Some(_), None) => ChangeOutcome::NotFound,
            (Some(was), Some(stands)) if was != stands && !self.has(Fault::KnowledgeVersionIgnored) => {
                ChangeOutcome::Conflict
            }
            (None, None) | (Some(_), Some(_)) => ChangeOutcome::Done,
        };
        if outcome == ChangeOutcome::Done {
            self.library.entries.insert(entry.id, entry.clone());
            if !self.has(Fault::EpochStands) {
                self.library.epoch += 1;
            }
        }
        outcome
    }

    fn is_taken(&self, entry: &KnowledgeEntry) -> bool {
        let mut entries = self.library.entries.values();
        entries.any(|stored| stored.slug == entry.slug && stored.locale == entry.locale)
    }
}
