//! Knowledge beside the playbook's files, as the store has it. It is changed by
//! [`ChangeKind::PutKnowledge`](super::back_office::ChangeKind::PutKnowledge).
//!
//! The **epoch** counts up by one with every change, in the same commit. Whoever has read the epoch and
//! then the entries has all that was changed up to it; what he may have read of later changes he reads
//! once more when he finds the epoch moved.

use async_trait::async_trait;
use std::fmt::Debug;

use crate::id::KnowledgeEntryId;
use crate::playbook::KnowledgeEntry;

use super::back_office::Paging;
use super::store::StoreError;

/// Which entries. What is `None` does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeQuery {
    /// In this locale.
    pub locale: Option<String>,
    /// Which part of the list.
    pub page: Paging<KnowledgeEntryId>,
}

/// Knowledge beside the playbook's files.
#[async_trait]
pub trait KnowledgeStore: Debug + Send + Sync {
    /// Entries, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn knowledge(&self, query: &KnowledgeQuery) -> Result<Vec<KnowledgeEntry>, StoreError>;

    /// One entry.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn knowledge_entry(&self, id: KnowledgeEntryId) -> Result<Option<KnowledgeEntry>, StoreError>;

    /// How often it was changed; 0 if never. One read of one row: it is asked for every few seconds.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn knowledge_epoch(&self) -> Result<i64, StoreError>;
}

/// An overlay and the epoch up to which it has every change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The epoch.
    pub epoch: i64,
    /// Its entries, those that are switched off too.
    pub entries: Vec<KnowledgeEntry>,
}

impl Overlay {
    /// Entries that are read at once.
    const PART: usize = 500;

    /// Reads all of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(store: &dyn KnowledgeStore) -> Result<Overlay, StoreError> {
        let mut overlay = Overlay {
            epoch: store.knowledge_epoch().await?,
            entries: Vec::new(),
        };
        let mut page = Paging::first(Overlay::PART);
        loop {
            let query = KnowledgeQuery { locale: None, page };
            let part = store.knowledge(&query).await?;
            page.before = part.last().map(|entry| entry.id);
            let more = part.len() == Overlay::PART;
            overlay.entries.extend(part);
            if !more {
                return Ok(overlay);
            }
        }
    }
}
