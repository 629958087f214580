//! The store's own upkeep, and what health needs.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryResult};
use diesel_async::RunQueryDsl;
use std::time::Duration;

use frontdesk_core::conversation::Owner;
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::store::{Depth, StoreError, UpkeepStore, WorkDepth};
use frontdesk_core::work::{LaneKey, LaneKind};

use crate::budget;
use crate::conn::{Conn, Durability, on_conn, rows};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::schema::desks;
use crate::sql::Sql;
use crate::types::{At, Moment};

/// How long an accepted id is remembered.
const REMEMBERED: Duration = Duration::from_hours(72);
/// How long a lane that nothing waits in is kept.
const ASLEEP: Duration = Duration::from_hours(30 * 24);
/// How long a session is kept after it expired.
const EXPIRED: Duration = Duration::from_hours(7 * 24);

#[async_trait]
impl UpkeepStore for DieselStore {
    async fn adopt(&self, channel: &Channel, bot: BotId) -> Result<(), StoreError> {
        let mut conn = self.transaction(Durability::Full).await?;
        let owner = claim_desk(&mut conn, channel, bot).await;
        let found = BotId(conn.close(owner).await?);
        if found == bot {
            return Ok(());
        }
        Err(StoreError::OtherBot {
            channel: channel.clone(),
            found,
            wanted: bot,
        })
    }

    async fn depth(&self) -> Result<WorkDepth, StoreError> {
        let mut conn = self.reader().await?;
        measure(&mut conn).await.map_err(store_error)
    }

    async fn open_conversations(&self) -> Result<Vec<(Owner, u64)>, StoreError> {
        let mut conn = self.reader().await?;
        // Index conversations_open holds the open ones.
        let sql = Sql::<(Text, BigInt)>::new(
            "SELECT owner, count(*) FROM conversations WHERE status IN ('active', 'escalated') GROUP BY owner",
        );
        let counted: QueryResult<Vec<(String, i64)>> = rows!(&mut conn, sql => (String, i64));
        Ok(counted
            .map_err(store_error)?
            .into_iter()
            .map(|(owner, count)| (Owner::from_text(&owner), u64::try_from(count).unwrap_or(0)))
            .collect())
    }

    async fn is_idle(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        let mut conn = self.reader().await?;
        busy(&mut conn, lane)
            .await
            .map(|busy| busy == 0)
            .map_err(store_error)
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let mut gone = self.settle_what_ran_out().await?;
        // Each kind in a transaction of its own: nobody waits for the others.
        for sql in sweeps() {
            let mut conn = self.steps(Durability::Lease).await?;
            let rows = conn.run(sql).await;
            gone += conn.close_steps(rows).await?;
        }
        Ok(u64::try_from(gone).unwrap_or(u64::MAX))
    }
}

async fn claim_desk(conn: &mut Conn, channel: &Channel, bot: BotId) -> QueryResult<i64> {
    let name = channel.as_str().to_owned();
    on_conn!(conn, |c| {
        diesel::insert_into(desks::table)
            .values((desks::channel.eq(&name), desks::bot_id.eq(bot.0)))
            .on_conflict_do_nothing()
            .execute(c)
            .await?;
        desks::table
            .find(&name)
            .select(desks::bot_id)
            .first::<i64>(c)
            .await
    })
}

async fn measure(conn: &mut Conn) -> QueryResult<WorkDepth> {
    let turns = "SELECT received_at, ? FROM inbox ORDER BY seq LIMIT 1";
    let replies = "SELECT created_at, ? FROM outbox ORDER BY seq LIMIT 1";
    let sql = Sql::<(BigInt, Nullable<Moment>, Moment)>::new(
        "SELECT count(*), min(run_at), ? FROM jobs WHERE run_at <= ?",
    )
    .now()
    .now();
    let due = rows!(conn, sql => (i64, Option<At>, At))?;
    let jobs = due
        .as_slice()
        .first()
        .map_or_else(Depth::default, |(count, oldest, now)| Depth {
            waiting: u64::try_from(*count).unwrap_or(0),
            oldest: oldest.map_or(Duration::ZERO, |oldest| now.0.since(oldest.0)),
        });
    Ok(WorkDepth {
        turns: lane_depth(conn, &LaneKind::Turn, turns).await?,
        replies: lane_depth(conn, &LaneKind::Reply, replies).await?,
        jobs,
    })
}

/// The sum over lanes that are awake (index `lanes_due`): few, where the items may be many.
async fn lane_depth(conn: &mut Conn, kind: &LaneKind, oldest: &'static str) -> QueryResult<Depth> {
    let sql = Sql::<BigInt>::new(
        "SELECT CAST(coalesce(sum(pending), 0) AS bigint) FROM lanes WHERE kind = ? AND ready_at IS NOT NULL",
    )
    .text(kind.as_str());
    let waiting = rows!(conn, sql => i64)?.as_slice().first().copied().unwrap_or(0);
    let sql = Sql::<(Moment, Moment)>::new(oldest).now();
    let head = rows!(conn, sql => (At, At))?;
    Ok(Depth {
        waiting: u64::try_from(waiting).unwrap_or(0),
        oldest: head
            .as_slice()
            .first()
            .map_or(Duration::ZERO, |(since, now)| now.0.since(since.0)),
    })
}

/// How many lanes with items and how many due or running jobs this chat has.
async fn busy(conn: &mut Conn, lane: &LaneKey) -> QueryResult<i64> {
    let sql = Sql::<BigInt>::new(
        "SELECT (SELECT count(*) FROM lanes WHERE kind IN (?, ?) AND bot_id = ? AND channel = ? AND chat_id = ? \
         AND pending > 0) + (SELECT count(*) FROM jobs WHERE bot_id = ? AND channel = ? AND chat_id = ? \
         AND (run_at <= ? OR owner IS NOT NULL))",
    )
    .text(LaneKind::Turn.as_str())
    .text(LaneKind::Reply.as_str())
    .int(lane.bot_id.0)
    .text(lane.channel.as_str())
    .int(lane.chat.0)
    .int(lane.bot_id.0)
    .text(lane.channel.as_str())
    .int(lane.chat.0)
    .now();
    Ok(rows!(conn, sql => i64)?.as_slice().first().copied().unwrap_or(0))
}

/// What is forgotten, a thousand rows of each at a time. Rows somebody holds are left for the next time.
fn sweeps() -> [Sql; 5] {
    [
        budget::sweep(),
        Sql::new(
            "WITH old AS MATERIALIZED (SELECT bot_id, update_id FROM accepted_updates WHERE created_at < ? \
             ORDER BY created_at LIMIT 1000 ?) DELETE FROM accepted_updates \
             WHERE (bot_id, update_id) IN (SELECT bot_id, update_id FROM old)",
        )
        .ago(REMEMBERED)
        .only_postgres("FOR UPDATE SKIP LOCKED"),
        Sql::new(
            "WITH old AS MATERIALIZED (SELECT dedupe_key FROM outbox_keys AS k WHERE created_at < ? \
             AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.dedupe_key = k.dedupe_key) \
             ORDER BY created_at LIMIT 1000 ?) DELETE FROM outbox_keys \
             WHERE dedupe_key IN (SELECT dedupe_key FROM old)",
        )
        .ago(REMEMBERED)
        .only_postgres("FOR UPDATE SKIP LOCKED"),
        Sql::new(
            "WITH old AS MATERIALIZED (SELECT kind, bot_id, channel, chat_id FROM lanes \
             WHERE ready_at IS NULL AND pending = 0 AND updated_at < ? ORDER BY updated_at LIMIT 1000 ?) \
             DELETE FROM lanes WHERE (kind, bot_id, channel, chat_id) IN \
             (SELECT kind, bot_id, channel, chat_id FROM old)",
        )
        .ago(ASLEEP)
        .only_postgres("FOR UPDATE SKIP LOCKED"),
        Sql::new(
            "WITH old AS MATERIALIZED (SELECT client_id FROM sessions WHERE expires_at < ? \
             ORDER BY expires_at LIMIT 1000 ?) DELETE FROM sessions \
             WHERE client_id IN (SELECT client_id FROM old)",
        )
        .ago(EXPIRED)
        .only_postgres("FOR UPDATE SKIP LOCKED"),
    ]
}
