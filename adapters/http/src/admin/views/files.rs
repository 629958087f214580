//! Files that came with messages.

use frontdesk_core::conversation::Attachment;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Time;

/// A file that came with a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AttachmentView {
    id: Uuid,
    message_id: Uuid,
    /// The messenger's word for it: `photo`, `voice`, …
    kind: String,
    /// As its sender calls it, cleaned.
    file_name: Option<String>,
    /// What its content shows it to be, once it was downloaded.
    mime_detected: Option<String>,
    size_bytes: Option<i64>,
    /// 64 hexadecimal digits, once it is stored.
    sha256: Option<String>,
    /// `pending`, `stored`, `refused`, `missing`.
    status: String,
    /// Why it is not taken: `too_big`, `kind`, `empty`.
    refusal: Option<String>,
    /// The album it came in.
    media_group_id: Option<String>,
    created_at: Time,
}

impl From<Attachment> for AttachmentView {
    fn from(file: Attachment) -> Self {
        AttachmentView {
            id: file.id.0,
            message_id: file.message_id.0,
            kind: file.kind,
            file_name: file.file_name,
            mime_detected: file.mime_detected,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            status: file.status.to_string(),
            refusal: file.refusal.map(|why| why.to_string()),
            media_group_id: file.media_group_id,
            created_at: Time(file.created_at),
        }
    }
}
