//! A language model that says what it was told to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_core::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, Usage};
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
            calls: Vec::new(),
            model: self.name().to_owned(),
            usage: Some(Usage {
                tokens_in: 0,
                tokens_cached: 0,
                tokens_out: words,
            }),
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
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let stream = request.stream;
        let outcome = {
            let mut state = lock(&self.state);
            state.asked.push(request);
            state.script.pop_front()
        };
        let answer = outcome.unwrap_or_else(|| {
            Err(ModelError::Incomplete {
                why: "the script has ended".to_owned(),
                usage: None,
            })
        })?;
        if stream {
            for piece in answer.text.split_inclusive(' ') {
                heard.more(piece);
            }
        }
        Ok(answer)
    }
}
