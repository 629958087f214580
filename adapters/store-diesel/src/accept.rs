//! Keeping what happened.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use std::collections::HashSet;

use frontdesk_core::port::store::{Accepted, InboxStore, StoreError};
use frontdesk_core::work::{LaneKind, NewInboxItem};

use crate::conn::{Conn, Durability, rows};
use crate::lanes;
use crate::open::DieselStore;
use crate::sql::{Column, Sql};

#[async_trait]
impl InboxStore for DieselStore {
    async fn accept(&self, items: &[NewInboxItem]) -> Result<Vec<Accepted>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.steps(Durability::Full).await?;
        let kept = keep(&mut conn, items).await;
        conn.close_steps(kept).await
    }
}

/// Keeps items, each once; one outcome per item. A single statement in Postgres, so that a door's batch
/// costs one round trip and one sync.
pub(crate) async fn keep(conn: &mut Conn, items: &[NewInboxItem]) -> QueryResult<Vec<Accepted>> {
    // What comes twice in one slice acts once.
    let mut seen = HashSet::new();
    let first: Vec<usize> = (0..items.len())
        .filter(|&index| {
            items.get(index).is_some_and(|item| {
                item.update_id
                    .is_none_or(|update| seen.insert((item.lane.bot_id, update)))
            })
        })
        .collect();
    let kept = match conn {
        Conn::Postgres(_) => keep_in_postgres(conn, items, &first).await?,
        Conn::Sqlite(_) => keep_in_sqlite(conn, items, &first).await?,
    };
    Ok((0..items.len())
        .map(|index| {
            if kept.contains(&index) {
                Accepted::New
            } else {
                Accepted::Duplicate
            }
        })
        .collect())
}

fn item_columns(items: &[NewInboxItem], which: &[usize]) -> Vec<(&'static str, Column)> {
    let chosen = || which.iter().filter_map(|&index| items.get(index));
    let mut columns = vec![(
        "place",
        Column::Ints(
            which
                .iter()
                .map(|&index| i64::try_from(index).unwrap_or(i64::MAX))
                .collect(),
        ),
    )];
    columns.extend(lanes::key_columns(
        chosen().map(|item| &item.lane).collect::<Vec<_>>().into_iter(),
    ));
    columns.push((
        "source",
        Column::Texts(chosen().map(|item| item.source.clone()).collect()),
    ));
    columns.push((
        "source_version",
        Column::Smalls(chosen().map(|item| item.source_version).collect()),
    ));
    columns.push((
        "payload",
        Column::Bytes(chosen().map(|item| item.payload.clone()).collect()),
    ));
    columns
}

/// Postgres runs the parts in the order in which they read each other: all ids are deduplicated before
/// the first lane is locked, and an item's `seq` is drawn after its lane was.
async fn keep_in_postgres(
    conn: &mut Conn,
    items: &[NewInboxItem],
    first: &[usize],
) -> QueryResult<HashSet<usize>> {
    let mut columns = item_columns(items, first);
    let updates = first
        .iter()
        .filter_map(|&index| items.get(index))
        .map(|item| item.update_id.map(|id| id.0));
    columns.push(("update_id", Column::MaybeInts(updates.collect())));
    let sql = Sql::<BigInt>::new(
        "WITH item AS MATERIALIZED (SELECT * FROM ?), \
         fresh AS (INSERT INTO accepted_updates (bot_id, update_id) \
           SELECT bot_id, update_id FROM item WHERE update_id IS NOT NULL ORDER BY bot_id, update_id \
           ON CONFLICT DO NOTHING RETURNING bot_id, update_id), \
         kept AS MATERIALIZED (SELECT i.* FROM item AS i WHERE i.update_id IS NULL \
           OR (i.bot_id, i.update_id) IN (SELECT f.bot_id, f.update_id FROM fresh AS f)), \
         lane AS (INSERT INTO lanes (kind, bot_id, channel, chat_id, ready_at, pending) \
           SELECT ?, k.bot_id, k.channel, k.chat_id, now(), count(*) FROM kept AS k \
           GROUP BY k.bot_id, k.channel, k.chat_id ORDER BY k.bot_id, k.channel, k.chat_id \
           ON CONFLICT (kind, bot_id, channel, chat_id) DO UPDATE SET pending = lanes.pending + excluded.pending, \
           ready_at = coalesce(lanes.ready_at, excluded.ready_at), updated_at = now() \
           RETURNING bot_id, channel, chat_id), \
         put AS (INSERT INTO inbox (bot_id, channel, chat_id, source, source_version, payload) \
           SELECT k.bot_id, k.channel, k.chat_id, k.source, k.source_version, k.payload \
           FROM kept AS k JOIN lane AS l ON l.bot_id = k.bot_id AND l.channel = k.channel AND l.chat_id = k.chat_id \
           ORDER BY k.place) \
         SELECT place FROM kept",
    )
    .table("t", columns)
    .text(LaneKind::Turn.as_str());
    let kept = rows!(conn, sql => i64)?;
    Ok(kept
        .into_iter()
        .filter_map(|place| usize::try_from(place).ok())
        .collect())
}

async fn keep_in_sqlite(
    conn: &mut Conn,
    items: &[NewInboxItem],
    first: &[usize],
) -> QueryResult<HashSet<usize>> {
    let updates: Vec<(i64, i64)> = first
        .iter()
        .filter_map(|&index| items.get(index))
        .filter_map(|item| item.update_id.map(|update| (item.lane.bot_id.0, update.0)))
        .collect();
    let sql = Sql::<(BigInt, BigInt)>::new(
        "INSERT INTO accepted_updates (bot_id, update_id, created_at) SELECT t.bot_id, t.update_id, ? FROM ? \
         WHERE true ON CONFLICT DO NOTHING RETURNING bot_id, update_id",
    )
    .now()
    .table(
        "t",
        vec![
            (
                "bot_id",
                Column::Ints(updates.iter().map(|(bot, _)| *bot).collect()),
            ),
            (
                "update_id",
                Column::Ints(updates.iter().map(|(_, update)| *update).collect()),
            ),
        ],
    );
    let fresh: HashSet<(i64, i64)> = rows!(conn, sql => (i64, i64))?.into_iter().collect();
    let kept: Vec<usize> = first
        .iter()
        .copied()
        .filter(|&index| {
            items.get(index).is_some_and(|item| {
                item.update_id
                    .is_none_or(|update| fresh.contains(&(item.lane.bot_id.0, update.0)))
            })
        })
        .collect();
    if kept.is_empty() {
        return Ok(HashSet::new());
    }
    let chosen = kept
        .iter()
        .filter_map(|&index| items.get(index))
        .map(|item| &item.lane);
    lanes::wake(conn, &LaneKind::Turn, chosen).await?;
    conn.run(
        Sql::new(
            "INSERT INTO inbox (bot_id, channel, chat_id, source, source_version, payload, received_at, created_at) \
             SELECT t.bot_id, t.channel, t.chat_id, t.source, t.source_version, t.payload, ?, ? FROM ? \
             ORDER BY t.place",
        )
        .now()
        .now()
        .table("t", item_columns(items, &kept)),
    )
    .await?;
    Ok(kept.into_iter().collect())
}
