//! What demo clients of one language are called and say.

use serde::Deserialize;

/// The words of demo clients in one locale, and of those who answer them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    /// The locale, as the playbook names it.
    pub locale: String,
    /// Language of their apps, as a BCP 47 tag.
    pub app_language: String,
    pub(super) first_names: Vec<String>,
    pub(super) last_names: Vec<String>,
    pub(super) companies: Vec<String>,
    /// What they want, for text fields of the form.
    pub(super) projects: Vec<String>,
    /// Said to a person they asked for.
    pub(super) to_agents: Vec<String>,
    /// What agents say first.
    pub(super) agents_first: Vec<String>,
    /// What agents say later.
    pub(super) agents_then: Vec<String>,
    pub(super) thanks: Vec<String>,
    /// Questions that no company's knowledge answers.
    pub(super) off_topic: Vec<String>,
    /// Questions for the model.
    pub(super) asked: Vec<Asked>,
    /// Why sales lost a lead.
    pub(super) lost: Vec<String>,
    /// What agents and sales people are called.
    pub(super) staff: Vec<String>,
}

/// A question for the model, and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) question: String,
    pub(super) answer: String,
    /// A field of the form that the model finds in the question, and its value.
    pub(super) found: Option<(String, String)>,
}

/// Why a text is no cast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cast of demo clients: {0}")]
pub struct NoCast(String);

impl Cast {
    /// Reads a cast from TOML.
    ///
    /// # Errors
    /// [`NoCast`], with the line.
    pub fn parse(text: &str) -> Result<Cast, NoCast> {
        toml::from_str(text).map_err(|error| NoCast(error.to_string()))
    }
}
