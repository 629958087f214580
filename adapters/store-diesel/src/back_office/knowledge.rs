//! Knowledge beside the playbook's files, and the epoch that tells of its changes.

use async_trait::async_trait;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, SelectableHelper};
use diesel_async::RunQueryDsl;

use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::playbook::KnowledgeEntry;
use frontdesk_core::port::back_office::ChangeOutcome;
use frontdesk_core::port::knowledge::KnowledgeQuery;
use frontdesk_core::port::{KnowledgeStore, StoreError};

use crate::conn::{Conn, on_conn, rows};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::rows::KnowledgeRow;
use crate::schema::knowledge_entries;
use crate::sql::Sql;
use crate::types::Id;

use super::rows_of;

/// The epoch's name in `wake_epochs`.
const EPOCH: &str = "knowledge";

#[async_trait]
impl KnowledgeStore for DieselStore {
    async fn knowledge(&self, query: &KnowledgeQuery) -> Result<Vec<KnowledgeEntry>, StoreError> {
        let mut conn = self.reader().await?;
        find(&mut conn, query).await.map_err(store_error)
    }

    async fn knowledge_entry(&self, id: KnowledgeEntryId) -> Result<Option<KnowledgeEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let found: QueryResult<Option<KnowledgeRow>> = on_conn!(&mut conn, |c| {
            knowledge_entries::table
                .find(Id(id.0))
                .select(KnowledgeRow::as_select())
                .first(c)
                .await
                .optional()
        });
        let entry = found.and_then(|row| row.map(KnowledgeRow::into_entry).transpose());
        entry.map_err(store_error)
    }

    async fn knowledge_epoch(&self) -> Result<i64, StoreError> {
        let mut conn = self.reader().await?;
        let sql = Sql::<BigInt>::new("SELECT epoch FROM wake_epochs WHERE name = ?").text(EPOCH);
        let epochs: Vec<i64> = rows!(&mut conn, sql => i64).map_err(store_error)?;
        Ok(epochs.into_iter().next().unwrap_or(0))
    }
}

/// Goes by the primary key: there are few of a locale that are not wanted.
async fn find(conn: &mut Conn, query: &KnowledgeQuery) -> QueryResult<Vec<KnowledgeEntry>> {
    let found: Vec<KnowledgeRow> = on_conn!(conn, |c| {
        let mut wanted = knowledge_entries::table
            .order(knowledge_entries::id.desc())
            .limit(rows_of(query.page.limit))
            .select(KnowledgeRow::as_select())
            .into_boxed();
        if let Some(locale) = &query.locale {
            wanted = wanted.filter(knowledge_entries::locale.eq(locale.as_str()));
        }
        if let Some(before) = query.page.before {
            wanted = wanted.filter(knowledge_entries::id.lt(Id(before.0)));
        }
        wanted.load(c).await
    })?;
    found.into_iter().map(KnowledgeRow::into_entry).collect()
}

/// Keeps an entry, and counts the epoch up.
pub(super) async fn put(
    conn: &mut Conn,
    entry: &KnowledgeEntry,
    was: Option<i64>,
) -> QueryResult<ChangeOutcome> {
    let row = KnowledgeRow::new(entry)?;
    let id = Id(entry.id.0);
    let outcome = match was {
        None => {
            // Index knowledge_entries_name.
            let kept = on_conn!(conn, |c| {
                diesel::insert_into(knowledge_entries::table)
                    .values(row)
                    .on_conflict_do_nothing()
                    .execute(c)
                    .await
            })?;
            if kept > 0 {
                ChangeOutcome::Done
            } else {
                ChangeOutcome::Conflict
            }
        }
        Some(was) => {
            let changed = on_conn!(conn, |c| {
                diesel::update(knowledge_entries::table.find(id))
                    .filter(knowledge_entries::version.eq(was))
                    .set(row)
                    .execute(c)
                    .await
            })?;
            if changed > 0 {
                ChangeOutcome::Done
            } else {
                let there: Option<Id> = on_conn!(conn, |c| knowledge_entries::table
                    .find(id)
                    .select(knowledge_entries::id)
                    .first(c)
                    .await
                    .optional())?;
                there.map_or(ChangeOutcome::NotFound, |_| ChangeOutcome::Conflict)
            }
        }
    };
    if outcome == ChangeOutcome::Done {
        let sql = Sql::new(
            "INSERT INTO wake_epochs (name, epoch, created_at, updated_at) VALUES (?, 1, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET epoch = wake_epochs.epoch + 1, updated_at = excluded.updated_at",
        )
        .text(EPOCH)
        .now()
        .now();
        conn.run(sql).await?;
    }
    Ok(outcome)
}
