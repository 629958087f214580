//! Changes, each in one transaction with its entry in the audit log.

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult};
use diesel_async::RunQueryDsl;

use frontdesk_core::access::{Agent, ApiToken};
use frontdesk_core::id::TokenId;
use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{Change, ChangeKind, ChangeOutcome, ChangeStore};
use frontdesk_core::time::Timestamp;

use crate::conn::{Conn, Durability, on_conn};
use crate::open::DieselStore;
use crate::rows::{AgentRow, StageRow, TokenRow};
use crate::schema::{agents, api_tokens, lead_stage_history, leads};
use crate::sql::Sql;
use crate::types::{At, Id};

use super::{audit, dead_letters, knowledge};

#[async_trait]
impl ChangeStore for DieselStore {
    async fn change(&self, change: &Change) -> Result<ChangeOutcome, StoreError> {
        let mut conn = self.transaction(Durability::Full).await?;
        let written = write(&mut conn, change).await;
        conn.close(written).await
    }
}

async fn write(conn: &mut Conn, change: &Change) -> QueryResult<ChangeOutcome> {
    let outcome = match &change.what {
        ChangeKind::MoveLead { lead, change } => move_lead(conn, lead, change).await?,
        ChangeKind::RetryDead { id } => found(dead_letters::revive(conn, *id).await?),
        ChangeKind::DropDead { id } => {
            let sql = Sql::new("DELETE FROM dead_letters WHERE id = ?").int(*id);
            found(conn.run(sql).await? > 0)
        }
        ChangeKind::CreateToken { token, agent } => create_token(conn, token, agent.as_ref()).await?,
        ChangeKind::PutKnowledge { entry, was } => knowledge::put(conn, entry, *was).await?,
        ChangeKind::RevokeToken { id, at } => revoke_token(conn, *id, *at).await?,
    };
    match outcome {
        ChangeOutcome::Done => audit::append(conn, &[&change.audit]).await?,
        // Nothing was written: what ends is an empty transaction.
        ChangeOutcome::NotFound | ChangeOutcome::Conflict => {}
    }
    Ok(outcome)
}

fn found(there: bool) -> ChangeOutcome {
    if there {
        ChangeOutcome::Done
    } else {
        ChangeOutcome::NotFound
    }
}

/// Moves the lead if it still stands where the change starts.
async fn move_lead(conn: &mut Conn, lead: &Lead, change: &StageChange) -> QueryResult<ChangeOutcome> {
    let id = Id(lead.id.0);
    let from = change
        .from
        .as_ref()
        .map(|stage| stage.as_str().to_owned())
        .unwrap_or_default();
    let moved = on_conn!(conn, |c| {
        diesel::update(leads::table.find(id))
            .filter(leads::lead_stage.eq(from))
            .set((
                leads::lead_stage.eq(lead.lead_stage.as_str()),
                leads::lost_reason.eq(lead.lost_reason.clone()),
                leads::contacted_at.eq(lead.contacted_at.map(At)),
                leads::converted_at.eq(lead.converted_at.map(At)),
                leads::updated_at.eq(At(lead.updated_at)),
            ))
            .execute(c)
            .await
    })?;
    if moved == 0 {
        let there: Option<Id> = on_conn!(conn, |c| leads::table
            .find(id)
            .select(leads::id)
            .first(c)
            .await
            .optional())?;
        return Ok(there.map_or(ChangeOutcome::NotFound, |_| ChangeOutcome::Conflict));
    }
    let row = StageRow::from(change);
    on_conn!(conn, |c| diesel::insert_into(lead_stage_history::table)
        .values(row)
        .execute(c)
        .await)?;
    Ok(ChangeOutcome::Done)
}

async fn create_token(
    conn: &mut Conn,
    token: &ApiToken,
    agent: Option<&Agent>,
) -> QueryResult<ChangeOutcome> {
    if let Some(agent) = agent {
        let row = AgentRow::new(agent, token.created_at);
        on_conn!(conn, |c| diesel::insert_into(agents::table)
            .values(row)
            .execute(c)
            .await)?;
    } else {
        let there: Option<Id> = on_conn!(conn, |c| agents::table
            .find(Id(token.agent_id.0))
            .select(agents::id)
            .first(c)
            .await
            .optional())?;
        if there.is_none() {
            return Ok(ChangeOutcome::NotFound);
        }
    }
    let row = TokenRow::from(token);
    on_conn!(conn, |c| diesel::insert_into(api_tokens::table)
        .values(row)
        .execute(c)
        .await)?;
    Ok(ChangeOutcome::Done)
}

async fn revoke_token(conn: &mut Conn, id: TokenId, at: Timestamp) -> QueryResult<ChangeOutcome> {
    let id = Id(id.0);
    let revoked = on_conn!(conn, |c| {
        diesel::update(api_tokens::table.find(id))
            .filter(api_tokens::revoked_at.is_null())
            .set((
                api_tokens::revoked_at.eq(Some(At(at))),
                api_tokens::updated_at.eq(At(at)),
            ))
            .execute(c)
            .await
    })?;
    if revoked > 0 {
        return Ok(ChangeOutcome::Done);
    }
    let there: Option<Id> = on_conn!(conn, |c| api_tokens::table
        .find(id)
        .select(api_tokens::id)
        .first(c)
        .await
        .optional())?;
    Ok(there.map_or(ChangeOutcome::NotFound, |_| ChangeOutcome::Conflict))
}
