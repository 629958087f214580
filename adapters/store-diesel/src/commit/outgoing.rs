//! Calls to be made: kept once, and their lanes woken.

use diesel::QueryResult;
use diesel::sql_types::Text;
use std::collections::HashSet;

use frontdesk_core::port::store::TurnCommit;
use frontdesk_core::work::{LaneKind, Outgoing};

use crate::claim::method;
use crate::conn::{Conn, rows};
use crate::lanes;
use crate::rows::doc;
use crate::sql::{Column, Sql};
use crate::types::{Doc, Id};

/// Posts the calls of turns, each once for ever. The reply lanes are woken, and so locked, before a
/// call's `seq` is drawn, and only for calls that are new.
pub(super) async fn post(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let mut seen = HashSet::new();
    let calls: Vec<&Outgoing> = turns
        .iter()
        .flat_map(|turn| &turn.decision.outgoing)
        .filter(|call| seen.insert(call.dedupe_key.as_str()))
        .collect();
    if calls.is_empty() {
        return Ok(());
    }
    let sql = Sql::<Text>::new(
        "INSERT INTO outbox_keys (dedupe_key, created_at) SELECT t.dedupe_key, ? FROM ? WHERE true \
         ORDER BY t.dedupe_key ON CONFLICT DO NOTHING RETURNING dedupe_key",
    )
    .now()
    .table(
        "t",
        vec![(
            "dedupe_key",
            Column::Texts(calls.iter().map(|call| call.dedupe_key.clone()).collect()),
        )],
    );
    let fresh: Vec<String> = rows!(conn, sql => String)?;
    let fresh: HashSet<&str> = fresh.iter().map(String::as_str).collect();
    let new: Vec<&Outgoing> = calls
        .into_iter()
        .filter(|call| fresh.contains(call.dedupe_key.as_str()))
        .collect();
    queue(conn, &new).await
}

/// Puts calls at the end of their lanes.
pub(crate) async fn queue(conn: &mut Conn, calls: &[&Outgoing]) -> QueryResult<()> {
    if calls.is_empty() {
        return Ok(());
    }
    lanes::wake(conn, &LaneKind::Reply, calls.iter().map(|call| &call.lane)).await?;
    let payloads: QueryResult<Vec<Doc>> = calls.iter().map(|call| doc(&call.action)).collect();
    let payloads = payloads?;
    let mut columns = lanes::key_columns(calls.iter().map(|call| &call.lane));
    columns.extend([
        ("place", Column::Ints((0_i64..).take(calls.len()).collect())),
        (
            "thread_id",
            Column::MaybeInts(calls.iter().map(|call| call.thread.map(|id| id.0)).collect()),
        ),
        (
            "dedupe_key",
            Column::Texts(calls.iter().map(|call| call.dedupe_key.clone()).collect()),
        ),
        (
            "message_id",
            Column::MaybeIds(
                calls
                    .iter()
                    .map(|call| call.message_id.map(|id| Id(id.0)))
                    .collect(),
            ),
        ),
        (
            "part",
            Column::Smalls(calls.iter().map(|call| i32::from(call.part)).collect()),
        ),
        (
            "author",
            Column::Texts(calls.iter().map(|call| call.author.as_str().to_owned()).collect()),
        ),
        (
            "owner_epoch",
            Column::Ints(calls.iter().map(|call| call.owner_epoch).collect()),
        ),
        (
            "method",
            Column::Texts(payloads.iter().map(|payload| method(&payload.0)).collect()),
        ),
        ("payload", Column::Docs(payloads)),
        (
            "repeat",
            Column::Texts(calls.iter().map(|call| call.repeat.as_str().to_owned()).collect()),
        ),
    ]);
    conn.run(
        Sql::new(
            "INSERT INTO outbox (bot_id, channel, chat_id, thread_id, dedupe_key, message_id, part, author, \
             owner_epoch, method, payload, repeat, created_at, updated_at) \
             SELECT t.bot_id, t.channel, t.chat_id, t.thread_id, t.dedupe_key, t.message_id, t.part, t.author, \
             t.owner_epoch, t.method, t.payload, t.repeat, ?, ? FROM ? ORDER BY t.place",
        )
        .now()
        .now()
        .table("t", columns),
    )
    .await?;
    Ok(())
}
