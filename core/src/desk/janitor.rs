//! What downloads that were cut short leave in file storage, cleared away.

use std::sync::Arc;
use std::time::Duration;

use crate::id::ClientId;
use crate::port::store::StoreError;
use crate::port::{FileStorage, FilesError};
use crate::time::Timestamp;

use super::process::Process;

/// What is younger may belong to a download under way, or to one whose end waits to be written.
const YOUNG: Duration = Duration::from_hours(24);
/// So many files are looked at in one step.
const STEP: usize = 500;
/// How often all files are looked at.
const EVERY: Duration = Duration::from_hours(1);
/// If so many files of a step, and more than half of it, belong to nobody, then it is not downloads that
/// left them: the storage and the database do not belong together, and nothing is removed.
const SUSPICIOUS: usize = 50;

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum JanitorError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a janitor is in its round.
#[derive(Debug, Default)]
enum Round {
    /// None is under way.
    #[default]
    Over,
    /// It goes on after this key; at the start without one.
    After(Option<String>),
}

/// Clears file storage of files that were never kept, and of kept ones that no attachment refers to, once
/// they are a day old. It goes through all files step by step, about every hour.
#[derive(Debug)]
pub struct Janitor {
    process: Process,
    files: Arc<dyn FileStorage>,
    round: Round,
    next_at: Timestamp,
}

impl Janitor {
    /// A janitor that begins its first round within some minutes, so that processes which started together
    /// do not.
    pub fn new(process: Process, files: Arc<dyn FileStorage>) -> Self {
        let first = process.between(Duration::from_mins(1), Duration::from_mins(6));
        let next_at = process.now() + first;
        Janitor {
            process,
            files,
            round: Round::Over,
            next_at,
        }
    }

    /// Does the next step, if one is due; says how many files went.
    pub(super) async fn step(&mut self) -> Result<usize, JanitorError> {
        let Round::After(after) = std::mem::take(&mut self.round) else {
            if self.process.now() < self.next_at {
                return Ok(0);
            }
            self.next_at = self.process.now() + self.process.between(EVERY * 3 / 4, EVERY * 5 / 4);
            let swept = self.files.sweep_staged(YOUNG).await?;
            self.round = Round::After(None);
            return Ok(swept);
        };
        let page = self.files.list(after, STEP).await?;
        let Some(last) = page.last() else {
            return Ok(0);
        };
        self.round = Round::After(Some(last.key.clone()));
        let now = self.process.now();
        let old = page
            .iter()
            .filter(|head| now.since(head.kept_at) > YOUNG && is_of_attachment(&head.key));
        let old: Vec<String> = old.map(|head| head.key.clone()).collect();
        if old.is_empty() {
            return Ok(0);
        }
        let orphans = self.process.store.unreferenced(&old).await?;
        if orphans.len() >= SUSPICIOUS && orphans.len() * 2 > old.len() {
            slog::error!(self.process.log, "most files belong to no attachment of this database: none is removed; \
                is FILES_URL another desk's?"; "files" => old.len(), "orphans" => orphans.len());
            return Ok(0);
        }
        self.remove(&orphans).await
    }

    async fn remove(&self, orphans: &[String]) -> Result<usize, JanitorError> {
        let mut gone = 0;
        for key in orphans {
            // A download may have kept the same bytes again since the list was read.
            let head = self.files.head(key).await?;
            let still_old = head.is_some_and(|head| self.process.now().since(head.kept_at) > YOUNG);
            if still_old && self.files.delete(key).await? {
                gone += 1;
            }
        }
        Ok(gone)
    }
}

/// Whether the key is one that a download makes: whatever else is kept there is not the janitor's.
fn is_of_attachment(key: &str) -> bool {
    let Some((client, hash)) = key.split_once('/') else {
        return false;
    };
    client.parse().map(ClientId).is_ok() && hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_attachments_are_the_janitors() {
        let client = "0190a000-0000-7000-8000-000000000001";
        let hash = "a".repeat(64);
        assert!(is_of_attachment(&format!("{client}/{hash}")));
        for other in [
            "ledger",
            "tombstones/ledger",
            client,
            &format!("{client}/x"),
            &format!("x/{hash}"),
        ] {
            assert!(!is_of_attachment(other), "{other}");
        }
    }
}
