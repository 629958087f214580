//! The dialogue's rules as the settings want them.

use frontdesk_core::dialogue::{FilesRung, ModelRung, Registry, Rules, RulesSettings};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::work::LaneKey;
use slog::Logger;
use std::io::Write as _;
use std::sync::Arc;

use crate::failure::Failure;
use crate::knowledge;
use crate::playbook;
use crate::settings::Settings;

/// Loads the playbook and its knowledge. `max_bytes` is the largest file that the messenger hands out. Warnings about the playbook go to standard error.
pub(crate) fn load(
    settings: &Settings,
    staff_chats: Vec<LaneKey>,
    max_bytes: u64,
    log: &Logger,
) -> Result<Arc<Rules>, Failure> {
    let playbook: Playbook = playbook::load(settings.playbook.as_deref())?;
    for warning in &playbook.warnings.0 {
        drop(writeln!(std::io::stderr(), "{warning}"));
    }
    let rules_settings = RulesSettings {
        agent_timeout: settings.agent_timeout,
        staff_chats,
        model: settings.model.as_ref().map(|model| ModelRung {
            deadline: model.deadline,
        }),
        files: Some(FilesRung { max_bytes }),
    };
    let knowledge = knowledge::load(&playbook, &settings.data_dir, log);
    Ok(Arc::new(Rules::with_knowledge(
        Arc::new(playbook),
        knowledge,
        Registry::standard(),
        rules_settings,
    )))
}
