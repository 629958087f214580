//! Knowledge beside the playbook's files.

use diesel::{AsChangeset, Insertable, QueryResult, Queryable, Selectable};

use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::playbook::KnowledgeEntry;

use crate::schema::knowledge_entries;
use crate::types::{At, Doc, Id};

use super::{doc, read};

#[derive(Clone, Debug, AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = knowledge_entries)]
pub(crate) struct KnowledgeRow {
    id: Id,
    locale: String,
    slug: String,
    questions: Doc,
    answer: String,
    buttons: Doc,
    enabled: bool,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl KnowledgeRow {
    pub(crate) fn new(entry: &KnowledgeEntry) -> QueryResult<Self> {
        Ok(KnowledgeRow {
            id: Id(entry.id.0),
            locale: entry.locale.clone(),
            slug: entry.slug.clone(),
            questions: doc(&entry.questions)?,
            answer: entry.answer.clone(),
            buttons: doc(&entry.buttons)?,
            enabled: entry.enabled,
            version: entry.version,
            created_at: At(entry.created_at),
            updated_at: At(entry.updated_at),
        })
    }

    pub(crate) fn into_entry(self) -> QueryResult<KnowledgeEntry> {
        Ok(KnowledgeEntry {
            id: KnowledgeEntryId(self.id.0),
            locale: self.locale,
            slug: self.slug,
            questions: read(self.questions)?,
            answer: self.answer,
            buttons: read(self.buttons)?,
            enabled: self.enabled,
            version: self.version,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}
