//! Lines of a transcript, understood.

use frontdesk_core::conversation::ContentType;
use frontdesk_core::dialogue::{AgentAction, Media, UpdateKind};
use frontdesk_core::time::Timestamp;
use std::time::Duration;

/// What is wrong with a transcript, or with what the desk did: the line, and what it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {why}")]
pub struct TranscriptError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what is expected.
    pub why: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// `= now …`
    Now(Timestamp),
    /// `= language …`
    Language(String),
    /// `= name …`
    Name(String),
    /// The client does something.
    Client(UpdateKind),
    /// The client taps the newest button of this label.
    Tap(String),
    /// An agent does something.
    Agent(AgentAction),
    /// Time passes.
    Pass(Duration),
    /// The client is told something that contains this.
    Told(String),
    /// The client is told nothing that contains this.
    NotTold(String),
    /// The client is told nothing.
    Silence,
    /// The staff is told something that contains this.
    StaffTold(String),
}

const EXPECTED: &str = "expected > text, [button], (kind) caption, @agent text, +2 days, < text, <! text, $ text, \
                        = now|language|name value, or # comment";

/// Reads a transcript; each step with its line.
pub(crate) fn parse(text: &str) -> Result<Vec<(usize, Step)>, TranscriptError> {
    let mut steps = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line_number = at + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let step = step(line).map_err(|why| TranscriptError {
            line: line_number,
            why,
        })?;
        steps.push((line_number, step));
    }
    Ok(steps)
}

fn step(line: &str) -> Result<Step, String> {
    let rest_of = |mark: &str| line.strip_prefix(mark).map(str::trim);
    if let Some(rest) = rest_of("<!") {
        return Ok(Step::NotTold(rest.to_owned()));
    }
    if let Some(rest) = rest_of("<") {
        return Ok(if rest == "(nothing)" {
            Step::Silence
        } else {
            Step::Told(rest.to_owned())
        });
    }
    if let Some(rest) = rest_of("$") {
        return Ok(Step::StaffTold(rest.to_owned()));
    }
    if let Some(rest) = rest_of(">") {
        return Ok(Step::Client(UpdateKind::Text {
            text: rest.to_owned(),
        }));
    }
    if let Some(rest) = rest_of("@agent") {
        return Ok(Step::Agent(agent(rest)));
    }
    if let Some(label) = rest_of("[").and_then(|rest| rest.strip_suffix(']')) {
        return Ok(Step::Tap(label.trim().to_owned()));
    }
    if let Some(rest) = rest_of("+") {
        return passing(rest)
            .map(Step::Pass)
            .ok_or_else(|| format!("`{line}`: expected a time such as +2 days"));
    }
    if let Some(rest) = rest_of("=") {
        return setting(rest);
    }
    if let Some((kind, rest)) = rest_of("(").and_then(|rest| rest.split_once(')')) {
        return sent(kind.trim(), rest.trim()).map(Step::Client);
    }
    Err(format!("`{line}` is no line of a transcript: {EXPECTED}"))
}

fn agent(text: &str) -> AgentAction {
    match text {
        "/bot" => AgentAction::HandBack,
        "/close" => AgentAction::Close,
        "/lead" => AgentAction::ShowLead,
        text => match text.strip_prefix("//") {
            Some(note) => AgentAction::Note {
                text: note.trim().to_owned(),
            },
            None => AgentAction::Say {
                text: text.to_owned(),
            },
        },
    }
}

fn passing(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(char::is_whitespace)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "s" | "second" | "seconds" => Some(Duration::from_secs(number)),
        "min" | "minute" | "minutes" => Some(Duration::from_mins(number)),
        "h" | "hour" | "hours" => Some(Duration::from_hours(number)),
        "day" | "days" => Some(Duration::from_hours(number.checked_mul(24)?)),
        _ => None,
    }
}

fn setting(text: &str) -> Result<Step, String> {
    let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let value = value.trim();
    match name {
        "now" => value.parse().map(Step::Now).map_err(|error| format!("{error}")),
        "language" if !value.is_empty() => Ok(Step::Language(value.to_owned())),
        "name" if !value.is_empty() => Ok(Step::Name(value.to_owned())),
        _ => Err(format!(
            "`= {text}`: expected = now TIME, = language TAG or = name NAME"
        )),
    }
}

fn sent(kind: &str, rest: &str) -> Result<UpdateKind, String> {
    let content_type = match kind {
        "edit" => {
            return Ok(UpdateKind::Edited {
                text: rest.to_owned(),
            });
        }
        "contact" => {
            return Ok(UpdateKind::Contact {
                phone: rest.to_owned(),
                own: true,
            });
        }
        "location" => {
            return Ok(UpdateKind::Location {
                latitude: 52.52,
                longitude: 13.405,
            });
        }
        "photo" => ContentType::Image,
        "voice" => ContentType::Voice,
        "document" => ContentType::Document,
        "sticker" => ContentType::Other,
        _ => {
            return Err(format!(
                "({kind}): expected photo, voice, document, sticker, location, contact or edit"
            ));
        }
    };
    Ok(UpdateKind::Media(Media {
        content_type,
        kind: kind.to_owned(),
        file_id: Some("file-1".to_owned()),
        file_name: None,
        mime_type: None,
        size_bytes: Some(1_000),
        album: None,
        caption: rest.to_owned(),
    }))
}
