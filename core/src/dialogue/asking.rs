//! Asking the model: a job beside the chat, at most one a case.
//!
//! A newer text takes the place of the question under way, and one answer covers both. Whatever
//! becomes of the job, a timer ends the wait: the client is never left without an answer.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::conversation::{Owner, PendingAnswer, Session};
use crate::id::{ClientId, ConversationId, JobId, MessageId};
use crate::playbook::Locale;
use crate::time::Timestamp;
use crate::work::{JobChange, NewJob};

use super::TimerFired;
use super::timers;
use super::turn::Turn;

/// Job kind of a question to the model.
pub const ANSWER_JOB: &str = "answer";

/// Version of its payload: a [`Question`] as JSON.
pub const ANSWER_VERSION: i32 = 1;

/// Below this score the closest entry is not worth showing when there is no answer.
const CLOSEST: f64 = 0.2;

/// What the model is to be asked. The texts themselves are read when it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The case.
    pub conversation_id: ConversationId,
    /// The client.
    pub client_id: ClientId,
    /// The client's messages to be answered, oldest first.
    pub questions: Vec<MessageId>,
    /// The locale to answer in.
    pub locale: String,
    /// The owner's epoch when it was asked.
    pub owner_epoch: i64,
    /// When the answer is due, by the desk's clock.
    pub due: Timestamp,
}

/// The number of the drafts of an answer: from 1, the same for the same job.
pub fn draft_id(asked: JobId) -> i64 {
    let bits = u32::try_from(asked.0.as_u128() & 0x7fff_ffff).unwrap_or(1);
    i64::from(bits.max(1))
}

/// Whether the model may be asked in this chat now.
pub(super) fn may_ask(turn: &Turn<'_>) -> bool {
    turn.rules.settings.model.is_some()
        && turn.playbook().model.is_some()
        && matches!(turn.conversation.owner, Owner::Bot)
}

/// Asks the model about what was just heard, together with what it is being asked already. False if
/// it may not be asked.
pub(super) fn ask(turn: &mut Turn<'_>, text: &str) -> bool {
    let (Some(rung), Some(heard), true) = (turn.rules.settings.model, turn.heard, may_ask(turn)) else {
        return false;
    };
    let earlier = turn.state.pending.take();
    let superseded = earlier.is_some();
    let (since, mut questions, closest) = match earlier {
        // The desk stood still for so long: what is asked now has the time that any question has.
        Some(earlier) if earlier.since + Session::TTL <= turn.now => {
            (turn.now, earlier.questions, earlier.closest)
        }
        Some(earlier) => (earlier.since, earlier.questions, earlier.closest),
        None => (turn.now, Vec::new(), None),
    };
    let along = std::mem::take(&mut turn.along);
    for message in along.into_iter().chain([heard]) {
        // The words of a message that was edited are asked about anew.
        if !questions.contains(&message) {
            questions.push(message);
        }
    }
    // A client who goes on writing moves the answer on, but not for ever.
    let due = (turn.now + rung.patience()).min(since + rung.patience() * 2);
    let asked = JobId(turn.ids.next_uuid());
    let closest = closest_entry(turn, text).or(closest);
    let question = Question {
        conversation_id: turn.conversation.id,
        client_id: turn.client.id,
        questions: questions.clone(),
        locale: turn.locale().to_string(),
        owner_epoch: turn.conversation.owner_epoch,
        due,
    };
    let job = NewJob {
        id: asked,
        kind: ANSWER_JOB.to_owned(),
        version: ANSWER_VERSION,
        conversation_id: Some(turn.conversation.id),
        lane: turn.lane.clone(),
        payload: serde_json::to_value(question).unwrap_or_default(),
        run_in: Duration::ZERO,
        priority: 0,
        unique_key: Some(answer_key(turn)),
    };
    turn.job(JobChange::Start(job));
    let fired = TimerFired::AnswerDue {
        conversation_id: turn.conversation.id,
        asked,
    };
    let key = due_key(turn);
    let wait = due.since(turn.now);
    timers::start(turn, &fired, key, wait);
    turn.state.pending = Some(PendingAnswer {
        asked,
        since,
        questions,
        closest,
    });
    turn.fact("model_asked", vec![("superseded", superseded.to_string())]);
    true
}

/// The entry that comes closest to a text, if it comes close at all.
fn closest_entry(turn: &Turn<'_>, text: &str) -> Option<String> {
    let locale: Locale = turn.locale();
    let found = turn.rules.match_question(&locale, text);
    let best = found.candidates.first()?;
    (best.score >= CLOSEST).then(|| best.slug.to_string())
}

/// Takes what is pending back, the job and its timer with it.
pub(super) fn withdraw(turn: &mut Turn<'_>) -> Option<PendingAnswer> {
    let pending = turn.state.pending.take()?;
    let answer = answer_key(turn);
    turn.job(JobChange::Cancel { unique_key: answer });
    end_wait(turn);
    Some(pending)
}

/// The answer has come, or will not: nothing is due any more.
pub(super) fn end_wait(turn: &mut Turn<'_>) {
    let due = due_key(turn);
    turn.job(JobChange::Cancel { unique_key: due });
}

/// The client wants no answer any more: `/stop`, or the button of a draft.
pub(super) fn stop(turn: &mut Turn<'_>) {
    if withdraw(turn).is_some() {
        turn.fact("answer_stopped", vec![]);
        turn.say("answer-stopped", &[]);
    } else {
        turn.say("nothing-to-stop", &[]);
    }
}

fn answer_key(turn: &Turn<'_>) -> String {
    format!("answer:{}", turn.conversation.id)
}

fn due_key(turn: &Turn<'_>) -> String {
    format!("answer-due:{}", turn.conversation.id)
}
