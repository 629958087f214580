//! Files of conversations, as the store has them. They are written with a turn's
//! [`Decision`](crate::dialogue::Decision).

use async_trait::async_trait;
use std::fmt::Debug;

use crate::conversation::Attachment;
use crate::id::{AttachmentId, ConversationId};

use super::store::StoreError;

/// Files of conversations.
#[async_trait]
pub trait AttachmentStore: Debug + Send + Sync {
    /// The files of a case, in the order of their ids, which is that in which they came.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError>;

    /// One file.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError>;

    /// Which of these keys of file storage no file refers to, in the order given.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError>;
}
