//! The rules, and what tells their messages apart: each text ends with the key of its call.

use frontdesk_core::dialogue::{Decide, Decision, Event, Occasion, UpdateKind};
use frontdesk_core::port::messenger::Action;

use crate::line::Line;

/// What a client writes to kill whoever reads it.
pub(crate) const KILLER: &str = "killer";

/// The rules of a process, marking what they say.
#[derive(Debug)]
pub(crate) struct Marked {
    line: Line,
}

impl Marked {
    pub(crate) fn new(line: Line) -> Self {
        Marked { line }
    }
}

impl Decide for Marked {
    fn decide(&self, occasion: Occasion<'_>, event: &Event) -> Decision {
        let world = &self.line.world;
        if let Event::Update(update) = event
            && let UpdateKind::Text { text } = &update.what
            && text == KILLER
        {
            world.tell(
                &self.line.who.name,
                || "KILLER read".to_owned(),
                String::new,
                &[update.chat],
            );
            world.record().count("killers read");
            // What a dead process decides never comes to the store.
            world.crash(&self.line.who);
            return Decision::default();
        }
        marked(world.rules.decide(occasion, event))
    }

    fn give_up(&self, occasion: Occasion<'_>) -> Decision {
        marked(self.line.world.rules.give_up(occasion))
    }
}

fn marked(mut decision: Decision) -> Decision {
    for outgoing in &mut decision.outgoing {
        if let Action::Send { content, .. } = &mut outgoing.action {
            content.text = format!("{} ⟦{}⟧", content.text, outgoing.dedupe_key);
        }
    }
    decision
}
