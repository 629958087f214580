//! The form in which the terminal's updates are kept.

use frontdesk_core::dialogue::Update;
use frontdesk_core::id::UpdateId;
use frontdesk_core::port::UpdateDecoder;
use frontdesk_core::port::messenger::{DecodeError, Envelope, PeekError};
use frontdesk_core::text::clip;
use serde::{Deserialize, Serialize};

/// An update as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) update_id: i64,
    pub(crate) update: Update,
}

/// Reads the terminal's updates.
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminalDecoder;

impl UpdateDecoder for TerminalDecoder {
    fn source(&self) -> &'static str {
        "terminal"
    }

    fn version(&self) -> i32 {
        1
    }

    fn peek(&self, bytes: &[u8]) -> Result<Envelope, PeekError> {
        let kept: Kept =
            serde_json::from_slice(bytes).map_err(|error| PeekError::NotJson(error.to_string()))?;
        let text = match &kept.update.what {
            frontdesk_core::dialogue::UpdateKind::Text { text } => clip(text, 64).to_owned(),
            _ => String::new(),
        };
        Ok(Envelope {
            update_id: UpdateId(kept.update_id),
            chat: kept.update.chat,
            user: Some(kept.update.from.user_id),
            counts: false,
            text_start: text,
            album: None,
        })
    }

    fn decode(&self, bytes: &[u8], version: i32) -> Result<Update, DecodeError> {
        if version != self.version() {
            return Err(DecodeError::Malformed(format!(
                "terminal updates of form {version}"
            )));
        }
        let kept: Kept =
            serde_json::from_slice(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        Ok(kept.update)
    }
}
