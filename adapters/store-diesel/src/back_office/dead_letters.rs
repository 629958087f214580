//! What was given up.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use std::time::Duration;

use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{DeadLetter, DeadLetterStore, DeadQueue, Paging};
use frontdesk_core::work::{NewInboxItem, NewJob, Outgoing};

use crate::accept;
use crate::commit;
use crate::conn::{Conn, rows};
use crate::dead::DeadJob;
use crate::error::store_error;
use crate::lanes::{KeyRow, KeySql, key};
use crate::open::DieselStore;
use crate::rows::read;
use crate::sql::Sql;
use crate::types::{At, Doc, Json, Moment};

use super::rows_of;

#[async_trait]
impl DeadLetterStore for DieselStore {
    async fn dead_letters(&self, page: &Paging<i64>) -> Result<Vec<DeadLetter>, StoreError> {
        let mut conn = self.reader().await?;
        let sql = Sql::<(BigInt, Text, KeySql, Text, Text, Moment)>::new(
            "SELECT id, queue, bot_id, channel, chat_id, what, why, created_at FROM dead_letters \
             WHERE id < ? ORDER BY id DESC LIMIT ?",
        )
        .int(page.before.unwrap_or(i64::MAX))
        .int(rows_of(page.limit));
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
}

/// Puts a dead letter back at the end of its queue, as new.
pub(super) async fn revive(conn: &mut Conn, id: i64) -> QueryResult<bool> {
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
