//! The knowledge of a playbook: a matcher per locale.

use std::collections::BTreeMap;

use crate::playbook::{Locale, Playbook};

use super::bytes::{Reader, Writer, digest};
use super::{Match, MatchDecision, Matcher, Phrasings, Threshold};

/// What bytes of knowledge begin with.
const MAGIC: &[u8] = b"frontdesk knowledge\n";
/// Counts up with every change to what is learned or how it is written: features, weights, thresholds, order of
/// the bytes. Bytes of another version are refused, so what an older program kept is never asked.
const VERSION: u32 = 1;

/// A trained matcher for every locale of a playbook.
#[derive(Debug)]
pub struct Knowledge {
    /// Of what it was trained on.
    fingerprint: u64,
    matchers: BTreeMap<Locale, Matcher>,
}

impl Knowledge {
    /// Trains on the playbook's entries and off-topic lines.
    pub fn train(playbook: &Playbook) -> Knowledge {
        let mut matchers = BTreeMap::new();
        for locale in &playbook.locales {
            let (phrasings, none) = lessons(playbook, locale);
            matchers.insert(
                locale.clone(),
                Matcher::train(&phrasings, none, &playbook.thresholds),
            );
        }
        Knowledge {
            fingerprint: Knowledge::fingerprint(playbook),
            matchers,
        }
    }

    /// A hash of all that training on the playbook depends on: its phrasings, off-topic lines and thresholds, and
    /// the version of the training. Answers and texts do not count.
    pub fn fingerprint(playbook: &Playbook) -> u64 {
        let mut out = Writer::default();
        out.u32(VERSION);
        for threshold in [playbook.thresholds.accept, playbook.thresholds.offer] {
            // No score has the bits of NaN, which a fixed threshold may have: it counts as `Auto`.
            out.f64(match threshold {
                Threshold::Auto => f64::NAN,
                Threshold::Fixed(score) => score,
            });
        }
        out.count(playbook.locales.len());
        for locale in &playbook.locales {
            let (phrasings, none) = lessons(playbook, locale);
            out.text(locale.as_str());
            out.count(phrasings.len());
            for entry in phrasings {
                out.text(&entry.slug);
                out.count(entry.questions.len());
                for question in &entry.questions {
                    out.text(question);
                }
            }
            out.count(none.len());
            for line in none {
                out.text(line);
            }
        }
        out.digest()
    }

    /// The knowledge as bytes, for [`Knowledge::from_bytes`]: reading them takes some milliseconds where training
    /// takes some hundred. The same knowledge gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.raw(MAGIC);
        out.u32(VERSION);
        out.u64(self.fingerprint);
        out.count(self.matchers.len());
        for (locale, matcher) in &self.matchers {
            out.text(locale.as_str());
            matcher.write(&mut out);
        }
        out.u64(out.digest());
        out.finish()
    }

    /// The knowledge that [`Knowledge::to_bytes`] wrote, if it is what training on this playbook would give.
    ///
    /// `None` for knowledge of other phrasings, off-topic lines or thresholds, for bytes of another version of the
    /// training, and for bytes that are not whole. The checksum finds accidents, not forgers: bytes someone else
    /// may write do not belong here.
    pub fn from_bytes(bytes: &[u8], playbook: &Playbook) -> Option<Knowledge> {
        let (body, checksum) = bytes.split_last_chunk()?;
        if digest(body) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let mut from = Reader::new(body);
        let known = from.raw(MAGIC.len())? == MAGIC && from.u32()? == VERSION;
        let fingerprint = from.u64()?;
        if !known || fingerprint != Knowledge::fingerprint(playbook) {
            return None;
        }
        let mut matchers = BTreeMap::new();
        for _ in 0..from.count()? {
            let name = from.text()?;
            let locale = playbook.locales.iter().find(|locale| locale.as_str() == name)?;
            matchers.insert(locale.clone(), Matcher::read_back(&mut from)?);
        }
        (from.is_empty() && matchers.len() == playbook.locales.len()).then_some(Knowledge {
            fingerprint,
            matchers,
        })
    }

    /// The matcher of a locale.
    pub fn matcher(&self, locale: &Locale) -> Option<&Matcher> {
        self.matchers.get(locale)
    }

    /// What is known about a question in a locale; nothing if the locale is not spoken.
    pub fn query(&self, locale: &Locale, text: &str) -> Match {
        self.matchers.get(locale).map_or_else(
            || Match {
                decision: MatchDecision::None,
                slug: None,
                score: 0.0,
                candidates: Vec::new(),
            },
            |matcher| matcher.query(text),
        )
    }
}

/// What a locale's matcher learns: the phrasings of each entry, and the off-topic lines.
fn lessons<'a>(playbook: &'a Playbook, locale: &Locale) -> (Vec<Phrasings>, &'a [String]) {
    let phrasings = playbook
        .entries
        .iter()
        .filter_map(|entry| {
            let questions = entry.questions.get(locale)?.clone();
            Some(Phrasings {
                slug: entry.slug.clone(),
                questions,
            })
        })
        .collect();
    let none = playbook.off_topic.get(locale).map_or(&[][..], Vec::as_slice);
    (phrasings, none)
}
