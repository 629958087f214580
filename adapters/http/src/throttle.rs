//! Log lines a stranger can cause, held to one a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Throttle {
    started: Instant,
    /// Milliseconds since `started` before which lines are held back.
    quiet_until: AtomicU64,
    held_back: AtomicU64,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            quiet_until: AtomicU64::new(0),
            held_back: AtomicU64::new(0),
        }
    }

    /// Whether a line may be written now, and then how many were held back since the last one.
    pub(crate) fn pass(&self) -> Option<u64> {
        let elapsed = self.started.elapsed();
        let now = millis(elapsed);
        let won = self
            .quiet_until
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |until| {
                (now >= until).then(|| millis(elapsed + INTERVAL))
            })
            .is_ok();
        if won {
            Some(self.held_back.swap(0, Ordering::Relaxed))
        } else {
            self.held_back.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_the_first_through_and_counts_the_rest() {
        let throttle = Throttle::new();
        assert_eq!(throttle.pass(), Some(0));
        assert_eq!(throttle.pass(), None);
        assert_eq!(throttle.pass(), None);
        throttle.quiet_until.store(0, Ordering::Relaxed);
        assert_eq!(throttle.pass(), Some(2));
    }
}
