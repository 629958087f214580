//! The clock of SQLite's stores. SQLite's own has milliseconds only, so this process' is taken; it
//! never shows the same microsecond twice, so that what came first sorts first.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use frontdesk_core::time::Timestamp;

static LAST: AtomicI64 = AtomicI64::new(0);

/// Now, and later than every time given before.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let before = LAST.fetch_max(micros, Ordering::Relaxed);
    if micros > before {
        return Timestamp::from_micros(micros);
    }
    Timestamp::from_micros(LAST.fetch_add(1, Ordering::Relaxed) + 1)
}
