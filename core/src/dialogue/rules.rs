//! What decides: a playbook, its trained knowledge, the registry and a few settings.

use std::sync::Arc;
use std::time::Duration;

use crate::knowledge::{Knowledge, Match};
use crate::playbook::{Locale, Playbook};
use crate::work::LaneKey;

use super::{AgentPost, Decide, Decision, Event, Occasion, Registry, agent, case, incoming, timers};

/// What is set by ops rather than by the playbook.
#[derive(Clone, Debug)]
pub struct RulesSettings {
    /// How long an agent who owns a chat may be silent before the bot takes it back.
    pub agent_timeout: Duration,
    /// Chats of the staff that get lead cards and hand-over notices, one per bot and channel.
    pub staff_chats: Vec<LaneKey>,
}

impl Default for RulesSettings {
    fn default() -> Self {
        RulesSettings {
            agent_timeout: Duration::from_hours(12),
            staff_chats: Vec::new(),
        }
    }
}

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    pub(super) playbook: Arc<Playbook>,
    pub(super) knowledge: Knowledge,
    pub(super) registry: Registry,
    pub(super) settings: RulesSettings,
}

impl Rules {
    /// Trains the playbook's knowledge (a fraction of a second for some dozens of entries).
    pub fn new(playbook: Arc<Playbook>, registry: Registry, settings: RulesSettings) -> Self {
        let knowledge = Knowledge::train(&playbook);
        Rules {
            playbook,
            knowledge,
            registry,
            settings,
        }
    }

    /// The playbook in force.
    pub fn playbook(&self) -> &Playbook {
        &self.playbook
    }

    /// What the knowledge says to a question, in the locale it is asked in.
    pub fn match_question(&self, locale: &Locale, text: &str) -> Match {
        self.knowledge.query(locale, text)
    }

    /// The staff chat for a client's chat.
    pub(super) fn staff_chat(&self, lane: &LaneKey) -> Option<&LaneKey> {
        self.settings
            .staff_chats
            .iter()
            .find(|staff| staff.bot_id == lane.bot_id && staff.channel == lane.channel)
    }
}

impl Decide for Rules {
    fn decide(&self, occasion: Occasion<'_>, event: &Event) -> Decision {
        match event {
            Event::Update(update) => incoming::decide(self, occasion, update),
            Event::Agent(AgentPost {
                agent_id,
                agent_name,
                action,
            }) => agent::decide(self, occasion, *agent_id, agent_name, action),
            Event::Timer(timer) => timers::decide(self, occasion, timer),
            Event::Limited(notice) => incoming::limited(self, occasion, notice),
            Event::Case(order) => case::decide(self, occasion, order),
        }
    }

    fn give_up(&self, occasion: Occasion<'_>) -> Decision {
        incoming::give_up(self, occasion)
    }
}
