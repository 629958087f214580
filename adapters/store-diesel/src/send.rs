//! Calls out: the intent before, the outcome after.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::{HashMap, HashSet};

use frontdesk_core::conversation::{Owner, SenderType};
use frontdesk_core::port::messenger::LimitScope;
use frontdesk_core::port::store::{BeginSend, Claim, FinishSend, SendIntent, SendStore, StoreError};
use frontdesk_core::work::{
    Author, ClaimedSend, LaneClaim, LaneKey, LaneKind, OutboxItem, Repeat, SendOutcome,
};

use crate::claim::{OUTBOX_COLUMNS, OutboxRow, OutboxSql, outbox_item};
use crate::conn::{Conn, Durability, insert_rows, rows};
use crate::dead;
use crate::lanes::{self, Changes};
use crate::open::DieselStore;
use crate::rows::DeliveryRow;
use crate::schema::message_deliveries;
use crate::sql::{Column, Sql};
use crate::types::Id;

#[async_trait]
impl SendStore for DieselStore {
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        self.take_sends(claim).await
    }

    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError> {
        if sends.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.transaction(Durability::Full).await?;
        let begun = begin(&mut conn, sends).await;
        conn.close(begun).await
    }

    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError> {
        if sends.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.transaction(Durability::Full).await?;
        let finished = finish(&mut conn, sends).await;
        conn.close(finished).await
    }
}

/// A call whose lane is held.
struct Held {
    item: OutboxItem,
    /// How often its outcome stayed unknown before.
    unknown: i32,
    /// Who owns the conversation of its message, and since which epoch.
    owner: Option<(Owner, i64)>,
}

/// The calls whose claims still hold, by lane and place. Their lanes are locked.
async fn held(conn: &mut Conn, sends: &[(&LaneClaim, i64)]) -> QueryResult<HashMap<(LaneKey, i64), Held>> {
    let claims: Vec<&LaneClaim> = sends.iter().map(|(claim, _)| *claim).collect();
    let lanes = lanes::hold(conn, &LaneKind::Reply, claims.into_iter()).await?;
    let ours: Vec<&(&LaneClaim, i64)> = sends.iter().filter(|(claim, _)| lanes.contains(claim)).collect();
    if ours.is_empty() {
        return Ok(HashMap::new());
    }
    let mut columns = lanes::key_columns(ours.iter().map(|(claim, _)| &claim.lane));
    columns.push(("seq", Column::Ints(ours.iter().map(|(_, seq)| *seq).collect())));
    let sql = Sql::<(OutboxSql, Nullable<Text>, Nullable<BigInt>)>::new(format!(
        "SELECT {OUTBOX_COLUMNS}, v.owner, v.owner_epoch FROM ? JOIN outbox AS o ON o.seq = t.seq \
         AND o.bot_id = t.bot_id AND o.channel = t.channel AND o.chat_id = t.chat_id \
         LEFT JOIN messages AS m ON m.id = o.message_id LEFT JOIN conversations AS v ON v.id = m.conversation_id"
    ))
    .table("t", columns);
    let found = rows!(conn, sql => (OutboxRow, Option<String>, Option<i64>))?;
    let mut calls = HashMap::new();
    for (row, owner, epoch) in found {
        if let Some((lane, item, unknown)) = outbox_item(row, None) {
            let owner = owner.map(|owner| Owner::from_text(&owner)).zip(epoch);
            calls.insert((lane, item.seq), Held { item, unknown, owner });
        }
    }
    Ok(calls)
}

async fn begin(conn: &mut Conn, sends: &[BeginSend]) -> QueryResult<Vec<SendIntent>> {
    let wanted: Vec<_> = sends.iter().map(|send| (&send.claim, send.seq)).collect();
    let mut calls = held(conn, &wanted).await?;
    let mut intents = Vec::with_capacity(sends.len());
    let (mut going, mut notes, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    for send in sends {
        let Some(call) = calls.remove(&(send.claim.lane.clone(), send.seq)) else {
            intents.push(SendIntent::LeaseLost);
            continue;
        };
        let intent = intent(&call);
        match intent {
            SendIntent::Go => going.push(send.seq),
            SendIntent::Withheld => {
                notes.extend(call.item.outgoing.message_id.map(|id| Id(id.0)));
                leaving.push(send);
            }
            SendIntent::Parked => {
                dead::bury_call(conn, &call.item.outgoing, "uncertain").await?;
                leaving.push(send);
            }
            SendIntent::LeaseLost => {}
        }
        intents.push(intent);
    }
    if !going.is_empty() {
        conn.run(
            Sql::new(
                "UPDATE outbox SET tries = tries + 1, unknown = unknown + CASE WHEN in_flight THEN 1 ELSE 0 END, \
                 in_flight = ?, updated_at = ? WHERE seq IN ?",
            )
            .flag(true)
            .now()
            .set(Column::Ints(going)),
        )
        .await?;
    }
    if !notes.is_empty() {
        conn.run(
            Sql::new("UPDATE messages SET sender_type = ?, updated_at = ? WHERE id IN ?")
                .text(SenderType::Note.as_str())
                .now()
                .set(Column::Ids(notes)),
        )
        .await?;
    }
    leave(conn, leaving.iter().map(|send| (&send.claim, send.seq)).collect()).await?;
    Ok(intents)
}

fn intent(call: &Held) -> SendIntent {
    let outgoing = &call.item.outgoing;
    let overtaken = call
        .owner
        .as_ref()
        .is_some_and(|(owner, epoch)| *owner == Owner::Agent && outgoing.owner_epoch < *epoch);
    if outgoing.author == Author::Bot && overtaken {
        return SendIntent::Withheld;
    }
    let unknown = call.unknown + i32::from(call.item.in_flight);
    let most = match outgoing.repeat {
        Repeat::Free => i32::MAX,
        Repeat::Once => 1,
        // A policy of a newer build: nothing here says that it may be repeated.
        Repeat::Never | Repeat::Unknown(_) => 0,
    };
    if unknown > most {
        SendIntent::Parked
    } else {
        SendIntent::Go
    }
}

/// Takes calls out of the outbox and gives their lanes back.
async fn leave(conn: &mut Conn, calls: Vec<(&LaneClaim, i64)>) -> QueryResult<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let places = calls.iter().map(|(_, seq)| *seq).collect();
    conn.run(Sql::new("DELETE FROM outbox WHERE seq IN ?").set(Column::Ints(places)))
        .await?;
    let claims: Vec<&LaneClaim> = calls.iter().map(|(claim, _)| *claim).collect();
    lanes::give_back(conn, &LaneKind::Reply, claims.into_iter(), Changes::ItemDone).await?;
    Ok(())
}

async fn finish(conn: &mut Conn, sends: &[FinishSend]) -> QueryResult<Vec<bool>> {
    let wanted: Vec<_> = sends.iter().map(|send| (&send.claim, send.seq)).collect();
    let mut calls = held(conn, &wanted).await?;
    let mut written = Vec::with_capacity(sends.len());
    let mut deliveries = Vec::new();
    let (mut leaving, mut waiting, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let (mut landed, mut flying) = (Vec::new(), Vec::new());
    for send in sends {
        let Some(call) = calls.remove(&(send.claim.lane.clone(), send.seq)) else {
            written.push(false);
            continue;
        };
        written.push(true);
        let call = call.item.outgoing;
        match &send.outcome {
            SendOutcome::Sent { channel_message_id } => {
                if let (Some(message), Some(id)) = (call.message_id, channel_message_id) {
                    deliveries.push(DeliveryRow {
                        message_id: Id(message.0),
                        part: i32::from(call.part),
                        bot_id: call.lane.bot_id.0,
                        channel: call.lane.channel.as_str().to_owned(),
                        chat_id: call.lane.chat.0,
                        thread_id: call.thread.map(|id| id.0),
                        direction: DeliveryRow::OUT,
                        channel_message_id: id.0,
                    });
                }
                leaving.push((&send.claim, send.seq));
            }
            SendOutcome::Refused { why, chat_gone } => {
                if *chat_gone {
                    mark_unreachable(conn, &send.claim.lane).await?;
                } else {
                    dead::bury_call(conn, &call, why).await?;
                }
                leaving.push((&send.claim, send.seq));
            }
            SendOutcome::NotSent { after } => {
                landed.push(send.seq);
                waiting.push(&send.claim);
                waits.push((*after, true));
            }
            SendOutcome::NotBefore { after, scope } => {
                landed.push(send.seq);
                waiting.push(&send.claim);
                waits.push((*after, false));
                if *scope == LimitScope::Bot {
                    hold_bot(conn, &send.claim.lane, *after).await?;
                }
            }
            SendOutcome::Unknown { after } => {
                flying.push(send.seq);
                waiting.push(&send.claim);
                waits.push((*after, true));
            }
        }
    }
    record(conn, deliveries).await?;
    leave(conn, leaving).await?;
    for (places, in_flight) in [(landed, false), (flying, true)] {
        if !places.is_empty() {
            let sql = Sql::new("UPDATE outbox SET in_flight = ?, updated_at = ? WHERE seq IN ?");
            conn.run(sql.flag(in_flight).now().set(Column::Ints(places)))
                .await?;
        }
    }
    lanes::give_back(conn, &LaneKind::Reply, waiting.into_iter(), Changes::Wait(waits)).await?;
    Ok(written)
}

/// Records deliveries of messages that are still there.
async fn record(conn: &mut Conn, deliveries: Vec<DeliveryRow>) -> QueryResult<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let ids = deliveries.iter().map(|delivery| delivery.message_id).collect();
    let sql = Sql::<crate::types::Uuid>::new("SELECT id FROM messages WHERE id IN ?").set(Column::Ids(ids));
    let there: HashSet<Id> = rows!(conn, sql => Id)?.into_iter().collect();
    let deliveries: Vec<DeliveryRow> = deliveries
        .into_iter()
        .filter(|delivery| there.contains(&delivery.message_id))
        .collect();
    if !deliveries.is_empty() {
        insert_rows!(conn, deliveries, |values| diesel::insert_into(
            message_deliveries::table
        )
        .values(values)
        .on_conflict_do_nothing())?;
    }
    Ok(())
}

async fn mark_unreachable(conn: &mut Conn, lane: &LaneKey) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "UPDATE clients SET reachable = ?, updated_at = ? WHERE bot_id = ? AND channel = ? AND chat_id = ?",
        )
        .flag(false)
        .now()
        .int(lane.bot_id.0)
        .text(lane.channel.as_str())
        .int(lane.chat.0),
    )
    .await?;
    Ok(())
}

/// The whole bot has to wait; the longer of two waits counts.
async fn hold_bot(conn: &mut Conn, lane: &LaneKey, wait: std::time::Duration) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "INSERT INTO not_before (bot_id, channel, chat_id, until, created_at, updated_at) \
             VALUES (?, ?, 0, ?, ?, ?) ON CONFLICT (bot_id, channel, chat_id) DO UPDATE \
             SET until = CASE WHEN excluded.until > not_before.until THEN excluded.until ELSE not_before.until END, \
             updated_at = excluded.updated_at",
        )
        .int(lane.bot_id.0)
        .text(lane.channel.as_str())
        .after(wait)
        .now()
        .now(),
    )
    .await?;
    Ok(())
}
