//! Keeps the rules in force up to date: with the playbook's files at SIGHUP, with what people added
//! beside them when its epoch has moved.
//!
//! New rules are read, checked and trained beside the running work and put in force whole. What cannot
//! be, leaves those in force as they are. One thing is done at a time, in the order it was asked for; a
//! signal that comes meanwhile makes for one more reading of the files afterwards, so that the last state
//! of them is always read.

use frontdesk_core::desk::{Process, Stop};
use frontdesk_core::dialogue::{Rules, RulesInForce};
use frontdesk_core::playbook::{Playbook, PlaybookFiles, Problem, Problems, Severity};
use frontdesk_core::port::KnowledgeStore;
use frontdesk_core::port::knowledge::Overlay;
use frontdesk_core::port::metrics::{Counter, Gauge};
use slog::Logger;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::Signal;

use crate::playbook::PlaybookError;
use crate::rules::Recipe;

/// How often the epoch is looked at. With a training, what was added is in force within ten seconds.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What keeps the rules up to date. Without being run it keeps them as they are.
#[derive(Debug)]
pub(crate) struct Keeper {
    recipe: Recipe,
    files: PlaybookFiles,
    overlay: Overlay,
    rules: RulesInForce,
    /// Whether the store did not answer when it was asked last.
    silent: bool,
}

/// Why new rules are not in force.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error(transparent)]
    Unreadable(PlaybookError),
    #[error("{0}")]
    Invalid(Problems),
    #[error("{0}")]
    Failed(tokio::task::JoinError),
}

impl NotMade {
    fn result(&self) -> &'static str {
        match self {
            NotMade::Unreadable(_) => "unreadable",
            NotMade::Invalid(_) => "invalid",
            NotMade::Failed(_) => "failed",
        }
    }
}

impl Keeper {
    pub fn new(recipe: Recipe, files: PlaybookFiles, overlay: Overlay, rules: RulesInForce) -> Self {
        Keeper {
            recipe,
            files,
            overlay,
            rules,
            silent: false,
        }
    }

    /// The rules it keeps.
    pub fn rules(&self) -> RulesInForce {
        self.rules.clone()
    }

    /// Runs until asked to stop.
    pub async fn run(
        mut self,
        process: Process,
        store: Arc<dyn KnowledgeStore>,
        mut hangups: Signal,
        stop: Stop,
    ) {
        tell(&process, &self.rules.playbook(), 1.0);
        let mut look_at = process.clock.now() + LOOK_EVERY;
        while !stop.is_requested() {
            tokio::select! {
                () = stop.requested() => return,
                _ = hangups.recv() => self.reload(&process).await,
                () = process.clock.sleep_until(look_at) => {
                    self.look(&process, &*store).await;
                    look_at = process.clock.now() + LOOK_EVERY;
                }
            }
        }
    }

    /// Reads the playbook's files again.
    async fn reload(&mut self, process: &Process) {
        let (recipe, overlay) = (self.recipe.clone(), self.overlay.entries.clone());
        let made = beside(move || {
            let files = recipe.files().map_err(NotMade::Unreadable)?;
            let rules = recipe.make(&files, &overlay).map_err(NotMade::Invalid)?;
            Ok((files, rules))
        })
        .await;
        let result = match made {
            Ok((files, rules)) => {
                self.files = files;
                self.put(process, rules, "the playbook was read again");
                "done"
            }
            Err(why) => {
                complain(&process.log, &why);
                why.result()
            }
        };
        let labels = [("result", result)];
        process.metrics.add(Counter::PlaybookReloads, &labels, 1);
    }

    /// Looks whether something was added or changed beside the files, and learns it.
    async fn look(&mut self, process: &Process, store: &dyn KnowledgeStore) {
        let log = &process.log;
        let found = match store.knowledge_epoch().await {
            Ok(epoch) if epoch == self.overlay.epoch => Ok(None),
            Ok(_) => Overlay::read(store).await.map(Some),
            Err(error) => Err(error),
        };
        let overlay = match found {
            Ok(overlay) => {
                self.silent = false;
                overlay
            }
            Err(error) => {
                if !self.silent {
                    slog::warn!(log, "what was added to the knowledge cannot be read, the rest stays in force";
                        "error" => %error);
                }
                self.silent = true;
                None
            }
        };
        let Some(overlay) = overlay else { return };
        // Kept whatever comes of it: what failed once is not tried again before something changes.
        self.overlay = overlay;
        // The files are those in force, whatever is in the folder by now.
        let (recipe, files, overlay) = (
            self.recipe.clone(),
            self.files.clone(),
            self.overlay.entries.clone(),
        );
        match beside(move || recipe.make(&files, &overlay).map_err(NotMade::Invalid)).await {
            Ok(rules) => self.put(process, rules, "the knowledge was changed"),
            Err(why) => complain(log, &why),
        }
    }

    fn put(&self, process: &Process, rules: Rules, why: &'static str) {
        let old = self.rules.playbook();
        let new = Arc::clone(rules.playbook());
        self.rules.replace(Arc::new(rules));
        tell(process, &old, 0.0);
        tell(process, &new, 1.0);
        for warning in &new.warnings.0 {
            slog::debug!(process.log, "the playbook could be better"; "why" => %warning);
        }
        slog::info!(process.log, "new rules are in force"; "why" => why, "playbook_version" => &new.version,
            "knowledge_version" => &new.knowledge_version, "entries" => new.entries.len());
    }
}

/// What takes long, on a thread of its own.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NotMade> + Send + 'static,
) -> Result<T, NotMade> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(NotMade::Failed)?
}

/// Says why the old rules stay in force: a line for each problem of a playbook.
fn complain(log: &Logger, why: &NotMade) {
    let text = "new rules were refused, the old ones stay in force";
    match why {
        NotMade::Invalid(Problems(problems)) => {
            let fatal = |problem: &&Problem| problem.severity == Severity::Error;
            for problem in problems.iter().filter(fatal) {
                slog::error!(log, "{}", text; "file" => &problem.file, "line" => problem.line,
                    "error" => &problem.message);
            }
        }
        NotMade::Unreadable(_) | NotMade::Failed(_) => {
            slog::error!(log, "{}", text; "error" => %why);
        }
    }
}

/// Says which playbook is in force.
fn tell(process: &Process, playbook: &Playbook, in_force: f64) {
    let labels = [
        ("version", playbook.version.as_str()),
        ("knowledge_version", playbook.knowledge_version.as_str()),
    ];
    process.metrics.set(Gauge::PlaybookInfo, &labels, in_force);
}
