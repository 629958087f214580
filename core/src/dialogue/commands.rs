//! The built-in commands.

use super::registry::Command;
use super::turn::Turn;
use super::{asking, form, handover, incoming, menu};

type Run = fn(&mut Turn<'_>, &str);

/// A command that is a name and a function.
struct Plain {
    name: &'static str,
    run: Run,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command(/{})", self.name)
    }
}

impl Command for Plain {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, turn: &mut Turn<'_>, args: &str) {
        (self.run)(turn, args);
    }
}

/// All of them.
pub(super) fn standard() -> Vec<Box<dyn Command>> {
    let all: [(&'static str, Run); 9] = [
        ("start", start),
        ("help", |turn, _| {
            let text = turn.text("help", &[]);
            menu::show(turn, &text);
        }),
        ("services", |turn, _| menu::services(turn)),
        ("quote", |turn, _| form::start(turn)),
        ("human", |turn, _| handover::escalate(turn, "asked")),
        ("cancel", |turn, _| form::cancel(turn)),
        ("stop", |turn, _| asking::stop(turn)),
        ("language", |turn, _| menu::languages(turn)),
        ("privacy", |turn, _| {
            let site = turn.playbook().brand.site.clone();
            turn.say("privacy", &[("site", &site)]);
        }),
    ];
    all.into_iter()
        .map(|(name, run)| Box::new(Plain { name, run }) as Box<dyn Command>)
        .collect()
}

fn start(turn: &mut Turn<'_>, payload: &str) {
    turn.client.came_from(payload);
    let brand = turn.playbook().brand.name.clone();
    let name = turn.client.first_name.clone().unwrap_or_default();
    let key = if name.is_empty() {
        "greeting"
    } else {
        "greeting-name"
    };
    let mut text = turn.text(key, &[("brand", &brand), ("name", &name)]);
    if let Some(disclosure) = incoming::disclosure(turn) {
        text = format!("{text}\n\n{disclosure}");
    }
    menu::show(turn, &text);
}
