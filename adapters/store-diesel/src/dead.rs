//! Dead letters: buried with all that is needed to try again.

use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use frontdesk_core::id::{ConversationId, JobId};
use frontdesk_core::port::back_office::DeadQueue;
use frontdesk_core::work::{LaneKey, Outgoing};

use crate::claim::method;
use crate::conn::Conn;
use crate::rows::doc;
use crate::sql::Sql;

/// A job in a dead letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeadJob {
    pub(crate) id: JobId,
    pub(crate) version: i32,
    pub(crate) conversation_id: Option<ConversationId>,
    pub(crate) payload: Value,
    pub(crate) priority: i32,
    pub(crate) unique_key: Option<String>,
    pub(crate) fence: i64,
}

/// Copies an item of the inbox to the dead letters; its row goes with the turn.
pub(crate) async fn bury_turn(conn: &mut Conn, lane: &LaneKey, seq: i64, why: &str) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "INSERT INTO dead_letters (queue, bot_id, channel, chat_id, what, why, source_version, payload, created_at) \
             SELECT ?, i.bot_id, i.channel, i.chat_id, i.source, ?, i.source_version, i.payload, ? FROM inbox AS i \
             WHERE i.seq = ? AND i.bot_id = ? AND i.channel = ? AND i.chat_id = ?",
        )
        .text(DeadQueue::Turn.as_str())
        .text(why)
        .now()
        .int(seq)
        .int(lane.bot_id.0)
        .text(lane.channel.as_str())
        .int(lane.chat.0),
    )
    .await?;
    Ok(())
}

pub(crate) async fn bury_call(conn: &mut Conn, call: &Outgoing, why: &str) -> QueryResult<()> {
    let item = doc(call)?.0;
    let what = item.get("action").map(method).unwrap_or_default();
    bury(conn, &DeadQueue::Reply, &call.lane, &what, why, item).await
}

pub(crate) async fn bury_job(
    conn: &mut Conn,
    lane: &LaneKey,
    kind: &str,
    job: &DeadJob,
    why: &str,
) -> QueryResult<()> {
    bury(conn, &DeadQueue::Job, lane, kind, why, doc(job)?.0).await
}

async fn bury(
    conn: &mut Conn,
    queue: &DeadQueue,
    lane: &LaneKey,
    what: &str,
    why: &str,
    item: Value,
) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "INSERT INTO dead_letters (queue, bot_id, channel, chat_id, what, why, item, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .text(queue.as_str())
        .int(lane.bot_id.0)
        .text(lane.channel.as_str())
        .int(lane.chat.0)
        .text(what)
        .text(why)
        .doc(item)
        .now(),
    )
    .await?;
    Ok(())
}
