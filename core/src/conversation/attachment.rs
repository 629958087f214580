//! Files of a conversation: what was sent, and what became of it.

use serde::{Deserialize, Serialize};

use crate::id::{AttachmentId, ClientId, ConversationId, MessageId};
use crate::text::{clean, clip};
use crate::time::Timestamp;

/// Longest file name that is kept, in characters.
const NAME_LIMIT: usize = 255;

open_enum! {
    /// What became of a file.
    AttachmentStatus {
        /// It is to be downloaded.
        Pending = "pending",
        /// Its bytes are in file storage.
        Stored = "stored",
        /// It is not taken; [`Attachment::refusal`] says why.
        Refused = "refused",
        /// It could not be had.
        Missing = "missing",
    }
}

open_enum! {
    /// Why a file is not taken.
    Refusal {
        /// It is larger than the messenger hands out or the company takes.
        TooBig = "too_big",
        /// Its content is of a kind that the company does not take.
        Kind = "kind",
        /// It has no bytes.
        Empty = "empty",
    }
}

/// One row per file. It is made with its message; the download changes it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The desk's id.
    pub id: AttachmentId,
    /// The case it belongs to.
    pub conversation_id: ConversationId,
    /// The message it came with.
    pub message_id: MessageId,
    /// The messenger's word for it: `photo`, `voice`, …
    pub kind: String,
    /// The name the client's device gave it, cleaned: for display alone, never a path.
    pub file_name: Option<String>,
    /// The type the client's device gave it: nothing rests on it.
    pub mime_declared: Option<String>,
    /// The type its content shows, once it was downloaded.
    pub mime_detected: Option<String>,
    /// Its size: as the messenger said, and as it is once it was downloaded.
    pub size_bytes: Option<i64>,
    /// SHA-256 of its bytes, 64 hexadecimal digits, once it is stored.
    pub sha256: Option<String>,
    /// Where its bytes are in file storage, once it is stored.
    pub storage_key: Option<String>,
    /// What became of it.
    pub status: AttachmentStatus,
    /// Why it is not taken, if it is not.
    pub refusal: Option<Refusal>,
    /// The album it came in.
    pub media_group_id: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// When it changed.
    pub updated_at: Timestamp,
}

/// An attachment to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttachmentWrite {
    /// The row.
    pub row: Attachment,
    /// Whether it is a new row. If not, the row with its id is replaced; if that is gone (its client was
    /// erased), nothing is written.
    pub is_new: bool,
}

impl Attachment {
    /// Not taken.
    #[must_use]
    pub fn refused(self, why: Refusal) -> Self {
        Attachment {
            status: AttachmentStatus::Refused,
            refusal: Some(why),
            ..self
        }
    }

    /// Not to be had.
    #[must_use]
    pub fn missing(self) -> Self {
        Attachment {
            status: AttachmentStatus::Missing,
            ..self
        }
    }

    /// Where the bytes of a file are kept: under the client's own prefix, by what they are.
    pub fn storage_key(client: ClientId, sha256: &str) -> String {
        format!("{client}/{sha256}")
    }
}

/// A file's name as it may be shown: its last part, without control characters and without those that
/// turn the direction of reading (`exe.fdp` must not read as `.pdf`), at most 255 characters.
pub fn shown_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let plain: String = last
        .chars()
        .filter(|c| !c.is_control() && !turns_reading(*c))
        .collect();
    let cleaned = clean(&plain);
    let shown = clip(&cleaned, NAME_LIMIT).trim();
    let only_dots = shown.chars().all(|c| c == '.');
    (!only_dots).then(|| shown.to_owned())
}

/// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm.
fn turns_reading(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hostile_name_is_shown_harmlessly() {
        for (name, shown) in [
            ("brief.pdf", Some("brief.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Windows\\System32\\cmd.exe", Some("cmd.exe")),
            ("/", None),
            ("..", None),
            ("", None),
            (" \t ", None),
            ("a\0b\r\nc.txt", Some("abc.txt")),
            ("invoice\u{202e}fdp.exe", Some("invoicefdp.exe")),
            ("бриф.pdf", Some("бриф.pdf")),
        ] {
            assert_eq!(shown_name(name).as_deref(), shown, "{name:?}");
        }
        assert_eq!(
            shown_name(&"я".repeat(1_000)).map(|name| name.chars().count()),
            Some(255)
        );
    }

    proptest! {
        #[test]
        fn no_name_keeps_a_path_or_a_control_character(name in any::<String>()) {
            if let Some(shown) = shown_name(&name) {
                prop_assert!(!shown.is_empty() && shown.chars().count() <= 255);
                prop_assert!(!shown.contains(['/', '\\']) && !shown.chars().any(char::is_control));
                prop_assert_eq!(shown_name(&shown), Some(shown.clone()));
            }
        }
    }
}
