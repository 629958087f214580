//! Randomness that comes out the same for the same seed.

use std::sync::atomic::{AtomicU64, Ordering};

use frontdesk_core::port::IdSource;

/// Entropy from a seed: the n-th call of every source with one seed gives the same bits, and no two
/// calls of one source do.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    calls: AtomicU64,
}

impl SeededIds {
    /// A source with a seed.
    pub fn new(seed: u64) -> Self {
        SeededIds {
            seed,
            calls: AtomicU64::new(0),
        }
    }
}

impl IdSource for SeededIds {
    fn entropy(&self) -> u128 {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        // One half is a bijection of the call's number, so that no two calls agree.
        let high = mix(call.wrapping_add(mix(self.seed)));
        let low = mix(high ^ self.seed.rotate_left(17));
        (u128::from(high) << 64) | u128::from(low)
    }
}

/// SplitMix64's output function: a bijection that spreads small differences over all bits.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
