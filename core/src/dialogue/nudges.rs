//! What is said unasked, at most once a case and only while people are there: the reminder of an
//! unfinished form, and the follow-up of a confirmed lead that nobody took up. The playbook switches
//! them on.
//!
//! Whether one is due stands with the lead; the timers are jobs of the same commits. So neither a
//! crash nor a lost timer makes it come twice.

use std::time::Duration;

use crate::conversation::Owner;
use crate::lead::{FormPhase, Lead, LeadStage, Nudge};
use crate::time::Timestamp;
use crate::work::JobChange;

use super::turn::Turn;
use super::{TimerFired, form, handover, timers};

/// Starts the reminder's timer when the form begins to wait for the client, and takes it back when it
/// does not wait any more. It is not set anew with every answer: like that of an idle case it is set
/// again when it runs out early.
pub(super) fn settle(turn: &mut Turn<'_>) {
    let Some(state) = turn.lead.as_ref().map(|lead| lead.form.reminder) else {
        return;
    };
    match (state, turn.playbook().form.reminder_after) {
        (Nudge::Unset, Some(after)) if waits_for_client(turn) => {
            turn.lead_mut().form.reminder = Nudge::Set;
            start_reminder(turn, after);
        }
        (Nudge::Set, _) if !waits_for_client(turn) => {
            turn.lead_mut().form.reminder = Nudge::Unset;
            let unique_key = reminder_key(turn);
            turn.job(JobChange::Cancel { unique_key });
        }
        (Nudge::Unset | Nudge::Set | Nudge::Done, _) => {}
    }
}

/// The reminder's timer ran out.
pub(super) fn remind(turn: &mut Turn<'_>) {
    if turn.lead.as_ref().map(|lead| lead.form.reminder) != Some(Nudge::Set) {
        return;
    }
    let Some(after) = turn
        .playbook()
        .form
        .reminder_after
        .filter(|_| waits_for_client(turn))
    else {
        turn.lead_mut().form.reminder = Nudge::Unset;
        return;
    };
    let last = turn
        .conversation
        .last_message_at
        .unwrap_or(turn.conversation.created_at);
    match moment(turn, last + after) {
        Moment::Later(run_in) => start_reminder(turn, run_in),
        Moment::Never => turn.lead_mut().form.reminder = Nudge::Done,
        Moment::Now => {
            turn.lead_mut().form.reminder = Nudge::Done;
            turn.fact("form_reminded", vec![]);
            turn.say("form-reminder", &[]);
            form::ask_again(turn);
        }
    }
}

/// A lead was confirmed: the follow-up is due some time from now, if the playbook has one.
pub(super) fn confirmed(turn: &mut Turn<'_>) {
    let Some(follow_up) = turn.playbook().follow_up else {
        return;
    };
    let form = &mut turn.lead_mut().form;
    if form.follow_up == Nudge::Unset {
        form.follow_up = Nudge::Set;
        start_follow_up(turn, follow_up.after);
    }
}

/// Somebody said something, or the case ends: no follow-up is wanted any more.
pub(super) fn word_said(turn: &mut Turn<'_>) {
    if follow_up_is_set(turn.lead.as_ref()) {
        turn.lead_mut().form.follow_up = Nudge::Done;
        let unique_key = follow_up_key(turn);
        turn.job(JobChange::Cancel { unique_key });
    }
}

/// The follow-up's timer ran out.
pub(super) fn follow_up(turn: &mut Turn<'_>) {
    let wanted = |lead: &Lead| lead.form.phase == FormPhase::Confirmed && lead.lead_stage == LeadStage::New;
    if !follow_up_is_set(turn.lead.as_ref()) {
        return;
    }
    let waits = turn.lead.as_ref().is_some_and(wanted) && turn.playbook().follow_up.is_some();
    let moment = if waits && may_speak(turn) {
        moment(turn, turn.now)
    } else {
        Moment::Never
    };
    if let Moment::Later(run_in) = moment {
        return start_follow_up(turn, run_in);
    }
    turn.lead_mut().form.follow_up = Nudge::Done;
    if moment == Moment::Now {
        turn.fact("followed_up", vec![]);
        let text = turn.text("follow-up", &[]);
        let keyboard = handover::offer(turn);
        turn.say_text(&text, Some(keyboard));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Now,
    Later(Duration),
    Never,
}

/// When what is due at a time may be said: then, or when people are there next.
fn moment(turn: &Turn<'_>, due: Timestamp) -> Moment {
    let due = due.max(turn.now);
    match turn.playbook().hours.next_open(due) {
        Some(opens) if opens <= turn.now => Moment::Now,
        Some(opens) => Moment::Later(opens.since(turn.now)),
        None => Moment::Never,
    }
}

fn waits_for_client(turn: &Turn<'_>) -> bool {
    form::is_running(turn) && may_speak(turn)
}

fn may_speak(turn: &Turn<'_>) -> bool {
    let client = &turn.client;
    turn.conversation.is_open()
        && turn.conversation.owner != Owner::Agent
        && client.reachable
        && client.banned_at.is_none()
}

fn follow_up_is_set(lead: Option<&Lead>) -> bool {
    lead.is_some_and(|lead| lead.form.follow_up == Nudge::Set)
}

fn start_reminder(turn: &mut Turn<'_>, run_in: Duration) {
    let conversation_id = turn.conversation.id;
    let key = reminder_key(turn);
    timers::start(turn, &TimerFired::FormReminder { conversation_id }, key, run_in);
}

fn start_follow_up(turn: &mut Turn<'_>, run_in: Duration) {
    let conversation_id = turn.conversation.id;
    let key = follow_up_key(turn);
    timers::start(turn, &TimerFired::FollowUp { conversation_id }, key, run_in);
}

fn reminder_key(turn: &Turn<'_>) -> String {
    format!("form-reminder:{}", turn.conversation.id)
}

fn follow_up_key(turn: &Turn<'_>) -> String {
    format!("follow-up:{}", turn.conversation.id)
}
