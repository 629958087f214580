//! Lanes: waking, taking, giving back. Every statement that locks several lanes locks them by bot,
//! channel and chat, in this order.

use diesel::QueryResult;
use diesel::sql_types::{BigInt, Integer, Text};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use frontdesk_core::id::{BotId, Channel, ChatId};
use frontdesk_core::port::store::Claim;
use frontdesk_core::work::{LaneClaim, LaneKey, LaneKind};

use crate::conn::{Conn, rows};
use crate::sql::{Column, FROM_NOW, Sql};
use crate::types::Id;

/// A lane's key as it is read.
pub(crate) type KeyRow = (i64, String, i64);
/// SQL types of [`KeyRow`].
pub(crate) type KeySql = (BigInt, Text, BigInt);

pub(crate) fn key((bot, channel, chat): KeyRow) -> LaneKey {
    LaneKey {
        bot_id: BotId(bot),
        channel: Channel::new(channel),
        chat: ChatId(chat),
    }
}

/// The columns of lanes' keys.
pub(crate) fn key_columns<'a>(
    keys: impl Iterator<Item = &'a LaneKey> + Clone,
) -> Vec<(&'static str, Column)> {
    vec![
        (
            "bot_id",
            Column::Ints(keys.clone().map(|key| key.bot_id.0).collect()),
        ),
        (
            "channel",
            Column::Texts(keys.clone().map(|key| key.channel.as_str().to_owned()).collect()),
        ),
        ("chat_id", Column::Ints(keys.map(|key| key.chat.0).collect())),
    ]
}

/// The columns of claims: keys, fences, owners.
fn claim_columns<'a>(claims: impl Iterator<Item = &'a LaneClaim> + Clone) -> Vec<(&'static str, Column)> {
    let mut columns = key_columns(claims.clone().map(|claim| &claim.lane));
    columns.push((
        "fence",
        Column::Ints(claims.clone().map(|claim| claim.fence).collect()),
    ));
    columns.push((
        "owner",
        Column::Ids(claims.map(|claim| Id(claim.owner.0)).collect()),
    ));
    columns
}

/// One more item waits in each of these lanes: wakes those asleep, leaves leases and back-offs alone.
pub(crate) async fn wake(
    conn: &mut Conn,
    kind: &LaneKind,
    keys: impl Iterator<Item = &LaneKey>,
) -> QueryResult<()> {
    let mut counts: BTreeMap<&LaneKey, i64> = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let mut columns = key_columns(counts.keys().copied());
    columns.push(("pending", Column::Ints(counts.values().copied().collect())));
    conn.run(
        Sql::new(
            "INSERT INTO lanes (kind, bot_id, channel, chat_id, ready_at, pending, created_at, updated_at) \
             SELECT ?, n.bot_id, n.channel, n.chat_id, ?, n.pending, ?, ? FROM ? \
             WHERE true ORDER BY n.bot_id, n.channel, n.chat_id \
             ON CONFLICT (kind, bot_id, channel, chat_id) DO UPDATE SET pending = lanes.pending + excluded.pending, \
             ready_at = coalesce(lanes.ready_at, excluded.ready_at), updated_at = excluded.updated_at",
        )
        .text(kind.as_str())
        .now()
        .now()
        .now()
        .table("n", columns),
    )
    .await?;
    Ok(())
}

/// Locks lanes before something else is locked.
pub(crate) async fn lock(
    conn: &mut Conn,
    kind: &LaneKind,
    keys: impl Iterator<Item = &LaneKey> + Clone,
) -> QueryResult<()> {
    // SQLite's writer has the whole database to itself.
    if keys.clone().next().is_none() || matches!(conn, Conn::Sqlite(_)) {
        return Ok(());
    }
    let sql = Sql::<KeySql>::new(
        "SELECT l.bot_id, l.channel, l.chat_id FROM lanes AS l JOIN ? \
         ON l.bot_id = c.bot_id AND l.channel = c.channel AND l.chat_id = c.chat_id \
         WHERE l.kind = ? ORDER BY l.bot_id, l.channel, l.chat_id ?",
    )
    .table("c", key_columns(keys))
    .text(kind.as_str())
    .only_postgres("FOR UPDATE OF l");
    rows!(conn, sql => KeyRow)?;
    Ok(())
}

/// Which of the claims still hold; their lanes are locked until the transaction ends.
pub(crate) async fn hold<'a>(
    conn: &mut Conn,
    kind: &LaneKind,
    claims: impl Iterator<Item = &'a LaneClaim> + Clone,
) -> QueryResult<HashSet<LaneKey>> {
    let sql = Sql::<KeySql>::new(
        "SELECT l.bot_id, l.channel, l.chat_id FROM lanes AS l JOIN ? \
         ON l.bot_id = c.bot_id AND l.channel = c.channel AND l.chat_id = c.chat_id \
         WHERE l.kind = ? AND l.fence = c.fence AND l.owner = c.owner \
         ORDER BY l.bot_id, l.channel, l.chat_id ?",
    )
    .table("c", claim_columns(claims))
    .text(kind.as_str())
    .only_postgres("FOR UPDATE OF l");
    Ok(rows!(conn, sql => KeyRow)?.into_iter().map(key).collect())
}

/// What becomes of lanes whose claims end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Their items are done: ready at once if more waits, else asleep; attempts begin anew.
    ItemDone,
    /// Their items still wait, each for so long; the attempt counts or not.
    Wait(Vec<(Duration, bool)>),
    /// The claims go on, with a new lease.
    Renew(Duration),
}

/// Ends or renews claims, in one statement; says whose claim still held.
///
/// `pending` says whether more waits. Looking into the queue instead loses wake-ups: an item that is
/// accepted while this statement waits for the lane's lock is not in its snapshot.
pub(crate) async fn give_back<'a>(
    conn: &mut Conn,
    kind: &LaneKind,
    claims: impl Iterator<Item = &'a LaneClaim> + Clone,
    change: Changes,
) -> QueryResult<HashSet<LaneKey>> {
    if claims.clone().next().is_none() {
        return Ok(HashSet::new());
    }
    let mut columns = claim_columns(claims);
    let (extra, set) = match &change {
        Changes::ItemDone => (
            "",
            "pending = lanes.pending - 1, attempt = 0, owner = NULL, \
             ready_at = CASE WHEN lanes.pending > 1 THEN ? END",
        ),
        Changes::Wait(_) => (
            ", c.wait, c.back",
            "owner = NULL, ready_at = ? held.wait, \
             attempt = CASE WHEN lanes.attempt > held.back THEN lanes.attempt - held.back ELSE 0 END",
        ),
        Changes::Renew(_) => ("", "ready_at = ?"),
    };
    if let Changes::Wait(waits) = &change {
        columns.push(("wait", Column::afters(waits.iter().map(|(wait, _)| *wait))));
        columns.push((
            "back",
            Column::Smalls(waits.iter().map(|(_, counted)| i32::from(!counted)).collect()),
        ));
    }
    let text = format!(
        "WITH held AS MATERIALIZED (SELECT l.bot_id, l.channel, l.chat_id{extra} FROM lanes AS l JOIN ? \
         ON l.bot_id = c.bot_id AND l.channel = c.channel AND l.chat_id = c.chat_id \
         WHERE l.kind = ? AND l.fence = c.fence AND l.owner = c.owner \
         ORDER BY l.bot_id, l.channel, l.chat_id ?) \
         UPDATE lanes SET {set}, updated_at = ? FROM held WHERE lanes.kind = ? \
         AND lanes.bot_id = held.bot_id AND lanes.channel = held.channel AND lanes.chat_id = held.chat_id \
         RETURNING lanes.bot_id, lanes.channel, lanes.chat_id"
    );
    let sql = Sql::<KeySql>::new(text)
        .table("c", columns)
        .text(kind.as_str())
        .only_postgres("FOR UPDATE OF l");
    let sql = match change {
        Changes::ItemDone => sql.now(),
        Changes::Wait(_) => sql.only_postgres(FROM_NOW),
        Changes::Renew(lease) => sql.lease(lease),
    };
    let sql = sql.now().text(kind.as_str());
    Ok(rows!(conn, sql => KeyRow)?.into_iter().map(key).collect())
}

/// A lane just claimed.
pub(crate) struct Taken {
    pub(crate) claim: LaneClaim,
    pub(crate) attempt: u32,
}

/// Claims due lanes, those waiting longest first (index `lanes_due`).
pub(crate) async fn take(conn: &mut Conn, kind: &LaneKind, claim: &Claim) -> QueryResult<Vec<Taken>> {
    if claim.desks.is_empty() || claim.limit == 0 {
        return Ok(Vec::new());
    }
    let desks = vec!["(l.bot_id = ? AND l.channel = ?)"; claim.desks.len()].join(" OR ");
    let waiting = match kind {
        // Nothing of a bot that has to wait.
        LaneKind::Reply => {
            "AND NOT EXISTS (SELECT 1 FROM not_before AS n WHERE n.bot_id = l.bot_id \
             AND n.channel = l.channel AND n.chat_id = 0 AND n.until > ?) "
        }
        LaneKind::Turn | LaneKind::Unknown(_) => "",
    };
    let text = format!(
        "WITH pick AS MATERIALIZED (SELECT l.bot_id, l.channel, l.chat_id FROM lanes AS l \
         WHERE l.kind = ? AND l.ready_at <= ? AND ({desks}) {waiting}\
         ORDER BY l.ready_at LIMIT ? ?) \
         UPDATE lanes SET fence = lanes.fence + 1, attempt = lanes.attempt + 1, owner = ?, ready_at = ?, \
         updated_at = ? FROM pick WHERE lanes.kind = ? \
         AND lanes.bot_id = pick.bot_id AND lanes.channel = pick.channel AND lanes.chat_id = pick.chat_id \
         RETURNING lanes.bot_id, lanes.channel, lanes.chat_id, lanes.fence, lanes.attempt"
    );
    let mut sql = Sql::<(BigInt, Text, BigInt, BigInt, Integer)>::new(text)
        .text(kind.as_str())
        .now();
    for (bot, channel) in &claim.desks {
        sql = sql.int(bot.0).text(channel.as_str());
    }
    if *kind == LaneKind::Reply {
        sql = sql.now();
    }
    let sql = sql
        .int(i64::try_from(claim.limit).unwrap_or(i64::MAX))
        .only_postgres("FOR UPDATE OF l SKIP LOCKED")
        .id(claim.owner.0)
        .lease(claim.lease)
        .now()
        .text(kind.as_str());
    let taken = rows!(conn, sql => (i64, String, i64, i64, i32))?;
    Ok(taken
        .into_iter()
        .map(|(bot, channel, chat, fence, attempt)| Taken {
            claim: LaneClaim {
                lane: key((bot, channel, chat)),
                fence,
                owner: claim.owner,
            },
            attempt: u32::try_from(attempt).unwrap_or(0),
        })
        .collect())
}
