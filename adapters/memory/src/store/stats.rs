//! Figures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::conversation::{Conversation, SenderType};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{ModelFigures, Period, Spread, Stats, StatsStore};
use frontdesk_core::time::Timestamp;

use super::{MemoryStore, State};

#[async_trait]
impl StatsStore for MemoryStore {
    async fn stats(&self, period: &Period) -> Result<Stats, StoreError> {
        let state = self.lock();
        let mut figures = Stats::default();
        let (mut first, mut first_agent) = (Vec::new(), Vec::new());
        let opened = state.rows.conversations();
        for case in opened.filter(|case| (period.from..period.to).contains(&case.created_at)) {
            figures.conversations += 1;
            figures.escalated += u64::from(case.escalated_at.is_some());
            figures.closed += u64::from(!case.is_open());
            if let Some(lead) = state.rows.lead_of(case.id) {
                *figures.scores.entry(lead.lead_score.to_string()).or_default() += 1;
                let reached: BTreeSet<String> = state
                    .rows
                    .stage_changes(lead.id)
                    .map(|change| change.to.to_string())
                    .collect();
                for stage in reached {
                    *figures.stages.entry(stage).or_default() += 1;
                }
            }
            first.extend(state.first_response(case));
            first_agent.extend(state.first_agent_response(case));
        }
        first.sort_unstable();
        first_agent.sort_unstable();
        figures.first_response = Spread::of_sorted(&first);
        figures.first_agent_response = Spread::of_sorted(&first_agent);
        figures.models = state.models(period);
        Ok(figures)
    }
}

impl State {
    fn models(&self, period: &Period) -> BTreeMap<String, ModelFigures> {
        let mut models: BTreeMap<String, ModelFigures> = BTreeMap::new();
        let said = self.rows.conversations().flat_map(|case| self.rows.said(case.id));
        let in_period = said.filter(|stored| (period.from..period.to).contains(&stored.message.created_at));
        for llm in in_period.filter_map(|stored| stored.message.llm.as_ref()) {
            let figures = models.entry(llm.model.clone()).or_default();
            figures.messages += 1;
            figures.tokens_in += llm.tokens_in.max(0).unsigned_abs();
            figures.tokens_out += llm.tokens_out.max(0).unsigned_abs();
            figures.cost_micros += llm.cost_micros.unwrap_or_default().max(0).unsigned_abs();
        }
        models
    }

    fn first_response(&self, case: &Conversation) -> Option<Duration> {
        let said = self.rows.said(case.id);
        let asked = said
            .iter()
            .find(|stored| stored.message.sender_type == SenderType::User)?;
        let answers = said.iter().filter(|stored| stored.seq > asked.seq);
        let delivered = answers.filter_map(|stored| self.delivered(stored.message.id));
        Some(delivered.min()?.since(asked.message.created_at))
    }

    fn first_agent_response(&self, case: &Conversation) -> Option<Duration> {
        let asked = case.escalated_at?;
        let mut by_agents = self
            .rows
            .said(case.id)
            .iter()
            .filter(|stored| stored.message.sender_type == SenderType::Agent)
            .map(|stored| stored.message.created_at);
        Some(by_agents.find(|at| *at >= asked)?.since(asked))
    }

    fn delivered(&self, message: frontdesk_core::id::MessageId) -> Option<Timestamp> {
        let deliveries = self.deliveries.iter();
        deliveries
            .filter(|delivery| delivery.message_id == message)
            .map(|delivery| delivery.at)
            .min()
    }
}
