//! Lists and repairs.

use async_trait::async_trait;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use std::time::Duration;

use frontdesk_core::conversation::Conversation;
use frontdesk_core::id::{ClientId, ConversationId};
use frontdesk_core::port::store::{
    BackOfficeStore, DeadLetter, DeadQueue, HistoryStore, StoreError, StoredMessage,
};
use frontdesk_core::work::{NewInboxItem, NewJob, Outgoing};

use crate::accept;
use crate::commit;
use crate::conn::{Conn, Durability, on_conn, rows};
use crate::dead::DeadJob;
use crate::error::store_error;
use crate::lanes::{KeyRow, KeySql, key};
use crate::open::DieselStore;
use crate::rows::{ConversationRow, DeliveryRow, MessageRow, read};
use crate::schema::{conversations, message_deliveries, messages};
use crate::sql::Sql;
use crate::types::{At, Doc, Id, Json, Moment};

#[async_trait]
impl HistoryStore for DieselStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let mut conn = self.reader().await?;
        last_messages(&mut conn, conversation, limit)
            .await
            .map_err(store_error)
    }
}

#[async_trait]
impl BackOfficeStore for DieselStore {
    async fn conversations(&self, client: ClientId, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let mut conn = self.reader().await?;
        let cases: QueryResult<Vec<ConversationRow>> = on_conn!(&mut conn, |c| {
            conversations::table
                .filter(conversations::client_id.eq(Id(client.0)))
                .order((conversations::created_at.desc(), conversations::id.desc()))
                .limit(rows_of(limit))
                .select(ConversationRow::as_select())
                .load(c)
                .await
        });
        Ok(cases.map_err(store_error)?.into_iter().map(Into::into).collect())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let mut conn = self.reader().await?;
        let sql = Sql::<(BigInt, Text, KeySql, Text, Text, Moment)>::new(
            "SELECT id, queue, bot_id, channel, chat_id, what, why, created_at FROM dead_letters \
             ORDER BY id DESC LIMIT ?",
        )
        .int(rows_of(limit));
        let letters =
            rows!(&mut conn, sql => (i64, String, KeyRow, String, String, At)).map_err(store_error)?;
        Ok(letters
            .into_iter()
            .map(|(id, queue, lane, what, why, at)| DeadLetter {
                id,
                queue: DeadQueue::from_text(&queue),
                lane: key(lane),
                what,
                why,
                at: at.0,
            })
            .collect())
    }

    async fn retry_dead(&self, id: i64) -> Result<bool, StoreError> {
        let mut conn = self.transaction(Durability::Full).await?;
        let revived = revive(&mut conn, id).await;
        conn.close(revived).await
    }

    async fn drop_dead(&self, id: i64) -> Result<bool, StoreError> {
        let mut conn = self.transaction(Durability::Full).await?;
        let gone = conn
            .run(Sql::new("DELETE FROM dead_letters WHERE id = ?").int(id))
            .await;
        Ok(conn.close(gone).await? > 0)
    }
}

fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The last messages of a case, in order (index `messages_place`).
async fn last_messages(
    conn: &mut Conn,
    case: ConversationId,
    limit: usize,
) -> QueryResult<Vec<StoredMessage>> {
    let mut last: Vec<MessageRow> = on_conn!(conn, |c| {
        messages::table
            .filter(messages::conversation_id.eq(Id(case.0)))
            .order(messages::seq.desc())
            .limit(rows_of(limit))
            .select(MessageRow::as_select())
            .load(c)
            .await
    })?;
    last.reverse();
    let ids: Vec<Id> = last.iter().map(|message| message.id).collect();
    let received: Vec<(Id, i64)> = on_conn!(conn, |c| {
        message_deliveries::table
            .filter(message_deliveries::message_id.eq_any(ids))
            .filter(message_deliveries::direction.eq(DeliveryRow::IN))
            .select((
                message_deliveries::message_id,
                message_deliveries::channel_message_id,
            ))
            .load(c)
            .await
    })?;
    let received: HashMap<Id, i64> = received.into_iter().collect();
    Ok(last
        .into_iter()
        .map(|message| {
            let channel_message_id = received.get(&message.id).copied();
            message.into_message(channel_message_id)
        })
        .collect())
}

/// Puts a dead letter back at the end of its queue, as new.
async fn revive(conn: &mut Conn, id: i64) -> QueryResult<bool> {
    type LetterSql = (
        Text,
        KeySql,
        Text,
        Nullable<Integer>,
        Nullable<Binary>,
        Nullable<Json>,
    );
    type Letter = (String, KeyRow, String, Option<i32>, Option<Vec<u8>>, Option<Doc>);
    let sql = Sql::<LetterSql>::new(
        "DELETE FROM dead_letters WHERE id = ? RETURNING queue, bot_id, channel, chat_id, what, source_version, \
         payload, item",
    )
    .int(id);
    let letters: Vec<Letter> = rows!(conn, sql => Letter)?;
    let Some((queue, lane, what, source_version, payload, item)) = letters.into_iter().next() else {
        return Ok(false);
    };
    let lane = key(lane);
    match (DeadQueue::from_text(&queue), source_version, payload, item) {
        (DeadQueue::Turn, Some(source_version), Some(payload), _) => {
            let item = NewInboxItem {
                lane,
                update_id: None,
                source: what,
                source_version,
                payload,
            };
            accept::keep(conn, &[item]).await?;
        }
        (DeadQueue::Reply, _, _, Some(item)) => {
            let call: Outgoing = read(item)?;
            commit::outgoing::queue(conn, &[(&call, None)]).await?;
        }
        (DeadQueue::Job, _, _, Some(item)) => {
            let dead: DeadJob = read(item)?;
            let job = NewJob {
                id: dead.id,
                kind: what,
                version: dead.version,
                conversation_id: dead.conversation_id,
                lane,
                payload: dead.payload,
                run_in: Duration::ZERO,
                priority: dead.priority,
                unique_key: dead.unique_key,
            };
            commit::start(conn, &job, Duration::ZERO, dead.fence).await?;
        }
        (queue, _, _, _) => {
            let why = format!("dead letter {id} of queue {queue} cannot be read by this build");
            return Err(Error::DeserializationError(why.into()));
        }
    }
    Ok(true)
}
