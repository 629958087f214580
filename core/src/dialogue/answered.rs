//! What came of asking the model: the answer is given, or the next rung of the ladder is taken.
//!
//! The rungs below the model, each told honestly: the closest knowledge entry marked as such, then a
//! sentence that says so with the offer of a person; the second miss in a row fetches one.

use crate::conversation::{Awaiting, Owner, PendingAnswer, SenderType};
use crate::lead::{FieldSource, FieldValue};
use crate::work::Author;

use super::rules::Rules;
use super::turn::{Saying, Turn};
use super::{
    Decision, Fact, FoundField, ModelOutcome, ModelProposals, ModelReport, Occasion, asking, form,
    form_input, handover, knowledge_skill,
};

/// Decides what came of asking. A report of a question nobody waits for any more changes nothing.
pub(super) fn decide(rules: &Rules, occasion: Occasion<'_>, report: &ModelReport) -> Decision {
    let open = occasion.snapshot.conversation.as_ref();
    if open.is_none_or(|open| open.id != report.conversation_id) {
        return ignored(rules);
    }
    let Some(mut turn) = Turn::about_known(rules, occasion) else {
        return ignored(rules);
    };
    turn.recall();
    let waits = |pending: &mut PendingAnswer| pending.asked == report.asked;
    let Some(pending) = turn.state.pending.take_if(waits) else {
        return ignored(rules);
    };
    asking::end_wait(&mut turn);
    turn.answers(pending.questions.last().copied());
    match &report.outcome {
        ModelOutcome::Answered { text, proposals, llm } => {
            let confidence = format!("{:.2}", llm.confidence);
            turn.fact(
                "model_answered",
                vec![("model", llm.model.clone()), ("confidence", confidence)],
            );
            let saying = Saying {
                llm: Some(llm.clone()),
                knowledge_version: report.knowledge_version.clone(),
                markdown: true,
                ..Saying::bot(None)
            };
            if turn.conversation.owner == Owner::Agent {
                late(&mut turn, text, saying);
            } else {
                answer(&mut turn, text, proposals, saying);
            }
        }
        ModelOutcome::Refused { why } => degrade(&mut turn, &pending, "missed", why),
        ModelOutcome::Failed { why } => degrade(&mut turn, &pending, "model-unavailable", why),
    }
    turn.finish()
}

/// The time for an answer is over: the job is taken back and the next rung taken.
pub(super) fn overdue(turn: &mut Turn<'_>) {
    if let Some(pending) = asking::withdraw(turn) {
        turn.answers(pending.questions.last().copied());
        degrade(turn, &pending, "model-unavailable", "overdue");
    }
}

fn ignored(rules: &Rules) -> Decision {
    Decision {
        facts: vec![Fact {
            what: "model_report_ignored",
            fields: Vec::new(),
        }],
        playbook_version: rules.playbook.version.clone().into(),
        ..Decision::default()
    }
}

/// A person took the chat meanwhile: they see what the bot would have said, the client does not.
fn late(turn: &mut Turn<'_>, text: &str, saying: Saying) {
    turn.fact("answer_became_note", vec![]);
    if !text.is_empty() {
        turn.say_as(
            text,
            Saying {
                sender: SenderType::Note,
                author: Author::Bot,
                ..saying
            },
        );
    }
}

fn answer(turn: &mut Turn<'_>, text: &str, proposals: &ModelProposals, saying: Saying) {
    turn.state.misses = 0;
    turn.state.awaiting = Awaiting::Anything;
    fill(turn, &proposals.fields);
    if !text.is_empty() {
        turn.say_as(text, saying);
    }
    if proposals.hand_over {
        handover::escalate(turn, "model");
    } else if proposals.start_form && !form::is_running(turn) {
        form::start(turn);
        return;
    }
    form::ask_again(turn);
}

/// Fills what is empty. Never over what a person gave, never without a value the form would take
/// from the client's own hand.
fn fill(turn: &mut Turn<'_>, found: &[FoundField]) {
    let playbook = turn.playbook();
    let region = playbook.form.region(&turn.locale());
    let mut filled = false;
    for found in found {
        let Some(field) = playbook
            .form
            .field(&found.field)
            .filter(|field| field.may_be_found())
        else {
            continue;
        };
        let closed = turn.lead.as_ref().is_some_and(|lead| {
            lead.value(&field.name).is_some() || (lead.form.refused && field.is_personal())
        });
        if closed {
            continue;
        }
        let exact = form_input::exact(region, field, &playbook.texts, &playbook.locales, &found.value);
        let Some(value) = exact.or_else(|| form_input::within(region, field, &found.value)) else {
            turn.fact("field_not_taken", vec![("field", field.name.clone())]);
            continue;
        };
        let value = FieldValue {
            value,
            source: FieldSource::Model,
            message_id: Some(found.message_id),
            confidence: found.confidence.clamp(0.0, 1.0),
            confirmed_by: None,
        };
        turn.lead_mut().fields.insert(field.name.clone(), value);
        turn.fact("field_found", vec![("field", field.name.clone())]);
        filled = true;
    }
    if filled {
        turn.rescore();
    }
}

/// The rung below the model. `honest` is the text of the last one.
fn degrade(turn: &mut Turn<'_>, pending: &PendingAnswer, honest: &str, why: &str) {
    if turn.conversation.owner == Owner::Agent {
        turn.fact(
            "model_degraded",
            vec![("rung", "agent".to_owned()), ("why", why.to_owned())],
        );
        return;
    }
    let given = pending
        .closest
        .as_deref()
        .is_some_and(|slug| knowledge_skill::give_closest(turn, slug));
    let rung = if given { "closest" } else { "honest" };
    turn.fact(
        "model_degraded",
        vec![("rung", rung.to_owned()), ("why", why.to_owned())],
    );
    if !given {
        knowledge_skill::miss_with(turn, honest);
    }
    form::ask_again(turn);
}
