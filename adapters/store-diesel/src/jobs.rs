//! Jobs: no order among themselves but priority and time.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use std::collections::HashMap;
use std::time::Duration;

use frontdesk_core::id::{ConversationId, JobId};
use frontdesk_core::port::store::{ClaimJobs, FinishJob, JobEnd, JobStore, StoreError};
use frontdesk_core::work::{ClaimedJob, JobClaim, LaneKey, LaneKind};

use crate::accept;
use crate::conn::{Conn, Durability, rows};
use crate::dead::{self, DeadJob};
use crate::lanes::{self, KeyRow, KeySql, key};
use crate::open::DieselStore;
use crate::sql::{Column, Sql};
use crate::types::{Doc, Id, Json, Uuid};

#[async_trait]
impl JobStore for DieselStore {
    async fn claim_jobs(&self, claim: &ClaimJobs) -> Result<Vec<ClaimedJob>, StoreError> {
        if claim.desks.is_empty() || claim.kinds.is_empty() || claim.limit == 0 {
            return Ok(Vec::new());
        }
        let mut conn = self.steps(Durability::Lease).await?;
        let claimed = match &conn {
            Conn::Postgres(_) => take_in_postgres(&mut conn, claim).await,
            Conn::Sqlite(_) => take_in_sqlite(&mut conn, claim).await,
        };
        conn.close_steps(claimed).await
    }

    async fn renew_jobs(&self, claims: &[JobClaim], lease: Duration) -> Result<Vec<bool>, StoreError> {
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.steps(Durability::Lease).await?;
        let renewed = renew(&mut conn, claims, lease).await;
        conn.close_steps(renewed).await
    }

    async fn finish_jobs(&self, jobs: &[FinishJob]) -> Result<Vec<bool>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.transaction(Durability::Full).await?;
        let finished = finish(&mut conn, jobs).await;
        conn.close(finished).await
    }
}

type ClaimSql = (Uuid, BigInt, Integer, Text, Integer, KeySql, Json);
type ClaimRow = (Id, i64, i32, String, i32, KeyRow, Doc);

/// What is due, in order: the condition of both databases' claims (index `jobs_due`).
fn due(claim: &ClaimJobs) -> String {
    let desks = vec!["(j.bot_id = ? AND j.channel = ?)"; claim.desks.len()].join(" OR ");
    let kinds = vec!["(j.kind = ? AND j.version <= ?)"; claim.kinds.len()].join(" OR ");
    format!(
        "FROM jobs AS j WHERE j.run_at <= ? AND ({desks}) AND ({kinds}) ORDER BY j.priority, j.run_at, j.id LIMIT ?"
    )
}

fn bind_due<ST>(sql: Sql<ST>, claim: &ClaimJobs) -> Sql<ST> {
    let mut sql = sql.now();
    for (bot, channel) in &claim.desks {
        sql = sql.int(bot.0).text(channel.as_str());
    }
    for (kind, version) in &claim.kinds {
        sql = sql.text(kind).small(*version);
    }
    sql.int(i64::try_from(claim.limit).unwrap_or(i64::MAX))
}

const TAKE: &str = "UPDATE jobs SET fence = jobs.fence + 1, attempt = jobs.attempt + 1, owner = ?, run_at = ?, \
                    updated_at = ?";
const TAKEN: &str = "jobs.id, jobs.fence, jobs.attempt, jobs.kind, jobs.version, jobs.bot_id, jobs.channel, \
                     jobs.chat_id, jobs.payload";

async fn take_in_postgres(conn: &mut Conn, claim: &ClaimJobs) -> QueryResult<Vec<ClaimedJob>> {
    let text = format!(
        "WITH pick AS MATERIALIZED (SELECT j.id, j.priority, j.run_at {} FOR UPDATE OF j SKIP LOCKED), \
         taken AS ({TAKE} FROM pick WHERE jobs.id = pick.id RETURNING {TAKEN}) \
         SELECT taken.* FROM taken JOIN pick ON pick.id = taken.id ORDER BY pick.priority, pick.run_at, pick.id",
        due(claim)
    );
    let sql = bind_due(Sql::<ClaimSql>::new(text), claim)
        .id(claim.owner.0)
        .lease(claim.lease)
        .now();
    let taken: Vec<ClaimRow> = rows!(conn, sql => ClaimRow)?;
    Ok(taken.into_iter().map(|row| claimed(row, claim)).collect())
}

async fn take_in_sqlite(conn: &mut Conn, claim: &ClaimJobs) -> QueryResult<Vec<ClaimedJob>> {
    let sql = bind_due(Sql::<Uuid>::new(format!("SELECT j.id {}", due(claim))), claim);
    let ids: Vec<Id> = rows!(conn, sql => Id)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let order: HashMap<Id, usize> = ids.iter().copied().zip(0..).collect();
    let sql = Sql::<ClaimSql>::new(format!("{TAKE} WHERE id IN ? RETURNING {TAKEN}"))
        .id(claim.owner.0)
        .lease(claim.lease)
        .now()
        .set(Column::Ids(ids));
    let mut taken: Vec<ClaimRow> = rows!(conn, sql => ClaimRow)?;
    taken.sort_by_key(|row| order.get(&row.0).copied());
    Ok(taken.into_iter().map(|row| claimed(row, claim)).collect())
}

fn claimed((id, fence, attempt, kind, version, lane, payload): ClaimRow, claim: &ClaimJobs) -> ClaimedJob {
    ClaimedJob {
        claim: JobClaim {
            id: JobId(id.0),
            fence,
            owner: claim.owner,
        },
        kind,
        version,
        lane: key(lane),
        payload: payload.0,
        attempt: u32::try_from(attempt).unwrap_or(0),
    }
}

/// A job whose claim holds; its row is locked.
struct Held {
    kind: String,
    lane: LaneKey,
    rest: DeadJob,
}

async fn held(conn: &mut Conn, jobs: &[FinishJob]) -> QueryResult<HashMap<JobId, Held>> {
    type HeldSql = (
        Uuid,
        Text,
        Integer,
        KeySql,
        Nullable<Uuid>,
        Json,
        Integer,
        Nullable<Text>,
        BigInt,
    );
    type HeldRow = (Id, String, i32, KeyRow, Option<Id>, Doc, i32, Option<String>, i64);
    let sql = Sql::<HeldSql>::new(
        "SELECT j.id, j.kind, j.version, j.bot_id, j.channel, j.chat_id, j.conversation_id, j.payload, j.priority, \
         j.unique_key, j.fence FROM jobs AS j JOIN ? ON j.id = c.id AND j.fence = c.fence AND j.owner = c.owner \
         ORDER BY j.id ?",
    )
    .table(
        "c",
        vec![
            ("id", Column::Ids(jobs.iter().map(|job| Id(job.claim.id.0)).collect())),
            ("fence", Column::Ints(jobs.iter().map(|job| job.claim.fence).collect())),
            ("owner", Column::Ids(jobs.iter().map(|job| Id(job.claim.owner.0)).collect())),
        ],
    )
    .only_postgres("FOR UPDATE OF j");
    let found: Vec<HeldRow> = rows!(conn, sql => HeldRow)?;
    Ok(found
        .into_iter()
        .map(
            |(id, kind, version, lane, conversation, payload, priority, unique_key, fence)| {
                let rest = DeadJob {
                    id: JobId(id.0),
                    version,
                    conversation_id: conversation.map(|id| ConversationId(id.0)),
                    payload: payload.0,
                    priority,
                    unique_key,
                    fence,
                };
                (
                    JobId(id.0),
                    Held {
                        kind,
                        lane: key(lane),
                        rest,
                    },
                )
            },
        )
        .collect())
}

async fn renew(conn: &mut Conn, claims: &[JobClaim], lease: Duration) -> QueryResult<Vec<bool>> {
    let sql = Sql::<Uuid>::new(
        "UPDATE jobs SET run_at = ?, updated_at = ? FROM ? \
         WHERE jobs.id = c.id AND jobs.fence = c.fence AND jobs.owner = c.owner RETURNING jobs.id",
    )
    .lease(lease)
    .now()
    .table(
        "c",
        vec![
            (
                "id",
                Column::Ids(claims.iter().map(|claim| Id(claim.id.0)).collect()),
            ),
            (
                "fence",
                Column::Ints(claims.iter().map(|claim| claim.fence).collect()),
            ),
            (
                "owner",
                Column::Ids(claims.iter().map(|claim| Id(claim.owner.0)).collect()),
            ),
        ],
    );
    let renewed: Vec<Id> = rows!(conn, sql => Id)?;
    Ok(claims
        .iter()
        .map(|claim| renewed.contains(&Id(claim.id.0)))
        .collect())
}

async fn finish(conn: &mut Conn, jobs: &[FinishJob]) -> QueryResult<Vec<bool>> {
    // A turn locks its lane, then jobs; so do we.
    let reported: Vec<&LaneKey> = jobs
        .iter()
        .filter_map(|job| match &job.end {
            JobEnd::Done { report } => report.as_ref().map(|report| &report.lane),
            JobEnd::Again { .. } | JobEnd::Dead { .. } => None,
        })
        .collect();
    lanes::lock(conn, &LaneKind::Turn, reported.into_iter()).await?;
    let mut held = held(conn, jobs).await?;
    let mut written = Vec::with_capacity(jobs.len());
    let (mut leaving, mut reports) = (Vec::new(), Vec::new());
    for job in jobs {
        let Some(found) = held.remove(&job.claim.id) else {
            written.push(false);
            continue;
        };
        written.push(true);
        match &job.end {
            JobEnd::Done { report } => {
                leaving.push(Id(job.claim.id.0));
                reports.extend(report.clone());
            }
            JobEnd::Again { after, counted } => again(conn, job.claim.id, *after, *counted).await?,
            JobEnd::Dead { why } => {
                dead::bury_job(conn, &found.lane, &found.kind, &found.rest, why).await?;
                leaving.push(Id(job.claim.id.0));
            }
        }
    }
    if !leaving.is_empty() {
        conn.run(Sql::new("DELETE FROM jobs WHERE id IN ?").set(Column::Ids(leaving)))
            .await?;
    }
    if !reports.is_empty() {
        accept::keep(conn, &reports).await?;
    }
    Ok(written)
}

async fn again(conn: &mut Conn, id: JobId, after: Duration, counted: bool) -> QueryResult<()> {
    conn.run(
        Sql::new(
            "UPDATE jobs SET run_at = ?, owner = NULL, \
             attempt = CASE WHEN attempt > ? THEN attempt - ? ELSE 0 END, updated_at = ? WHERE id = ?",
        )
        .after(after)
        .small(i32::from(!counted))
        .small(i32::from(!counted))
        .now()
        .id(id.0),
    )
    .await?;
    Ok(())
}
