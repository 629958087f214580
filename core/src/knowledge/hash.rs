//! Hashes of features, and maps whose keys are such hashes.

use std::hash::Hasher;

/// FNV-1a over whole characters, with a final mix so that the low bits serve as a table index.
#[derive(Debug)]
pub(super) struct Fnv(u64);

impl Fnv {
    pub(super) fn new(kind: u8) -> Self {
        let mut hash = Self(0xcbf2_9ce4_8422_2325);
        hash.add(u64::from(kind));
        hash
    }

    pub(super) fn of(kind: u8, chars: &[char]) -> Self {
        let mut hash = Self::new(kind);
        for &c in chars {
            hash.add(u64::from(u32::from(c)));
        }
        hash
    }

    pub(super) fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    }

    pub(super) fn finish(&self) -> u64 {
        let mut h = self.0;
        h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        h ^ (h >> 33)
    }
}

/// Keys that are hashes already are not hashed again.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
