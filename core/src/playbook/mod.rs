//! The playbook: everything that is the company's, as data. Parsed from text, never read from disk
//! here; every problem is reported with its file, its line and what is expected.

mod duration;
mod files;
mod follow_up;
mod form;
mod hours;
mod knowledge;
mod locale;
mod model;
mod overlay;
mod parse;
mod problem;
mod ranges;
mod rubric;
mod texts;

pub use files::FilesPlan;
pub use follow_up::FollowUp;
pub use form::{Field, FieldKind, Form, choice_key};
pub use hours::Hours;
pub use knowledge::{Entry, Route};
pub use locale::{Locale, Script};
pub use model::{ModelPlan, ModelPrice, PLACEHOLDERS as PROMPT_PLACEHOLDERS};
pub use overlay::{ANSWER_CHARS, KnowledgeEntry, NotInForce, QUESTION_CHARS, QUESTIONS_MAX};
pub use problem::{Problem, Problems, Severity};
pub use texts::Texts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::knowledge::Thresholds;
use crate::lead::Rubric;

/// Texts of a playbook's files by their path within its folder, with `/` between segments.
pub type PlaybookFiles = BTreeMap<String, String>;

/// Who the company is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: String,
}

/// A playbook in force: valid, immutable.
#[derive(Debug)]
pub struct Playbook {
    /// Hash of its files: the version that is stored with what was decided under it.
    pub version: String,
    /// Version of what the company knows: the same, or with an overlay a hash of both.
    pub knowledge_version: String,
    /// Who the company is.
    pub brand: Brand,
    /// The locale of people whose own is not spoken, and of staff.
    pub default_locale: Locale,
    /// Every locale spoken, in the playbook's order.
    pub locales: Vec<Locale>,
    /// Version of the AI disclosure: a new one is shown again to everybody.
    pub disclosure_version: String,
    /// Slugs of the services, in order; names and texts are `service-SLUG-name` and `service-SLUG-text`.
    pub services: Vec<String>,
    /// What the company knows.
    pub entries: Vec<Entry>,
    /// Slugs among them that are the overlay's.
    overlay: BTreeSet<String>,
    /// Off-topic lines by locale.
    pub off_topic: BTreeMap<Locale, Vec<String>>,
    /// From which score an answer is given, and from which it is offered.
    pub thresholds: Thresholds,
    /// The lead form.
    pub form: Form,
    /// How leads are scored.
    pub rubric: Rubric,
    /// When people are there.
    pub hours: Hours,
    /// How the model is asked; `None` without a prompt.
    pub model: Option<ModelPlan>,
    /// Which files are taken.
    pub files: FilesPlan,
    /// After how long without a word a case is closed.
    pub idle_close: Duration,
    /// What is said after a confirmed lead that nobody took up; `None`: nothing.
    pub follow_up: Option<FollowUp>,
    /// Every text a person sees.
    pub texts: Texts,
    /// What is not wrong but should be looked at.
    pub warnings: Problems,
}

impl Playbook {
    /// Reads a playbook from its files.
    ///
    /// # Errors
    /// Every problem found, each with file, line and what is expected.
    pub fn parse(files: &PlaybookFiles) -> Result<Playbook, Problems> {
        parse::playbook(files)
    }

    /// Reads a rubric alone, from a whole `playbook.toml` or from a text that has only its `[rubric]`, to be
    /// compared with this playbook's. Its conditions are about the form in the text, else about this
    /// playbook's. `file` is what problems are told of.
    ///
    /// # Errors
    /// Every problem found, each with file, line and what is expected.
    pub fn rubric_from(&self, file: &str, text: &str) -> Result<Rubric, Problems> {
        parse::rubric_alone(file, text, &self.form)
    }

    /// The locale for a language tag of a person's app (`ru-RU`), if it is spoken.
    pub fn locale_for(&self, tag: &str) -> Option<&Locale> {
        let wanted = tag.to_ascii_lowercase();
        let language = wanted.split(['-', '_']).next().unwrap_or(&wanted);
        self.locales
            .iter()
            .find(|locale| locale.as_str().eq_ignore_ascii_case(&wanted))
            .or_else(|| self.locales.iter().find(|locale| locale.language() == language))
    }

    /// The knowledge entry of a slug.
    pub fn entry(&self, slug: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.slug == slug)
    }
}
