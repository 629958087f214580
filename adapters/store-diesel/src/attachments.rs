//! Files of conversations: written with a turn, and read.

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;
use std::collections::HashSet;

use frontdesk_core::conversation::Attachment;
use frontdesk_core::id::{AttachmentId, ConversationId};
use frontdesk_core::port::store::TurnCommit;
use frontdesk_core::port::{AttachmentStore, StoreError};

use crate::conn::{Conn, insert_rows, on_conn};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::AttachmentRow;
use crate::schema::attachments;
use crate::types::Id;

/// Writes the files of turns: new ones first, then those that change. A change of one that is gone
/// changes nothing.
pub(crate) async fn write(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let writes = || turns.iter().flat_map(|turn| &turn.decision.attachments);
    let new: Vec<AttachmentRow> = writes()
        .filter(|write| write.is_new)
        .map(|write| (&write.row).into())
        .collect();
    if !new.is_empty() {
        insert_rows!(conn, new, |values| diesel::insert_into(attachments::table)
            .values(values))?;
    }
    for write in writes().filter(|write| !write.is_new) {
        let row = AttachmentRow::from(&write.row);
        let id = row.id;
        on_conn!(conn, |c| {
            diesel::update(attachments::table)
                .filter(attachments::id.eq(id))
                .set(row)
                .execute(c)
                .await
        })?;
    }
    Ok(())
}

#[async_trait]
impl AttachmentStore for DieselStore {
    async fn attachments(&self, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
        let mut conn = self.reader().await?;
        // Index attachments_case.
        let found: QueryResult<Vec<AttachmentRow>> = on_conn!(&mut conn, |c| {
            attachments::table
                .filter(attachments::conversation_id.eq(Id(conversation.0)))
                .order(attachments::id)
                .select(AttachmentRow::as_select())
                .load(c)
                .await
        });
        Ok(found.map_err(store_error)?.into_iter().map(Into::into).collect())
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        let mut conn = self.reader().await?;
        let found: QueryResult<Option<AttachmentRow>> = on_conn!(&mut conn, |c| {
            attachments::table
                .find(Id(id.0))
                .select(AttachmentRow::as_select())
                .first(c)
                .await
                .optional()
        });
        Ok(found.map_err(store_error)?.map(Into::into))
    }

    async fn unreferenced(&self, storage_keys: &[String]) -> Result<Vec<String>, StoreError> {
        let mut conn = self.reader().await?;
        let wanted: Vec<Option<&str>> = storage_keys.iter().map(|key| Some(key.as_str())).collect();
        // Index attachments_storage_key.
        let found: QueryResult<Vec<Option<String>>> = on_conn!(&mut conn, |c| {
            attachments::table
                .filter(attachments::storage_key.eq_any(wanted))
                .select(attachments::storage_key)
                .load(c)
                .await
        });
        let taken: HashSet<String> = found.map_err(store_error)?.into_iter().flatten().collect();
        let free = storage_keys.iter().filter(|key| !taken.contains(*key));
        Ok(free.cloned().collect())
    }
}
