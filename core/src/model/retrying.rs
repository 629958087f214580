//! Trying again what may work in a moment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::port::llm::{ModelAnswer, ModelRequest, NotAsked, PartialAnswer};
use crate::port::{Clock, IdSource, LanguageModel, ModelError};
use crate::work::Backoff;

use super::LEAST;
use super::hearing::Hearing;

/// How often, and how long in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// Attempts after the first.
    pub retries: u32,
    /// The wait between two attempts.
    pub backoff: Backoff,
    /// A model that asks to be left alone for longer is given up at once.
    pub longest_wait: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        RetrySettings {
            retries: 2,
            backoff: Backoff {
                base: Duration::from_millis(500),
                cap: Duration::from_secs(8),
            },
            longest_wait: Duration::from_secs(20),
        }
    }
}

/// Repeats calls that failed for a reason that may pass ([`ModelError::is_transient`]).
///
/// Not once anything of the answer was heard: the client would see it begin anew. Not if the wait and
/// [`LEAST`] do not fit into the deadline. Each attempt gets the time that is left. The error is that of
/// the last attempt that was made: if the model is left alone since, the error that led to it.
#[derive(Debug)]
pub struct Retrying {
    model: Arc<dyn LanguageModel>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    settings: RetrySettings,
}

impl Retrying {
    /// Around `model`.
    pub fn new(
        model: Arc<dyn LanguageModel>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        settings: RetrySettings,
    ) -> Self {
        Retrying {
            model,
            clock,
            ids,
            settings,
        }
    }

    /// How long to wait after attempt `attempt`, 1 for the first; `None` for a failure that is final.
    fn wait_after(&self, attempt: u32, error: &ModelError) -> Option<Duration> {
        if attempt > self.settings.retries || !error.is_transient() {
            return None;
        }
        let backoff = self.settings.backoff;
        match error {
            ModelError::RateLimited {
                retry_after: Some(asked),
            } => {
                // A little later than asked, so that calls told the same do not come back together.
                let later = backoff.after(1, self.ids.entropy());
                (*asked <= self.settings.longest_wait).then(|| *asked + later)
            }
            _ => Some(backoff.after(attempt, self.ids.entropy())),
        }
    }
}

#[async_trait]
impl LanguageModel for Retrying {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let until = self.clock.now() + request.deadline;
        let hearing = Hearing::by(heard);
        let mut attempt = 1;
        let mut before = None;
        loop {
            let this_time = ModelRequest {
                deadline: until.since(self.clock.now()),
                ..request.clone()
            };
            let error = match self.model.answer(this_time, hearing.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if hearing.anything() => return Err(error),
                Err(error @ ModelError::NotAsked(NotAsked::Resting { .. })) => {
                    return Err(before.unwrap_or(error));
                }
                Err(error) => error,
            };
            let Some(wait) = self.wait_after(attempt, &error) else {
                return Err(error);
            };
            let again_at = self.clock.now() + wait;
            if again_at + LEAST > until {
                return Err(error);
            }
            self.clock.sleep_until(again_at).await;
            before = Some(error);
            attempt += 1;
        }
    }
}
