//! The dialogue's rules as the settings want them, made of a playbook and of what was added beside it.

use frontdesk_core::dialogue::{FilesRung, ModelRung, Registry, Rules, RulesInForce, RulesSettings};
use frontdesk_core::playbook::{KnowledgeEntry, NotInForce, Playbook, PlaybookFiles, Problems};
use frontdesk_core::port::knowledge::Overlay;
use frontdesk_core::work::LaneKey;
use slog::Logger;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::failure::Failure;
use crate::keeper::Keeper;
use crate::knowledge;
use crate::playbook::{self, PlaybookError};
use crate::settings::Settings;

/// What rules are made from besides a playbook's files: the same for as long as the program runs.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    folder: Option<PathBuf>,
    data_dir: PathBuf,
    settings: RulesSettings,
    log: Logger,
}

/// A playbook that was read and is valid, before it is in force.
pub(crate) struct Draft {
    recipe: Recipe,
    files: PlaybookFiles,
    playbook: Playbook,
}

/// Reads the playbook. `max_bytes` is the largest file that the messenger hands out. Warnings about the
/// playbook go to standard error.
pub(crate) fn read(
    settings: &Settings,
    staff_chats: Vec<LaneKey>,
    max_bytes: u64,
    log: &Logger,
) -> Result<Draft, Failure> {
    let recipe = Recipe {
        folder: settings.playbook.clone(),
        data_dir: settings.data_dir.clone(),
        settings: RulesSettings {
            agent_timeout: settings.agent_timeout,
            staff_chats,
            model: settings.model.as_ref().map(|model| ModelRung {
                deadline: model.deadline,
            }),
            files: Some(FilesRung { max_bytes }),
        },
        log: log.clone(),
    };
    let files = recipe.files()?;
    let playbook = Playbook::parse(&files).map_err(PlaybookError::Invalid)?;
    for warning in &playbook.warnings.0 {
        drop(writeln!(std::io::stderr(), "{warning}"));
    }
    Ok(Draft {
        recipe,
        files,
        playbook,
    })
}

impl Draft {
    /// Trains it together with an overlay, and puts it in force.
    pub fn put_in_force(self, overlay: Overlay) -> Keeper {
        let rules = self.recipe.train(self.playbook, &overlay.entries);
        let rules = RulesInForce::new(Arc::new(rules));
        Keeper::new(self.recipe, self.files, overlay, rules)
    }
}

impl Recipe {
    /// The playbook's files, as they are now.
    pub fn files(&self) -> Result<PlaybookFiles, PlaybookError> {
        playbook::files(self.folder.as_deref())
    }

    /// The rules of these files and this overlay. Takes as long as training does.
    pub fn make(&self, files: &PlaybookFiles, overlay: &[KnowledgeEntry]) -> Result<Rules, Problems> {
        Ok(self.train(Playbook::parse(files)?, overlay))
    }

    fn train(&self, playbook: Playbook, overlay: &[KnowledgeEntry]) -> Rules {
        let (playbook, unused) = playbook.with_overlay(overlay);
        for (id, why) in unused {
            let why = match why {
                NotInForce::Disabled => continue,
                NotInForce::Owned => "the playbook's files have an entry of its slug".to_owned(),
                NotInForce::Invalid(problems) => problems.join("; "),
            };
            slog::warn!(self.log, "an entry of knowledge is left out"; "entry_id" => %id, "why" => why);
        }
        let knowledge = knowledge::load(&playbook, &self.data_dir, &self.log);
        let settings = self.settings.clone();
        Rules::with_knowledge(Arc::new(playbook), knowledge, Registry::standard(), settings)
    }
}
