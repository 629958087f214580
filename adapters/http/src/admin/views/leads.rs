//! Leads, their fields, scores and stages.

use std::collections::BTreeMap;

use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::port::back_office::LeadFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Time;

/// A field of a lead, and what it rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FieldView {
    value: String,
    /// `button`, `typed`, `contact`, `model`, `agent`.
    source: String,
    message_id: Option<Uuid>,
    /// 0 to 1.
    confidence: f64,
    confirmed_by: Option<String>,
}

/// A rule of the rubric that fired.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReasonView {
    rule: String,
    points: i64,
    message_id: Option<Uuid>,
}

/// What a client has in mind, and where it stands with sales.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeadView {
    id: Uuid,
    conversation_id: Uuid,
    name: Option<String>,
    email: Option<String>,
    company: Option<String>,
    phone: Option<String>,
    project_type: Option<String>,
    project_description: Option<String>,
    budget_range: Option<String>,
    timeline: Option<String>,
    /// `hot`, `warm`, `cold`, `unqualified`.
    lead_score: String,
    score_points: i64,
    score_reasons: Vec<ReasonView>,
    rubric_version: Option<String>,
    lead_source: String,
    /// `new`, `contacted`, `qualified`, `proposal_sent`, `won`, `lost`.
    lead_stage: String,
    lost_reason: Option<String>,
    fields: BTreeMap<String, FieldView>,
    consent_at: Option<Time>,
    consent_version: Option<String>,
    contacted_at: Option<Time>,
    converted_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl From<Lead> for LeadView {
    fn from(lead: Lead) -> Self {
        let column = |name: &str| lead.column(name);
        LeadView {
            id: lead.id.0,
            conversation_id: lead.conversation_id.0,
            name: column("name"),
            email: column("email"),
            company: column("company"),
            phone: column("phone"),
            project_type: column("project_type"),
            project_description: column("project_description"),
            budget_range: column("budget_range"),
            timeline: column("timeline"),
            lead_score: lead.lead_score.to_string(),
            score_points: lead.score_points,
            score_reasons: lead
                .score_reasons
                .iter()
                .map(|reason| ReasonView {
                    rule: reason.rule.clone(),
                    points: reason.points,
                    message_id: reason.message_id.map(|id| id.0),
                })
                .collect(),
            rubric_version: lead.rubric_version.clone(),
            lead_source: lead.lead_source.clone(),
            lead_stage: lead.lead_stage.to_string(),
            lost_reason: lead.lost_reason.clone(),
            fields: lead
                .fields
                .iter()
                .map(|(name, field)| {
                    let view = FieldView {
                        value: field.value.clone(),
                        source: field.source.to_string(),
                        message_id: field.message_id.map(|id| id.0),
                        confidence: field.confidence,
                        confirmed_by: field.confirmed_by.clone(),
                    };
                    (name.clone(), view)
                })
                .collect(),
            consent_at: lead.consent_at.map(Time),
            consent_version: lead.consent_version.clone(),
            contacted_at: lead.contacted_at.map(Time),
            converted_at: lead.converted_at.map(Time),
            created_at: Time(lead.created_at),
            updated_at: Time(lead.updated_at),
        }
    }
}

/// A change of a lead's stage.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StageChangeView {
    /// Null when the lead was made.
    from: Option<String>,
    to: String,
    /// `desk`, `client` or an agent's name.
    by: String,
    reason: Option<String>,
    at: Time,
}

impl From<StageChange> for StageChangeView {
    fn from(change: StageChange) -> Self {
        StageChangeView {
            from: change.from.map(|stage| stage.to_string()),
            to: change.to.to_string(),
            by: change.by,
            reason: change.reason,
            at: Time(change.at),
        }
    }
}

/// A lead with its history, oldest change first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeadFileView {
    lead: LeadView,
    history: Vec<StageChangeView>,
}

impl From<LeadFile> for LeadFileView {
    fn from(file: LeadFile) -> Self {
        LeadFileView {
            lead: file.lead.into(),
            history: file.history.into_iter().map(Into::into).collect(),
        }
    }
}

/// Stages a lead can be moved to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    New,
    Contacted,
    Qualified,
    ProposalSent,
    Won,
    Lost,
}

/// Where to move a lead.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageBody {
    pub(crate) stage: Stage,
    /// Why; required for `lost`.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}
