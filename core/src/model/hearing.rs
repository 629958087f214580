//! Knowing whether anything of an answer was heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::port::llm::PartialAnswer;

/// Hands everything on, and remembers whether there was anything that still counts.
#[derive(Debug)]
pub(super) struct Hearing {
    ear: Arc<dyn PartialAnswer>,
    anything: AtomicBool,
}

impl Hearing {
    pub(super) fn by(ear: Arc<dyn PartialAnswer>) -> Arc<Self> {
        Arc::new(Hearing {
            ear,
            anything: AtomicBool::new(false),
        })
    }

    /// Whether text was heard that is not void.
    pub(super) fn anything(&self) -> bool {
        self.anything.load(Ordering::Acquire)
    }
}

impl PartialAnswer for Hearing {
    fn more(&self, piece: &str) {
        if !piece.is_empty() {
            self.anything.store(true, Ordering::Release);
        }
        self.ear.more(piece);
    }

    fn restart(&self) {
        self.anything.store(false, Ordering::Release);
        self.ear.restart();
    }
}
