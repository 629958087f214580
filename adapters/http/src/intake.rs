//! What the webhook drives: the door that keeps updates.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intake {
    /// It is durable, or was already, or is over the sender's limit: Telegram may forget it. Answered with 200.
    Kept,
    /// The body is not JSON or has no `update_id`. Answered with 400.
    ///
    /// Says why, for the log, in words that never quote the body.
    NotAnUpdate(String),
    /// It could not be made durable now; ask again after this long. Answered with 503 and `Retry-After`.
    TryLater(Duration),
}

/// Takes the updates the messenger delivers.
///
/// The caller may drop the future at any point, when the client leaves or the time for an answer is over; the
/// update is then either kept as a whole or not at all, and comes again.
#[async_trait]
pub trait UpdateIntake: Debug + Send + Sync {
    /// Keeps one update, given as the raw body of an authentic request of at most
    /// [`Limits::body_bytes`](crate::Limits::body_bytes).
    ///
    /// Returns [`Intake::Kept`] only when the update survives a crash that follows.
    async fn receive(&self, body: Vec<u8>) -> Intake;
}
