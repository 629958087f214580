//! Knowledge: what the playbook's files have, and what people add beside them.

use std::sync::Arc;

use crate::access::Caller;
use crate::id::{Ids, KnowledgeEntryId};
use crate::playbook::{KnowledgeEntry, Locale, NotInForce, Playbook};
use crate::port::back_office::{ChangeKind, Paging};
use crate::port::knowledge::KnowledgeQuery;

use super::{BackOffice, Listed, OfficeError};

/// Where an entry stands in the library: what was added first, newest first; then what the files have,
/// by slug and locale.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LibraryKey {
    /// Of the overlay.
    Overlay(KnowledgeEntryId),
    /// Of the files.
    Playbook {
        /// The slug.
        slug: String,
        /// The locale.
        locale: String,
    },
}

/// An entry of the library, in one locale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibraryEntry {
    /// Of the overlay, and why it is not in force, if it is not.
    Overlay(KnowledgeEntry, Option<NotInForce>),
    /// Of the files; always in force.
    Playbook {
        /// The slug.
        slug: String,
        /// The locale.
        locale: Locale,
        /// Phrasings of the question.
        questions: Vec<String>,
        /// The answer, if there is one in this locale.
        answer: Option<String>,
        /// Menu actions offered under the answer.
        buttons: Vec<String>,
    },
}

impl LibraryEntry {
    /// Where it stands.
    pub fn key(&self) -> LibraryKey {
        match self {
            LibraryEntry::Overlay(entry, _) => LibraryKey::Overlay(entry.id),
            LibraryEntry::Playbook { slug, locale, .. } => LibraryKey::Playbook {
                slug: slug.clone(),
                locale: locale.to_string(),
            },
        }
    }
}

/// Which entries of the library. What is `None` does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryQuery {
    /// In this locale.
    pub locale: Option<String>,
    /// Only what comes after this one.
    pub after: Option<LibraryKey>,
    /// At most this many.
    pub limit: usize,
}

/// A new entry, before it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKnowledge {
    /// The locale of its texts.
    pub locale: String,
    /// Its name.
    pub slug: String,
    /// Phrasings of the question.
    pub questions: Vec<String>,
    /// The answer, in Markdown.
    pub answer: String,
    /// Menu actions offered under the answer.
    pub buttons: Vec<String>,
    /// Whether it is to be used at once.
    pub enabled: bool,
}

/// What is to change of an entry. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnowledgeEdit {
    /// Phrasings of the question.
    pub questions: Option<Vec<String>>,
    /// The answer.
    pub answer: Option<String>,
    /// Menu actions offered under the answer.
    pub buttons: Option<Vec<String>>,
    /// Whether it is to be used.
    pub enabled: Option<bool>,
}

const OWNED: &str =
    "the playbook's files have an entry of this slug: change it there, or choose another slug";

impl BackOffice {
    fn library_playbook(&self) -> Result<Arc<Playbook>, OfficeError> {
        let rules = self.parts.rules.as_ref().ok_or(OfficeError::NotNow)?;
        Ok(rules.playbook())
    }

    /// What the desk knows: the overlay's entries, newest first, then the files', by slug and locale.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] without a playbook, [`OfficeError::Store`].
    pub async fn library(&self, query: &LibraryQuery) -> Result<Listed<LibraryEntry>, OfficeError> {
        let playbook = self.library_playbook()?;
        let wanted = query.limit.saturating_add(1);
        let mut items = Vec::new();
        let before = match &query.after {
            None => Some(None),
            Some(LibraryKey::Overlay(id)) => Some(Some(*id)),
            Some(LibraryKey::Playbook { .. }) => None,
        };
        if let Some(before) = before {
            let page = Paging {
                before,
                limit: wanted,
            };
            let locale = query.locale.clone();
            let added = self
                .parts
                .store
                .knowledge(&KnowledgeQuery { locale, page })
                .await?;
            items.extend(added.into_iter().map(|entry| {
                let why = playbook.not_in_force(&entry);
                LibraryEntry::Overlay(entry, why)
            }));
        }
        let mut of_files = of_files(&playbook, query.locale.as_deref());
        of_files.retain(|entry| query.after.as_ref().is_none_or(|after| entry.key() > *after));
        items.extend(of_files);
        Ok(Listed::of(items, query.limit))
    }

    /// One entry of the overlay.
    async fn knowledge_entry(&self, id: KnowledgeEntryId) -> Result<KnowledgeEntry, OfficeError> {
        let found = self.parts.store.knowledge_entry(id).await?;
        found.ok_or(OfficeError::NotFound)
    }

    /// Adds an entry. Every process that decides uses it a few seconds later.
    ///
    /// # Errors
    /// [`OfficeError::Impossible`] for one that does not fit the playbook; [`OfficeError::Conflict`] for a
    /// slug that the files own, or that the overlay has in that locale; [`OfficeError::NotNow`] without a
    /// playbook, [`OfficeError::Store`].
    pub async fn add_knowledge(
        &self,
        caller: &Caller,
        new: NewKnowledge,
    ) -> Result<LibraryEntry, OfficeError> {
        let now = self.parts.clock.now();
        let id = Ids::new(now, self.parts.ids.entropy()).next_uuid();
        let entry = KnowledgeEntry {
            id: KnowledgeEntryId(id),
            locale: new.locale,
            slug: new.slug,
            questions: new.questions,
            answer: new.answer,
            buttons: new.buttons,
            enabled: new.enabled,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let conflict = "there is an entry of this slug in this locale: change that one";
        self.put_knowledge(caller, "knowledge.add", entry, None, conflict)
            .await
    }

    /// Changes an entry that stands at `version`.
    ///
    /// # Errors
    /// [`OfficeError::Impossible`] for what does not fit the playbook; [`OfficeError::Conflict`] if it
    /// stands at another version, or is to be used while the files own its slug;
    /// [`OfficeError::NotFound`], [`OfficeError::NotNow`] without a playbook, [`OfficeError::Store`].
    pub async fn edit_knowledge(
        &self,
        caller: &Caller,
        id: KnowledgeEntryId,
        version: i64,
        edit: KnowledgeEdit,
    ) -> Result<LibraryEntry, OfficeError> {
        let conflict = "the entry was changed meanwhile: read it again";
        let old = self.knowledge_entry(id).await?;
        if old.version != version {
            return Err(OfficeError::Conflict(conflict));
        }
        let entry = KnowledgeEntry {
            questions: edit.questions.unwrap_or(old.questions),
            answer: edit.answer.unwrap_or(old.answer),
            buttons: edit.buttons.unwrap_or(old.buttons),
            enabled: edit.enabled.unwrap_or(old.enabled),
            version: version.saturating_add(1),
            updated_at: self.parts.clock.now(),
            ..old
        };
        self.put_knowledge(caller, "knowledge.edit", entry, Some(version), conflict)
            .await
    }

    async fn put_knowledge(
        &self,
        caller: &Caller,
        action: &str,
        entry: KnowledgeEntry,
        was: Option<i64>,
        conflict: &'static str,
    ) -> Result<LibraryEntry, OfficeError> {
        let playbook = self.library_playbook()?;
        // What is switched off harms nobody: it may be one that no longer fits.
        if entry.enabled || was.is_none() {
            let problems = playbook.overlay_problems(&entry);
            if !problems.is_empty() {
                return Err(OfficeError::Impossible(problems.join("; ")));
            }
            if playbook.owns(&entry.slug) {
                return Err(OfficeError::Conflict(OWNED));
            }
        }
        let detail = [
            ("slug", entry.slug.clone()),
            ("locale", entry.locale.clone()),
            ("version", entry.version.to_string()),
            ("enabled", entry.enabled.to_string()),
        ];
        let audit = self.entry(caller, action, format!("knowledge:{}", entry.id), detail);
        let what = ChangeKind::PutKnowledge {
            entry: Box::new(entry.clone()),
            was,
        };
        self.change(what, audit, conflict).await?;
        let why = playbook.not_in_force(&entry);
        Ok(LibraryEntry::Overlay(entry, why))
    }
}

/// What the files have, by slug and locale.
fn of_files(playbook: &Playbook, locale: Option<&str>) -> Vec<LibraryEntry> {
    let mut entries = Vec::new();
    for entry in playbook.entries.iter().filter(|entry| playbook.owns(&entry.slug)) {
        for (spoken, questions) in &entry.questions {
            if locale.is_some_and(|wanted| wanted != spoken.as_str()) {
                continue;
            }
            entries.push(LibraryEntry::Playbook {
                slug: entry.slug.clone(),
                locale: spoken.clone(),
                questions: questions.clone(),
                answer: entry.answer.get(spoken).cloned(),
                buttons: entry.buttons.clone(),
            });
        }
    }
    entries.sort_by_key(LibraryEntry::key);
    entries
}
