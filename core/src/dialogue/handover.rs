//! Fetching a person, and going back to the bot.

use crate::conversation::{ConversationStatus, Owner};
use crate::port::messenger::Keyboard;

use super::turn::Turn;
use super::{card, menu};

/// Buttons under a text that offers a person.
pub(super) fn offer(turn: &Turn<'_>) -> Keyboard {
    Keyboard::Inline(vec![
        vec![menu::action(turn, "human")],
        vec![menu::action(turn, "menu")],
    ])
}

/// Puts the case in the agents' queue and says what happens next. `why` is for the staff:
/// `asked`, `missed` or `urgent`. What is urgent raises a card also for a case that waits already.
pub(super) fn escalate(turn: &mut Turn<'_>, why: &'static str) {
    let continue_button = |turn: &Turn<'_>| Some(Keyboard::Inline(vec![vec![menu::action(turn, "bot")]]));
    match turn.conversation.owner {
        Owner::Agent => return,
        Owner::Queue => {
            let text = turn.text("handover-already", &[]);
            let keyboard = continue_button(turn);
            turn.say_text(&text, keyboard);
            if why == "urgent" {
                card::send(turn, "card-title-urgent");
            }
            return;
        }
        Owner::Bot | Owner::Unknown(_) => {}
    }
    turn.hand_to(ConversationStatus::Escalated, Owner::Queue);
    turn.fact("conversation_escalated", vec![("why", why.to_owned())]);
    let prefix = if why == "missed" {
        turn.text("missed-again", &[])
    } else {
        String::new()
    };
    let next = next_step(turn);
    let keyboard = continue_button(turn);
    turn.say_text(format!("{prefix} {next}").trim(), keyboard);
    let title = if why == "urgent" {
        "card-title-urgent"
    } else {
        "card-title-handover"
    };
    card::send(turn, title);
}

/// What happens next: now, or when people are back.
fn next_step(turn: &Turn<'_>) -> String {
    let hours = &turn.playbook().hours;
    if hours.is_open(turn.now) {
        return turn.text("handover-open", &[]);
    }
    match hours.next_open(turn.now) {
        Some(at) => {
            let local = hours.local(at);
            let weekday = turn.text(&format!("weekday-{}", local.weekday), &[]);
            turn.text(
                "handover-closed",
                &[
                    ("weekday", &weekday),
                    ("date", &local.date),
                    ("clock", &local.clock),
                ],
            )
        }
        None => turn.text("handover-open", &[]),
    }
}

/// The client would rather go on with the bot.
pub(super) fn continue_with_bot(turn: &mut Turn<'_>) {
    if turn.conversation.owner == Owner::Queue {
        turn.hand_to(ConversationStatus::Active, Owner::Bot);
        turn.fact("conversation_resumed", vec![]);
    }
    let text = turn.text("with-bot-again", &[]);
    menu::show(turn, &text);
}
