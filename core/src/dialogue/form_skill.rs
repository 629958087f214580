//! What the client says and taps while the form runs.

use crate::knowledge::{Match, MatchDecision};
use crate::lead::{FieldSource, FormPhase};
use crate::playbook::{Field, FieldKind};

use super::form::{
    accept, advance, ask, ask_again, back, cancel, confirm, current, data, invalid, other_currency, region,
    skip,
};
use super::registry::{Heard, Skill};
use super::turn::Turn;
use super::{asking, consent, form_input, knowledge_skill, small_talk};

/// Whether a text reads as a question rather than as an answer.
fn reads_as_question(turn: &Turn<'_>, text: &str) -> bool {
    if text.trim_end().ends_with('?') {
        return true;
    }
    let first = text
        .split_whitespace()
        .next()
        .map(form_input::bare)
        .unwrap_or_default();
    text.split_whitespace().count() >= 3 && turn.playbook().texts.words("words-question").contains(&first)
}

/// The urgent matter that a text is beyond doubt, whatever value could be read from it: neither a
/// description of a project, nor ("our site is down, asap") when one should start.
fn urgent(turn: &Turn<'_>, field: &Field, text: &str, is_exact: bool, found: &Match) -> Option<Match> {
    let found = match field.kind {
        FieldKind::Text => found.clone(),
        FieldKind::Choice | FieldKind::Email | FieldKind::Phone | FieldKind::Contact | FieldKind::Consent => {
            if is_exact {
                return None;
            }
            knowledge_skill::look_up(turn, &form_input::without_words(field, text))
        }
    };
    knowledge_skill::is_surely_urgent(turn, &found).then_some(found)
}

/// The lead form.
#[derive(Debug)]
pub(super) struct FormSkill;

impl FormSkill {
    fn hear_field(turn: &mut Turn<'_>, field: &Field, text: &str) {
        let playbook = turn.playbook();
        let region = region(turn);
        if field.kind == FieldKind::Consent && small_talk::is_one_of(turn, "words-no", text) {
            return consent::refuse(turn);
        }
        let exact = form_input::exact(region, field, &playbook.texts, &playbook.locales, text);
        let found = knowledge_skill::look_up(turn, text);
        let known = found.decision == MatchDecision::Answer;
        let asks = reads_as_question(turn, text);
        if let Some(urgent) = urgent(turn, field, text, exact.is_some(), &found) {
            knowledge_skill::answer(turn, &urgent);
            return;
        }
        let value = match (exact, field.kind) {
            // Any text would do for such a field, so a question has to be told apart first.
            (Some(_), FieldKind::Text) if asks && (known || text.trim_end().ends_with('?')) => None,
            (Some(value), _) => Some(value),
            (None, _) if asks && known => None,
            (None, _) => form_input::within(region, field, text),
        };
        match value {
            Some(value) => accept(turn, field, value, FieldSource::Typed),
            None if asks || known => {
                if knowledge_skill::answer(turn, &found) == Heard::Passed {
                    // Its answer asks the field again.
                    if asks && asking::ask(turn, text) {
                        return;
                    }
                    turn.say("form-question-unknown", &[]);
                }
                // An answer may have led out of the form.
                ask_again(turn);
            }
            None if form_input::in_other_currency(field, text) => other_currency(turn, field),
            None => invalid(turn, field),
        }
    }

    fn hear_summary(turn: &mut Turn<'_>, text: &str) {
        if small_talk::is_one_of(turn, "words-yes", text) {
            return confirm(turn);
        }
        let found = knowledge_skill::look_up(turn, text);
        if knowledge_skill::answer(turn, &found) == Heard::Passed {
            turn.say("form-summary-hint", &[]);
        }
        ask_again(turn);
    }
}

impl Skill for FormSkill {
    fn prefix(&self) -> &'static str {
        "f"
    }

    fn hear(&self, turn: &mut Turn<'_>, text: &str) -> Heard {
        let Some(form) = turn
            .lead
            .as_ref()
            .map(|lead| &lead.form)
            .filter(|form| form.is_running())
        else {
            return Heard::Passed;
        };
        let at_summary = form.phase == FormPhase::Summary;
        if small_talk::is_one_of(turn, "words-cancel", text) {
            cancel(turn);
        } else if at_summary {
            Self::hear_summary(turn, text);
        } else {
            let Some(field) = current(turn) else {
                advance(turn);
                return Heard::Taken;
            };
            if small_talk::is_one_of(turn, "words-back", text) {
                back(turn, field);
            } else if small_talk::is_one_of(turn, "words-skip", text) {
                skip(turn, field);
            } else {
                Self::hear_field(turn, field, text);
            }
        }
        Heard::Taken
    }

    fn tap(&self, turn: &mut Turn<'_>, tapped: &str) -> Heard {
        let Some(what) = data(turn, "")
            .strip_prefix("f:")
            .and_then(|own| tapped.strip_prefix(own))
            .map(str::to_owned)
        else {
            return Heard::Passed;
        };
        let Some(phase) = turn.lead.as_ref().map(|lead| lead.form.phase) else {
            return Heard::Passed;
        };
        let field = current(turn);
        let fields = &turn.playbook().form.fields;
        let numbered = |letter: char| what.strip_prefix(letter).and_then(|at| at.parse::<usize>().ok());
        match (phase, field, what.as_str()) {
            (FormPhase::Asking | FormPhase::Summary, _, "cancel") => cancel(turn),
            (FormPhase::Asking, Some(field), "back") => back(turn, field),
            (FormPhase::Asking, Some(field), "skip") => skip(turn, field),
            (FormPhase::Asking, Some(field), "yes") if field.kind == FieldKind::Consent => {
                accept(turn, field, "yes".to_owned(), FieldSource::Button);
            }
            (FormPhase::Asking, Some(field), "no") if field.kind == FieldKind::Consent => {
                consent::refuse(turn);
            }
            (FormPhase::Asking, Some(field), _) => {
                let Some(choice) = numbered('c').and_then(|at| field.choices.get(at)) else {
                    return Heard::Passed;
                };
                accept(turn, field, choice.clone(), FieldSource::Button);
            }
            (FormPhase::Summary, _, "confirm") => confirm(turn),
            (FormPhase::Summary, _, _) => {
                let Some(field) = numbered('e').and_then(|at| fields.get(at)) else {
                    return Heard::Passed;
                };
                turn.lead_mut().form.correcting = true;
                ask(turn, field);
            }
            (FormPhase::Asking | FormPhase::Paused | FormPhase::Confirmed, _, _) => return Heard::Passed,
        }
        Heard::Taken
    }
}
