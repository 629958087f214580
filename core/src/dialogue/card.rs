//! The card that tells the staff about a client and their lead.

use std::fmt::Write as _;

use crate::lead::Lead;
use crate::playbook::{FieldKind, Locale, choice_key};

use super::turn::Turn;

/// What a field's value is shown as.
pub(super) fn shown(turn: &Turn<'_>, locale: &Locale, field: &str, value: &str) -> String {
    let texts = &turn.playbook().texts;
    match turn.playbook().form.field(field).map(|field| field.kind) {
        Some(FieldKind::Choice) => texts.get(locale, &choice_key(field, value), &[]),
        Some(FieldKind::Consent) => texts.get(locale, "form-yes", &[]),
        Some(FieldKind::Text | FieldKind::Email | FieldKind::Phone | FieldKind::Contact) | None => {
            value.to_owned()
        }
    }
}

/// Sends the card under a title to the staff, if they have a chat.
pub(super) fn send(turn: &mut Turn<'_>, title: &str) {
    if turn.rules.staff_chat(turn.lane).is_none() {
        return;
    }
    let name = turn.client.display_name();
    let mut card = turn.staff_text(title, &[("client", &name)]);
    if let Some(lead) = turn.lead.clone() {
        card.push('\n');
        card.push_str(&lead_text(turn, &lead));
    }
    turn.tell_staff(&card);
}

fn lead_text(turn: &Turn<'_>, lead: &Lead) -> String {
    let locale = turn.playbook().default_locale.clone();
    let points = lead.score_points.to_string();
    let class = turn.staff_text(&format!("score-{}", lead.lead_score), &[]);
    let mut lines = turn.staff_text("card-score", &[("class", &class), ("points", &points)]);
    for reason in &lead.score_reasons {
        let rule = turn.staff_text(&format!("rule-{}", reason.rule), &[]);
        // Writing into a String cannot fail.
        if write!(lines, "\n  {:+} {rule}", reason.points).is_err() {
            return lines;
        }
    }
    for field in &turn.playbook().form.fields {
        if let Some(value) = lead.value(&field.name) {
            let label = turn.staff_text(&format!("field-{}-label", field.name), &[]);
            let value = shown(turn, &locale, &field.name, value);
            lines.push('\n');
            lines.push_str(&turn.staff_text("card-field", &[("label", &label), ("value", &value)]));
        }
    }
    lines
}
