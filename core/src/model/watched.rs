//! Counting calls of models.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, Usage};
use crate::port::{Clock, LanguageModel, ModelError};
use crate::time::Timestamp;

/// One call of one model that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelCall<'a> {
    /// The model, as it is named in the settings.
    pub model: &'a str,
    /// How it ended: [`ANSWERED`](Self::ANSWERED), [`CANCELLED`](Self::CANCELLED), or an error's
    /// [`kind`](ModelError::kind).
    pub result: &'static str,
    /// Whether the model was asked at all, or a limit was in the way.
    pub asked: bool,
    /// How long it took.
    pub took: Duration,
    /// What the model reported that it used.
    pub usage: Option<Usage>,
}

impl ModelCall<'_> {
    /// The result of a call that gave a complete answer.
    pub const ANSWERED: &'static str = "answered";
    /// The result of a call that was dropped.
    pub const CANCELLED: &'static str = "cancelled";
}

/// Is told of every call: for metrics. Must return at once.
pub trait ModelObserver: Debug + Send + Sync {
    /// A call ended.
    fn ended(&self, call: &ModelCall<'_>);
}

/// Wants to know nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unobserved;

impl ModelObserver for Unobserved {
    fn ended(&self, _call: &ModelCall<'_>) {}
}

/// Tells an observer of every call of a model, also of those that are dropped.
#[derive(Debug)]
pub struct Watched {
    model: Arc<dyn LanguageModel>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn ModelObserver>,
}

impl Watched {
    /// Around `model`.
    pub fn new(
        model: Arc<dyn LanguageModel>,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn ModelObserver>,
    ) -> Self {
        Watched {
            model,
            clock,
            observer,
        }
    }
}

/// A call under way.
struct Call<'a> {
    watched: &'a Watched,
    began: Timestamp,
    result: &'static str,
    asked: bool,
    usage: Option<Usage>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.watched.observer.ended(&ModelCall {
            model: self.watched.model.name(),
            result: self.result,
            asked: self.asked,
            took: self.watched.clock.now().since(self.began),
            usage: self.usage,
        });
    }
}

#[async_trait]
impl LanguageModel for Watched {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let mut call = Call {
            watched: self,
            began: self.clock.now(),
            result: ModelCall::CANCELLED,
            asked: true,
            usage: None,
        };
        let outcome = self.model.answer(request, heard).await;
        (call.result, call.usage) = match &outcome {
            Ok(answer) => (ModelCall::ANSWERED, answer.usage),
            Err(error) => (error.kind(), usage_of(error)),
        };
        call.asked = !matches!(outcome, Err(ModelError::NotAsked(_)));
        drop(call);
        outcome
    }
}

fn usage_of(error: &ModelError) -> Option<Usage> {
    match error {
        ModelError::Incomplete { usage, .. } => *usage,
        _ => None,
    }
}
