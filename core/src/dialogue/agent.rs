//! What agents do with a client's chat.

use crate::conversation::{ConversationStatus, Owner, SenderType};
use crate::id::AgentId;
use crate::text::{clean, clip};
use crate::work::Author;

use super::rules::Rules;
use super::turn::{Saying, Turn};
use super::{AgentAction, Decision, Fact, Occasion, card, menu, nudges, timers};

/// Longest text of an agent, in characters.
const TEXT_LIMIT: usize = 8_192;

/// Decides an action of an agent.
pub(super) fn decide(
    rules: &Rules,
    occasion: Occasion<'_>,
    agent: Option<AgentId>,
    name: &str,
    action: &AgentAction,
) -> Decision {
    let Some(mut turn) = Turn::about_known(rules, occasion) else {
        return Decision {
            facts: vec![Fact {
                what: "agent_action_ignored",
                fields: vec![("why", "no client".to_owned())],
            }],
            playbook_version: rules.playbook.version.clone().into(),
            ..Decision::default()
        };
    };
    turn.recall();
    match action {
        AgentAction::Say { text } => say(&mut turn, agent, name, text),
        AgentAction::Note { text } => {
            let text = clean(text);
            turn.note(clip(&text, TEXT_LIMIT), agent);
        }
        AgentAction::HandBack => {
            hand_back(&mut turn, "agent");
        }
        AgentAction::Close => close(&mut turn),
        AgentAction::ShowLead => card::send(&mut turn, "card-title-lead"),
    }
    turn.finish()
}

fn say(turn: &mut Turn<'_>, agent: Option<AgentId>, name: &str, text: &str) {
    let text = clean(text);
    if text.is_empty() {
        return;
    }
    if turn.conversation.owner != Owner::Agent {
        turn.hand_to(ConversationStatus::Escalated, Owner::Agent);
        turn.conversation.escalated_to_agent_id = agent;
        turn.fact(
            "conversation_claimed",
            vec![("owner_epoch", turn.conversation.owner_epoch.to_string())],
        );
    }
    timers::start_agent_silence(turn);
    nudges::word_said(turn);
    let name = clean(name);
    let said = turn.text(
        "agent-says",
        &[("name", clip(&name, 64)), ("text", clip(&text, TEXT_LIMIT))],
    );
    turn.say_as(
        &said,
        Saying {
            sender: SenderType::Agent,
            agent,
            author: Author::Agent,
            ..Saying::bot(None)
        },
    );
}

/// Gives the chat back to the bot. Does nothing if the bot has it.
pub(super) fn hand_back(turn: &mut Turn<'_>, why: &'static str) {
    if turn.conversation.owner == Owner::Bot {
        return;
    }
    turn.hand_to(ConversationStatus::Active, Owner::Bot);
    timers::stop_agent_silence(turn);
    turn.fact("conversation_handed_back", vec![("why", why.to_owned())]);
    let text = turn.text("handed-back", &[]);
    menu::show(turn, &text);
}

/// Tells the client and closes the case.
pub(super) fn close(turn: &mut Turn<'_>) {
    turn.say("closed-by-agent", &[]);
    timers::close(turn, "agent");
}
