//! The desk's own rows of a decision: people, cases, leads, sessions.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::upsert::excluded;
use diesel::{ExpressionMethods, QueryResult};
use diesel_async::RunQueryDsl;

use frontdesk_core::port::store::TurnCommit;

use crate::attachments;
use crate::conn::{Conn, insert_rows, on_conn};
use crate::rows::{ClientRow, ConversationRow, LeadRow, SessionRow, StageRow};
use crate::schema::{clients, conversations, lead_stage_history, leads, sessions};

use super::{Stop, messages};

/// Writes columns of the row that was to be inserted over those of the row that is there.
macro_rules! overwrite {
    ($table:ident: $($column:ident),+ $(,)?) => {
        ($($table::$column.eq(excluded($table::$column)),)+)
    };
}

pub(super) async fn write(conn: &mut Conn, turns: &[&TurnCommit]) -> Result<(), Stop> {
    write_clients(conn, turns).await?;
    write_conversations(conn, turns).await?;
    messages::write(conn, turns).await?;
    messages::edit(conn, turns).await?;
    attachments::write(conn, turns).await?;
    write_leads(conn, turns).await?;
    write_sessions(conn, turns).await?;
    Ok(())
}

async fn write_clients(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let rows: Vec<ClientRow> = turns
        .iter()
        .filter_map(|turn| turn.decision.client.as_ref())
        .map(Into::into)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    insert_rows!(conn, rows, |values| diesel::insert_into(clients::table)
        .values(values)
        .on_conflict(clients::id)
        .do_update()
        .set(
            overwrite!(clients: bot_id, channel, user_id, chat_id, username, first_name, last_name, language,
            disclosure_version, disclosed_at, reachable, banned_at, banned_by, source, created_at, updated_at)
        ))?;
    Ok(())
}

/// Changed cases first: one that ends makes room for the one that begins.
async fn write_conversations(conn: &mut Conn, turns: &[&TurnCommit]) -> Result<(), Stop> {
    let writes = || turns.iter().flat_map(|turn| &turn.decision.conversations);
    for write in writes().filter(|write| !write.is_new) {
        let mut row = ConversationRow::from(&write.row);
        let read = row.version;
        row.version += 1;
        let id = row.id;
        let changed = on_conn!(conn, |c| {
            diesel::update(conversations::table)
                .filter(conversations::id.eq(id))
                .filter(conversations::version.eq(read))
                .set(row)
                .execute(c)
                .await
        });
        if changed.map_err(conflict)? == 0 {
            return Err(Stop::Conflict);
        }
    }
    let new: Vec<ConversationRow> = writes()
        .filter(|write| write.is_new)
        .map(|write| {
            let mut row = ConversationRow::from(&write.row);
            row.version += 1;
            row
        })
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    insert_rows!(conn, new, |values| diesel::insert_into(conversations::table)
        .values(values))
    .map_err(conflict)?;
    Ok(())
}

/// The client has another open case by now, or the case is there already: it was read too early.
fn conflict(error: Error) -> Stop {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Stop::Conflict,
        error => error.into(),
    }
}

async fn write_leads(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let (mut moved, mut kept) = (Vec::new(), Vec::new());
    for decision in turns.iter().map(|turn| &turn.decision) {
        if let Some(lead) = &decision.lead {
            let rows = if decision.stage_changes.is_empty() {
                &mut kept
            } else {
                &mut moved
            };
            rows.push(LeadRow::of(lead)?);
        }
    }
    if !moved.is_empty() {
        insert_rows!(conn, moved, |values| {
            diesel::insert_into(leads::table)
            .values(values)
            .on_conflict(leads::id)
            .do_update()
            .set(overwrite!(leads: conversation_id, name, email, company, phone, project_type, project_description,
                budget_range, timeline, lead_score, score_points, score_reasons, rubric_version, lead_source,
                lead_stage, lost_reason, fields, form, consent_at, consent_version, contacted_at, converted_at,
                created_at, updated_at))
        })?;
    }
    // Where these stand with sales may have changed since they were read: the back office moves leads.
    if !kept.is_empty() {
        insert_rows!(conn, kept, |values| {
            diesel::insert_into(leads::table)
            .values(values)
            .on_conflict(leads::id)
            .do_update()
            .set(overwrite!(leads: conversation_id, name, email, company, phone, project_type, project_description,
                budget_range, timeline, lead_score, score_points, score_reasons, rubric_version, lead_source,
                fields, form, consent_at, consent_version, created_at, updated_at))
        })?;
    }
    let changes: Vec<StageRow> = turns
        .iter()
        .flat_map(|turn| &turn.decision.stage_changes)
        .map(Into::into)
        .collect();
    if !changes.is_empty() {
        insert_rows!(conn, changes, |values| diesel::insert_into(
            lead_stage_history::table
        )
        .values(values))?;
    }
    Ok(())
}

async fn write_sessions(conn: &mut Conn, turns: &[&TurnCommit]) -> QueryResult<()> {
    let rows: Vec<SessionRow> = turns
        .iter()
        .filter_map(|turn| turn.decision.session.as_ref())
        .map(Into::into)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    insert_rows!(conn, rows, |values| diesel::insert_into(sessions::table)
        .values(values)
        .on_conflict(sessions::client_id)
        .do_update()
        .set(overwrite!(sessions: state, expires_at, version, updated_at)))?;
    Ok(())
}
