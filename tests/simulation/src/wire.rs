//! The form in which the simulated messenger gives updates: the id, the chat and the start of the text
//! on a line each, then the update as JSON. Cheap to look into.

use frontdesk_core::dialogue::Update;
use frontdesk_core::id::{ChatId, UpdateId, UserId};
use frontdesk_core::port::UpdateDecoder;
use frontdesk_core::port::messenger::{DecodeError, Envelope, PeekError};

/// Its name as a source.
pub(crate) const SOURCE: &str = "simulated";

/// What a client writes to have an update that nobody can read.
pub(crate) const UNREADABLE: &str = "unreadable";

/// The bytes of an update.
pub(crate) fn body(id: UpdateId, update: &Update, text_start: &str) -> Vec<u8> {
    let json = serde_json::to_string(update).unwrap_or_default();
    format!("{id}\n{}\n{text_start}\n{json}", update.chat).into_bytes()
}

/// The id of the update in a payload, if it is one.
pub(crate) fn update_id(payload: &[u8]) -> Option<UpdateId> {
    let end = payload.iter().position(|byte| *byte == b'\n')?;
    let id = std::str::from_utf8(&payload[..end]).ok()?;
    id.parse().ok().map(UpdateId)
}

/// Reads it.
#[derive(Debug)]
pub(crate) struct SimulatedDecoder;

impl UpdateDecoder for SimulatedDecoder {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn version(&self) -> i32 {
        1
    }

    fn peek(&self, bytes: &[u8]) -> Result<Envelope, PeekError> {
        let text = std::str::from_utf8(bytes).map_err(|error| PeekError::NotJson(error.to_string()))?;
        let mut lines = text.splitn(4, '\n');
        let mut number = || lines.next().and_then(|line| line.parse::<i64>().ok());
        let (Some(id), Some(chat)) = (number(), number()) else {
            return Err(PeekError::NoUpdateId);
        };
        Ok(Envelope {
            update_id: UpdateId(id),
            chat: ChatId(chat),
            user: Some(UserId(chat)),
            counts: true,
            text_start: lines.next().unwrap_or_default().to_owned(),
            album: None,
        })
    }

    fn decode(&self, bytes: &[u8], _version: i32) -> Result<Update, DecodeError> {
        let malformed = |error: &dyn std::fmt::Display| DecodeError::Malformed(error.to_string());
        let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
        let lines: Vec<&str> = text.splitn(4, '\n').collect();
        let [_, _, start, json] = lines[..] else {
            return Err(malformed(&"it has fewer than four lines"));
        };
        if start == UNREADABLE {
            return Err(DecodeError::UnknownKind(UNREADABLE.to_owned()));
        }
        serde_json::from_str(json).map_err(|error| malformed(&error))
    }
}
