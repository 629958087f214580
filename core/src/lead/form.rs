//! The lead of a conversation and the state of its form.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::id::{ConversationId, Ids, LeadId, MessageId};
use crate::time::Timestamp;

use super::rubric::Reason;
use super::stage::LeadStage;

open_enum! {
    /// How promising a lead is, by the playbook's rubric.
    LeadScore {
        /// At or above the rubric's `hot`.
        Hot = "hot",
        /// At or above the rubric's `warm`.
        Warm = "warm",
        /// Below.
        Cold = "cold",
        /// A disqualifier fired.
        Unqualified = "unqualified",
    }
}

open_enum! {
    /// Where a field's value came from.
    FieldSource {
        /// A tap on a button.
        Button = "button",
        /// Typed by the client.
        Typed = "typed",
        /// The messenger's shared contact.
        Contact = "contact",
        /// Found by the model.
        Model = "model",
        /// Entered by an agent.
        Agent = "agent",
    }
}

/// The value of one field of the form, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldValue {
    /// The value, normalised: a choice's id, an e-mail address, E.164, or text.
    pub value: String,
    /// Where it came from.
    pub source: FieldSource,
    /// The message it rests on.
    pub message_id: Option<MessageId>,
    /// How sure the desk is, 0..1; 1 for what a person gave.
    pub confidence: f64,
    /// Who confirmed it: `client` or an agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
}

/// Where the form is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormPhase {
    /// Asking for a field.
    Asking,
    /// Showing the summary card, waiting for confirm or an edit.
    Summary,
    /// Left by the client; what was filled in is kept.
    #[default]
    Paused,
    /// Confirmed by the client.
    Confirmed,
}

/// A text that is sent at most once, after a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nudge {
    /// No timer runs for it.
    #[default]
    Unset,
    /// A timer runs.
    Set,
    /// It was sent, or is not wanted any more.
    Done,
}

impl Nudge {
    /// Whether it is as in a new form.
    pub fn is_unset(&self) -> bool {
        *self == Nudge::Unset
    }
}

/// State of the form. Lives with the lead: it survives restarts, weeks of silence and a hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    /// Version of this structure.
    #[serde(rename = "v")]
    pub version: u32,
    /// Where the form is.
    pub phase: FormPhase,
    /// The field being asked for; empty outside `asking`.
    pub field: String,
    /// Whether the field is a correction, after which the summary comes again.
    pub correcting: bool,
    /// Counts the questions asked: a button belongs to one question only.
    pub question: u32,
    /// Optional fields the client passed over.
    pub skipped: Vec<String>,
    /// The reminder of a form that was left unfinished.
    #[serde(default, skip_serializing_if = "Nudge::is_unset")]
    pub reminder: Nudge,
    /// What is said when nobody took up the confirmed lead.
    #[serde(default, skip_serializing_if = "Nudge::is_unset")]
    pub follow_up: Nudge,
    /// Whether the client refused consent and has not come back to the form: what says who they are is
    /// not to be found in their words either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

impl Default for FormState {
    fn default() -> Self {
        FormState {
            version: Self::VERSION,
            phase: FormPhase::Paused,
            field: String::new(),
            correcting: false,
            question: 0,
            skipped: Vec::new(),
            reminder: Nudge::Unset,
            follow_up: Nudge::Unset,
            refused: false,
        }
    }
}

impl FormState {
    /// The version this build writes and reads.
    pub const VERSION: u32 = 1;

    /// Whether the client's next text is for the form.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, FormPhase::Asking | FormPhase::Summary)
    }
}

/// One row per lead, one lead per conversation.
///
/// The columns `name`, `email`, `company`, `phone`, `project_type`, `project_description`,
/// `budget_range` and `timeline` of the table are views of `fields`: see [`Lead::column`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// The desk's id.
    pub id: LeadId,
    /// The case it belongs to.
    pub conversation_id: ConversationId,
    /// Every field that has a value, by the playbook's name.
    pub fields: BTreeMap<String, FieldValue>,
    /// State of the form.
    pub form: FormState,
    /// How promising it is.
    pub lead_score: LeadScore,
    /// Sum of the points of the rules that fired.
    pub score_points: i64,
    /// The rules that fired.
    pub score_reasons: Vec<Reason>,
    /// Version of the rubric it was scored by.
    pub rubric_version: Option<String>,
    /// Where it came from: `telegram_bot`, `terminal_bot`, …
    pub lead_source: String,
    /// Where it stands with sales.
    pub lead_stage: LeadStage,
    /// Why it was lost; required then.
    pub lost_reason: Option<String>,
    /// When the client consented to being contacted.
    pub consent_at: Option<Timestamp>,
    /// Version of the text they consented to.
    pub consent_version: Option<String>,
    /// When it became `contacted`.
    pub contacted_at: Option<Timestamp>,
    /// When it became `won`.
    pub converted_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

impl Lead {
    /// An empty lead.
    pub fn new(ids: &mut Ids, conversation_id: ConversationId, source: String, now: Timestamp) -> Self {
        Lead {
            id: LeadId(ids.next_uuid()),
            conversation_id,
            fields: BTreeMap::new(),
            form: FormState::default(),
            lead_score: LeadScore::Cold,
            score_points: 0,
            score_reasons: Vec::new(),
            rubric_version: None,
            lead_source: source,
            lead_stage: LeadStage::New,
            lost_reason: None,
            consent_at: None,
            consent_version: None,
            contacted_at: None,
            converted_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Value of a field, if it has one.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|field| field.value.as_str())
    }

    /// What a column of the table holds. `email` and `phone` are also filled from a field of kind
    /// contact, by what its value is; `budget_range` is `unknown` without a value.
    pub fn column(&self, column: &str) -> Option<String> {
        let direct = self.value(column).map(str::to_owned);
        match column {
            "email" => direct.or_else(|| self.contact(|value| value.contains('@'))),
            "phone" => direct.or_else(|| self.contact(|value| value.starts_with('+'))),
            "budget_range" => direct.or_else(|| Some("unknown".to_owned())),
            "project_description" => direct.or_else(|| self.value("description").map(str::to_owned)),
            _ => direct,
        }
    }

    fn contact(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.value("contact")
            .filter(|value| wanted(value))
            .map(str::to_owned)
    }
}
