//! What the model is told it may propose.

use serde_json::json;

use super::{HAND_OVER, NOTE_LEAD, START_FORM};
use crate::playbook::{Field, FieldKind, Form};
use crate::port::llm::Tool;

/// What the model may propose for a form: [`HAND_OVER`], [`START_FORM`], and [`NOTE_LEAD`] with the
/// form's fields and choices. Consent is not among them: nobody but the client gives it.
pub fn tools(form: &Form) -> Vec<Tool> {
    let fields: Vec<&Field> = form
        .fields
        .iter()
        .filter(|field| field.kind != FieldKind::Consent)
        .collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let takes: Vec<String> = fields.iter().map(|field| takes(field)).collect();
    let mut tools = vec![
        Tool {
            name: HAND_OVER.to_owned(),
            description: "Propose that a person takes over the chat: the client asks for one, or needs what \
                          the knowledge does not hold."
                .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "reason": {"type": "string", "description": "Why, in one short sentence for staff."},
                },
                "required": ["reason"],
                "additionalProperties": false,
            }),
        },
        Tool {
            name: START_FORM.to_owned(),
            description: "Propose that the client fills in the project form: the client wants a quote or an \
                          offer."
                .to_owned(),
            parameters: json!({"type": "object", "properties": {}, "additionalProperties": false}),
        },
    ];
    if !names.is_empty() {
        tools.push(Tool {
            name: NOTE_LEAD.to_owned(),
            description: format!(
                "Note what the client said of the project. Only what the client said, never a guess; each \
                 value with the client's own words, quoted exactly. Fields: {}.",
                takes.join("; ")
            ),
            parameters: json!({
                "type": "object",
                "properties": {
                    "fields": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "field": {"type": "string", "enum": names},
                                "value": {"type": "string"},
                                "quote": {"type": "string", "description": "The client's own words, exactly."},
                            },
                            "required": ["field", "value", "quote"],
                            "additionalProperties": false,
                        },
                    },
                },
                "required": ["fields"],
                "additionalProperties": false,
            }),
        });
    }
    tools
}

fn takes(field: &Field) -> String {
    let what = match field.kind {
        FieldKind::Choice => format!("one of {}", field.choices.join(", ")),
        FieldKind::Text | FieldKind::Consent => "text".to_owned(),
        FieldKind::Email => "e-mail address".to_owned(),
        FieldKind::Phone => "phone number".to_owned(),
        FieldKind::Contact => "e-mail address or phone number".to_owned(),
    };
    format!("{} ({what})", field.name)
}
