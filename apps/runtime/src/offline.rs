//! The dialogue's rules for commands that look back at chats or make them up: nobody is told anything.

use frontdesk_core::dialogue::{ModelRung, Registry, Rules, RulesSettings};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::replay::Ladder;
use slog::Logger;
use std::sync::Arc;
use std::time::Duration;

use crate::failure::Failure;
use crate::knowledge;
use crate::playbook;
use crate::settings::Settings;

/// The rules of the playbook in force, for looking back at chats: nobody is told and nothing is asked.
pub(crate) struct Offline {
    rules: Rules,
    with_model: Rules,
    asks_model: bool,
}

impl Offline {
    /// Loads the playbook and its knowledge.
    pub fn load(settings: &Settings, log: &Logger) -> Result<Self, Failure> {
        let rules = |model| -> Result<Rules, Failure> {
            let playbook = playbook::load(settings.playbook.as_deref())?;
            // Without files: what a file came to stands in its own row, and is not decided again.
            let rules = RulesSettings {
                agent_timeout: settings.agent_timeout,
                model,
                ..RulesSettings::default()
            };
            Ok(build(settings, playbook, rules, log))
        };
        // Nobody waits for it here.
        let deadline = settings.model.as_ref().map_or(DEADLINE, |model| model.deadline);
        Ok(Offline {
            rules: rules(None)?,
            with_model: rules(Some(ModelRung { deadline }))?,
            asks_model: settings.model.is_some(),
        })
    }

    /// Both at once.
    pub fn ladder(&self) -> Ladder<'_> {
        Ladder {
            without_model: &self.rules,
            with_model: &self.with_model,
            asks_model: self.asks_model,
        }
    }
}

/// The rules that answer demo clients: the same on every machine with this playbook.
pub(crate) fn load_for_demo(settings: &Settings, log: &Logger) -> Result<Rules, Failure> {
    let playbook = playbook::load(settings.playbook.as_deref())?;
    let rules = RulesSettings {
        model: Some(ModelRung { deadline: DEADLINE }),
        ..RulesSettings::default()
    };
    Ok(build(settings, playbook, rules, log))
}

/// How long a model is waited for where nobody set it.
const DEADLINE: Duration = Duration::from_secs(45);

fn build(settings: &Settings, playbook: Playbook, rules: RulesSettings, log: &Logger) -> Rules {
    let knowledge = knowledge::load(&playbook, &settings.data_dir, log);
    Rules::with_knowledge(Arc::new(playbook), knowledge, Registry::standard(), rules)
}
