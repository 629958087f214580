//! Leads and their stages.

use diesel::result::Error;
use diesel::{Insertable, QueryResult, Queryable, Selectable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use frontdesk_core::id::{ConversationId, LeadId};
use frontdesk_core::lead::{Lead, LeadScore, LeadStage, StageChange};

use crate::schema::{lead_stage_history, leads};
use crate::types::{At, Doc, Id, Word};

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = leads)]
pub(crate) struct LeadRow {
    pub(crate) id: Id,
    pub(crate) conversation_id: Id,
    name: Option<String>,
    email: Option<String>,
    company: Option<String>,
    phone: Option<String>,
    project_type: Option<String>,
    project_description: Option<String>,
    budget_range: String,
    timeline: Option<String>,
    lead_score: Word<LeadScore>,
    score_points: i64,
    score_reasons: Doc,
    rubric_version: Option<String>,
    lead_source: String,
    lead_stage: Word<LeadStage>,
    lost_reason: Option<String>,
    fields: Doc,
    form: Doc,
    consent_at: Option<At>,
    consent_version: Option<String>,
    contacted_at: Option<At>,
    converted_at: Option<At>,
    created_at: At,
    updated_at: At,
}

impl LeadRow {
    pub(crate) fn of(lead: &Lead) -> QueryResult<Self> {
        Ok(LeadRow {
            id: Id(lead.id.0),
            conversation_id: Id(lead.conversation_id.0),
            name: lead.column("name"),
            email: lead.column("email"),
            company: lead.column("company"),
            phone: lead.column("phone"),
            project_type: lead.column("project_type"),
            project_description: lead.column("project_description"),
            budget_range: lead
                .column("budget_range")
                .unwrap_or_else(|| "unknown".to_owned()),
            timeline: lead.column("timeline"),
            lead_score: Word(lead.lead_score.clone()),
            score_points: lead.score_points,
            score_reasons: doc(&lead.score_reasons)?,
            rubric_version: lead.rubric_version.clone(),
            lead_source: lead.lead_source.clone(),
            lead_stage: Word(lead.lead_stage.clone()),
            lost_reason: lead.lost_reason.clone(),
            fields: doc(&lead.fields)?,
            form: doc(&lead.form)?,
            consent_at: lead.consent_at.map(At),
            consent_version: lead.consent_version.clone(),
            contacted_at: lead.contacted_at.map(At),
            converted_at: lead.converted_at.map(At),
            created_at: At(lead.created_at),
            updated_at: At(lead.updated_at),
        })
    }

    pub(crate) fn into_lead(self) -> QueryResult<Lead> {
        Ok(Lead {
            id: LeadId(self.id.0),
            conversation_id: ConversationId(self.conversation_id.0),
            fields: read(self.fields)?,
            form: read(self.form)?,
            lead_score: self.lead_score.0,
            score_points: self.score_points,
            score_reasons: read(self.score_reasons)?,
            rubric_version: self.rubric_version,
            lead_source: self.lead_source,
            lead_stage: self.lead_stage.0,
            lost_reason: self.lost_reason,
            consent_at: self.consent_at.map(|at| at.0),
            consent_version: self.consent_version,
            contacted_at: self.contacted_at.map(|at| at.0),
            converted_at: self.converted_at.map(|at| at.0),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

pub(crate) fn doc(value: &impl Serialize) -> QueryResult<Doc> {
    serde_json::to_value(value)
        .map(Doc)
        .map_err(|error| Error::SerializationError(Box::new(error)))
}

pub(crate) fn read<T: DeserializeOwned>(doc: Doc) -> QueryResult<T> {
    serde_json::from_value(doc.0).map_err(|error| Error::DeserializationError(Box::new(error)))
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = lead_stage_history)]
pub(crate) struct StageRow {
    lead_id: Id,
    from_stage: Option<Word<LeadStage>>,
    to_stage: Word<LeadStage>,
    changed_by: String,
    reason: Option<String>,
    created_at: At,
}

impl From<&StageChange> for StageRow {
    fn from(change: &StageChange) -> Self {
        StageRow {
            lead_id: Id(change.lead_id.0),
            from_stage: change.from.clone().map(Word),
            to_stage: Word(change.to.clone()),
            changed_by: change.by.clone(),
            reason: change.reason.clone(),
            created_at: At(change.at),
        }
    }
}

impl From<StageRow> for StageChange {
    fn from(row: StageRow) -> Self {
        StageChange {
            lead_id: LeadId(row.lead_id.0),
            from: row.from_stage.map(|stage| stage.0),
            to: row.to_stage.0,
            by: row.changed_by,
            reason: row.reason,
            at: row.created_at.0,
        }
    }
}
