//! What is wrong with the settings: all of it at once, each naming its variable.

use std::fmt;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The variable.
    pub name: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingProblems(pub Vec<SettingProblem>);

impl SettingProblems {
    /// Adds one.
    pub(super) fn add(&mut self, name: &str, message: impl Into<String>) {
        self.0.push(SettingProblem {
            name: name.to_owned(),
            message: message.into(),
        });
    }
}

impl fmt::Display for SettingProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {}", problem.name, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingProblems {}
