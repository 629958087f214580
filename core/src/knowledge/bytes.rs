//! What was learned, as bytes: numbers in little endian, whatever has a length behind it.

/// Puts values one behind another.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn f32(&mut self, value: f32) {
        self.u32(value.to_bits());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    pub(super) fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    pub(super) fn floats(&mut self, values: &[f32]) {
        self.count(values.len());
        self.0.reserve(values.len() * 4);
        for value in values {
            self.f32(*value);
        }
    }

    /// A hash of what was written so far.
    pub(super) fn digest(&self) -> u64 {
        digest(&self.0)
    }
}

/// Takes values from the front; `None` where the bytes end early or mean no value.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn f32(&mut self) -> Option<f32> {
        self.u32().map(f32::from_bits)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }

    /// A number of things of at least one byte each, so never more than there are bytes left.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.u64()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.count()?;
        str::from_utf8(self.raw(length)?).ok()
    }

    pub(super) fn floats(&mut self) -> Option<Vec<f32>> {
        let length = self.count()?.checked_mul(4)?;
        let values = self.raw(length)?.as_chunks::<4>().0.iter();
        Some(values.map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

/// A hash of bytes: it tells whether they are the same, not who wrote them.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain(std::iter::once(&last));
    words.fold(bytes.len() as u64, |hash, word| {
        let hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 32)
    })
}

#[cfg(test)]
mod tests {
    use super::{Reader, Writer, digest};

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.u32(7);
        writer.text("почём");
        writer.f64(0.25);
        writer.floats(&[1.5, -2.0]);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u32(), Some(7));
        assert_eq!(reader.text(), Some("почём"));
        assert_eq!(reader.f64(), Some(0.25));
        assert_eq!(reader.floats(), Some(vec![1.5, -2.0]));
        assert!(reader.is_empty());
        assert_eq!(reader.u32(), None);
        assert_eq!(Reader::new(&[255; 12]).floats(), None, "a length beyond the end");
    }

    #[test]
    fn every_bit_and_the_length_count() {
        let bytes = [0_u8; 33];
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes;
            changed[at / 8] ^= 1 << (at % 8);
            assert_ne!(digest(&changed), digest(&bytes), "bit {at}");
        }
        assert_ne!(digest(&bytes[..32]), digest(&bytes));
    }
}
