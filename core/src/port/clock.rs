//! Time, identity and secrets: what a pure core must be handed.

use futures_util::future::BoxFuture;
use std::fmt::Debug;

use crate::time::Timestamp;

/// Business time, and the only way to wait.
///
/// Leases and due times are not measured by it: those run on the store's own clock.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Debug + Send + Sync {
    /// The time now. May be set back by an operator; nothing may rely on it never doing so.
    fn now(&self) -> Timestamp;

    /// Completes when `now()` is at or after `at`; at once if it already is. Dropping it is free.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;
}

/// Randomness for ids, jitter and tie-breaks. Not for secrets.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait IdSource: Debug + Send + Sync {
    /// 128 fresh bits; no two calls in any two processes return the same.
    fn entropy(&self) -> u128;
}

/// The system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness: no secret can be made")]
pub struct NoRandomness;

/// Randomness for secrets: nobody can guess it.
pub trait SecretSource: Debug + Send + Sync {
    /// 32 bytes that nobody else has seen.
    ///
    /// # Errors
    /// [`NoRandomness`]; then there is no secret, rather than a weak one.
    fn secret(&self) -> Result<[u8; 32], NoRandomness>;
}
