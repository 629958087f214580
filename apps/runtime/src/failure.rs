//! How a program ends that could not do what it was asked to: one clear line, and an exit code.

use std::fmt;

use crate::playbook::PlaybookError;
use crate::settings::SettingProblems;

/// Why a program ends early.
#[derive(Debug)]
pub enum Failure {
    /// Wrong use or settings: exit code 2.
    Usage(String),
    /// A check or the work failed: exit code 1.
    Work(String),
    /// Whoever read the output has read enough (`… | head`): exit code 0, nothing to say.
    ReaderGone,
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Work(_) => 1,
            Failure::ReaderGone => 0,
        }
    }

    /// The output could not be written.
    #[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
    pub(crate) fn output(error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Work(format!("the output cannot be written: {error}")),
        }
    }

    /// The work failed.
    pub(crate) fn work(error: impl fmt::Display) -> Failure {
        Failure::Work(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) | Failure::Work(text) => f.write_str(text),
            Failure::ReaderGone => Ok(()),
        }
    }
}

impl From<SettingProblems> for Failure {
    fn from(problems: SettingProblems) -> Self {
        Failure::Usage(problems.to_string())
    }
}

impl From<PlaybookError> for Failure {
    fn from(error: PlaybookError) -> Self {
        Failure::Usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_reader_who_has_read_enough_is_no_failure() {
        assert_eq!(Failure::output(Error::from(ErrorKind::BrokenPipe)).code(), 0);
        let full = Failure::output(Error::from(ErrorKind::StorageFull));
        assert_eq!(full.code(), 1);
        assert!(full.to_string().contains("output cannot be written"));
    }
}
