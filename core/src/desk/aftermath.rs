//! What follows a committed turn outside the store: log lines, figures, and the cache's copy of the
//! session.

use serde_json::json;
use slog::{KV, Record, Serializer};

use crate::dialogue::{Decision, Fact};
use crate::port::Metrics;
use crate::port::metrics::Counter;
use crate::port::store::Snapshot;
use crate::work::LaneKey;

use super::rate::session_key;

/// The fields of a fact, for the log.
pub(super) struct FactFields<'a>(pub(super) &'a Fact);

impl KV for FactFields<'_> {
    fn serialize(&self, _record: &Record<'_>, serializer: &mut dyn Serializer) -> slog::Result {
        for (key, value) in &self.0.fields {
            serializer.emit_str(key, value)?;
        }
        Ok(())
    }
}

/// Counts what the decision means for the business.
pub(super) fn count(metrics: &dyn Metrics, before: &Snapshot, decision: &Decision) {
    if let Some(lead) = &decision.lead
        && before
            .lead
            .as_ref()
            .is_none_or(|old| old.id != lead.id || old.lead_score != lead.lead_score)
    {
        metrics.add(Counter::Leads, &[("score", lead.lead_score.as_str())], 1);
    }
    for fact in &decision.facts {
        let rung = match fact.what {
            "model_asked" => "model",
            "model_degraded" if fact.fields.contains(&("rung", "closest".to_owned())) => "closest",
            "question_missed" => "sentence",
            "conversation_escalated" if fact.fields.contains(&("why", "missed".to_owned())) => "person",
            _ => continue,
        };
        metrics.add(Counter::Degradation, &[("rung", rung)], 1);
    }
}

/// The copy of a session that goes into the cache, and its key; nothing if nothing of it changed.
pub(super) fn session_copy(
    lane: &LaneKey,
    before: &Snapshot,
    decision: &Decision,
) -> Option<(String, serde_json::Value)> {
    if decision.session.is_none() && decision.conversations.is_empty() {
        return None;
    }
    let client = decision.client.as_ref().or(before.client.as_ref())?;
    let session = decision.session.as_ref().or(before.session.as_ref());
    let conversation = decision
        .conversations
        .last()
        .map(|write| &write.row)
        .or(before.conversation.as_ref());
    let copy = json!({
        "client_id": client.id,
        "conversation_id": conversation.map(|row| row.id),
        "owner": conversation.map(|row| row.owner.as_str()),
        "session": session,
    });
    Some((session_key(lane.bot_id, &lane.channel, client.user_id), copy))
}
