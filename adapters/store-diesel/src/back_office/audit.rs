//! The audit log: read, and appended to by one transaction at a time.

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;

use frontdesk_core::audit::{AuditEntry, AuditHash, AuditHead, NewAuditEntry};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{AuditStore, Paging};

use crate::conn::{Conn, on_conn};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::AuditRow;
use crate::schema::audit_log;
use crate::sql::Sql;

use super::rows_of;

/// One transaction at a time appends: the key of Postgres' advisory lock.
const LOCK: i64 = 0x6664_2061_7564_6974;

/// Appends entries in the open transaction. In Postgres a lock that is held until its end keeps
/// others from appending, so that each entry knows the one before it; in SQLite there is one writer.
pub(crate) async fn append(conn: &mut Conn, entries: &[&NewAuditEntry]) -> QueryResult<()> {
    if entries.is_empty() {
        return Ok(());
    }
    if let Conn::Postgres(_) = conn {
        conn.run(Sql::new("SELECT pg_advisory_xact_lock(?)").int(LOCK))
            .await?;
    }
    let mut head = head(conn).await?;
    for new in entries {
        let entry = AuditEntry::after(&head, new);
        head = entry.head();
        let row = AuditRow::from(&entry);
        on_conn!(conn, |c| diesel::insert_into(audit_log::table)
            .values(row)
            .execute(c)
            .await)?;
    }
    Ok(())
}

async fn head(conn: &mut Conn) -> QueryResult<AuditHead> {
    let last: Option<(i64, String)> = on_conn!(conn, |c| {
        audit_log::table
            .order(audit_log::id.desc())
            .select((audit_log::id, audit_log::hash))
            .first(c)
            .await
            .optional()
    })?;
    Ok(last
        .map(|(id, hash)| AuditHead {
            id,
            hash: AuditHash::from_text(hash),
        })
        .unwrap_or_default())
}

#[async_trait]
impl AuditStore for DieselStore {
    async fn audit(&self, page: &Paging<i64>) -> Result<Vec<AuditEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let before = page.before.unwrap_or(i64::MAX);
        let found: QueryResult<Vec<AuditRow>> = on_conn!(&mut conn, |c| {
            audit_log::table
                .filter(audit_log::id.lt(before))
                .order(audit_log::id.desc())
                .limit(rows_of(page.limit))
                .select(AuditRow::as_select())
                .load(c)
                .await
        });
        Ok(found.map_err(store_error)?.into_iter().map(Into::into).collect())
    }

    async fn audit_since(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let found: QueryResult<Vec<AuditRow>> = on_conn!(&mut conn, |c| {
            audit_log::table
                .filter(audit_log::id.gt(after))
                .order(audit_log::id)
                .limit(rows_of(limit))
                .select(AuditRow::as_select())
                .load(c)
                .await
        });
        Ok(found.map_err(store_error)?.into_iter().map(Into::into).collect())
    }
}
