//! Jobs a decision starts or cancels.

use diesel::QueryResult;
use std::time::Duration;

use frontdesk_core::port::store::TurnCommit;
use frontdesk_core::work::{JobChange, NewJob};

use crate::conn::Conn;
use crate::sql::Sql;

pub(super) async fn change(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    for change in turns.iter().flat_map(|turn| &turn.decision.jobs) {
        match change {
            JobChange::Start(job) => start(conn, job, job.run_in, 0).await?,
            JobChange::Cancel { unique_key } => {
                conn.run(Sql::new("DELETE FROM jobs WHERE unique_key = ?").text(unique_key))
                    .await?;
            }
        }
    }
    Ok(())
}

/// Starts a job, in the place of the one that has its unique key: whoever runs that one holds an older
/// fence and cannot finish it any more.
pub(crate) async fn start(conn: &mut Conn, job: &NewJob, run_in: Duration, fence: i64) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "INSERT INTO jobs (id, kind, version, conversation_id, bot_id, channel, chat_id, payload, run_at, fence, \
             priority, unique_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO UPDATE SET id = excluded.id, \
             kind = excluded.kind, version = excluded.version, conversation_id = excluded.conversation_id, \
             bot_id = excluded.bot_id, channel = excluded.channel, chat_id = excluded.chat_id, \
             payload = excluded.payload, run_at = excluded.run_at, priority = excluded.priority, \
             generation = jobs.generation + 1, fence = jobs.fence + 1, owner = NULL, attempt = 0, \
             created_at = excluded.created_at, updated_at = excluded.updated_at",
        )
        .id(job.id.0)
        .text(&job.kind)
        .small(job.version)
        .maybe_id(job.conversation_id.map(|id| id.0))
        .int(job.lane.bot_id.0)
        .text(job.lane.channel.as_str())
        .int(job.lane.chat.0)
        .doc(job.payload.clone())
        .after(run_in)
        .int(fence)
        .small(job.priority)
        .maybe_text(job.unique_key.clone())
        .now()
        .now(),
    )
    .await?;
    Ok(())
}
