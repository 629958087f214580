//! Entries of the audit log.

use diesel::{Insertable, Queryable, Selectable};

use frontdesk_core::audit::{AuditEntry, AuditHash};

use crate::schema::audit_log;
use crate::types::{At, Doc};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log)]
pub(crate) struct AuditRow {
    id: i64,
    at: At,
    actor: String,
    action: String,
    subject: String,
    detail: Doc,
    prev_hash: String,
    hash: String,
}

impl From<&AuditEntry> for AuditRow {
    fn from(entry: &AuditEntry) -> Self {
        AuditRow {
            id: entry.id,
            at: At(entry.at),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            detail: Doc(entry.detail.clone()),
            prev_hash: entry.prev_hash.as_str().to_owned(),
            hash: entry.hash.as_str().to_owned(),
        }
    }
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        AuditEntry {
            id: row.id,
            at: row.at.0,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail.0,
            prev_hash: AuditHash::from_text(row.prev_hash),
            hash: AuditHash::from_text(row.hash),
        }
    }
}
