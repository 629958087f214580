//! How far long work has come, on one line of a terminal; nowhere else.

use std::io::{IsTerminal, Stderr, Write as _};

/// A line on standard error that is written over. Gone when the work is.
#[derive(Debug)]
pub(crate) struct Progress {
    what: &'static str,
    of: Option<u64>,
    terminal: Option<Stderr>,
    done: u64,
    shown: bool,
}

/// The line is written anew after so many steps.
const EVERY: u64 = 16;

impl Progress {
    /// For work of so many steps, if that is known.
    pub fn of(what: &'static str, of: Option<u64>) -> Self {
        let stderr = std::io::stderr();
        Progress {
            what,
            of,
            terminal: stderr.is_terminal().then_some(stderr),
            done: 0,
            shown: false,
        }
    }

    /// So many steps more are done.
    pub fn more(&mut self, steps: u64) {
        let before = self.done;
        self.done += steps;
        let Some(terminal) = &mut self.terminal else {
            return;
        };
        if before / EVERY == self.done / EVERY {
            return;
        }
        let written = match self.of {
            Some(of) => write!(terminal, "\r{}: {} of {of}\u{1b}[K", self.what, self.done),
            None => write!(terminal, "\r{}: {}\u{1b}[K", self.what, self.done),
        };
        // A terminal that is gone needs no progress.
        drop(written.and_then(|()| terminal.flush()));
        self.shown = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let (Some(terminal), true) = (&mut self.terminal, self.shown) {
            drop(write!(terminal, "\r\u{1b}[K").and_then(|()| terminal.flush()));
        }
    }
}
