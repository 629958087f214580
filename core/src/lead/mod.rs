//! Leads: what the client has in mind, how good a match it is, where it stands with sales.

mod form;
mod rescore;
mod rubric;
mod stage;

pub use form::{FieldSource, FieldValue, FormPhase, FormState, Lead, LeadScore};
pub use rescore::{Rescore, RuleChange};
pub use rubric::{Condition, Disqualifier, Reason, Rubric, Rule, Score};
pub use stage::{IllegalStageChange, LeadStage, StageChange};
