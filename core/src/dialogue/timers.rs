//! Timers: jobs whose only result is that time has passed.

use std::time::Duration;

use crate::conversation::{ConversationStatus, Owner};
use crate::id::JobId;
use crate::work::{JobChange, NewJob};

use super::rules::Rules;
use super::turn::Turn;
use super::{Decision, Fact, Occasion, TimerFired, agent, answered, asking, media, nudges};

/// Job kind of timers.
pub const TIMER_JOB: &str = "timer";

/// Newest version of their payload: a [`TimerFired`] as JSON.
pub const TIMER_VERSION: i32 = 3;

/// The oldest version of the payload that has this timer: a build that does not read it leaves the
/// job to one that does.
fn version_of(fired: &TimerFired) -> i32 {
    match fired {
        TimerFired::IdleCase { .. } | TimerFired::AnswerDue { .. } | TimerFired::AgentSilent { .. } => 1,
        TimerFired::AlbumComplete { .. } => 2,
        TimerFired::FormReminder { .. } | TimerFired::FollowUp { .. } => 3,
    }
}

/// Starts a timer, in place of the one with its key.
pub(super) fn start(turn: &mut Turn<'_>, fired: &TimerFired, unique_key: String, run_in: Duration) {
    let job = NewJob {
        id: JobId(turn.ids.next_uuid()),
        kind: TIMER_JOB.to_owned(),
        version: version_of(fired),
        conversation_id: Some(turn.conversation.id),
        lane: turn.lane.clone(),
        payload: serde_json::to_value(fired).unwrap_or_default(),
        run_in,
        priority: 10,
        unique_key: Some(unique_key),
    };
    turn.job(JobChange::Start(job));
}

/// Starts the timer that closes a case nobody says a word in. It is set once and set again when it
/// runs out early, rather than with every message: one job row a case, untouched by its turns.
pub(super) fn start_idle(turn: &mut Turn<'_>) {
    let run_in = turn.playbook().idle_close;
    start_idle_in(turn, run_in);
}

fn start_idle_in(turn: &mut Turn<'_>, run_in: Duration) {
    let conversation_id = turn.conversation.id;
    start(
        turn,
        &TimerFired::IdleCase { conversation_id },
        format!("idle:{conversation_id}"),
        run_in,
    );
}

/// Starts anew the timer that takes a chat back from an agent who says nothing.
pub(super) fn start_agent_silence(turn: &mut Turn<'_>) {
    let conversation_id = turn.conversation.id;
    let fired = TimerFired::AgentSilent {
        conversation_id,
        owner_epoch: turn.conversation.owner_epoch,
    };
    let run_in = turn.rules.settings.agent_timeout;
    start(turn, &fired, format!("agent:{conversation_id}"), run_in);
}

/// The agent no longer owns the chat.
pub(super) fn stop_agent_silence(turn: &mut Turn<'_>) {
    turn.job(JobChange::Cancel {
        unique_key: format!("agent:{}", turn.conversation.id),
    });
}

/// Closes the case. `why`: `agent` or `idle`.
pub(super) fn close(turn: &mut Turn<'_>, why: &'static str) {
    turn.hand_to(ConversationStatus::Closed, Owner::Bot);
    asking::withdraw(turn);
    stop_agent_silence(turn);
    turn.job(JobChange::Cancel {
        unique_key: format!("idle:{}", turn.conversation.id),
    });
    nudges::word_said(turn);
    turn.fact("conversation_closed", vec![("why", why.to_owned())]);
}

/// Closes a case nobody speaks in. Without a word, unless the playbook has one: that waits until
/// people are there.
fn close_idle(turn: &mut Turn<'_>) {
    if turn.playbook().texts.has("closed-idle") && turn.client.reachable {
        match turn.playbook().hours.next_open(turn.now) {
            Some(opens) if opens > turn.now => return start_idle_in(turn, opens.since(turn.now)),
            Some(_) => turn.say("closed-idle", &[]),
            None => {}
        }
    }
    close(turn, "idle");
}

/// Decides a timer that ran out. One that belongs to a case no longer open, or to an owner no longer
/// in charge, changes nothing.
pub(super) fn decide(rules: &Rules, occasion: Occasion<'_>, fired: &TimerFired) -> Decision {
    let nothing = || Decision {
        facts: vec![Fact {
            what: "timer_ignored",
            fields: Vec::new(),
        }],
        playbook_version: rules.playbook.version.clone().into(),
        ..Decision::default()
    };
    let wanted = match fired {
        TimerFired::IdleCase { conversation_id }
        | TimerFired::AnswerDue { conversation_id, .. }
        | TimerFired::AlbumComplete { conversation_id, .. }
        | TimerFired::AgentSilent { conversation_id, .. }
        | TimerFired::FormReminder { conversation_id }
        | TimerFired::FollowUp { conversation_id } => *conversation_id,
    };
    if occasion
        .snapshot
        .conversation
        .as_ref()
        .is_none_or(|open| open.id != wanted)
    {
        return nothing();
    }
    let Some(mut turn) = Turn::about_known(rules, occasion) else {
        return nothing();
    };
    turn.recall();
    match fired {
        TimerFired::IdleCase { .. } => {
            let last = turn
                .conversation
                .last_message_at
                .unwrap_or(turn.conversation.created_at);
            let idle_close = turn.playbook().idle_close;
            let silent = turn.now.since(last);
            if silent < idle_close {
                start_idle_in(&mut turn, idle_close.saturating_sub(silent));
            } else {
                close_idle(&mut turn);
            }
        }
        TimerFired::AnswerDue { asked, .. } => {
            if turn
                .state
                .pending
                .as_ref()
                .is_none_or(|pending| pending.asked != *asked)
            {
                return nothing();
            }
            answered::overdue(&mut turn);
        }
        TimerFired::AlbumComplete { album, items, .. } => {
            if !media::album_complete(&mut turn, album, *items) {
                return nothing();
            }
        }
        TimerFired::AgentSilent { owner_epoch, .. } => {
            if turn.conversation.owner != Owner::Agent || turn.conversation.owner_epoch != *owner_epoch {
                return nothing();
            }
            agent::hand_back(&mut turn, "agent silent");
        }
        TimerFired::FormReminder { .. } => nudges::remind(&mut turn),
        TimerFired::FollowUp { .. } => nudges::follow_up(&mut turn),
    }
    turn.finish()
}
