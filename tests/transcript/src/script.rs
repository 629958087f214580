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
    /// The client sends something with this content.
    Send(Media, Vec<u8>),
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
        return sent(kind.trim(), rest.trim());
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

fn sent(what: &str, rest: &str) -> Result<Step, String> {
    let mut parts = what.split(',').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let (kind, name) = first.split_once(char::is_whitespace).unwrap_or((first, ""));
    let content_type = match kind {
        "edit" => {
            return Ok(Step::Client(UpdateKind::Edited {
                text: rest.to_owned(),
            }));
        }
        "contact" => {
            return Ok(Step::Client(UpdateKind::Contact {
                phone: rest.to_owned(),
                own: true,
            }));
        }
        "location" => {
            return Ok(Step::Client(UpdateKind::Location {
                latitude: 52.52,
                longitude: 13.405,
            }));
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
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let ending = name
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, ending)| ending);
    let mut bytes = content(ending.unwrap_or(kind));
    let mut media = Media {
        content_type,
        kind: kind.to_owned(),
        file_id: None,
        file_name: name.map(str::to_owned),
        mime_type: None,
        size_bytes: None,
        album: None,
        caption: rest.to_owned(),
    };
    for part in parts {
        if let Some(album) = part.strip_prefix("album ") {
            media.album = Some(album.trim().to_owned());
        } else if let Some(other) = part.strip_prefix("really ") {
            bytes = content(other.trim());
        } else if let Some(size) = part
            .strip_suffix("MB")
            .and_then(|size| size.trim().parse::<i64>().ok())
        {
            media.size_bytes = Some(size << 20);
        } else {
            return Err(format!(
                "`{part}`: expected album NAME, really ENDING or a size such as 25 MB"
            ));
        }
    }
    media.size_bytes = media.size_bytes.or(i64::try_from(bytes.len()).ok());
    Ok(Step::Send(media, bytes))
}

/// The start of a file of some kind, by the usual ending of its name.
fn content(ending: &str) -> Vec<u8> {
    let start: &[u8] = match ending {
        "photo" | "jpg" => b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        "png" => b"\x89PNG\r\n\x1a\n\0",
        "voice" | "ogg" => b"OggS\0\x02",
        "exe" => b"MZ\x90\0\x03",
        "zip" => b"PK\x03\x04\x14\0",
        "txt" | "csv" => b"words\n",
        _ => b"%PDF-1.7\n",
    };
    start.to_vec()
}
