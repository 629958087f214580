//! Asking the next model if one cannot answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::port::llm::{ModelAnswer, ModelRequest, NotAsked, PartialAnswer};
use crate::port::{Clock, LanguageModel, ModelError};

use super::LEAST;
use super::hearing::Hearing;

/// Models in the order in which they are asked.
///
/// The next one is asked whatever the reason, since it may be another account, another provider or
/// have a longer window (a prompt that is `TooLong` is refused free of charge), with one exception:
/// a budget that is used up or unknown is so for every model. What was heard of a model that failed
/// is made void before the next is asked.
///
/// A model that has others behind it gets [`SHARE`](Self::SHARE) of the time that is left, the last
/// one all of it; with less than [`LEAST`] nobody is asked any more. If none answers, the error is the
/// one that says most about what to do, and of those the first.
#[derive(Debug)]
pub struct Fallback {
    first: Arc<dyn LanguageModel>,
    others: Vec<Arc<dyn LanguageModel>>,
    clock: Arc<dyn Clock>,
}

impl Fallback {
    /// How much of the time that is left a model gets while there is another: percent.
    pub const SHARE: u32 = 60;

    /// `first`, then `others`.
    pub fn new(
        first: Arc<dyn LanguageModel>,
        others: Vec<Arc<dyn LanguageModel>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Fallback { first, others, clock }
    }
}

#[async_trait]
impl LanguageModel for Fallback {
    /// The first one's name; [`ModelAnswer::model`] says which one answered.
    fn name(&self) -> &str {
        self.first.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let until = self.clock.now() + request.deadline;
        let hearing = Hearing::by(heard);
        let mut telling = ModelError::NotAsked(NotAsked::NoTimeLeft);
        let mut others = self.others.iter();
        let mut next = Some(&self.first);
        while let Some(model) = next {
            let left = until.since(self.clock.now());
            if left < LEAST {
                break;
            }
            next = others.next();
            let share = if next.is_some() { share_of(left) } else { left };
            if hearing.anything() {
                hearing.restart();
            }
            let this_one = ModelRequest {
                deadline: share,
                ..request.clone()
            };
            match model.answer(this_one, hearing.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if ends_it(&error) => return Err(error),
                Err(error) => {
                    if weight(&error) > weight(&telling) {
                        telling = error;
                    }
                }
            }
        }
        Err(telling)
    }
}

fn share_of(left: Duration) -> Duration {
    (left * Fallback::SHARE / 100).max(LEAST)
}

/// Whether no other model would answer either.
fn ends_it(error: &ModelError) -> bool {
    match error {
        ModelError::NotAsked(NotAsked::ClientBudget | NotAsked::BotBudget | NotAsked::BudgetUnknown) => true,
        ModelError::NotAsked(NotAsked::Resting { .. } | NotAsked::NoTimeLeft)
        | ModelError::Unavailable(_)
        | ModelError::TimedOut(_)
        | ModelError::RateLimited { .. }
        | ModelError::Unauthorised(_)
        | ModelError::QuotaExhausted(_)
        | ModelError::TooLong
        | ModelError::Rejected(_)
        | ModelError::Incomplete { .. } => false,
    }
}

/// How much an error says: first what the caller can change (a shorter or another prompt), then what
/// an operator can, then what time can, from the answer that nearly was to the call never made.
fn weight(error: &ModelError) -> u8 {
    match error {
        ModelError::TooLong => 10,
        ModelError::Rejected(_) => 9,
        ModelError::QuotaExhausted(_) => 8,
        ModelError::Unauthorised(_) => 7,
        ModelError::Incomplete { .. } => 6,
        ModelError::RateLimited { .. } => 5,
        ModelError::TimedOut(_) => 4,
        ModelError::Unavailable(_) => 3,
        ModelError::NotAsked(NotAsked::Resting { .. }) => 2,
        ModelError::NotAsked(NotAsked::ClientBudget | NotAsked::BotBudget | NotAsked::BudgetUnknown) => 1,
        ModelError::NotAsked(NotAsked::NoTimeLeft) => 0,
    }
}
