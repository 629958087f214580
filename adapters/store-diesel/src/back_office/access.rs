//! Agents and tokens, read.

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;

use frontdesk_core::access::{Agent, OwnedToken};
use frontdesk_core::id::{AgentId, TokenId};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{AccessStore, Paging};
use frontdesk_core::time::Timestamp;

use crate::conn::{Durability, on_conn};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::{AgentRow, TokenRow};
use crate::schema::{agents, api_tokens};
use crate::types::{At, Id};

use super::rows_of;

/// Greater than every id.
const LAST: uuid::Uuid = uuid::Uuid::max();

#[async_trait]
impl AccessStore for DieselStore {
    async fn tokens_with_prefix(&self, prefix: &str) -> Result<Vec<OwnedToken>, StoreError> {
        let mut conn = self.reader().await?;
        // Index api_tokens_prefix.
        let found: QueryResult<Vec<(TokenRow, AgentRow)>> = on_conn!(&mut conn, |c| {
            api_tokens::table
                .inner_join(agents::table)
                .filter(api_tokens::prefix.eq(prefix))
                .select((TokenRow::as_select(), AgentRow::as_select()))
                .load(c)
                .await
        });
        Ok(owned(found.map_err(store_error)?))
    }

    async fn tokens(&self, page: &Paging<TokenId>) -> Result<Vec<OwnedToken>, StoreError> {
        let mut conn = self.reader().await?;
        let before = Id(page.before.map_or(LAST, |id| id.0));
        let found: QueryResult<Vec<(TokenRow, AgentRow)>> = on_conn!(&mut conn, |c| {
            api_tokens::table
                .inner_join(agents::table)
                .filter(api_tokens::id.lt(before))
                .order(api_tokens::id.desc())
                .limit(rows_of(page.limit))
                .select((TokenRow::as_select(), AgentRow::as_select()))
                .load(c)
                .await
        });
        Ok(owned(found.map_err(store_error)?))
    }

    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        let mut conn = self.reader().await?;
        let found: QueryResult<Option<AgentRow>> = on_conn!(&mut conn, |c| {
            agents::table
                .find(Id(id.0))
                .select(AgentRow::as_select())
                .first(c)
                .await
                .optional()
        });
        Ok(found.map_err(store_error)?.map(Into::into))
    }

    async fn note_token_use(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let noted: QueryResult<usize> = on_conn!(&mut conn, |c| {
            diesel::update(api_tokens::table.find(Id(id.0)))
                .set((
                    api_tokens::last_used_at.eq(Some(At(at))),
                    api_tokens::updated_at.eq(At(at)),
                ))
                .execute(c)
                .await
        });
        conn.close_steps(noted).await?;
        Ok(())
    }
}

fn owned(rows: Vec<(TokenRow, AgentRow)>) -> Vec<OwnedToken> {
    rows.into_iter()
        .map(|(token, agent)| OwnedToken {
            token: token.into(),
            agent: agent.into(),
        })
        .collect()
}
