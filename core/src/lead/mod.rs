//! Leads: what the client has in mind, how good a match it is, where it stands with sales.

mod form;
mod rescore;
mod rubric;
mod stage;
mod typed;

pub use form::{FieldSource, FieldValue, FormPhase, FormState, Lead, LeadScore, Nudge};
pub use rescore::{Rescore, RuleChange};
pub use rubric::{Condition, Disqualifier, Reason, Rubric, Rule, Score};
pub use stage::{IllegalStageChange, LeadStage, StageChange};
pub use typed::{ChoiceRange, Ranges, Reading, Unit};
