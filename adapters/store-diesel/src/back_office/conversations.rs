//! Cases and what was said in them.

use async_trait::async_trait;
use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper,
};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

use frontdesk_core::id::{ConversationId, LeadId};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{Case, ConversationQuery, ConversationStore, Paging, StoredMessage};
use frontdesk_core::port::store::HistoryStore;

use crate::conn::{Conn, on_conn};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::{ClientRow, ConversationRow, DeliveryRow, MessageRow};
use crate::schema::{clients, conversations, leads, message_deliveries, messages};
use crate::types::Id;

use super::rows_of;

/// A case as it is read.
type CaseRow = (ConversationRow, ClientRow, Option<Id>);

/// Cases with their clients and leads. A macro, since its type has a name nobody wants to write.
macro_rules! cases {
    () => {
        conversations::table
            .inner_join(clients::table)
            .left_join(leads::table)
            .select((
                ConversationRow::as_select(),
                ClientRow::as_select(),
                leads::id.nullable(),
            ))
    };
}

#[async_trait]
impl ConversationStore for DieselStore {
    async fn conversations(&self, query: &ConversationQuery) -> Result<Vec<Case>, StoreError> {
        let mut conn = self.reader().await?;
        find(&mut conn, query).await.map_err(store_error)
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Case>, StoreError> {
        let mut conn = self.reader().await?;
        let found: QueryResult<Option<CaseRow>> = on_conn!(&mut conn, |c| {
            cases!()
                .filter(conversations::id.eq(Id(id.0)))
                .first(c)
                .await
                .optional()
        });
        Ok(found.map_err(store_error)?.map(case))
    }

    async fn messages_before(
        &self,
        conversation: ConversationId,
        page: &Paging<i64>,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let mut conn = self.reader().await?;
        last_messages(&mut conn, conversation, page)
            .await
            .map_err(store_error)
    }
}

#[async_trait]
impl HistoryStore for DieselStore {
    async fn messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.messages_before(conversation, &Paging::first(limit)).await
    }
}

/// Goes by the index that starts with the first filter there is: `conversations_client`, `…_by_owner`,
/// `…_by_score`, `…_by_status`, else by the primary key.
async fn find(conn: &mut Conn, query: &ConversationQuery) -> QueryResult<Vec<Case>> {
    let found: Vec<CaseRow> = on_conn!(conn, |c| {
        let mut wanted = cases!()
            .order(conversations::id.desc())
            .limit(rows_of(query.page.limit))
            .into_boxed();
        if let Some(client) = query.client {
            wanted = wanted.filter(conversations::client_id.eq(Id(client.0)));
        }
        if let Some(status) = &query.status {
            wanted = wanted.filter(conversations::status.eq(status.as_str()));
        }
        if let Some(owner) = &query.owner {
            wanted = wanted.filter(conversations::owner.eq(owner.as_str()));
        }
        if let Some(score) = &query.lead_score {
            wanted = wanted.filter(conversations::lead_score.eq(score.as_str()));
        }
        if let Some(before) = query.page.before {
            wanted = wanted.filter(conversations::id.lt(Id(before.0)));
        }
        wanted.load(c).await
    })?;
    Ok(found.into_iter().map(case).collect())
}

fn case((conversation, client, lead): CaseRow) -> Case {
    Case {
        conversation: conversation.into(),
        client: client.into(),
        lead: lead.map(|id| LeadId(id.0)),
    }
}

/// The last messages of a case before a place, in order (index `messages_place`).
async fn last_messages(
    conn: &mut Conn,
    case: ConversationId,
    page: &Paging<i64>,
) -> QueryResult<Vec<StoredMessage>> {
    let before = page.before.unwrap_or(i64::MAX);
    let mut last: Vec<MessageRow> = on_conn!(conn, |c| {
        messages::table
            .filter(messages::conversation_id.eq(Id(case.0)))
            .filter(messages::seq.lt(before))
            .order(messages::seq.desc())
            .limit(rows_of(page.limit))
            .select(MessageRow::as_select())
            .load(c)
            .await
    })?;
    last.reverse();
    let ids: Vec<Id> = last.iter().map(|message| message.id).collect();
    let received: Vec<(Id, i64)> = on_conn!(conn, |c| {
        message_deliveries::table
            .filter(message_deliveries::message_id.eq_any(ids))
            .filter(message_deliveries::direction.eq(DeliveryRow::IN))
            .select((
                message_deliveries::message_id,
                message_deliveries::channel_message_id,
            ))
            .load(c)
            .await
    })?;
    let received: HashMap<Id, i64> = received.into_iter().collect();
    Ok(last
        .into_iter()
        .map(|message| {
            let channel_message_id = received.get(&message.id).copied();
            message.into_message(channel_message_id)
        })
        .collect())
}
