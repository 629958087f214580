//! Leads and how they came to where they stand.

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;

use frontdesk_core::id::LeadId;
use frontdesk_core::lead::Lead;
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{LeadFile, LeadQuery, LeadStore};

use crate::conn::{Conn, on_conn};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::{LeadRow, StageRow};
use crate::schema::{lead_stage_history, leads};
use crate::types::Id;

use super::rows_of;

#[async_trait]
impl LeadStore for DieselStore {
    async fn leads(&self, query: &LeadQuery) -> Result<Vec<Lead>, StoreError> {
        let mut conn = self.reader().await?;
        find(&mut conn, query).await.map_err(store_error)
    }

    async fn lead(&self, id: LeadId) -> Result<Option<LeadFile>, StoreError> {
        let mut conn = self.reader().await?;
        file(&mut conn, id).await.map_err(store_error)
    }
}

/// Goes by `leads_by_stage`, `leads_by_score` or the primary key.
async fn find(conn: &mut Conn, query: &LeadQuery) -> QueryResult<Vec<Lead>> {
    let found: Vec<LeadRow> = on_conn!(conn, |c| {
        let mut wanted = leads::table
            .order(leads::id.desc())
            .limit(rows_of(query.page.limit))
            .select(LeadRow::as_select())
            .into_boxed();
        if let Some(stage) = &query.stage {
            wanted = wanted.filter(leads::lead_stage.eq(stage.as_str()));
        }
        if let Some(score) = &query.score {
            wanted = wanted.filter(leads::lead_score.eq(score.as_str()));
        }
        if let Some(before) = query.page.before {
            wanted = wanted.filter(leads::id.lt(Id(before.0)));
        }
        wanted.load(c).await
    })?;
    found.into_iter().map(LeadRow::into_lead).collect()
}

async fn file(conn: &mut Conn, id: LeadId) -> QueryResult<Option<LeadFile>> {
    let found: Option<LeadRow> = on_conn!(conn, |c| {
        leads::table
            .find(Id(id.0))
            .select(LeadRow::as_select())
            .first(c)
            .await
            .optional()
    })?;
    let Some(lead) = found else {
        return Ok(None);
    };
    // Index lead_stage_history_lead.
    let history: Vec<StageRow> = on_conn!(conn, |c| {
        lead_stage_history::table
            .filter(lead_stage_history::lead_id.eq(Id(id.0)))
            .order(lead_stage_history::id)
            .select(StageRow::as_select())
            .load(c)
            .await
    })?;
    Ok(Some(LeadFile {
        lead: lead.into_lead()?,
        history: history.into_iter().map(Into::into).collect(),
    }))
}
