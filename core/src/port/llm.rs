//! The language model behind the knowledge.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::time::Duration;

/// Why the model gave no answer. What follows (retry, fallback, next rung) is the caller's.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be reached, answered with a server's error, or too late.
    #[error("the model cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too many calls.
    #[error("the model is at its rate limit")]
    RateLimited {
        /// When to try again, if it said so.
        retry_after: Option<Duration>,
    },
    /// The key is not accepted.
    #[error("the model does not accept the key: {0}")]
    Unauthorised(String),
    /// The account has nothing left.
    #[error("the model's quota is used up: {0}")]
    QuotaExhausted(String),
    /// The prompt is longer than the model takes.
    #[error("the prompt is too long for the model")]
    TooLong,
    /// It refuses this request; the same one will be refused again.
    #[error("the model refuses the request: {0}")]
    Rejected(String),
    /// It stopped before it said that it was done, or answered with nothing.
    #[error("the model's answer is incomplete: {0}")]
    Incomplete(String),
}

impl ModelError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            ModelError::Unavailable(_) | ModelError::RateLimited { .. } | ModelError::Incomplete(_) => true,
            ModelError::Unauthorised(_)
            | ModelError::QuotaExhausted(_)
            | ModelError::TooLong
            | ModelError::Rejected(_) => false,
        }
    }
}

/// Who a part of the prompt speaks as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Persona and rules.
    System,
    /// The client, and everything untrusted.
    User,
    /// What the bot said before.
    Assistant,
}

/// One part of the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptPart {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRequest {
    /// The prompt, in order.
    pub parts: Vec<PromptPart>,
    /// The most tokens the answer may have.
    pub max_tokens: u32,
    /// How long the whole call may take.
    pub deadline: Duration,
}

/// A complete answer: the model said that it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAnswer {
    /// The text.
    pub text: String,
    /// The model that gave it, as it names itself.
    pub model: String,
    /// Tokens of the prompt.
    pub tokens_in: u64,
    /// Tokens of the answer.
    pub tokens_out: u64,
}

/// One model of one provider.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LanguageModel: Debug + Send + Sync {
    /// Answers a prompt. Dropping the future ends the call as soon as the transport allows.
    ///
    /// # Errors
    /// Any [`ModelError`]; an answer cut short is [`ModelError::Incomplete`], never `Ok`.
    async fn answer(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError>;
}
