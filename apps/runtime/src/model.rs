//! The language model that the settings name, with all that stands around it.

use frontdesk_core::desk::{DeskStats, Process};
use frontdesk_core::dialogue::RulesInForce;
use frontdesk_core::guard::redacted::Redacted;
use frontdesk_core::model::{BreakerSettings, ChainParts, ModelCall, ModelObserver, RetrySettings, chain};
use frontdesk_core::port::metrics::{Counter, Histogram};
use frontdesk_core::port::{LanguageModel, Metrics};
use frontdesk_longcat::{LongCatModel, LongCatSettings};
use slog::Logger;
use std::sync::Arc;

use crate::failure::Failure;
use crate::settings::{Model, Settings};

/// A language model, and how many calls of it may be in flight.
pub(crate) struct Answering {
    pub model: Arc<dyn LanguageModel>,
    pub slots: usize,
}

/// Makes it; `None` without a key.
pub(crate) fn open(
    settings: &Settings,
    rules: &RulesInForce,
    process: &Process,
    log: &Logger,
) -> Result<Option<Answering>, Failure> {
    let Some(chosen) = &settings.model else {
        return Ok(None);
    };
    let first = LongCatModel::new(longcat(chosen), log.clone())
        .map_err(|error| Failure::Usage(format!("LONGCAT_API_URL: {error}")))?;
    let mut models: Vec<Arc<dyn LanguageModel>> = Vec::new();
    if let Some(fallback) = chosen.fallback.as_deref().filter(|name| *name != chosen.name) {
        models.push(Arc::new(first.of_same_account(fallback)));
    }
    models.insert(0, Arc::new(first));
    let store = Arc::clone(&process.store);
    let chain = chain(&ChainParts {
        models,
        store,
        clock: Arc::clone(&process.clock),
        ids: Arc::clone(&process.ids),
        observer: Arc::new(Observer {
            stats: Arc::clone(&process.stats),
            metrics: Arc::clone(&process.metrics),
            rules: rules.clone(),
        }),
        limits: chosen.limits,
        retry: RetrySettings::default(),
        breaker: BreakerSettings::default(),
        log: log.clone(),
    });
    Ok(chain.map(|chain| Answering {
        model: Arc::new(Redacted::new(chain.model)),
        slots: chosen.concurrency,
    }))
}

fn longcat(model: &Model) -> LongCatSettings {
    LongCatSettings {
        api_url: model.api_url.clone(),
        calls_at_once: model.concurrency,
        ..LongCatSettings::new(model.key.clone(), model.name.clone())
    }
}

/// Counts calls for health, and gives their figures to whoever watches.
#[derive(Debug)]
struct Observer {
    stats: Arc<DeskStats>,
    metrics: Arc<dyn Metrics>,
    rules: RulesInForce,
}

impl ModelObserver for Observer {
    fn ended(&self, call: &ModelCall<'_>) {
        self.stats.ended(call);
        if !call.asked {
            return;
        }
        let model = ("model", call.model);
        self.metrics.observe(
            Histogram::LlmSeconds,
            &[model, ("result", call.result)],
            call.took.as_secs_f64(),
        );
        let Some(usage) = call.usage else { return };
        for (direction, tokens) in [("in", usage.tokens_in), ("out", usage.tokens_out)] {
            self.metrics
                .add(Counter::LlmTokens, &[model, ("direction", direction)], tokens);
        }
        let playbook = self.rules.playbook();
        let plan = playbook.model.as_ref();
        let cost = plan.and_then(|plan| plan.cost_micros(call.model, usage));
        if let Some(cost) = cost.and_then(|cost| u64::try_from(cost).ok()) {
            self.metrics.add(Counter::LlmCostMicros, &[model], cost);
        }
    }
}
