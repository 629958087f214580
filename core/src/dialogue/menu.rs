//! The main menu and its buttons.

use crate::port::messenger::{Button, Keyboard};

use super::registry::{Heard, Skill};
use super::turn::Turn;
use super::{form, handover};

/// Says `text` with the main menu under it.
pub(super) fn show(turn: &mut Turn<'_>, text: &str) {
    let keyboard = keyboard(turn);
    turn.say_text(text, Some(keyboard));
}

/// The main menu.
pub(super) fn keyboard(turn: &Turn<'_>) -> Keyboard {
    Keyboard::Inline(vec![
        vec![action(turn, "services"), action(turn, "quote")],
        vec![action(turn, "ask"), action(turn, "human")],
    ])
}

/// The button of one menu action.
pub(super) fn action(turn: &Turn<'_>, name: &str) -> Button {
    turn.button(&format!("menu-{name}"), format!("m:{name}"))
}

/// The services, each with a button.
pub(super) fn services(turn: &mut Turn<'_>) {
    let mut rows: Vec<Vec<Button>> = Vec::new();
    for slug in &turn.playbook().services {
        rows.push(vec![
            turn.button(&format!("service-{slug}-name"), format!("m:service:{slug}")),
        ]);
    }
    rows.push(vec![action(turn, "quote"), action(turn, "human")]);
    let text = turn.text("services-intro", &[]);
    turn.say_text(&text, Some(Keyboard::Inline(rows)));
}

/// A choice of languages.
pub(super) fn languages(turn: &mut Turn<'_>) {
    let mut rows = Vec::new();
    for locale in &turn.playbook().locales {
        let label = turn.playbook().texts.get(locale, "language-name", &[]);
        rows.push(vec![Button {
            label,
            data: format!("m:language:{locale}"),
        }]);
    }
    let text = turn.text("language-ask", &[]);
    turn.say_text(&text, Some(Keyboard::Inline(rows)));
}

/// The menu's taps.
#[derive(Debug)]
pub(super) struct MenuSkill;

impl Skill for MenuSkill {
    fn prefix(&self) -> &'static str {
        "m"
    }

    fn hear(&self, _turn: &mut Turn<'_>, _text: &str) -> Heard {
        Heard::Passed
    }

    fn tap(&self, turn: &mut Turn<'_>, data: &str) -> Heard {
        let (name, argument) = data.split_once(':').unwrap_or((data, ""));
        match (name, argument) {
            ("services", "") => services(turn),
            ("quote", "") => form::start(turn),
            ("ask", "") => turn.say("ask-prompt", &[]),
            ("human", "") => handover::escalate(turn, "asked"),
            ("bot", "") => handover::continue_with_bot(turn),
            ("menu", "") => {
                let text = turn.text("menu-again", &[]);
                show(turn, &text);
            }
            ("service", slug) => {
                let Some(slug) = turn.playbook().services.iter().find(|known| *known == slug) else {
                    return Heard::Passed;
                };
                let text = turn.text(&format!("service-{slug}-text"), &[]);
                let keyboard = Keyboard::Inline(vec![vec![action(turn, "quote"), action(turn, "human")]]);
                turn.say_text(&text, Some(keyboard));
            }
            ("language", tag) => {
                let Some(locale) = turn.playbook().locales.iter().find(|known| known.as_str() == tag) else {
                    return Heard::Passed;
                };
                turn.client.language = Some(locale.to_string());
                let text = turn.text("language-set", &[]);
                show(turn, &text);
            }
            _ => return Heard::Passed,
        }
        Heard::Taken
    }
}
