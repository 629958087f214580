//! What the model proposes beside its text: read leniently, believed only where the client's own
//! words bear it out.

mod ground;
mod json;
mod tools;

pub use ground::{Findings, Grounded, found, ground};
pub use tools::tools;

use serde_json::{Map, Value};

use crate::playbook::{FieldKind, Form};
use crate::port::llm::ToolCall;
use crate::text::{clean, clip};

/// Name of the proposal that a person takes over.
pub const HAND_OVER: &str = "hand_over";
/// Name of the proposal that the lead form begins.
pub const START_FORM: &str = "start_form";
/// Name of the proposal that something the client said belongs into the lead.
pub const NOTE_LEAD: &str = "note_lead";

/// The most calls that are read of one answer.
const MAX_CALLS: usize = 8;
/// The most fields that are read of one answer.
const MAX_FIELDS: usize = 16;
/// Longest arguments that are read, in bytes.
const MAX_ARGUMENTS: usize = 16 * 1024;
/// Longest value, quote or reason, in characters.
const MAX_TEXT: usize = 2_000;

/// Something the model proposes. It is data: whether it comes to anything is the dialogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// A person takes over.
    HandOver {
        /// Why, in the model's words; for staff, perhaps empty.
        reason: String,
    },
    /// The lead form begins.
    StartForm,
    /// The client said what belongs into fields of the lead. Not grounded yet.
    LeadFields(Vec<ProposedField>),
}

/// A value for a field of the lead, as the model understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedField {
    /// The field's name; one of the form.
    pub field: String,
    /// Its value.
    pub value: String,
    /// The client's words that it is taken from, as the model has them.
    pub quote: String,
}

/// Why something proposed came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// There is no such tool.
    UnknownTool,
    /// The form has no such field.
    UnknownField,
    /// Its arguments are no object, whatever is repaired in them.
    Unreadable,
    /// There is no value, or a word that says so.
    NoValue,
    /// Nothing is quoted for it.
    NoQuote,
    /// The client did not say what is quoted.
    NotSaid,
    /// The value does not follow from what is quoted, or something else does.
    NotInQuote,
    /// The field takes no such value.
    NotValid,
    /// It is not the model's to propose: consent.
    NotForModels,
    /// There was too much of it.
    TooMany,
}

impl Dropped {
    /// A short word for logs and metrics.
    pub fn kind(self) -> &'static str {
        match self {
            Dropped::UnknownTool => "unknown_tool",
            Dropped::UnknownField => "unknown_field",
            Dropped::Unreadable => "unreadable",
            Dropped::NoValue => "no_value",
            Dropped::NoQuote => "no_quote",
            Dropped::NotSaid => "not_said",
            Dropped::NotInQuote => "not_in_quote",
            Dropped::NotValid => "not_valid",
            Dropped::NotForModels => "not_for_models",
            Dropped::TooMany => "too_many",
        }
    }
}

/// What the model proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposed {
    /// What could be read: each kind once at most, in the order of [`Proposal`].
    pub proposals: Vec<Proposal>,
    /// What could not.
    pub dropped: Vec<Dropped>,
}

/// Reads what an answer proposes. Never fails: what cannot be read is dropped, with the reason.
pub fn read(calls: &[ToolCall], form: &Form) -> Proposed {
    let mut reasons: Vec<String> = Vec::new();
    let mut starts = false;
    let mut fields: Vec<ProposedField> = Vec::new();
    let mut dropped = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        if at >= MAX_CALLS {
            dropped.push(Dropped::TooMany);
            break;
        }
        let name = plain_name(&call.name);
        let known = [HAND_OVER, START_FORM, NOTE_LEAD]
            .into_iter()
            .find(|tool| plain_name(tool) == name);
        let Some(tool) = known else {
            dropped.push(Dropped::UnknownTool);
            continue;
        };
        let arguments = (call.arguments.len() <= MAX_ARGUMENTS)
            .then(|| json::object(&call.arguments))
            .flatten();
        match (tool, arguments) {
            // That a person is wanted is clear also where the reason is not.
            (HAND_OVER, arguments) => reasons.push(reason(&arguments.unwrap_or_default())),
            (START_FORM, _) => starts = true,
            (_, None) => dropped.push(Dropped::Unreadable),
            (_, Some(arguments)) => {
                for field in listed(&arguments) {
                    match read_field(&field, form) {
                        Ok(_) if fields.len() >= MAX_FIELDS => dropped.push(Dropped::TooMany),
                        Ok(field) => fields.push(field),
                        Err(reason) => dropped.push(reason),
                    }
                }
            }
        }
    }
    let mut proposals = Vec::new();
    if let Some(reason) = reasons.into_iter().next() {
        proposals.push(Proposal::HandOver { reason });
    }
    if starts {
        proposals.push(Proposal::StartForm);
    }
    if !fields.is_empty() {
        proposals.push(Proposal::LeadFields(fields));
    }
    Proposed { proposals, dropped }
}

/// A name without the differences that models make: `handOver`, `hand-over`.
fn plain_name(name: &str) -> String {
    let name = name.rsplit(['.', ':']).next().unwrap_or(name);
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn reason(arguments: &Map<String, Value>) -> String {
    get(arguments, &["reason", "why", "summary", "message"])
        .and_then(text_of)
        .unwrap_or_default()
}

/// A field as it was written.
struct Written<'a> {
    name: Option<String>,
    value: &'a Value,
    quote: Option<&'a Value>,
}

impl<'a> Written<'a> {
    fn of(name: Option<String>, value: &'a Value) -> Self {
        match value {
            Value::Object(object) => Written {
                name: name.or_else(|| get(object, FIELD).and_then(text_of)),
                value: get(object, VALUE).unwrap_or(&Value::Null),
                quote: get(object, QUOTE),
            },
            value => Written {
                name,
                value,
                quote: None,
            },
        }
    }
}

/// The fields of the arguments: a list of objects, an object with one for each field, or one alone.
fn listed(arguments: &Map<String, Value>) -> Vec<Written<'_>> {
    match get(arguments, &["fields", "lead", "items"]) {
        Some(Value::Array(items)) => items.iter().map(|value| Written::of(None, value)).collect(),
        Some(Value::Object(fields)) => by_name(fields),
        Some(_) => Vec::new(),
        None if get(arguments, FIELD).is_some() => vec![Written {
            name: get(arguments, FIELD).and_then(text_of),
            value: get(arguments, VALUE).unwrap_or(&Value::Null),
            quote: get(arguments, QUOTE),
        }],
        None => by_name(arguments),
    }
}

fn by_name(fields: &Map<String, Value>) -> Vec<Written<'_>> {
    fields
        .iter()
        .map(|(name, value)| Written::of(Some(name.clone()), value))
        .collect()
}

/// Names under which models write what belongs to a field.
const FIELD: &[&str] = &["field", "name", "key"];
const VALUE: &[&str] = &["value", "val", "text"];
const QUOTE: &[&str] = &["quote", "evidence", "source"];

fn get<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(*name))
}

fn read_field(written: &Written<'_>, form: &Form) -> Result<ProposedField, Dropped> {
    let name = written.name.as_deref().map(plain_name).unwrap_or_default();
    let field = form.fields.iter().find(|field| plain_name(&field.name) == name);
    let field = field.ok_or(Dropped::UnknownField)?;
    if field.kind == FieldKind::Consent {
        return Err(Dropped::NotForModels);
    }
    let value = text_of(written.value).filter(|value| !says_nothing(value));
    let value = value.ok_or(Dropped::NoValue)?;
    let quote = written
        .quote
        .and_then(text_of)
        .filter(|quote| !says_nothing(quote));
    Ok(ProposedField {
        field: field.name.clone(),
        value,
        quote: quote.ok_or(Dropped::NoQuote)?,
    })
}

/// A text, also where a number or a list was written; nothing for null and the like.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Null | Value::Bool(_) | Value::Object(_) => return None,
    };
    let text = clean(clip(&text, MAX_TEXT));
    (!text.is_empty()).then_some(text)
}

/// Whether a value is one of the words that models write where they have none.
fn says_nothing(value: &str) -> bool {
    let bare: String = value
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    matches!(
        bare.as_str(),
        "" | "na"
            | "nil"
            | "null"
            | "none"
            | "unknown"
            | "undefined"
            | "notprovided"
            | "notspecified"
            | "notmentioned"
            | "notgiven"
            | "empty"
            | "tbd"
            | "нет"
            | "неизвестно"
            | "неуказано"
            | "нетданных"
    )
}

#[cfg(test)]
mod tests;
