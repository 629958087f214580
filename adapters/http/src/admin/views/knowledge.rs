//! What the desk knows.

use frontdesk_core::desk::{KnowledgeEdit, LibraryEntry, NewKnowledge};
use frontdesk_core::playbook::NotInForce;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Time;

/// An entry of knowledge in one locale.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KnowledgeView {
    /// Null for an entry of the playbook's files, which is changed there.
    id: Option<Uuid>,
    /// `playbook` for its files, `overlay` for what was added here.
    source: &'static str,
    slug: String,
    locale: String,
    /// Phrasings of the question.
    questions: Vec<String>,
    /// Null where the playbook answers in its default locale.
    answer: Option<String>,
    /// Menu actions offered under the answer.
    buttons: Vec<String>,
    enabled: bool,
    /// Whether questions are answered by it. Processes learn of a change within seconds.
    in_force: bool,
    /// Why it is not, if it is enabled.
    left_out: Option<String>,
    /// What a change of it names; null for an entry of the playbook's files.
    version: Option<i64>,
    created_at: Option<Time>,
    updated_at: Option<Time>,
}

impl From<LibraryEntry> for KnowledgeView {
    fn from(entry: LibraryEntry) -> Self {
        match entry {
            LibraryEntry::Overlay(entry, why) => KnowledgeView {
                id: Some(entry.id.0),
                source: "overlay",
                slug: entry.slug,
                locale: entry.locale,
                questions: entry.questions,
                answer: Some(entry.answer),
                buttons: entry.buttons,
                enabled: entry.enabled,
                in_force: why.is_none(),
                left_out: why.and_then(|why| match why {
                    NotInForce::Disabled => None,
                    NotInForce::Owned => Some("the playbook's files have an entry of this slug".to_owned()),
                    NotInForce::Invalid(problems) => Some(problems.join("; ")),
                }),
                version: Some(entry.version),
                created_at: Some(Time(entry.created_at)),
                updated_at: Some(Time(entry.updated_at)),
            },
            LibraryEntry::Playbook {
                slug,
                locale,
                questions,
                answer,
                buttons,
            } => KnowledgeView {
                id: None,
                source: "playbook",
                slug,
                locale: locale.to_string(),
                questions,
                answer,
                buttons,
                enabled: true,
                in_force: true,
                left_out: None,
                version: None,
                created_at: None,
                updated_at: None,
            },
        }
    }
}

fn yes() -> bool {
    true
}

/// An entry to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKnowledgeBody {
    /// One that the playbook speaks.
    locale: String,
    /// 1 to 48 of `a-z`, `0-9`, `-` and `_`; none that the playbook's files have.
    slug: String,
    /// 1 to 100 phrasings of 1 to 300 characters.
    questions: Vec<String>,
    /// Markdown, 1 to 4000 characters.
    answer: String,
    /// `services`, `quote`, `ask`, `human`, each once at most.
    #[serde(default)]
    buttons: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

impl From<NewKnowledgeBody> for NewKnowledge {
    fn from(body: NewKnowledgeBody) -> Self {
        NewKnowledge {
            locale: body.locale,
            slug: body.slug,
            questions: body.questions,
            answer: body.answer,
            buttons: body.buttons,
            enabled: body.enabled,
        }
    }
}

/// What is to change of an entry. What is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnowledgeEditBody {
    /// The version that was seen. If it stands at another one, nothing is changed.
    pub(crate) version: i64,
    #[serde(default)]
    questions: Option<Vec<String>>,
    #[serde(default)]
    answer: Option<String>,
    #[serde(default)]
    buttons: Option<Vec<String>>,
    #[serde(default)]
    enabled: Option<bool>,
}

impl From<KnowledgeEditBody> for KnowledgeEdit {
    fn from(body: KnowledgeEditBody) -> Self {
        KnowledgeEdit {
            questions: body.questions,
            answer: body.answer,
            buttons: body.buttons,
            enabled: body.enabled,
        }
    }
}
