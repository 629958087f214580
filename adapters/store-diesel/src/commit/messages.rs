//! What was said: numbered, written, and edited later.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};
use diesel::{ExpressionMethods, QueryResult};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use frontdesk_core::conversation::MessageEdit;
use frontdesk_core::port::store::TurnCommit;
use frontdesk_core::work::LaneKey;

use crate::conn::{Conn, insert_rows, on_conn, rows};
use crate::rows::{DeliveryRow, NewMessageRow};
use crate::schema::{message_deliveries, messages};
use crate::sql::{Column, Sql};
use crate::types::{At, Doc, Id, Json, Uuid};

/// Numbers the messages of each conversation and writes them. `last_seq` is raised in the same
/// transaction, so that a commit that fails leaves no gap.
pub(super) async fn write(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let mut counts: BTreeMap<Id, i64> = BTreeMap::new();
    for message in turns.iter().flat_map(|turn| &turn.decision.messages) {
        *counts.entry(Id(message.conversation_id.0)).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let mut next = raise(conn, &counts).await?;
    let mut new = Vec::new();
    let mut deliveries = Vec::new();
    for turn in turns {
        for message in &turn.decision.messages {
            let place = next
                .get_mut(&Id(message.conversation_id.0))
                .ok_or_else(|| no_conversation(message))?;
            *place += 1;
            new.push(NewMessageRow::new(message, *place));
            if let Some(id) = message.channel_message_id {
                let lane = &turn.claim.lane;
                deliveries.push(DeliveryRow {
                    message_id: Id(message.id.0),
                    part: 0,
                    bot_id: lane.bot_id.0,
                    channel: lane.channel.as_str().to_owned(),
                    chat_id: lane.chat.0,
                    thread_id: None,
                    direction: DeliveryRow::IN,
                    channel_message_id: id.0,
                });
            }
        }
    }
    insert_rows!(conn, new, |values| diesel::insert_into(messages::table)
        .values(values))?;
    if !deliveries.is_empty() {
        insert_rows!(conn, deliveries, |values| diesel::insert_into(
            message_deliveries::table
        )
        .values(values)
        .on_conflict_do_nothing())?;
    }
    Ok(())
}

fn no_conversation(message: &frontdesk_core::conversation::Message) -> Error {
    Error::DatabaseError(
        DatabaseErrorKind::ForeignKeyViolation,
        Box::new(format!("there is no conversation {}", message.conversation_id)),
    )
}

/// Makes room for so many messages in each conversation; gives the last place taken before.
async fn raise(conn: &mut Conn, counts: &BTreeMap<Id, i64>) -> QueryResult<BTreeMap<Id, i64>> {
    let sql = Sql::<(Uuid, BigInt)>::new(
        "UPDATE conversations SET last_seq = conversations.last_seq + n.more FROM ? \
         WHERE conversations.id = n.id RETURNING conversations.id, conversations.last_seq",
    )
    .table(
        "n",
        vec![
            ("id", Column::Ids(counts.keys().copied().collect())),
            ("more", Column::Ints(counts.values().copied().collect())),
        ],
    );
    let raised: Vec<(Id, i64)> = rows!(conn, sql => (Id, i64))?;
    Ok(raised
        .into_iter()
        .map(|(id, last)| (id, last - counts.get(&id).copied().unwrap_or(0)))
        .collect())
}

/// Changes texts of messages sent earlier; what they said before is kept in their metadata.
pub(super) async fn edit(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    for turn in turns {
        for edit in &turn.decision.edits {
            edit_one(conn, &turn.claim.lane, edit).await?;
        }
    }
    Ok(())
}

async fn edit_one(conn: &mut Conn, lane: &LaneKey, edit: &MessageEdit) -> QueryResult<()> {
    let sql = Sql::<(Uuid, Text, Json)>::new(
        "SELECT m.id, m.content, m.metadata FROM message_deliveries AS d JOIN messages AS m ON m.id = d.message_id \
         WHERE d.bot_id = ? AND d.channel = ? AND d.chat_id = ? AND d.direction = ? AND d.channel_message_id = ?",
    )
    .int(lane.bot_id.0)
    .text(lane.channel.as_str())
    .int(lane.chat.0)
    .text(DeliveryRow::IN)
    .int(edit.channel_message_id.0);
    let found: Vec<(Id, String, Doc)> = rows!(conn, sql => (Id, String, Doc))?;
    for (id, earlier, metadata) in found {
        let metadata = Doc(with_earlier(metadata.0, earlier));
        let content = edit.content.clone();
        let at = At(edit.edited_at);
        on_conn!(conn, |c| {
            diesel::update(messages::table)
                .filter(messages::id.eq(id))
                .set((
                    messages::content.eq(content),
                    messages::metadata.eq(metadata),
                    messages::edited_at.eq(at),
                    messages::updated_at.eq(at),
                ))
                .execute(c)
                .await
        })?;
    }
    Ok(())
}

fn with_earlier(mut metadata: Value, earlier: String) -> Value {
    if let Value::Object(fields) = &mut metadata {
        match fields.entry("earlier").or_insert_with(|| json!([])) {
            Value::Array(texts) => texts.push(earlier.into()),
            other => *other = json!([earlier]),
        }
    }
    metadata
}
