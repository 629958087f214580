//! From a normalised text to a sparse vector: hashed n-grams, weighed by TF-IDF, of length one.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::bytes::{Reader, Writer};
use super::hash::{Fnv, Hashed};

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

/// A sparse vector: group of features and value, no group twice.
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
    parts: Vec<Part>,
    /// The weights of features never seen, squared.
    unseen: f32,
}

/// What a text has of a group of features.
#[derive(Debug, Clone, Copy)]
struct Part {
    group: u32,
    /// How far the text goes in the group's direction, before rarity.
    weight: f32,
    /// The weights of the text's features of this group, squared: they count towards its length one by one.
    square: f32,
}

impl Known {
    /// How many different groups the text has something of.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }
}

/// The features of everything there is to learn from, in groups.
///
/// Features that occur in the same lines, in the same proportion in each (the grams of a rare word, say), are a
/// group, and the classifier sees a group as one feature: the direction its features have in every line. Nothing
/// is lost by that. All a classifier here can learn is sums of lines, so a direction no line has gets no weight,
/// with a group or without. The shipped playbook has not half as many groups as features.
#[derive(Debug)]
pub(super) struct Features {
    /// By hash. Looked up, and iterated only to be sorted: its order must not reach the weights.
    known: HashMap<u64, Member, BuildHasherDefault<Hashed>>,
    groups: usize,
}

/// A feature's group, and its share of the group's direction, which has length one.
#[derive(Debug, Clone, Copy)]
struct Member {
    group: u32,
    share: f32,
}

/// Where a feature occurs in the lines read so far.
#[derive(Debug)]
struct Column {
    hash: u64,
    /// Equal for features of one group: a hash of the lines and of the weights there relative to the first.
    signature: Fnv,
    first: f32,
}

impl Features {
    /// Reads the lines to learn from, each as [`count`] gave it.
    pub(super) fn learn(counted: impl Iterator<Item = Vec<(u64, f32)>>) -> (Self, Vec<Known>) {
        let mut numbers: HashMap<u64, u32, BuildHasherDefault<Hashed>> = HashMap::default();
        let mut columns: Vec<Column> = Vec::new();
        let mut lines: Vec<Vector> = Vec::new();
        for (line, counted) in (0_u64..).zip(counted) {
            let number = |(hash, weight): (u64, f32)| {
                let next = u32::try_from(columns.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(hash).or_insert(next);
                if number == next {
                    columns.push(Column {
                        hash,
                        signature: Fnv::new(b'c'),
                        first: weight,
                    });
                }
                let column = &mut columns[number as usize];
                column.signature.add(line);
                column.signature.add(u64::from((weight / column.first).to_bits()));
                (number, weight)
            };
            lines.push(counted.into_iter().map(number).collect());
        }
        drop(numbers);
        let (members, groups) = grouped(&columns);
        let lines = lines
            .into_iter()
            .map(|line| {
                let known = line
                    .into_iter()
                    .map(|(number, weight)| (members[number as usize], weight));
                Known {
                    parts: parts(known),
                    unseen: 0.0,
                }
            })
            .collect();
        let known = columns.iter().map(|column| column.hash).zip(members).collect();
        (Self { known, groups }, lines)
    }

    /// Reads a question.
    pub(super) fn read(&self, counted: &[(u64, f32)]) -> Known {
        let mut unseen = 0.0;
        let known = counted.iter().filter_map(|&(hash, weight)| {
            let member = self.known.get(&hash);
            if member.is_none() {
                unseen += weight * weight;
            }
            Some((*member?, weight))
        });
        Known {
            parts: parts(known),
            unseen,
        }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.groups
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let mut known: Vec<(u64, Member)> =
            self.known.iter().map(|(&hash, &member)| (hash, member)).collect();
        known.sort_unstable_by_key(|&(hash, _)| hash);
        out.count(self.groups);
        out.count(known.len());
        for (hash, member) in known {
            out.u64(hash);
            out.u32(member.group);
            out.f32(member.share);
        }
    }

    pub(super) fn read_back(from: &mut Reader<'_>) -> Option<Self> {
        let groups = from.count()?;
        let count = from.count()?;
        let mut known = HashMap::with_capacity_and_hasher(count, BuildHasherDefault::default());
        for _ in 0..count {
            let hash = from.u64()?;
            let (group, share) = (from.u32()?, from.f32()?);
            ((group as usize) < groups).then_some(())?;
            known.insert(hash, Member { group, share });
        }
        Some(Self { known, groups })
    }
}

/// The group of each column and its share in it, and how many groups there are.
fn grouped(columns: &[Column]) -> (Vec<Member>, usize) {
    let mut numbers: HashMap<u64, u32, BuildHasherDefault<Hashed>> = HashMap::default();
    let mut squares: Vec<f32> = Vec::new();
    let mut members: Vec<Member> = columns
        .iter()
        .map(|column| {
            let next = u32::try_from(squares.len()).unwrap_or(u32::MAX);
            let group = *numbers.entry(column.signature.finish()).or_insert(next);
            if group == next {
                squares.push(0.0);
            }
            squares[group as usize] += column.first * column.first;
            Member {
                group,
                share: column.first,
            }
        })
        .collect();
    for member in &mut members {
        member.share /= squares[member.group as usize].sqrt();
    }
    (members, squares.len())
}

/// Adds up what a text has of each group.
fn parts(known: impl Iterator<Item = (Member, f32)>) -> Vec<Part> {
    let mut parts: Vec<Part> = known
        .map(|(member, weight)| Part {
            group: member.group,
            weight: member.share * weight,
            square: weight * weight,
        })
        .collect();
    parts.sort_by_key(|part| part.group);
    parts.dedup_by(|next, kept| {
        let same = next.group == kept.group;
        if same {
            kept.weight += next.weight;
            kept.square += next.square;
        }
        same
    });
    parts.shrink_to_fit();
    parts
}

/// What an occurrence of a group says: much when few lines have it. Zero for a group no line has.
#[derive(Debug)]
pub(super) struct Rarity {
    idf: Vec<f32>,
    unseen: f32,
}

impl Rarity {
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Known>, groups: usize) -> Self {
        let mut idf = vec![0.0_f32; groups];
        let mut total = 0.0_f32;
        for line in lines {
            total += 1.0;
            for part in &line.parts {
                idf[part.group as usize] += 1.0;
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

    pub(super) fn write(&self, out: &mut Writer) {
        out.floats(&self.idf);
        out.f32(self.unseen);
    }

    pub(super) fn read_back(from: &mut Reader<'_>, groups: usize) -> Option<Self> {
        let idf = from.floats().filter(|idf| idf.len() == groups)?;
        let unseen = from.f32()?;
        Some(Self { idf, unseen })
    }

    /// The vector of a text. Features never seen are left out, but count towards its length: the less of a text
    /// is known, the shorter its vector, and the less certain whatever is concluded from it.
    pub(super) fn vector(&self, text: &Known) -> Vector {
        let mut vector = Vec::with_capacity(text.parts.len());
        let unseen = self.unseen * self.unseen;
        let mut square = text.unseen * unseen;
        for part in &text.parts {
            let idf = self.idf[part.group as usize];
            if idf > 0.0 {
                vector.push((part.group, idf * part.weight));
                square += idf * idf * part.square;
            } else {
                square += part.square * unseen;
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
        let (features, lines) =
            Features::learn(["price of an audit", "opening hours"].into_iter().map(count));
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
