//! The language model behind the knowledge.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::id::{BotId, ClientId};

/// Why the model gave no answer. What follows (retry, fallback, next rung) is the caller's.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be reached, or answered with a server's error. It did not work on the prompt, as far
    /// as can be known, and nothing was charged.
    #[error("the model cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer, or did not go on, in time; or the connection ended before an answer began.
    /// It may have worked on the prompt.
    #[error("the model did not answer in time: {0}")]
    TimedOut(String),
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
    /// It stopped before it said that it was done, said so without an answer, or answered with what
    /// is none. `usage` is what it reported of it, if it did.
    #[error("the model's answer is incomplete: {why}")]
    Incomplete {
        /// What was wrong with it, without its text.
        why: String,
        /// What it cost.
        usage: Option<Usage>,
    },
    /// A decorator did not let the call through: the budget is used up, or the model failed so often
    /// that it is left alone for a while. No call was made.
    #[error("the model was not asked: {0}")]
    NotAsked(NotAsked),
}

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// The client's tokens of the day are used up.
    #[error("the client's budget of the day is used up")]
    ClientBudget,
    /// The bot's tokens of the day are used up.
    #[error("the bot's budget of the day is used up")]
    BotBudget,
    /// It failed too often and rests.
    #[error("it failed too often and is left alone for {} s", again_in.as_secs())]
    Resting {
        /// For how long.
        again_in: Duration,
    },
    /// The time the call may take is over.
    #[error("the time for it is over")]
    NoTimeLeft,
    /// The store did not say whether the budget allows it.
    #[error("its budget could not be asked for")]
    BudgetUnknown,
}

impl ModelError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            ModelError::Unavailable(_)
            | ModelError::TimedOut(_)
            | ModelError::RateLimited { .. }
            | ModelError::Incomplete { .. } => true,
            ModelError::Unauthorised(_)
            | ModelError::QuotaExhausted(_)
            | ModelError::TooLong
            | ModelError::Rejected(_)
            | ModelError::NotAsked(_) => false,
        }
    }

    /// A short word for logs and metrics, the same for every error of a kind.
    pub fn kind(&self) -> &'static str {
        match self {
            ModelError::Unavailable(_) => "unavailable",
            ModelError::TimedOut(_) => "timed_out",
            ModelError::RateLimited { .. } => "rate_limited",
            ModelError::Unauthorised(_) => "unauthorised",
            ModelError::QuotaExhausted(_) => "quota_exhausted",
            ModelError::TooLong => "too_long",
            ModelError::Rejected(_) => "rejected",
            ModelError::Incomplete { .. } => "incomplete",
            ModelError::NotAsked(NotAsked::ClientBudget) => "client_budget",
            ModelError::NotAsked(NotAsked::BotBudget) => "bot_budget",
            ModelError::NotAsked(NotAsked::Resting { .. }) => "resting",
            ModelError::NotAsked(NotAsked::NoTimeLeft) => "no_time_left",
            ModelError::NotAsked(NotAsked::BudgetUnknown) => "budget_unknown",
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

/// Something the model may propose beside its text. It runs nothing: what it proposes is data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name: `a-z 0-9 _`.
    pub name: String,
    /// What it is for, for the model.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// A proposal of the model. Untrusted: neither the name nor the arguments need be of any tool offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Which tool.
    pub name: String,
    /// Its arguments as the model wrote them; perhaps no JSON.
    pub arguments: String,
}

/// Who a call is made for: whose budget it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The bot.
    pub bot_id: BotId,
    /// The client.
    pub client_id: ClientId,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRequest {
    /// The prompt, in order.
    pub parts: Vec<PromptPart>,
    /// What the model may propose.
    pub tools: Vec<Tool>,
    /// The most tokens the answer may have.
    pub max_tokens: u32,
    /// How long the whole call may take, retries and fallbacks included.
    pub deadline: Duration,
    /// Whether the answer is to come piece by piece, where the model can.
    pub stream: bool,
    /// Who it is made for.
    pub account: Account,
}

/// Tokens that were used, as the model reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub tokens_in: u64,
    /// Those of them that the model had in its cache.
    pub tokens_cached: u64,
    /// Tokens of the answer.
    pub tokens_out: u64,
}

impl Usage {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }
}

/// A complete answer: the model said that it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAnswer {
    /// The text; empty only if there are calls.
    pub text: String,
    /// What it proposes.
    pub calls: Vec<ToolCall>,
    /// The model that gave it, as it is named in the settings.
    pub model: String,
    /// What it used; `None` if the model did not say.
    pub usage: Option<Usage>,
}

/// Hears an answer as it comes. Called in order, never after the call has ended; must return at once.
/// The pieces since the beginning, or since it last began anew, joined are the text of the answer.
pub trait PartialAnswer: Debug + Send + Sync {
    /// More text has come.
    fn more(&self, piece: &str);

    /// What was heard so far is void: the answer begins anew.
    fn restart(&self);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unheard;

impl PartialAnswer for Unheard {
    fn more(&self, _piece: &str) {}

    fn restart(&self) {}
}

/// One model of one provider, or several behind a decorator.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LanguageModel: Debug + Send + Sync {
    /// Its name in the settings: for logs, metrics and prices.
    fn name(&self) -> &str;

    /// Answers a prompt; `heard` gets the text as it comes if the request asks for a stream. Makes
    /// one attempt; retries are a decorator's. Dropping the future ends the call as soon as the
    /// transport allows: nothing is read any more, and what it held is free.
    ///
    /// # Errors
    /// Any [`ModelError`] but `NotAsked`; an answer cut short is [`ModelError::Incomplete`], never
    /// `Ok`. No error's text holds a key or a part of the prompt.
    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError>;
}
