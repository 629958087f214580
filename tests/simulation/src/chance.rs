//! Whatever is left to chance, from the seed.

use frontdesk_core::port::IdSource as _;
use frontdesk_memory::SeededIds;
use std::time::Duration;

/// A die that falls the same way for the same seed.
#[derive(Debug)]
pub(crate) struct Chance {
    ids: SeededIds,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance {
            ids: SeededIds::new(seed),
        }
    }

    /// A number from 0 to `n - 1`; 0 for nothing to choose from.
    pub(crate) fn below(&self, n: u64) -> u64 {
        let drawn = u64::try_from(self.ids.entropy() >> 64).unwrap_or(u64::MAX);
        drawn.checked_rem(n).unwrap_or(0)
    }

    /// A place in something of this length.
    pub(crate) fn place(&self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// Whether something happens that does so once in `n`.
    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A time between two others.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> Duration {
        let spread = u64::try_from(to.saturating_sub(from).as_micros()).unwrap_or(u64::MAX);
        from + Duration::from_micros(self.below(spread.saturating_add(1)))
    }

    /// One of some.
    pub(crate) fn pick<'a, T>(&self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.place(all.len()))
    }
}
