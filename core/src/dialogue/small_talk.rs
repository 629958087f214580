//! Greetings, thanks, and asking for a person in so many words.

use super::registry::{Heard, Skill};
use super::turn::Turn;
use super::{handover, menu};

/// Whether `text`, but for case and punctuation, is one of the words the playbook lists under `key`.
pub(super) fn is_one_of(turn: &Turn<'_>, key: &str, text: &str) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    !bare.is_empty() && turn.playbook().texts.words(key).contains(&bare)
}

/// Small talk.
#[derive(Debug)]
pub(super) struct SmallTalkSkill;

impl Skill for SmallTalkSkill {
    fn prefix(&self) -> &'static str {
        ""
    }

    fn hear(&self, turn: &mut Turn<'_>, text: &str) -> Heard {
        if is_one_of(turn, "words-human", text) {
            handover::escalate(turn, "asked");
            return Heard::Taken;
        }
        if turn.lead.as_ref().is_some_and(|lead| lead.form.is_running()) {
            return Heard::Passed;
        }
        if is_one_of(turn, "words-greeting", text) {
            let text = turn.text("greeting-again", &[]);
            menu::show(turn, &text);
            return Heard::Taken;
        }
        if is_one_of(turn, "words-thanks", text) {
            turn.say("thanks", &[]);
            return Heard::Taken;
        }
        Heard::Passed
    }

    fn tap(&self, _turn: &mut Turn<'_>, _data: &str) -> Heard {
        Heard::Passed
    }
}
