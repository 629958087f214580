//! Claiming lanes, and reading the oldest thing in each.
//!
//! Two statements: what a lane's head is may only be asked once the lane is ours. Claim and head in one
//! statement hand out an item that was finished while the statement waited (its snapshot is older).

use diesel::QueryResult;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use serde_json::Value;
use slog::error;
use std::collections::HashMap;

use frontdesk_core::id::{MessageId, ThreadId};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::store::{Claim, StoreError};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{
    Author, ClaimedSend, ClaimedTurn, InboxItem, LaneKey, LaneKind, OutboxItem, Outgoing, Repeat,
};

use crate::conn::{Conn, Durability, rows};
use crate::lanes::{self, KeyRow, KeySql, Taken, key, key_columns};
use crate::open::DieselStore;
use crate::sql::Sql;
use crate::types::{At, Doc, Id, Json, Moment, Uuid};

impl DieselStore {
    pub(crate) async fn take_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let claimed = turns(&mut conn, claim).await;
        let (claimed, headless) = conn.close_steps(claimed).await?;
        self.complain(&LaneKind::Turn, headless);
        Ok(claimed)
    }

    pub(crate) async fn take_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let claimed = sends(&mut conn, claim).await;
        let (claimed, headless) = conn.close_steps(claimed).await?;
        self.complain(&LaneKind::Reply, headless);
        Ok(claimed)
    }

    fn complain(&self, kind: &LaneKind, headless: usize) {
        if headless > 0 {
            // Their leases run out; a build that can read them will go on.
            error!(self.log(), "claimed lanes whose head this build cannot read";
                "lane_kind" => kind.as_str(), "lanes" => headless);
        }
    }
}

type InboxRow = (KeyRow, i64, String, i32, Vec<u8>, At);

async fn turns(conn: &mut Conn, claim: &Claim) -> QueryResult<(Vec<ClaimedTurn>, usize)> {
    let taken = lanes::take(conn, &LaneKind::Turn, claim).await?;
    if taken.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let sql = Sql::<(KeySql, BigInt, Text, Integer, Binary, Moment)>::new(
        "SELECT i.bot_id, i.channel, i.chat_id, i.seq, i.source, i.source_version, i.payload, i.received_at \
         FROM ? JOIN inbox AS i ON i.seq = (SELECT min(m.seq) FROM inbox AS m \
         WHERE m.bot_id = c.bot_id AND m.channel = c.channel AND m.chat_id = c.chat_id)",
    )
    .table("c", key_columns(taken.iter().map(|taken| &taken.claim.lane)));
    let heads: Vec<InboxRow> = rows!(conn, sql => InboxRow)?;
    let items = heads
        .into_iter()
        .map(|(lane, seq, source, source_version, payload, received_at)| {
            let item = InboxItem {
                seq,
                source,
                source_version,
                payload,
                received_at: received_at.0,
            };
            (key(lane), item)
        });
    Ok(join(
        taken,
        items.collect(),
        |taken, item| ClaimedTurn {
            claim: taken.claim,
            attempt: taken.attempt,
            item,
        },
        |claimed| claimed.item.seq,
    ))
}

/// Where an outbox row's payload says when the event that the call answers was accepted, in
/// microseconds; beside the fields of its action.
pub(crate) const ACCEPTED_AT: &str = "accepted_at";

/// Columns of an outbox row, and their SQL types, in one order.
pub(crate) const OUTBOX_COLUMNS: &str = "o.bot_id, o.channel, o.chat_id, o.seq, o.thread_id, o.dedupe_key, \
    o.message_id, o.part, o.author, o.owner_epoch, o.payload, o.repeat, o.tries, o.in_flight, o.unknown";
pub(crate) type OutboxSql = (
    KeySql,
    BigInt,
    Nullable<BigInt>,
    Text,
    Nullable<Uuid>,
    Integer,
    Text,
    BigInt,
    Json,
    Text,
    Integer,
    Bool,
    Integer,
);
pub(crate) type OutboxRow = (
    KeyRow,
    i64,
    Option<i64>,
    String,
    Option<Id>,
    i32,
    String,
    i64,
    Doc,
    String,
    i32,
    bool,
    i32,
);

/// A row of the outbox, read at `now` if that matters; nothing if its action is of a build that knows
/// more.
pub(crate) fn outbox_item(row: OutboxRow, now: Option<Timestamp>) -> Option<(LaneKey, OutboxItem, i32)> {
    let (
        lane,
        seq,
        thread,
        dedupe_key,
        message,
        part,
        author,
        owner_epoch,
        payload,
        repeat,
        tries,
        in_flight,
        unknown,
    ) = row;
    let accepted_at = payload.0.get(ACCEPTED_AT).and_then(Value::as_i64);
    let action: Action = serde_json::from_value::<Action>(payload.0).ok()?;
    let lane = key(lane);
    let outgoing = Outgoing {
        lane: lane.clone(),
        thread: thread.map(ThreadId),
        dedupe_key,
        message_id: message.map(|id| MessageId(id.0)),
        part: u16::try_from(part).unwrap_or(0),
        author: Author::from_text(&author),
        owner_epoch,
        action,
        repeat: Repeat::from_text(&repeat),
    };
    let item = OutboxItem {
        seq,
        outgoing,
        tries: u32::try_from(tries).unwrap_or(0),
        in_flight,
        waited: accepted_at
            .zip(now)
            .map(|(at, now)| now.since(Timestamp::from_micros(at))),
    };
    Some((lane, item, unknown))
}

async fn sends(conn: &mut Conn, claim: &Claim) -> QueryResult<(Vec<ClaimedSend>, usize)> {
    let taken = lanes::take(conn, &LaneKind::Reply, claim).await?;
    if taken.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let sql = Sql::<(OutboxSql, Moment)>::new(format!(
        "SELECT {OUTBOX_COLUMNS}, ? FROM ? JOIN outbox AS o ON o.seq = (SELECT min(m.seq) FROM outbox AS m \
         WHERE m.bot_id = c.bot_id AND m.channel = c.channel AND m.chat_id = c.chat_id)"
    ))
    .now()
    .table("c", key_columns(taken.iter().map(|taken| &taken.claim.lane)));
    let heads: Vec<(OutboxRow, At)> = rows!(conn, sql => (OutboxRow, At))?;
    let items = heads
        .into_iter()
        .filter_map(|(row, now)| outbox_item(row, Some(now.0)))
        .map(|(lane, item, _)| (lane, item));
    Ok(join(
        taken,
        items.collect(),
        |taken, item| ClaimedSend {
            claim: taken.claim,
            attempt: taken.attempt,
            item,
        },
        |claimed| claimed.item.seq,
    ))
}

/// Puts lanes and their heads together, oldest first; counts the lanes without one.
fn join<I, C>(
    taken: Vec<Taken>,
    mut heads: HashMap<LaneKey, I>,
    make: impl Fn(Taken, I) -> C,
    age: impl Fn(&C) -> i64,
) -> (Vec<C>, usize) {
    let all = taken.len();
    let mut claimed: Vec<C> = taken
        .into_iter()
        .filter_map(|taken| heads.remove(&taken.claim.lane).map(|item| make(taken, item)))
        .collect();
    claimed.sort_by_key(age);
    let headless = all - claimed.len();
    (claimed, headless)
}

/// What a call is called in the outbox and in dead letters.
pub(crate) fn method(action: &Value) -> String {
    action
        .get("do")
        .and_then(Value::as_str)
        .unwrap_or("unknown")
        .to_owned()
}
