//! What is wrong with a playbook, where, and what is expected instead.

use std::fmt;

/// Whether a problem keeps the playbook from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be used.
    Error,
    /// It works, but worse than it could.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, by its path within the playbook.
    pub file: String,
    /// The line from 1; 0 if it is the whole file.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, ": {word}: {}", self.message)
    }
}

/// All problems of a playbook, by file and line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds an error.
    pub(super) fn error(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.add(file, line, Severity::Error, message.into());
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.add(file, line, Severity::Warning, message.into());
    }

    fn add(&mut self, file: &str, line: usize, severity: Severity, message: String) {
        self.0.push(Problem {
            file: file.to_owned(),
            line,
            severity,
            message,
        });
    }

    /// Whether one of them keeps the playbook from being used.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The line, from 1, of a byte offset in `text`.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let end = offset.min(text.len());
    // Counted on bytes: the offset of an error need not be a character's edge.
    let mut line = 1;
    for byte in &text.as_bytes()[..end] {
        line += usize::from(*byte == b'\n');
    }
    line
}
