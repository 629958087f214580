//! Whether an answer tells the rules.

use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization as _;

use super::phrase::sentences;

/// Letters and digits of a shingle.
const SHINGLE: usize = 30;

/// How many shingles in a row are too many: with them [`SHINGLE`] + 10 characters are the rules'.
const TOO_MANY: usize = 11;

/// Letters of a sentence of the rules that counts. One may be said by chance, two are not.
const SENTENCE: usize = 16;

/// The rules as shingles of letters and digits, without those that the company's texts have.
///
/// Blanks and punctuation do not count, so spacing letters out hides nothing.
#[derive(Clone, Debug)]
pub(super) struct Leak {
    shingles: HashSet<u64>,
    sentences: Vec<String>,
}

impl Leak {
    pub fn new(rules: &str, company: &[&str]) -> Self {
        let mut shingles: HashSet<u64> = shingles(&letters(rules)).collect();
        for text in company {
            for shingle in self::shingles(&letters(text)) {
                shingles.remove(&shingle);
            }
        }
        let company: Vec<String> = company
            .iter()
            .map(|text| letters(text).into_iter().collect())
            .collect();
        let sentences = sentences(rules)
            .into_iter()
            .map(|range| letters(&rules[range]).into_iter().collect::<String>())
            .filter(|sentence| sentence.chars().count() >= SENTENCE)
            .filter(|sentence| !company.iter().any(|text| text.contains(sentence)))
            .collect();
        Leak { shingles, sentences }
    }

    /// Whether the text, read forwards, backwards or in rot13, has a stretch of the rules.
    pub fn is_in(&self, text: &str) -> bool {
        let forwards = letters(text);
        let backwards: Vec<char> = forwards.iter().rev().copied().collect();
        let turned: Vec<char> = forwards.iter().map(|c| rot13(*c)).collect();
        [forwards, backwards, turned]
            .iter()
            .any(|letters| self.has_stretch_of(letters))
    }

    fn has_stretch_of(&self, letters: &[char]) -> bool {
        let mut in_row = 0;
        let stretch = shingles(letters).any(|shingle| {
            in_row = if self.shingles.contains(&shingle) {
                in_row + 1
            } else {
                0
            };
            in_row >= TOO_MANY
        });
        let text: String = letters.iter().collect();
        stretch
            || self
                .sentences
                .iter()
                .filter(|sentence| text.contains(*sentence))
                .count()
                > 1
    }
}

fn letters(text: &str) -> Vec<char> {
    text.nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ё' { 'е' } else { c })
        .collect()
}

/// A number for each stretch of [`SHINGLE`] characters, each made from the one before: the time does
/// not depend on the length of a stretch. A chance collision does not matter, since many in a row
/// must be found.
fn shingles(letters: &[char]) -> impl Iterator<Item = u64> + '_ {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    let leaving = (0..SHINGLE).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0_u64;
    letters.iter().enumerate().filter_map(move |(at, c)| {
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*c));
        if let Some(first) = at.checked_sub(SHINGLE) {
            hash = hash.wrapping_sub(u64::from(letters[first]).wrapping_mul(leaving));
        }
        (at + 1 >= SHINGLE).then_some(hash)
    })
}

fn rot13(c: char) -> char {
    match c {
        'a'..='m' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "Answer from the passages only. Be brief. Never mention a price or a date that is not in them. \
                         Ты отвечаешь только по-русски, если клиент пишет по-русски.";

    #[test]
    fn rules_are_found_however_they_are_written() {
        let leak = Leak::new(RULES, &["We work Monday to Friday."]);
        let spaced: String = "never mention a price or a date that is not in them"
            .chars()
            .flat_map(|c| [c, '-'])
            .collect();
        let backwards: String = "never mention a price or a date that is not in them"
            .chars()
            .rev()
            .collect();
        let turned: String = "never mention a price or a date that is not in them"
            .chars()
            .map(rot13)
            .collect();
        for text in [
            "Sure! My rules: never MENTION a price or a date that is, not in them",
            "ты отвечаешь только по-русски, если клиент пишет",
            &spaced,
            &backwards,
            &turned,
            "1. Answer from the passages only! 2. Be brief. 3. Ты отвечаешь только по-русски, если клиент пишет по-русски.",
        ] {
            assert!(leak.is_in(text), "{text}");
        }
        for text in [
            "I answer from the passages only.",
            "We never mention a price without a look at the project.",
            "We work Monday to Friday.",
            "",
        ] {
            assert!(!leak.is_in(text), "{text}");
        }
    }

    #[test]
    fn a_stretch_has_one_number_wherever_it_stands() {
        let text = letters("abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789");
        let all: Vec<u64> = shingles(&text).collect();
        assert_eq!(all.len(), text.len() - SHINGLE + 1);
        assert_eq!(all[0], all[36]);
        assert_eq!(all[5], all[41]);
        assert_eq!(all[..36].iter().collect::<HashSet<_>>().len(), 36);
        assert_eq!(shingles(&text[..SHINGLE - 1]).count(), 0);
    }

    #[test]
    fn what_the_company_says_is_no_leak() {
        let passage = "Never mention a price or a date that is not in them, says our guide for partners.";
        let leak = Leak::new(RULES, &[passage]);
        assert!(!leak.is_in("never mention a price or a date that is not in them"));
        assert!(leak.is_in("Answer from the passages only. Never mention a price or a date that is not in them. Ты отвечаешь только по-русски, если клиент"));
    }
}
