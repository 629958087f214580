//! What the desk can do, by name. The built-in abilities are registered like anybody else's.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::form_skill::FormSkill;
use super::knowledge_skill::KnowledgeSkill;
use super::menu::MenuSkill;
use super::small_talk::SmallTalkSkill;
use super::turn::Turn;
use super::{commands, menu};

/// A command such as `/help`. Pure: all it can do is in the turn.
pub trait Command: Debug + Send + Sync {
    /// Its name without the slash: `a-z 0-9 _`.
    fn name(&self) -> &'static str;

    /// Runs it. `args` is the rest of the line.
    fn run(&self, turn: &mut Turn<'_>, args: &str);
}

/// Whether a skill took what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It did; nobody else is asked.
    Taken,
    /// It did not.
    Passed,
}

/// Something that understands free text, or the taps on its own buttons.
pub trait Skill: Debug + Send + Sync {
    /// First part of its buttons' data, before the colon; unique. Empty if it has no buttons.
    fn prefix(&self) -> &'static str;

    /// Hears a text while the bot owns the chat. Skills are asked in the order of registration.
    fn hear(&self, turn: &mut Turn<'_>, text: &str) -> Heard;

    /// A tap on one of its buttons; `data` is what follows the prefix. `Passed` if it is not, or no
    /// longer, a button of this skill: the client is told that it is out of date.
    fn tap(&self, turn: &mut Turn<'_>, data: &str) -> Heard;
}

/// Everything registered.
#[derive(Debug, Default)]
pub struct Registry {
    commands: BTreeMap<&'static str, Box<dyn Command>>,
    skills: Vec<Box<dyn Skill>>,
}

impl Registry {
    /// Nothing registered.
    pub fn empty() -> Self {
        Registry::default()
    }

    /// What every Frontdesk can do.
    pub fn standard() -> Self {
        let mut registry = Registry::empty();
        for command in commands::standard() {
            registry.command(command);
        }
        registry.skill(Box::new(MenuSkill));
        registry.skill(Box::new(SmallTalkSkill));
        registry.skill(Box::new(FormSkill));
        registry.skill(Box::new(KnowledgeSkill));
        registry
    }

    /// Adds a command; the last one of a name wins.
    pub fn command(&mut self, command: Box<dyn Command>) -> &mut Self {
        self.commands.insert(command.name(), command);
        self
    }

    /// Adds a skill after those already there; a later one with the same prefix gets no taps.
    pub fn skill(&mut self, skill: Box<dyn Skill>) -> &mut Self {
        self.skills.push(skill);
        self
    }

    /// Runs a command line such as `/start ref42` or `/help@some_bot`. Unknown ones get the menu.
    pub(super) fn run(&self, turn: &mut Turn<'_>, line: &str) {
        let (head, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let name = head
            .trim_start_matches('/')
            .split('@')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        if let Some(command) = self.commands.get(name.as_str()) {
            return command.run(turn, args.trim());
        }
        turn.fact("command_unknown", vec![]);
        let text = turn.text("command-unknown", &[]);
        menu::show(turn, &text);
    }

    /// Offers a text to the skills in order.
    pub(super) fn hear(&self, turn: &mut Turn<'_>, text: &str) -> Heard {
        let taken = self
            .skills
            .iter()
            .any(|skill| skill.hear(turn, text) == Heard::Taken);
        if taken { Heard::Taken } else { Heard::Passed }
    }

    /// Hands a tap to the skill it belongs to.
    pub(super) fn tap(&self, turn: &mut Turn<'_>, data: &str) -> Heard {
        let (prefix, rest) = data.split_once(':').unwrap_or((data, ""));
        match self
            .skills
            .iter()
            .find(|skill| !prefix.is_empty() && skill.prefix() == prefix)
        {
            Some(skill) => skill.tap(turn, rest),
            None => Heard::Passed,
        }
    }
}
