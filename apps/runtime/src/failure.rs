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
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Work(_) => 1,
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
