//! Calls to be made: kept once, and their lanes woken.

use diesel::QueryResult;
use diesel::sql_types::Text;
use std::collections::{HashMap, HashSet};

use frontdesk_core::port::store::TurnCommit;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{LaneKind, Outgoing};

use crate::claim::{ACCEPTED_AT, method};
use crate::conn::{Conn, rows};
use crate::lanes;
use crate::rows::doc;
use crate::sql::{Column, Sql};
use crate::types::{Doc, Id};

/// Posts the calls of turns, each once for ever. The reply lanes are woken, and so locked, before a
/// call's `seq` is drawn, and only for calls that are new.
pub(super) async fn post(
    conn: &mut Conn,
    turns: &[&TurnCommit],
    accepted: &HashMap<i64, Timestamp>,
) -> QueryResult<()> {
    let mut seen = HashSet::new();
    let calls: Vec<Call<'_>> = turns
        .iter()
        .flat_map(|turn| {
            let accepted_at = accepted.get(&turn.seq).copied();
            turn.decision.outgoing.iter().map(move |call| (call, accepted_at))
        })
        .filter(|(call, _)| seen.insert(call.dedupe_key.as_str()))
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
            Column::Texts(calls.iter().map(|(call, _)| call.dedupe_key.clone()).collect()),
        )],
    );
    let fresh: Vec<String> = rows!(conn, sql => String)?;
    let fresh: HashSet<&str> = fresh.iter().map(String::as_str).collect();
    let new: Vec<Call<'_>> = calls
        .into_iter()
        .filter(|(call, _)| fresh.contains(call.dedupe_key.as_str()))
        .collect();
    queue(conn, &new).await
}

/// A call, and when the event that it answers was accepted, if that is known.
pub(crate) type Call<'a> = (&'a Outgoing, Option<Timestamp>);

/// Puts calls at the end of their lanes. When what they answer was accepted is kept with the action.
pub(crate) async fn queue(conn: &mut Conn, calls: &[Call<'_>]) -> QueryResult<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let payloads: QueryResult<Vec<Doc>> = calls
        .iter()
        .map(|(call, accepted_at)| {
            let mut payload = doc(&call.action)?;
            if let (Some(fields), Some(at)) = (payload.0.as_object_mut(), accepted_at) {
                fields.insert(ACCEPTED_AT.to_owned(), at.as_micros().into());
            }
            Ok(payload)
        })
        .collect();
    let calls: Vec<&Outgoing> = calls.iter().map(|(call, _)| *call).collect();
    lanes::wake(conn, &LaneKind::Reply, calls.iter().map(|call| &call.lane)).await?;
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
