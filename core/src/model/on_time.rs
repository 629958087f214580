//! A model's calls end at their deadline.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{Either, select};

use crate::port::llm::{ModelAnswer, ModelRequest, PartialAnswer};
use crate::port::{Clock, LanguageModel, ModelError};

/// Drops a call whose time is over, which ends it. An adapter keeps the deadline by itself; this is
/// for the one that does not, so that no caller waits for ever.
#[derive(Debug)]
pub struct OnTime {
    model: Arc<dyn LanguageModel>,
    clock: Arc<dyn Clock>,
}

impl OnTime {
    /// Around `model`.
    pub fn new(model: Arc<dyn LanguageModel>, clock: Arc<dyn Clock>) -> Self {
        OnTime { model, clock }
    }
}

#[async_trait]
impl LanguageModel for OnTime {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let deadline = request.deadline;
        let over = self.clock.sleep_until(self.clock.now() + deadline);
        match select(self.model.answer(request, heard), over).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(ModelError::TimedOut(format!(
                "nothing complete in {} ms",
                deadline.as_millis()
            ))),
        }
    }
}
