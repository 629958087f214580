//! The machine's time and randomness, behind the core's ports.

use frontdesk_core::port::{Clock, IdSource, NoRandomness, SecretSource};
use frontdesk_core::time::Timestamp;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one file that implements the Clock port on this machine"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let wait = at.since(self.now());
        tokio::time::sleep(wait).boxed()
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl IdSource for OsEntropy {
    fn entropy(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u128::from_le_bytes(bytes),
            // A system without randomness cannot give ids that are unique; time is what is left, and
            // two processes in one microsecond would clash at the database's unique keys, loudly.
            Err(_) => u128::try_from(SystemClock.now().as_micros()).unwrap_or(0),
        }
    }
}

impl SecretSource for OsEntropy {
    fn secret(&self) -> Result<[u8; 32], NoRandomness> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(bytes)
    }
}
