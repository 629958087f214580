//! The dialogue's rules as the settings want them.

use frontdesk_core::dialogue::{ModelRung, Registry, Rules, RulesSettings};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::work::LaneKey;
use std::io::Write as _;
use std::sync::Arc;

use crate::failure::Failure;
use crate::playbook;
use crate::settings::Settings;

/// Loads the playbook and trains its knowledge. Warnings about it go to standard error.
pub(crate) fn load(settings: &Settings, staff_chats: Vec<LaneKey>) -> Result<Arc<Rules>, Failure> {
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
    };
    Ok(Arc::new(Rules::new(
        Arc::new(playbook),
        Registry::standard(),
        rules_settings,
    )))
}
