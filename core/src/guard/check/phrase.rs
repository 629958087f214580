//! Words, sentences and phrases.

use std::collections::BTreeSet;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

/// The words of a text: letters and digits in lower case, ё as е.
pub(super) fn words(text: &str) -> Vec<String> {
    let text: String = text
        .nfkc()
        .filter(|c| !matches!(c, '\'' | '’' | '\u{301}'))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ё' { 'е' } else { c })
        .collect();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The sentences of a text, in order; a line's end ends one.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let ends = c == '\n' || (matches!(c, '.' | '!' | '?' | '…') && next.is_none_or(char::is_whitespace));
        if ends {
            found.push(start..at + c.len_utf8());
            start = at + c.len_utf8();
        }
    }
    found.push(start..text.len());
    found.retain(|range| !text[range.clone()].trim().is_empty());
    found
}

/// Phrases to look for.
#[derive(Clone, Debug)]
pub(super) struct Phrases {
    phrases: Vec<Vec<Pattern>>,
}

#[derive(Clone, Debug)]
struct Pattern {
    word: String,
    open: bool,
}

impl Pattern {
    fn fits(&self, word: &str) -> bool {
        if self.open {
            word.starts_with(&self.word)
        } else {
            word == self.word
        }
    }
}

impl Phrases {
    pub fn new(phrases: &[String]) -> Self {
        let read = |phrase: &String| {
            phrase
                .split_whitespace()
                .flat_map(|part| {
                    let mut patterns: Vec<Pattern> = words(part)
                        .into_iter()
                        .map(|word| Pattern { word, open: false })
                        .collect();
                    if let Some(last) = patterns.last_mut() {
                        last.open = part.ends_with('*');
                    }
                    patterns
                })
                .collect::<Vec<Pattern>>()
        };
        let phrases = phrases.iter().map(read).filter(|phrase| !phrase.is_empty());
        Phrases {
            phrases: phrases.collect(),
        }
    }

    /// The numbers of the phrases that stand in these words.
    pub fn found_in<'a>(&'a self, words: &'a [String]) -> impl Iterator<Item = usize> + 'a {
        let stands = |phrase: &[Pattern]| {
            words
                .windows(phrase.len())
                .any(|words| phrase.iter().zip(words).all(|(pattern, word)| pattern.fits(word)))
        };
        let phrases = self.phrases.iter().enumerate();
        phrases
            .filter(move |(_, phrase)| stands(phrase))
            .map(|(at, _)| at)
    }

    pub fn is_in(&self, words: &[String]) -> bool {
        self.found_in(words).next().is_some()
    }

    pub fn found_in_all(&self, texts: &[&str]) -> BTreeSet<usize> {
        texts
            .iter()
            .flat_map(|text| self.found_in(&words(text)).collect::<Vec<_>>())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_stand_in_sentences() {
        let phrases = Phrases::new(&["скидк*".to_owned(), "free of charge".to_owned(), "*".to_owned()]);
        for (text, expected) in [
            ("Дадим СКИДКУ!", vec![0]),
            ("it's free, of charge", vec![1]),
            ("feel free", vec![]),
        ] {
            let words = words(text);
            assert_eq!(phrases.found_in(&words).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn sentences_end() {
        let text = "It is 2.5k. Really?\nYes… ok";
        let found: Vec<_> = sentences(text)
            .into_iter()
            .map(|range| text[range].trim())
            .collect();
        assert_eq!(found, ["It is 2.5k.", "Really?", "Yes…", "ok"]);
    }
}
