//! What decides: a playbook, its trained knowledge, the registry and a few settings.

use std::sync::Arc;
use std::time::Duration;

use crate::knowledge::{Knowledge, Match};
use crate::playbook::{Locale, Playbook};
use crate::work::LaneKey;

use super::{
    AgentPost, Decide, Decision, Event, Occasion, Registry, agent, answered, case, incoming, media, timers,
};

/// What is set by ops rather than by the playbook.
#[derive(Clone, Debug)]
pub struct RulesSettings {
    /// How long an agent who owns a chat may be silent before the bot takes it back.
    pub agent_timeout: Duration,
    /// Chats of the staff that get lead cards and hand-over notices, one per bot and channel.
    pub staff_chats: Vec<LaneKey>,
    /// How the model is asked; `None` if there is none.
    pub model: Option<ModelRung>,
    /// How files are kept; `None` if there is nowhere to keep them: then they are acknowledged and no more.
    pub files: Option<FilesRung>,
}

/// What is done with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesRung {
    /// The largest file that the messenger hands out, in bytes.
    pub max_bytes: u64,
}

/// The model's rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelRung {
    /// From what a client said to the answer, or to the next rung.
    pub deadline: Duration,
}

impl ModelRung {
    /// How long the model has. An idle process looks for due timers every two seconds: that much
    /// earlier the wait ends, so that the client has the next rung by the deadline.
    pub(super) fn patience(self) -> Duration {
        self.deadline
            .saturating_sub((self.deadline / 10).min(Duration::from_secs(2)))
    }
}

impl Default for RulesSettings {
    fn default() -> Self {
        RulesSettings {
            agent_timeout: Duration::from_hours(12),
            staff_chats: Vec::new(),
            model: None,
            files: None,
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
        Self::with_knowledge(playbook, knowledge, registry, settings)
    }

    /// With knowledge that is trained already; it is the playbook's own ([`Knowledge::from_bytes`] sees to that).
    pub fn with_knowledge(
        playbook: Arc<Playbook>,
        knowledge: Knowledge,
        registry: Registry,
        settings: RulesSettings,
    ) -> Self {
        Rules {
            playbook,
            knowledge,
            registry,
            settings,
        }
    }

    /// The playbook in force.
    pub fn playbook(&self) -> &Arc<Playbook> {
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
            Event::Model(report) => answered::decide(self, occasion, report),
            Event::Case(order) => case::decide(self, occasion, order),
            Event::Download(report) => media::downloaded(self, occasion, report),
        }
    }

    fn give_up(&self, occasion: Occasion<'_>) -> Decision {
        incoming::give_up(self, occasion)
    }
}
