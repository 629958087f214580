//! The back office: lists, figures, and changes with their entry in the audit log, a file each.

mod access;
pub(crate) mod audit;
mod change;
mod conversations;
mod dead_letters;
mod knowledge;
mod leads;
mod stats;

/// How many rows a statement may return.
fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
