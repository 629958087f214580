//! A language model that says what it was told to say.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use frontdesk_core::port::llm::{ModelAnswer, ModelRequest};
use frontdesk_core::port::{LanguageModel, ModelError};

use crate::lock;

/// Gives scripted answers and errors in order, and records what it was asked.
///
/// With nothing left in the script it answers [`ModelError::Incomplete`]: a test that asks more
/// often than it scripted sees it.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Result<ModelAnswer, ModelError>>,
    asked: Vec<ModelRequest>,
}

impl ScriptedModel {
    /// A model without a script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer to the script; tokens are counted as words.
    pub fn then_say(&self, text: impl Into<String>) -> &Self {
        let text = text.into();
        let words = u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX);
        self.then(Ok(ModelAnswer {
            text,
            model: "scripted".to_owned(),
            tokens_in: 0,
            tokens_out: words,
        }))
    }

    /// Adds an error to the script.
    pub fn then_fail(&self, error: ModelError) -> &Self {
        self.then(Err(error))
    }

    /// Adds an outcome to the script.
    pub fn then(&self, outcome: Result<ModelAnswer, ModelError>) -> &Self {
        lock(&self.state).script.push_back(outcome);
        self
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<ModelRequest> {
        lock(&self.state).asked.clone()
    }

    /// How much of the script is left.
    pub fn left(&self) -> usize {
        lock(&self.state).script.len()
    }
}

#[async_trait]
impl LanguageModel for ScriptedModel {
    async fn answer(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let mut state = lock(&self.state);
        state.asked.push(request);
        state
            .script
            .pop_front()
            .unwrap_or_else(|| Err(ModelError::Incomplete("the script has ended".to_owned())))
    }
}
