//! No call without tokens for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use slog::Logger;

use crate::id::{Ids, ReservationId};
use crate::port::budget::{BudgetStore, Reserved, Settlement, TokenLimits, TokenReservation, TokenUse};
use crate::port::llm::{ModelAnswer, ModelRequest, NotAsked, PartialAnswer};
use crate::port::{Clock, IdSource, LanguageModel, ModelError};

use super::LEAST;
use super::estimate::prompt_tokens;

/// How long a reservation holds at least. It holds for twice the call's deadline, too: any call is long
/// over by then.
const LEASE: Duration = Duration::from_mins(10);
/// The longest a call waits for the store before it is made.
const PATIENCE_BEFORE: Duration = Duration::from_secs(5);
/// And after: the answer is there, and settling can be made up for.
const PATIENCE_AFTER: Duration = Duration::from_secs(2);
/// So many settlements are kept to be made up for. What is beyond runs out and counts as estimated.
const OWED: usize = 256;

/// What a budgeted model is made of.
#[derive(Debug)]
pub struct BudgetedParts {
    /// The model.
    pub model: Arc<dyn LanguageModel>,
    /// Where budgets are kept.
    pub store: Arc<dyn BudgetStore>,
    /// Business time: whose days the budgets are of.
    pub clock: Arc<dyn Clock>,
    /// For the reservations' ids.
    pub ids: Arc<dyn IdSource>,
    /// Tokens of a day.
    pub limits: TokenLimits,
    /// The log.
    pub log: Logger,
}

/// Sets tokens aside for every single call of a model, and counts what it used.
///
/// Set aside is the most the call can use: an upper bound of the prompt ([`prompt_tokens`]) and the
/// request's `max_tokens`. If it does not fit into what is left of the client's or the bot's UTC day,
/// the call is not made; nor if the store does not say so in time, since the limits are hard. A model
/// that uses more than was set aside is counted with what it used, and the next call is refused
/// earlier.
///
/// | the call | counts as |
/// | --- | --- |
/// | reported its usage, complete or cut | used |
/// | answered or was cut without, or timed out | estimated: all that was set aside |
/// | failed before the model worked on it | nothing |
/// | was dropped, or its process died | reserved until its lease runs out, then estimated |
///
/// Nothing is done when a call is dropped: that could not wait for the store, and the reservation
/// keeps counting by itself. Settling that failed is made up for with the next call's, before the
/// lease runs out.
#[derive(Debug)]
pub struct Budgeted {
    parts: BudgetedParts,
    owed: Mutex<Vec<Settlement>>,
}

impl Budgeted {
    /// Around `parts.model`.
    pub fn new(parts: BudgetedParts) -> Self {
        Budgeted {
            parts,
            owed: Mutex::default(),
        }
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Settlement>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets tokens aside, in so much time.
    async fn reserve(&self, request: &ModelRequest, patience: Duration) -> Result<ReservationId, NotAsked> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let reservation = TokenReservation {
            id: ReservationId(Ids::new(now, parts.ids.entropy()).next_uuid()),
            account: request.account,
            day: now.day(),
            tokens: prompt_tokens(request).saturating_add(u64::from(request.max_tokens)),
            limits: parts.limits,
            lease: LEASE.max(request.deadline.saturating_mul(2)),
        };
        let asked = parts.store.reserve_tokens(&reservation);
        let why = match select(asked, parts.clock.sleep_until(now + patience)).await {
            Either::Left((Ok(Reserved::Granted), _)) => return Ok(reservation.id),
            Either::Left((Ok(Reserved::ClientLimit), _)) => return Err(NotAsked::ClientBudget),
            Either::Left((Ok(Reserved::BotLimit), _)) => return Err(NotAsked::BotBudget),
            Either::Left((Err(error), _)) => error.to_string(),
            Either::Right(_) => "no answer in time".to_owned(),
        };
        slog::error!(parts.log, "a model is not asked, since its budget could not be"; "error" => why);
        // It may be reserved all the same.
        self.owe(Settlement {
            id: reservation.id,
            usage: TokenUse::Nothing,
        });
        Err(NotAsked::BudgetUnknown)
    }

    /// Settles a reservation, and what is owed. What the store does not take now is owed.
    async fn settle(&self, id: ReservationId, usage: TokenUse) {
        let parts = &self.parts;
        let mut settlements = std::mem::take(&mut *self.owed());
        settlements.push(Settlement { id, usage });
        let told = parts.store.settle_tokens(&settlements);
        let patience = parts.clock.sleep_until(parts.clock.now() + PATIENCE_AFTER);
        let (why, again) = match select(told, patience).await {
            Either::Left((Ok(_), _)) => return,
            Either::Left((Err(error), _)) => (error.to_string(), error.is_transient()),
            Either::Right(_) => ("no answer in time".to_owned(), true),
        };
        slog::warn!(parts.log, "used tokens could not be counted yet";
            "error" => why, "calls" => settlements.len(), "again" => again);
        if again {
            for settlement in settlements {
                self.owe(settlement);
            }
        }
    }

    fn owe(&self, settlement: Settlement) {
        let mut owed = self.owed();
        if owed.len() < OWED {
            owed.push(settlement);
        }
    }
}

#[async_trait]
impl LanguageModel for Budgeted {
    fn name(&self) -> &str {
        self.parts.model.name()
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let clock = &self.parts.clock;
        let until = clock.now() + request.deadline;
        let patience = request.deadline.min(PATIENCE_BEFORE);
        let id = self
            .reserve(&request, patience)
            .await
            .map_err(ModelError::NotAsked)?;
        let deadline = until.since(clock.now());
        if deadline < LEAST {
            self.settle(id, TokenUse::Nothing).await;
            return Err(ModelError::NotAsked(NotAsked::NoTimeLeft));
        }
        let call = ModelRequest { deadline, ..request };
        let outcome = self.parts.model.answer(call, heard).await;
        self.settle(id, use_of(&outcome)).await;
        outcome
    }
}

fn use_of(outcome: &Result<ModelAnswer, ModelError>) -> TokenUse {
    match outcome {
        Ok(ModelAnswer { usage, .. }) | Err(ModelError::Incomplete { usage, .. }) => {
            usage.map_or(TokenUse::Unknown, TokenUse::Reported)
        }
        Err(ModelError::TimedOut(_)) => TokenUse::Unknown,
        Err(
            ModelError::Unavailable(_)
            | ModelError::RateLimited { .. }
            | ModelError::Unauthorised(_)
            | ModelError::QuotaExhausted(_)
            | ModelError::TooLong
            | ModelError::Rejected(_)
            | ModelError::NotAsked(_),
        ) => TokenUse::Nothing,
    }
}
