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
    /// `= name …`; empty for nobody's.
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

impl Step {
    /// The line that is read as this step: the format's other direction. Line breaks become blanks, since
    /// a step is one line; what a line cannot say (a tap by its data, the place of a location, a file's
    /// name) is left out.
    pub(crate) fn line(&self) -> String {
        match self {
            Step::Now(at) => format!("= now {at}"),
            Step::Language(tag) => format!("= language {}", one_line(tag)),
            Step::Name(name) => format!("= name {}", one_line(name)).trim_end().to_owned(),
            Step::Client(what) => client_line(what),
            Step::Send(media, _) => media_line(media),
            Step::Tap(label) => format!("[{}]", one_line(label)),
            Step::Agent(action) => match action {
                AgentAction::Say { text } => format!("@agent {}", one_line(text)),
                AgentAction::Note { text } => format!("@agent // {}", one_line(text)),
                AgentAction::HandBack => "@agent /bot".to_owned(),
                AgentAction::Close => "@agent /close".to_owned(),
                AgentAction::ShowLead => "@agent /lead".to_owned(),
            },
            Step::Pass(by) => passing_line(*by),
            Step::Told(text) => format!("< {}", one_line(text)),
            Step::NotTold(text) => format!("<! {}", one_line(text)),
            Step::Silence => "< (nothing)".to_owned(),
            Step::StaffTold(text) => format!("$ {}", one_line(text)),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn client_line(what: &UpdateKind) -> String {
    match what {
        UpdateKind::Text { text } => format!("> {}", one_line(text)),
        UpdateKind::Edited { text } => format!("(edit) {}", one_line(text)),
        UpdateKind::Contact { phone, .. } => format!("(contact) {}", one_line(phone)),
        UpdateKind::Location { .. } => "(location)".to_owned(),
        UpdateKind::Media(media) => media_line(media),
        UpdateKind::Tap { .. }
        | UpdateKind::Reachable { .. }
        | UpdateKind::Stopped { .. }
        | UpdateKind::Ignored { .. } => format!("# {} that a transcript has no line for", what.kind()),
    }
}

fn media_line(media: &Media) -> String {
    let kind = match &media.content_type {
        ContentType::Image => "photo",
        ContentType::Voice => "voice",
        ContentType::Document => "document",
        ContentType::Text
        | ContentType::Command
        | ContentType::Contact
        | ContentType::Location
        | ContentType::Button
        | ContentType::Other
        | ContentType::Unknown(_) => "sticker",
    };
    format!("({kind}) {}", one_line(&media.caption))
        .trim_end()
        .to_owned()
}

/// In the largest unit that says it without a remainder.
fn passing_line(by: Duration) -> String {
    let seconds = by.as_secs();
    let units = [(86_400, "days"), (3_600, "h"), (60, "min")];
    let exact = units
        .iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    match exact {
        Some((unit, word)) => format!("+{} {word}", seconds / unit),
        None => format!("+{seconds} s"),
    }
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
        "name" => Ok(Step::Name(value.to_owned())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = String> {
        "[A-Za-zа-яё0-9][ -~а-яё]{0,30}".prop_map(|text| one_line(&text))
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..4_000_000_000_i64).prop_map(|at| Step::Now(Timestamp::from_seconds(at))),
            "[a-z]{2}(-[A-Z]{2})?".prop_map(Step::Language),
            word().prop_map(Step::Name),
            Just(Step::Name(String::new())),
            word().prop_map(|text| Step::Client(UpdateKind::Text { text })),
            word().prop_map(|text| Step::Client(UpdateKind::Edited { text })),
            "\\+[0-9]{6,12}".prop_map(|phone| Step::Client(UpdateKind::Contact { phone, own: true })),
            word().prop_map(Step::Tap),
            word().prop_map(|text| Step::Agent(AgentAction::Say { text })),
            word().prop_map(|text| Step::Agent(AgentAction::Note { text })),
            Just(Step::Agent(AgentAction::HandBack)),
            Just(Step::Agent(AgentAction::Close)),
            (1..9_000_000_u64).prop_map(|seconds| Step::Pass(Duration::from_secs(seconds))),
            word().prop_map(Step::Told),
            word().prop_map(Step::NotTold),
            word().prop_map(Step::StaffTold),
            Just(Step::Silence),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(steps in proptest::collection::vec(any_step(), 0..12)) {
            let text: Vec<String> = steps.iter().map(Step::line).collect();
            let read = parse(&text.join("\n"));
            let read: Result<Vec<Step>, _> = read.map(|steps| steps.into_iter().map(|(_, step)| step).collect());
            prop_assert_eq!(read, Ok(steps));
        }
    }
}
