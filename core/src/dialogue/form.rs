//! The lead form: one question a message, at the client's pace.

use crate::lead::{FieldSource, FieldValue, FormPhase};
use crate::playbook::{Field, FieldKind, choice_key};
use crate::port::messenger::{Button, Keyboard};
use crate::text::clip;

use super::turn::Turn;
use super::{card, consent, form_input, menu, nudges};

/// Starts or resumes the form.
pub(super) fn start(turn: &mut Turn<'_>) {
    let resumed = turn.lead.as_ref().is_some_and(|lead| !lead.fields.is_empty());
    if turn
        .lead
        .as_ref()
        .is_some_and(|lead| lead.form.phase == FormPhase::Confirmed)
    {
        turn.say("form-again", &[]);
        if consent::expire(turn) {
            return advance(turn);
        }
        return summary(turn);
    }
    let form = &mut turn.lead_mut().form;
    form.correcting = false;
    form.refused = false;
    turn.say(if resumed { "form-resume" } else { "form-start" }, &[]);
    advance(turn);
}

/// Leaves the form; what was filled in stays.
pub(super) fn cancel(turn: &mut Turn<'_>) {
    let key = if pause(turn) {
        "form-cancelled"
    } else {
        "nothing-to-cancel"
    };
    let text = turn.text(key, &[]);
    menu::show(turn, &text);
}

/// Whether the client's next text is for the form.
pub(super) fn is_running(turn: &Turn<'_>) -> bool {
    turn.lead.as_ref().is_some_and(|lead| lead.form.is_running())
}

/// Stops asking without a word; what was filled in stays. False if the form is not running.
pub(super) fn pause(turn: &mut Turn<'_>) -> bool {
    if !is_running(turn) {
        return false;
    }
    let lead = turn.lead_mut();
    lead.form.phase = FormPhase::Paused;
    lead.form.correcting = false;
    lead.form.question += 1;
    turn.fact("form_left", vec![]);
    true
}

/// Asks the question the form is at once more, after something else was answered. False if the form
/// is not running.
pub(super) fn ask_again(turn: &mut Turn<'_>) -> bool {
    let Some(form) = turn.lead.as_ref().map(|lead| lead.form.clone()) else {
        return false;
    };
    match form.phase {
        FormPhase::Asking => match turn.playbook().form.field(&form.field) {
            Some(field) => ask(turn, field),
            // The playbook lost the field meanwhile.
            None => advance(turn),
        },
        FormPhase::Summary => summary(turn),
        FormPhase::Paused | FormPhase::Confirmed => return false,
    }
    true
}

/// The client shared their own contact.
pub(super) fn shared_contact(turn: &mut Turn<'_>, phone: &str) {
    let wanted = current(turn).filter(|field| matches!(field.kind, FieldKind::Contact | FieldKind::Phone));
    let Some(field) = wanted else {
        turn.say("contact-noted", &[]);
        ask_again(turn);
        return;
    };
    let region = region(turn);
    let international = if phone.starts_with('+') {
        phone.to_owned()
    } else {
        format!("+{phone}")
    };
    let read = [international.as_str(), phone]
        .into_iter()
        .find_map(|number| form_input::within(region, field, number));
    match read {
        Some(value) => accept(turn, field, value, FieldSource::Contact),
        None => invalid(turn, field),
    }
}

/// Region of numbers that the client gives without a country.
pub(super) fn region<'a>(turn: &Turn<'a>) -> Option<&'a str> {
    turn.playbook().form.region(&turn.locale())
}

/// The field being asked for.
pub(super) fn current<'a>(turn: &Turn<'a>) -> Option<&'a Field> {
    let form = &turn.lead.as_ref()?.form;
    if form.phase != FormPhase::Asking {
        return None;
    }
    turn.playbook().form.field(&form.field)
}

/// Asks the first field that has no value and was not passed over, else shows the summary.
pub(super) fn advance(turn: &mut Turn<'_>) {
    consent::expire(turn);
    let lead = turn.lead_mut();
    let correcting = std::mem::take(&mut lead.form.correcting);
    let lead = lead.clone();
    let next = turn
        .playbook()
        .form
        .fields
        .iter()
        .find(|field| lead.value(&field.name).is_none() && !lead.form.skipped.contains(&field.name));
    match next {
        Some(field) if !correcting || !field.optional => ask(turn, field),
        _ => summary(turn),
    }
}

pub(super) fn ask(turn: &mut Turn<'_>, field: &Field) {
    let lead = turn.lead_mut();
    lead.form.phase = FormPhase::Asking;
    lead.form.field.clone_from(&field.name);
    lead.form.question += 1;
    let fields = &turn.playbook().form.fields;
    let step = fields
        .iter()
        .position(|known| known.name == field.name)
        .map_or(1, |at| at + 1);
    let brand = &turn.playbook().brand;
    let about = [("brand", brand.name.as_str()), ("site", brand.site.as_str())];
    let question = turn.text(&format!("field-{}-ask", field.name), &about);
    let text = turn.text(
        "form-question",
        &[
            ("step", &step.to_string()),
            ("total", &fields.len().to_string()),
            ("question", &question),
        ],
    );
    let keyboard = keyboard(turn, field);
    turn.say_text(&text, Some(keyboard));
}

/// Data of a button of the question being asked: a button of an earlier one means nothing any more.
pub(super) fn data(turn: &Turn<'_>, what: &str) -> String {
    let (lead, question) = turn.lead.as_ref().map_or((String::new(), 0), |lead| {
        // The end of a UUID v7 is its random part.
        let id = lead.id.0.simple().to_string();
        (id[24..].to_owned(), lead.form.question)
    });
    format!("f:{lead}:{question}:{what}")
}

fn keyboard(turn: &Turn<'_>, field: &Field) -> Keyboard {
    if matches!(field.kind, FieldKind::Contact | FieldKind::Phone) {
        // A messenger shows one keyboard at a time: back and cancel are typed here, as the question says.
        return Keyboard::ShareContact {
            label: turn.text("form-share-contact", &[]),
        };
    }
    let mut rows: Vec<Vec<Button>> = Vec::new();
    match field.kind {
        FieldKind::Choice => {
            for (at, choice) in field.choices.iter().enumerate() {
                let button = turn.button(&choice_key(&field.name, choice), data(turn, &format!("c{at}")));
                rows.push(vec![button]);
            }
        }
        FieldKind::Consent => rows.push(vec![
            turn.button("form-yes", data(turn, "yes")),
            turn.button("form-no", data(turn, "no")),
        ]),
        FieldKind::Text | FieldKind::Email | FieldKind::Phone | FieldKind::Contact => {}
    }
    let mut last = vec![turn.button("form-back", data(turn, "back"))];
    if field.optional {
        last.push(turn.button("form-skip", data(turn, "skip")));
    }
    last.push(turn.button("form-cancel", data(turn, "cancel")));
    rows.push(last);
    Keyboard::Inline(rows)
}

pub(super) fn invalid(turn: &mut Turn<'_>, field: &Field) {
    let key = if field.kind == FieldKind::Text {
        "text-empty".to_owned()
    } else {
        format!("field-{}-invalid", field.name)
    };
    refuse(turn, field, &key);
}

/// An amount in another currency is not converted: nobody vouches for the rate.
pub(super) fn other_currency(turn: &mut Turn<'_>, field: &Field) {
    refuse(turn, field, &format!("field-{}-currency", field.name));
}

fn refuse(turn: &mut Turn<'_>, field: &Field, key: &str) {
    let text = turn.text(key, &[]);
    let keyboard = keyboard(turn, field);
    turn.fact("field_invalid", vec![("field", field.name.clone())]);
    turn.say_text(&text, Some(keyboard));
}

pub(super) fn accept(turn: &mut Turn<'_>, field: &Field, value: String, source: FieldSource) {
    let (now, heard) = (turn.now, turn.heard);
    let consent_version = turn.playbook().form.consent_version.clone();
    let had_contact_keyboard = matches!(field.kind, FieldKind::Contact | FieldKind::Phone);
    let lead = turn.lead_mut();
    lead.form.skipped.retain(|skipped| *skipped != field.name);
    if field.kind == FieldKind::Consent {
        lead.consent_at = Some(now);
        lead.consent_version = Some(consent_version);
    }
    let shown = value.clone();
    let value = FieldValue {
        value,
        source,
        message_id: heard,
        confidence: 1.0,
        confirmed_by: None,
    };
    lead.fields.insert(field.name.clone(), value);
    turn.fact("field_filled", vec![("field", field.name.clone())]);
    if had_contact_keyboard {
        let text = turn.text("form-contact-accepted", &[("value", &shown)]);
        turn.say_text(&text, Some(Keyboard::Remove));
    }
    turn.rescore();
    advance(turn);
}

pub(super) fn back(turn: &mut Turn<'_>, field: &Field) {
    let fields = &turn.playbook().form.fields;
    let at = fields
        .iter()
        .position(|known| known.name == field.name)
        .unwrap_or(0);
    let previous = at.checked_sub(1).and_then(|at| fields.get(at)).unwrap_or(field);
    turn.lead_mut().form.correcting = false;
    ask(turn, previous);
}

pub(super) fn skip(turn: &mut Turn<'_>, field: &Field) {
    if !field.optional {
        turn.say("form-not-optional", &[]);
        return ask(turn, field);
    }
    let name = field.name.clone();
    let lead = turn.lead_mut();
    lead.fields.remove(&name);
    lead.form.skipped.retain(|skipped| *skipped != name);
    lead.form.skipped.push(name);
    turn.rescore();
    advance(turn);
}

pub(super) fn summary(turn: &mut Turn<'_>) {
    let lead = turn.lead_mut();
    lead.form.phase = FormPhase::Summary;
    lead.form.field.clear();
    lead.form.correcting = false;
    lead.form.question += 1;
    let lead = lead.clone();
    let locale = turn.locale();
    let mut lines = turn.text("form-summary", &[]);
    let mut edits = Vec::new();
    for (at, field) in turn.playbook().form.fields.iter().enumerate() {
        let label = turn.text(&format!("field-{}-label", field.name), &[]);
        let value = match lead.value(&field.name) {
            Some(value) => card::shown(turn, &locale, &field.name, value),
            None => "—".to_owned(),
        };
        lines.push('\n');
        lines.push_str(&turn.text(
            "form-summary-field",
            &[("label", &label), ("value", clip(&value, 300))],
        ));
        let edit = turn.text("form-edit", &[("label", &label)]);
        edits.push(Button {
            label: clip(&edit, 40).to_owned(),
            data: data(turn, &format!("e{at}")),
        });
    }
    let mut rows = vec![vec![turn.button("form-confirm", data(turn, "confirm"))]];
    rows.extend(edits.chunks(2).map(<[Button]>::to_vec));
    rows.push(vec![turn.button("form-cancel", data(turn, "cancel"))]);
    turn.say_text(&lines, Some(Keyboard::Inline(rows)));
}

pub(super) fn confirm(turn: &mut Turn<'_>) {
    if consent::expire(turn) {
        return advance(turn);
    }
    let lead = turn.lead_mut();
    lead.form.phase = FormPhase::Confirmed;
    lead.form.question += 1;
    for value in lead.fields.values_mut() {
        value.confirmed_by = Some("client".to_owned());
    }
    turn.rescore();
    turn.fact("lead_confirmed", vec![]);
    let text = turn.text("form-confirmed", &[]);
    menu::show(turn, &text);
    card::send(turn, "card-title-confirmed");
    nudges::confirmed(turn);
}
