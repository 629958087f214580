//! Leaving a model alone that fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use slog::Logger;

use crate::port::llm::{ModelAnswer, ModelRequest, NotAsked, PartialAnswer};
use crate::port::{Clock, LanguageModel, ModelError};

use super::circuit::{BreakerSettings, BreakerState, Circuit, Pass, Verdict};

/// A circuit breaker around one model.
///
/// Opens after so many transient failures in a row, and at once if the key is not accepted or the
/// quota is used up; then answers [`NotAsked::Resting`] without a call. When the rest is over one call
/// goes through: its success closes the breaker, its failure opens it for twice as long. A call that
/// is dropped, or that says nothing of the model (`Rejected`, `TooLong`, `NotAsked`), leaves the next
/// one to see. Calls that began before the breaker opened or closed change nothing any more. Each
/// change is one line in the log.
#[derive(Debug)]
pub struct Breaker {
    model: Arc<dyn LanguageModel>,
    clock: Arc<dyn Clock>,
    circuit: Mutex<Circuit>,
    log: Logger,
}

impl Breaker {
    /// A closed one around `model`.
    pub fn new(
        model: Arc<dyn LanguageModel>,
        clock: Arc<dyn Clock>,
        settings: BreakerSettings,
        log: Logger,
    ) -> Self {
        Breaker {
            model,
            clock,
            circuit: Mutex::new(Circuit::new(settings)),
            log,
        }
    }

    /// How it stands. A rest that is over is still `Open` until a call comes.
    pub fn state(&self) -> BreakerState {
        self.lock().state()
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, pass: &Pass, verdict: Verdict, why: &str) {
        let now = self.clock.now();
        let (before, after) = {
            let mut circuit = self.lock();
            let before = circuit.state();
            circuit.tell(pass, verdict, now);
            (before, circuit.state())
        };
        if before == after {
            return;
        }
        match after {
            BreakerState::Open => {
                slog::warn!(self.log, "the model is left alone for a while";
                    "model" => self.name(), "breaker" => after.as_str(), "why" => why);
            }
            BreakerState::Closed | BreakerState::HalfOpen => {
                slog::info!(self.log, "the model answers again";
                    "model" => self.name(), "breaker" => after.as_str());
            }
        }
    }
}

/// A call under way. Dropped without a word it says nothing of the model, and gives the probe free.
struct Call<'a> {
    breaker: &'a Breaker,
    pass: Pass,
    told: bool,
}

impl Call<'_> {
    fn end(mut self, outcome: &Result<ModelAnswer, ModelError>) {
        self.told = true;
        let (verdict, why) = match outcome {
            Ok(_) => (Verdict::Well, "answered"),
            Err(error) => (Verdict::of(error), error.kind()),
        };
        self.breaker.tell(&self.pass, verdict, why);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.tell(&self.pass, Verdict::Nothing, "given up");
        }
    }
}

#[async_trait]
impl LanguageModel for Breaker {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let pass = self.lock().ask(self.clock.now());
        let pass = pass.map_err(|again_in| ModelError::NotAsked(NotAsked::Resting { again_in }))?;
        let call = Call {
            breaker: self,
            pass,
            told: false,
        };
        let outcome = self.model.answer(request, heard).await;
        call.end(&outcome);
        outcome
    }
}
