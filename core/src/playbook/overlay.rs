//! Knowledge that people added beside the playbook's files: the overlay.
//!
//! Files own their slugs. What the overlay has under a slug that the files have, too, waits until they
//! have it no more; so does what no longer fits the playbook. Nothing of the overlay can make a
//! playbook invalid.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::KnowledgeEntryId;
use crate::time::Timestamp;

use super::knowledge::{Entry, Route, is_slug};
use super::parse::{ENTRY_BUTTONS, hex};
use super::{Locale, Playbook};

/// Phrasings of an overlay's entry at most.
pub const QUESTIONS_MAX: usize = 100;
/// Characters of a phrasing at most.
pub const QUESTION_CHARS: usize = 300;
/// Characters of an answer at most.
pub const ANSWER_CHARS: usize = 4_000;

/// An entry of the overlay: one slug in one locale, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeEntry {
    /// Its id.
    pub id: KnowledgeEntryId,
    /// The locale of its texts. One that the playbook no longer speaks is kept all the same.
    pub locale: String,
    /// Its name; with the locale it is unique.
    pub slug: String,
    /// Phrasings of the question.
    pub questions: Vec<String>,
    /// The answer, in Markdown.
    pub answer: String,
    /// Menu actions offered under the answer.
    pub buttons: Vec<String>,
    /// Whether it is to be used.
    pub enabled: bool,
    /// Counts up with every change, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Why an entry of the overlay is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInForce {
    /// It is switched off.
    Disabled,
    /// The playbook's files have an entry of this slug.
    Owned,
    /// It does not fit the playbook: what is wrong, and what is expected.
    Invalid(Vec<String>),
}

impl Playbook {
    /// Whether the playbook's files have an entry of this slug.
    pub fn owns(&self, slug: &str) -> bool {
        self.entry(slug).is_some() && !self.overlay.contains(slug)
    }

    /// Why this entry of the overlay cannot be used with this playbook; `None` if it can.
    pub fn not_in_force(&self, entry: &KnowledgeEntry) -> Option<NotInForce> {
        if !entry.enabled {
            return Some(NotInForce::Disabled);
        }
        if self.owns(&entry.slug) {
            return Some(NotInForce::Owned);
        }
        let problems = self.overlay_problems(entry);
        (!problems.is_empty()).then_some(NotInForce::Invalid(problems))
    }

    /// What is wrong with an entry of the overlay, whether it is enabled or not: each with what is
    /// expected.
    pub fn overlay_problems(&self, entry: &KnowledgeEntry) -> Vec<String> {
        let mut problems = Vec::new();
        if !is_slug(&entry.slug) {
            problems.push("slug: expected 1 to 48 of a-z, 0-9, `-` and `_`".to_owned());
        }
        if self.locale_of(entry).is_none() {
            let known: Vec<&str> = self.locales.iter().map(Locale::as_str).collect();
            problems.push(format!("locale: expected one of {}", known.join(", ")));
        }
        if !(1..=QUESTIONS_MAX).contains(&entry.questions.len()) {
            problems.push(format!("questions: expected 1 to {QUESTIONS_MAX} phrasings"));
        }
        if !entry.questions.iter().all(|text| is_text(text, QUESTION_CHARS)) {
            problems.push(format!(
                "questions: expected phrasings of 1 to {QUESTION_CHARS} characters"
            ));
        }
        if !is_text(&entry.answer, ANSWER_CHARS) {
            problems.push(format!("answer: expected 1 to {ANSWER_CHARS} characters"));
        }
        for (at, button) in entry.buttons.iter().enumerate() {
            if !ENTRY_BUTTONS.contains(&button.as_str()) || entry.buttons[..at].contains(button) {
                let known = ENTRY_BUTTONS.join(", ");
                problems.push(format!("buttons: expected each of {known} once at most"));
                break;
            }
        }
        problems
    }

    /// This playbook with those entries of the overlay that it can use, and why not the others. Those of
    /// one slug are one entry, with the buttons of all of them.
    ///
    /// It is given the whole overlay at once: a playbook that has one already is not to be given another.
    #[must_use]
    pub fn with_overlay(
        mut self,
        overlay: &[KnowledgeEntry],
    ) -> (Playbook, Vec<(KnowledgeEntryId, NotInForce)>) {
        let mut used = Vec::new();
        let mut unused = Vec::new();
        for entry in overlay {
            match self.not_in_force(entry) {
                None => used.push(entry),
                Some(why) => unused.push((entry.id, why)),
            }
        }
        // The same overlay gives the same library, whatever order it was read in.
        used.sort_by(|a, b| (&a.slug, &a.locale).cmp(&(&b.slug, &b.locale)));
        if !used.is_empty() {
            self.knowledge_version = version_of(&self.version, &used);
        }
        let mut merged: BTreeMap<String, Entry> = BTreeMap::new();
        for row in used {
            let Some(locale) = self.locale_of(row).cloned() else {
                continue;
            };
            let entry = merged.entry(row.slug.clone()).or_insert_with(|| Entry {
                slug: row.slug.clone(),
                buttons: Vec::new(),
                route: Route::None,
                questions: BTreeMap::new(),
                answer: BTreeMap::new(),
            });
            for button in &row.buttons {
                if !entry.buttons.contains(button) {
                    entry.buttons.push(button.clone());
                }
            }
            entry.questions.insert(locale.clone(), row.questions.clone());
            entry.answer.insert(locale, row.answer.clone());
            self.overlay.insert(row.slug.clone());
        }
        self.entries.extend(merged.into_values());
        (self, unused)
    }

    fn locale_of(&self, entry: &KnowledgeEntry) -> Option<&Locale> {
        self.locales.iter().find(|locale| locale.as_str() == entry.locale)
    }
}

/// Whether there is something in it, and not too much.
fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most
}

/// Hash of the files' version and of what is used beside them.
fn version_of(files: &str, used: &[&KnowledgeEntry]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(files);
    for entry in used {
        let lists = [&entry.questions, &entry.buttons];
        for text in [&entry.slug, &entry.locale, &entry.answer] {
            add(text);
        }
        for list in lists {
            add(&list.len().to_string());
            for text in list {
                add(text);
            }
        }
    }
    hex(hash)
}
