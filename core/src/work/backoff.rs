//! How long a failed attempt waits before the next.

use std::time::Duration;

/// Exponential, with full jitter and a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
}

impl Backoff {
    /// 1 s · 2ⁿ, at most 60 s.
    pub const WORK: Backoff = Backoff {
        base: Duration::from_secs(1),
        cap: Duration::from_mins(1),
    };

    /// The wait after attempt `attempt` (1 for the first), at a point of the jitter drawn from
    /// `entropy`: uniform between a tenth of the ceiling and the ceiling.
    pub fn after(&self, attempt: u32, entropy: u128) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        let tenth = ceiling / 10;
        let spread = u64::try_from(ceiling.saturating_sub(tenth).as_micros())
            .unwrap_or(u64::MAX)
            .max(1);
        let drawn = u64::try_from(entropy % u128::from(spread)).unwrap_or(0);
        tenth + Duration::from_micros(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_to_the_cap_and_never_beyond(attempt in 0_u32..100, entropy in any::<u128>()) {
            let wait = Backoff::WORK.after(attempt, entropy);
            prop_assert!(wait <= Duration::from_mins(1));
            prop_assert!(wait >= Duration::from_millis(100));
            if attempt <= 1 {
                prop_assert!(wait <= Duration::from_secs(1));
            }
        }
    }
}
