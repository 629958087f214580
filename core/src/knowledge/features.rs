//! From a normalised text to a sparse vector: hashed n-grams, weighed by TF-IDF, of length one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Text behind this many characters is not read for features, so that a query's time is bounded.
const MAX_CHARS: usize = 1_000;
const SHORTEST_GRAM: usize = 2;
const LONGEST_GRAM: usize = 4;
/// So many letters are a word's start. It stands for the word without its ending, in most languages that have
/// endings; a shorter word is its own start.
const START: usize = 4;
/// What one occurrence of a gram, a word's start, a word and a pair of words counts. A word has over a dozen
/// grams and one start: without more weight the start would be lost among them.
const GRAM: f32 = 1.0;
const WORD_START: f32 = 3.0;
const WORD: f32 = 2.0;
const PAIR: f32 = 0.5;
/// How much rarity counts: between not at all (0) and TF-IDF as usual (1). With a handful of phrasings an entry,
/// whether a word was seen once or twice is mostly chance.
const RARITY: f32 = 0.7;

/// A sparse vector: feature and value, no feature twice.
pub(super) type Vector = Vec<(u32, f32)>;

/// Every feature that occurs in a normalised text, hashed, with its weight before rarity, in order of hash.
///
/// Features are the character 2–4-grams of each word with its boundaries (` word `), each word, the start of each
/// word, and each pair of neighbouring words. A hash has 64 bits, so two features practically never share one.
pub(super) fn count(words: &str) -> Vec<(u64, f32)> {
    let mut found = Vec::with_capacity(words.len().min(MAX_CHARS) * 4);
    let mut padded: Vec<char> = Vec::with_capacity(32);
    let mut previous: Option<u64> = None;
    let text: String = words.chars().take(MAX_CHARS).collect();
    for word in text.split_ascii_whitespace() {
        padded.clear();
        padded.push(' ');
        padded.extend(word.chars());
        padded.push(' ');
        for start in 0..padded.len() {
            let mut hash = Fnv::new(b'g');
            for (taken, &c) in padded[start..].iter().take(LONGEST_GRAM).enumerate() {
                hash.add(u64::from(u32::from(c)));
                if taken + 1 >= SHORTEST_GRAM {
                    found.push((hash.finish(), GRAM));
                }
            }
        }
        let start = &padded[..padded.len().min(START + 1)];
        found.push((Fnv::of(b's', start).finish(), WORD_START));
        let word = Fnv::of(b'w', &padded).finish();
        found.push((word, WORD));
        if let Some(previous) = previous.replace(word) {
            let mut hash = Fnv::new(b'p');
            hash.add(previous);
            hash.add(word);
            found.push((hash.finish(), PAIR));
        }
    }
    found.sort_unstable_by_key(|&(hash, _)| hash);
    found
        .chunk_by(|one, next| one.0 == next.0)
        .map(|same| (same[0].0, same[0].1 * damped(same.len())))
        .collect()
}

/// A text by its known features, before they are weighed.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Feature and weight before rarity.
    features: Vector,
    /// The weights of features never seen, squared.
    unseen: f32,
}

impl Known {
    /// How many different known features the text has.
    pub(super) fn len(&self) -> usize {
        self.features.len()
    }
}

/// Numbers for the features of everything there is to learn from.
#[derive(Debug, Default)]
pub(super) struct Features {
    /// Only ever looked up, never iterated: its order must not reach the weights.
    ids: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
}

impl Features {
    /// Reads a line to learn from; features not seen before get the next number.
    pub(super) fn learn(&mut self, counted: &[(u64, f32)]) -> Known {
        let mut features = Vec::with_capacity(counted.len());
        for &(hash, value) in counted {
            let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            features.push((*self.ids.entry(hash).or_insert(next), value));
        }
        Known {
            features,
            unseen: 0.0,
        }
    }

    /// Reads a question.
    pub(super) fn read(&self, counted: &[(u64, f32)]) -> Known {
        let mut known = Known {
            features: Vec::with_capacity(counted.len()),
            unseen: 0.0,
        };
        for &(hash, value) in counted {
            match self.ids.get(&hash) {
                Some(&id) => known.features.push((id, value)),
                None => known.unseen += value * value,
            }
        }
        known
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// What a feature's occurrence says: much when few lines have it. Zero for a feature no line has.
#[derive(Debug)]
pub(super) struct Rarity {
    idf: Vec<f32>,
    unseen: f32,
}

impl Rarity {
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Known>, features: usize) -> Self {
        let mut idf = vec![0.0_f32; features];
        let mut total = 0.0_f32;
        for line in lines {
            total += 1.0;
            for &(id, _) in &line.features {
                idf[id as usize] += 1.0;
            }
        }
        let weigh = |seen: f32| (((1.0 + total) / (1.0 + seen)).ln() + 1.0).powf(RARITY);
        for value in &mut idf {
            *value = if *value > 0.0 { weigh(*value) } else { 0.0 };
        }
        Self {
            idf,
            unseen: weigh(1.0),
        }
    }

    /// The vector of a text. Features never seen are left out, but count towards its length: the less of a text
    /// is known, the shorter its vector, and the less certain whatever is concluded from it.
    pub(super) fn vector(&self, text: &Known) -> Vector {
        let mut vector = Vec::with_capacity(text.features.len());
        let unseen = self.unseen * self.unseen;
        let mut square = text.unseen * unseen;
        for &(id, weight) in &text.features {
            let idf = self.idf[id as usize];
            if idf > 0.0 {
                vector.push((id, idf * weight));
                square += idf * weight * idf * weight;
            } else {
                square += weight * weight * unseen;
            }
        }
        if square > 0.0 {
            let scale = 1.0 / square.sqrt();
            for (_, value) in &mut vector {
                *value *= scale;
            }
        }
        vector
    }
}

/// A word said five times is not five times as important.
fn damped(times: usize) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a text has at most a few thousand features"
    )]
    let times = times as f32;
    if times > 1.0 { 1.0 + times.ln() } else { 1.0 }
}

/// FNV-1a over whole characters, with a final mix so that the low bits serve as a table index.
struct Fnv(u64);

impl Fnv {
    fn new(kind: u8) -> Self {
        let mut hash = Self(0xcbf2_9ce4_8422_2325);
        hash.add(u64::from(kind));
        hash
    }

    fn of(kind: u8, chars: &[char]) -> Self {
        let mut hash = Self::new(kind);
        for &c in chars {
            hash.add(u64::from(u32::from(c)));
        }
        hash
    }

    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn finish(&self) -> u64 {
        let mut h = self.0;
        h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        h ^ (h >> 33)
    }
}

/// Keys that are hashes already are not hashed again.
#[derive(Default)]
struct Hashed(u64);

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

#[cfg(test)]
mod tests {
    use super::{Features, MAX_CHARS, Rarity, count};

    #[test]
    fn a_word_gives_its_grams_itself_and_pairs() {
        // " ab ": 2-grams " a", "ab", "b "; 3-grams " ab", "ab "; 4-gram " ab "; the word and its start.
        assert_eq!(count("ab").len(), 8);
        assert_eq!(count("ab cd").len(), 17, "two words and their pair");
        assert!(count("").is_empty());
    }

    #[test]
    fn long_text_is_bounded() {
        let text = "abcdefghij ".repeat(1_000);
        assert_eq!(count(&text), count(&text[..MAX_CHARS]));
    }

    #[test]
    fn unknown_parts_shorten_the_vector() {
        let mut features = Features::default();
        let lines = ["price of an audit", "opening hours"].map(|line| features.learn(&count(line)));
        let rarity = Rarity::of(lines.iter(), features.len());
        let length = |text: &str| {
            let vector = rarity.vector(&features.read(&count(text)));
            vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt()
        };
        assert!((length("price of an audit") - 1.0).abs() < 1e-5);
        assert!(length("price xyzzy") < 0.95);
        assert!(length("ъъъ") < 1e-6);
    }
}
