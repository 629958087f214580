//! Locales, and telling them apart by their script.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A locale the playbook speaks: a BCP 47 tag such as `en` or `pt-BR`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

/// The letters a text is written in, as far as they tell locales apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Latin letters.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Greek letters.
    Greek,
    /// Arabic letters.
    Arabic,
    /// Hebrew letters.
    Hebrew,
    /// Han, kana and hangul.
    EastAsian,
}

impl Locale {
    /// A locale, if `tag` is a language tag: letters, digits and hyphens, two letters at least.
    pub fn parse(tag: &str) -> Option<Locale> {
        tag.parse::<unic_langid::LanguageIdentifier>()
            .ok()
            .map(|_| Locale(tag.to_owned()))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, in lower case: `pt` of `pt-BR`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// The script its texts are written in.
    pub fn script(&self) -> Script {
        match self.language() {
            "ru" | "uk" | "be" | "bg" | "sr" | "mk" | "kk" | "ky" | "mn" | "tg" => Script::Cyrillic,
            "el" => Script::Greek,
            "ar" | "fa" | "ur" => Script::Arabic,
            "he" | "yi" => Script::Hebrew,
            "zh" | "ja" | "ko" => Script::EastAsian,
            _ => Script::Latin,
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Script {
    /// The script most letters of `text` are in; `None` without letters or at a tie.
    pub fn of(text: &str) -> Option<Script> {
        let mut counts = [0_usize; 6];
        for c in text.chars() {
            if let Some(script) = Script::of_char(c) {
                counts[script as usize] += 1;
            }
        }
        let most = *counts.iter().max()?;
        let mut leading = (0..counts.len()).filter(|at| counts[*at] == most);
        let first = leading.next()?;
        if most == 0 || leading.next().is_some() {
            return None;
        }
        [
            Script::Latin,
            Script::Cyrillic,
            Script::Greek,
            Script::Arabic,
            Script::Hebrew,
            Script::EastAsian,
        ]
        .get(first)
        .copied()
    }

    fn of_char(c: char) -> Option<Script> {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Some(Script::Latin),
            '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
            '\u{370}'..='\u{3ff}' => Some(Script::Greek),
            '\u{600}'..='\u{6ff}' => Some(Script::Arabic),
            '\u{590}'..='\u{5ff}' => Some(Script::Hebrew),
            '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => {
                Some(Script::EastAsian)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_that_of_most_letters() {
        assert_eq!(Script::of("Сколько стоит DevOps аудит?"), Some(Script::Cyrillic));
        assert_eq!(Script::of("how much?"), Some(Script::Latin));
        assert_eq!(Script::of("ok да"), None);
        assert_eq!(Script::of("123 👍"), None);
    }
}
