//! What a period came to.

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_core::port::back_office::{ModelFigures, Spread, Stats};
use frontdesk_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Time;

/// How long something took, over all times it happened.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SpreadView {
    count: u64,
    median_ms: u64,
    p95_ms: u64,
}

impl From<Spread> for SpreadView {
    fn from(spread: Spread) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        SpreadView {
            count: spread.count,
            median_ms: millis(spread.median),
            p95_ms: millis(spread.p95),
        }
    }
}

/// How far the cases opened in the period got.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FunnelView {
    /// Cases opened.
    conversations: u64,
    /// Those with a lead.
    leads: u64,
    /// Leads by their score now.
    by_score: BTreeMap<String, u64>,
    /// Leads that ever reached a stage, by stage.
    reached_stage: BTreeMap<String, u64>,
    /// Cases that are closed or archived now.
    closed: u64,
}

/// How many cases needed nobody.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeflectionView {
    /// Cases in which no person was asked for.
    without_a_person: u64,
    /// Cases in which one was.
    escalated: u64,
    /// The share of the first, 0 to 1; null if no case was opened.
    rate: Option<f64>,
}

/// What one model did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelView {
    messages: u64,
    tokens_in: u64,
    tokens_out: u64,
    /// In millionths of the playbook's currency.
    cost_micros: u64,
}

impl From<ModelFigures> for ModelView {
    fn from(used: ModelFigures) -> Self {
        ModelView {
            messages: used.messages,
            tokens_in: used.tokens_in,
            tokens_out: used.tokens_out,
            cost_micros: used.cost_micros,
        }
    }
}

/// What a period came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StatsView {
    from: Time,
    to: Time,
    funnel: FunnelView,
    deflection: DeflectionView,
    /// From the client's first message to the first reply that was delivered.
    first_response: SpreadView,
    /// From asking for a person to the first message of one.
    first_agent_response: SpreadView,
    /// What models did in the period, by model.
    models: BTreeMap<String, ModelView>,
}

impl StatsView {
    pub(crate) fn new(from: Timestamp, to: Timestamp, stats: Stats) -> Self {
        let without_a_person = stats.conversations.saturating_sub(stats.escalated);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of cases; no desk has 2^53 of them"
        )]
        let rate = (stats.conversations > 0).then(|| without_a_person as f64 / stats.conversations as f64);
        StatsView {
            from: Time(from),
            to: Time(to),
            funnel: FunnelView {
                conversations: stats.conversations,
                leads: stats.scores.values().sum(),
                by_score: stats.scores,
                reached_stage: stats.stages,
                closed: stats.closed,
            },
            deflection: DeflectionView {
                without_a_person,
                escalated: stats.escalated,
                rate,
            },
            first_response: stats.first_response.into(),
            first_agent_response: stats.first_agent_response.into(),
            models: stats
                .models
                .into_iter()
                .map(|(model, used)| (model, used.into()))
                .collect(),
        }
    }
}
