//! What the desk knows of a chat.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;
use std::collections::{HashMap, HashSet};

use frontdesk_core::conversation::{Client, Conversation, ConversationStatus, Session};
use frontdesk_core::id::{ClientId, ConversationId};
use frontdesk_core::lead::Lead;
use frontdesk_core::port::store::Snapshot;
use frontdesk_core::work::LaneKey;

use crate::conn::{Conn, on_conn};
use crate::rows::{ClientRow, ConversationRow, LeadRow, SessionRow};
use crate::schema::{clients, conversations, leads, sessions};
use crate::types::Id;

/// A snapshot a lane, in the order asked for: four statements, however many lanes there are.
pub(crate) async fn snapshots(conn: &mut Conn, lanes: &[LaneKey]) -> QueryResult<Vec<Snapshot>> {
    let clients = clients_of(conn, lanes).await?;
    let ids: Vec<Id> = clients.values().map(|client| Id(client.id.0)).collect();
    let mut cases = open_cases(conn, &ids).await?;
    let mut sessions = sessions_of(conn, &ids).await?;
    let case_ids: Vec<Id> = cases.values().map(|case| Id(case.id.0)).collect();
    let mut leads = leads_of(conn, &case_ids).await?;
    let mut known: HashMap<LaneKey, Snapshot> = HashMap::new();
    for (lane, client) in clients {
        let conversation = cases.remove(&client.id);
        let snapshot = Snapshot {
            session: sessions.remove(&client.id),
            lead: conversation.as_ref().and_then(|case| leads.remove(&case.id)),
            conversation,
            client: Some(client),
            named: None,
        };
        known.insert(lane, snapshot);
    }
    Ok(lanes
        .iter()
        .map(|lane| known.get(lane).cloned().unwrap_or_default())
        .collect())
}

/// The client whose private chat each lane is (index `clients_chat`).
async fn clients_of(conn: &mut Conn, lanes: &[LaneKey]) -> QueryResult<HashMap<LaneKey, Client>> {
    let wanted: HashSet<&LaneKey> = lanes.iter().collect();
    let mut found: HashMap<LaneKey, Client> = HashMap::new();
    let mut by_desk: HashMap<(i64, &str), Vec<i64>> = HashMap::new();
    for lane in &wanted {
        by_desk
            .entry((lane.bot_id.0, lane.channel.as_str()))
            .or_default()
            .push(lane.chat.0);
    }
    for ((bot, channel), chats) in by_desk {
        let channel = channel.to_owned();
        let rows: Vec<ClientRow> = on_conn!(conn, |c| {
            clients::table
                .filter(clients::bot_id.eq(bot))
                .filter(clients::channel.eq(channel))
                .filter(clients::chat_id.eq_any(chats))
                .order(clients::user_id)
                .select(ClientRow::as_select())
                .load(c)
                .await
        })?;
        for client in rows.into_iter().map(Client::from) {
            let lane = LaneKey {
                bot_id: client.bot_id,
                channel: client.channel.clone(),
                chat: client.chat_id,
            };
            found.entry(lane).or_insert(client);
        }
    }
    Ok(found)
}

/// The open case of each client (index `conversations_open`).
async fn open_cases(conn: &mut Conn, ids: &[Id]) -> QueryResult<HashMap<ClientId, Conversation>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = ids.to_vec();
    let open = [
        ConversationStatus::Active.as_str(),
        ConversationStatus::Escalated.as_str(),
    ];
    let rows: Vec<ConversationRow> = on_conn!(conn, |c| {
        conversations::table
            .filter(conversations::client_id.eq_any(ids))
            .filter(conversations::status.eq_any(open))
            .select(ConversationRow::as_select())
            .load(c)
            .await
    })?;
    Ok(rows
        .into_iter()
        .map(Conversation::from)
        .map(|case| (case.client_id, case))
        .collect())
}

async fn sessions_of(conn: &mut Conn, ids: &[Id]) -> QueryResult<HashMap<ClientId, Session>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = ids.to_vec();
    let rows: Vec<SessionRow> = on_conn!(conn, |c| {
        sessions::table
            .filter(sessions::client_id.eq_any(ids))
            .select(SessionRow::as_select())
            .load(c)
            .await
    })?;
    Ok(rows
        .into_iter()
        .map(Session::from)
        .map(|session| (session.client_id, session))
        .collect())
}

async fn leads_of(conn: &mut Conn, ids: &[Id]) -> QueryResult<HashMap<ConversationId, Lead>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = ids.to_vec();
    let rows: Vec<LeadRow> = on_conn!(conn, |c| {
        leads::table
            .filter(leads::conversation_id.eq_any(ids))
            .select(LeadRow::as_select())
            .load(c)
            .await
    })?;
    let mut found = HashMap::new();
    for row in rows {
        let lead = row.into_lead()?;
        found.insert(lead.conversation_id, lead);
    }
    Ok(found)
}

/// One case, open or not.
pub(crate) async fn case(conn: &mut Conn, id: ConversationId) -> QueryResult<Option<Conversation>> {
    let found: Option<ConversationRow> = on_conn!(conn, |c| {
        conversations::table
            .find(Id(id.0))
            .select(ConversationRow::as_select())
            .first(c)
            .await
            .optional()
    })?;
    Ok(found.map(Into::into))
}
