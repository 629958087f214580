//! What two spellings of one question have in common.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Text behind this many characters is not looked at, so that the time is bounded. No phrasing is as long.
const MAX_CHARS: usize = 4_000;

/// Reduces a text to its words, separated by single spaces.
///
/// NFKC, lower case, ё → е. Apostrophes and invisible characters vanish ("don't" is `dont`), everything else that
/// is neither a letter nor a digit separates words: punctuation and emoji carry no meaning here. `+` and `#`
/// behind a letter stay, because C, C++ and C# are three questions. Applying it twice changes nothing.
pub(super) fn normalise(text: &str) -> String {
    let mut words = String::with_capacity(text.len().min(MAX_CHARS));
    let mut gap = false;
    let text = text.chars().take(MAX_CHARS);
    for c in text.nfkc().flat_map(char::to_lowercase).nfkc() {
        if is_silent(c) {
            continue;
        }
        if is_part_of_word(c, gap, &words) {
            if gap && !words.is_empty() {
                words.push(' ');
            }
            gap = false;
            words.push(if c == 'ё' { 'е' } else { c });
        } else {
            gap = true;
        }
    }
    words
}

fn is_part_of_word(c: char, gap: bool, words: &str) -> bool {
    let inside = !gap && !words.is_empty();
    c.is_alphanumeric() || (inside && (is_combining_mark(c) || matches!(c, '+' | '#')))
}

fn is_silent(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2019}' | '\u{2bc}' | '`' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}'
    )
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, normalise};
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_question_become_one() {
        for (text, expected) in [
            ("", ""),
            ("  \t\n ", ""),
            ("🙂👍🏽 ?!…", ""),
            ("How much IS it?", "how much is it"),
            ("don't", "dont"),
            ("don’t", "dont"),
            ("Ещё раз — счёт!", "еще раз счет"),
            ("е\u{308}лка", "елка"),
            ("И\u{306}од", "йод"),
            ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
            ("ﬁle", "file"),
            ("C++ or C#?", "c++ or c#"),
            ("# 1 + 1", "1 1"),
            ("ci/cd", "ci cd"),
            ("re\u{ad}po", "repo"),
            ("日本語 ですか？", "日本語 ですか"),
        ] {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_very_long_text_is_cut() {
        let text = "ab ".repeat(1_000_000);
        assert_eq!(normalise(&text), "ab ".repeat(1_334)[..MAX_CHARS]);
    }

    proptest! {
        #[test]
        fn twice_changes_nothing(text in any::<String>()) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn case_and_punctuation_do_not_matter(text in "[a-zа-я ]{0,40}") {
            prop_assert_eq!(normalise(&format!("{}?!", text.to_uppercase())), normalise(&text));
        }
    }
}
