//! The decorators, put together.

use std::sync::Arc;

use slog::Logger;

use crate::port::budget::{BudgetStore, TokenLimits};
use crate::port::{Clock, IdSource, LanguageModel};

use super::{
    Breaker, BreakerSettings, Budgeted, BudgetedParts, Fallback, ModelObserver, OnTime, RetrySettings,
    Retrying, Watched,
};

/// What a chain is made of.
#[derive(Debug)]
pub struct ChainParts {
    /// The models, in the order in which they are asked.
    pub models: Vec<Arc<dyn LanguageModel>>,
    /// Where token budgets are kept.
    pub store: Arc<dyn BudgetStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids and jitter.
    pub ids: Arc<dyn IdSource>,
    /// Is told of every call of a model.
    pub observer: Arc<dyn ModelObserver>,
    /// Tokens of a day.
    pub limits: TokenLimits,
    /// How often each model is tried.
    pub retry: RetrySettings,
    /// When each model is left alone.
    pub breaker: BreakerSettings,
    /// The log.
    pub log: Logger,
}

/// Models as the desk asks them.
#[derive(Clone, Debug)]
pub struct Chain {
    /// All of them, as one.
    pub model: Arc<dyn LanguageModel>,
    /// The breaker of each, in order: for health and metrics.
    pub breakers: Vec<Arc<Breaker>>,
}

/// Puts every model behind its decorators, and all of them behind a [`Fallback`]; `None` if there is
/// none.
pub fn chain(parts: &ChainParts) -> Option<Chain> {
    let breakers: Vec<Arc<Breaker>> = parts
        .models
        .iter()
        .map(|model| Arc::new(guarded(parts, model.clone())))
        .collect();
    let mut tried = breakers.iter().map(|breaker| -> Arc<dyn LanguageModel> {
        Arc::new(Retrying::new(
            breaker.clone(),
            parts.clock.clone(),
            parts.ids.clone(),
            parts.retry,
        ))
    });
    let first = tried.next()?;
    let model = Arc::new(Fallback::new(first, tried.collect(), parts.clock.clone()));
    Some(Chain { model, breakers })
}

fn guarded(parts: &ChainParts, model: Arc<dyn LanguageModel>) -> Breaker {
    let clock = || parts.clock.clone();
    let budgeted = Budgeted::new(BudgetedParts {
        model: Arc::new(OnTime::new(model, clock())),
        store: parts.store.clone(),
        clock: clock(),
        ids: parts.ids.clone(),
        limits: parts.limits,
        log: parts.log.clone(),
    });
    let watched = Watched::new(Arc::new(budgeted), clock(), parts.observer.clone());
    Breaker::new(Arc::new(watched), clock(), parts.breaker, parts.log.clone())
}
