//! Files of conversations.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use frontdesk_core::conversation::{Attachment, AttachmentStatus, Refusal};
use frontdesk_core::id::{AttachmentId, ConversationId, MessageId};

use crate::schema::attachments;
use crate::types::{At, Id, Word};

#[derive(Clone, Debug, AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = attachments, treat_none_as_null = true)]
pub(crate) struct AttachmentRow {
    pub(crate) id: Id,
    conversation_id: Id,
    message_id: Id,
    kind: String,
    file_name: Option<String>,
    mime_declared: Option<String>,
    mime_detected: Option<String>,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    storage_key: Option<String>,
    status: Word<AttachmentStatus>,
    refusal: Option<Word<Refusal>>,
    media_group_id: Option<String>,
    created_at: At,
    updated_at: At,
}

impl From<&Attachment> for AttachmentRow {
    fn from(file: &Attachment) -> Self {
        AttachmentRow {
            id: Id(file.id.0),
            conversation_id: Id(file.conversation_id.0),
            message_id: Id(file.message_id.0),
            kind: file.kind.clone(),
            file_name: file.file_name.clone(),
            mime_declared: file.mime_declared.clone(),
            mime_detected: file.mime_detected.clone(),
            size_bytes: file.size_bytes,
            sha256: file.sha256.clone(),
            storage_key: file.storage_key.clone(),
            status: Word(file.status.clone()),
            refusal: file.refusal.clone().map(Word),
            media_group_id: file.media_group_id.clone(),
            created_at: At(file.created_at),
            updated_at: At(file.updated_at),
        }
    }
}

impl From<AttachmentRow> for Attachment {
    fn from(row: AttachmentRow) -> Self {
        Attachment {
            id: AttachmentId(row.id.0),
            conversation_id: ConversationId(row.conversation_id.0),
            message_id: MessageId(row.message_id.0),
            kind: row.kind,
            file_name: row.file_name,
            mime_declared: row.mime_declared,
            mime_detected: row.mime_detected,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            storage_key: row.storage_key,
            status: row.status.0,
            refusal: row.refusal.map(|why| why.0),
            media_group_id: row.media_group_id,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}
