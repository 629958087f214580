//! Questions: answered from the company's knowledge, offered, or missed honestly.

use crate::conversation::Awaiting;
use crate::knowledge::{Match, MatchDecision};
use crate::playbook::{Entry, Route, Script};
use crate::port::messenger::{Button, Keyboard};
use crate::text::clip;

use super::registry::{Heard, Skill};
use super::turn::{Saying, Turn};
use super::{form, handover, menu};

/// How many entries are offered at most.
const OFFERED: usize = 3;

/// Questions in a row that nothing answers before a person is fetched.
const MISSES: u32 = 2;

/// From this score on a text that could be an answer of the form is an urgent matter instead.
const SURELY: f64 = 0.98;

/// What the knowledge says to a text.
pub(super) fn look_up(turn: &Turn<'_>, text: &str) -> Match {
    turn.rules.match_question(&turn.locale(), text)
}

/// Answers or offers, if the knowledge has something.
pub(super) fn answer(turn: &mut Turn<'_>, found: &Match) -> Heard {
    match found.decision {
        MatchDecision::Answer => {
            let Some(slug) = &found.slug else {
                return Heard::Passed;
            };
            give(turn, slug, found.score)
        }
        MatchDecision::Offer => {
            offer(turn, found);
            Heard::Taken
        }
        MatchDecision::None => Heard::Passed,
    }
}

/// Whether a text is so surely an urgent matter that it is not taken for the answer to a question that
/// any text would answer.
pub(super) fn is_surely_urgent(turn: &Turn<'_>, found: &Match) -> bool {
    let sure = found.decision == MatchDecision::Answer && found.score >= SURELY;
    let entry = found.slug.as_deref().and_then(|slug| turn.playbook().entry(slug));
    sure && entry.is_some_and(|entry| entry.route == Route::Urgent)
}

/// The answer of an entry in the client's locale, else in the default one.
fn answer_of<'a>(turn: &Turn<'a>, entry: &'a Entry) -> Option<&'a str> {
    let default = &turn.playbook().default_locale;
    let answer = entry
        .answer
        .get(&turn.locale())
        .or_else(|| entry.answer.get(default));
    answer.map(String::as_str)
}

/// Gives the answer of one entry, and goes where it leads.
fn give(turn: &mut Turn<'_>, slug: &str, score: f64) -> Heard {
    let Some(entry) = turn.playbook().entry(slug) else {
        return Heard::Passed;
    };
    let Some(text) = answer_of(turn, entry) else {
        return Heard::Passed;
    };
    let buttons: Vec<Button> = entry
        .buttons
        .iter()
        .map(|name| menu::action(turn, name))
        .collect();
    let keyboard =
        (!buttons.is_empty()).then(|| Keyboard::Inline(buttons.chunks(2).map(<[Button]>::to_vec).collect()));
    turn.state.misses = 0;
    turn.state.awaiting = Awaiting::Anything;
    turn.fact("question_answered", vec![("slug", slug.to_owned())]);
    turn.say_as(
        text,
        Saying {
            intent: Some((slug.to_owned(), score)),
            markdown: true,
            ..Saying::bot(keyboard)
        },
    );
    match entry.route {
        Route::None => {}
        Route::Urgent => {
            // Nobody whose systems are down should be asked for a budget next.
            form::pause(turn);
            handover::escalate(turn, "urgent");
        }
    }
    Heard::Taken
}

fn offer(turn: &mut Turn<'_>, found: &Match) {
    let locale = turn.locale();
    let mut rows = Vec::new();
    let mut offered = Vec::new();
    for candidate in found.candidates.iter().take(OFFERED) {
        let entry = turn.playbook().entry(&candidate.slug);
        let Some(question) = entry.and_then(|entry| entry.questions.get(&locale)?.first()) else {
            continue;
        };
        rows.push(vec![Button {
            label: clip(question, 60).to_owned(),
            data: format!("k:{}", candidate.slug),
        }]);
        offered.push(candidate.slug.to_string());
    }
    rows.push(vec![turn.button("offer-none", "k:-")]);
    turn.state.awaiting = Awaiting::Offer(offered);
    turn.fact("question_offered", vec![]);
    let text = turn.text("offer", &[]);
    turn.say_text(&text, Some(Keyboard::Inline(rows)));
}

/// Gives the entry that comes closest to a question, marked as no more than that. False if it is
/// there no more.
pub(super) fn give_closest(turn: &mut Turn<'_>, slug: &str) -> bool {
    let playbook = turn.playbook();
    let Some(entry) = playbook.entry(slug) else {
        return false;
    };
    let locale = turn.locale();
    let question = entry
        .questions
        .get(&locale)
        .and_then(|questions| questions.first());
    let (Some(text), Some(question)) = (answer_of(turn, entry), question) else {
        return false;
    };
    let text = turn.text("model-closest", &[("question", question), ("answer", text)]);
    let keyboard = handover::offer(turn);
    turn.say_as(
        &text,
        Saying {
            intent: Some((slug.to_owned(), 0.0)),
            ..Saying::bot(Some(keyboard))
        },
    );
    true
}

/// Nothing answers: an honest sentence with the offer of a person; the second time in a row, a
/// person is fetched.
pub(super) fn miss(turn: &mut Turn<'_>) {
    miss_with(turn, "missed");
}

/// A miss, told by the text of `key`.
pub(super) fn miss_with(turn: &mut Turn<'_>, key: &str) {
    turn.state.misses += 1;
    turn.fact("question_missed", vec![("misses", turn.state.misses.to_string())]);
    if turn.state.misses >= MISSES {
        turn.state.misses = 0;
        handover::escalate(turn, "missed");
        return;
    }
    let text = turn.text(key, &[]);
    let keyboard = handover::offer(turn);
    turn.say_text(&text, Some(keyboard));
}

/// The company's knowledge.
#[derive(Debug)]
pub(super) struct KnowledgeSkill;

impl Skill for KnowledgeSkill {
    fn prefix(&self) -> &'static str {
        "k"
    }

    fn hear(&self, turn: &mut Turn<'_>, text: &str) -> Heard {
        let found = look_up(turn, text);
        if answer(turn, &found) == Heard::Taken {
            return Heard::Taken;
        }
        // One word in Latin letters is no sign of a language, but it may be a question in one.
        // From three words on the letters are a sign: an English sentence with a product's name in it
        // is no question in Russian.
        let current = turn.locale();
        let sentence = text.split_whitespace().count() >= 3;
        let script = Script::of(text).filter(|_| sentence);
        let others =
            turn.playbook().locales.iter().filter(|locale| {
                **locale != current && script.is_none_or(|script| locale.script() == script)
            });
        for locale in others {
            let found = turn.rules.match_question(locale, text);
            if found.decision != MatchDecision::None {
                turn.client.language = Some(locale.to_string());
                return answer(turn, &found);
            }
        }
        Heard::Passed
    }

    fn tap(&self, turn: &mut Turn<'_>, data: &str) -> Heard {
        if data == "-" {
            if matches!(turn.state.awaiting, Awaiting::Offer(_)) {
                turn.state.awaiting = Awaiting::Anything;
                miss(turn);
                return Heard::Taken;
            }
            return Heard::Passed;
        }
        // An old button of an entry that still exists is as good as a new one: it asks for the same.
        let taken = give(turn, data, 1.0);
        if taken == Heard::Taken {
            form::ask_again(turn);
        }
        taken
    }
}
