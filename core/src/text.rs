//! Text that comes in and goes out: cleaning at the edge, limits, splitting.

use serde::{Deserialize, Serialize};

/// The most a messenger message may hold, in UTF-16 units (Telegram's limit; others allow more).
pub const MESSAGE_UNITS: usize = 4096;

/// Text as the desk keeps it: without NUL (no database stores it) and without the other control
/// characters that only confuse readers, line breaks as `\n`, no blanks around.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    let trimmed = out.trim();
    if trimmed.len() == out.len() {
        out
    } else {
        trimmed.to_owned()
    }
}

/// At most `limit` characters of `text`, cut at a character's edge.
pub fn clip(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

/// Length in UTF-16 units: what messengers count.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What a stretch of text is shown as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// `bold`, `italic`, `code`, `pre`, `text_link`: the messenger adapter knows what it can show.
    pub kind: String,
    /// Where it starts, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// Target of a `text_link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Text with entities: how everything leaves. Never markup that a messenger parses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// The text, as it is read.
    pub text: String,
    /// What stretches of it are shown as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
}

impl RichText {
    /// Text without entities.
    pub fn plain(text: impl Into<String>) -> Self {
        RichText {
            text: text.into(),
            entities: Vec::new(),
        }
    }
}

/// Splits `text` into parts of at most `units` UTF-16 units, at a paragraph's end where there is
/// one, else a line's, a sentence's, a word's, else between two characters.
///
/// The parts joined are the text again, to the character. An empty text gives no part.
pub fn split(text: &str, units: usize) -> Vec<&str> {
    let units = units.max(2);
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let hard = prefix_of(rest, units);
        if hard == rest.len() {
            parts.push(rest);
            break;
        }
        let at = soft_break(&rest[..hard]).unwrap_or(hard);
        let (part, tail) = rest.split_at(at);
        parts.push(part);
        rest = tail;
    }
    parts
}

/// How many bytes of `text` fit into `units` UTF-16 units.
fn prefix_of(text: &str, units: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > units {
            return at;
        }
    }
    text.len()
}

/// The best place to break `head`; nothing in its first half, so that parts stay few.
fn soft_break(head: &str) -> Option<usize> {
    for mark in ["\n\n", "\n", ". ", "! ", "? ", " "] {
        if let Some(at) = head.rfind(mark) {
            let end = at + mark.len();
            if end * 2 >= head.len() {
                return Some(end);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleaning_removes_what_no_database_keeps() {
        assert_eq!(clean("a\u{0}b\r\nc\rd\u{7}  "), "ab\nc\nd");
        assert_eq!(clean("  \n "), "");
        assert_eq!(clean("привет 👩‍👩‍👧"), "привет 👩‍👩‍👧");
    }

    #[test]
    fn splitting_prefers_paragraphs() {
        let text = format!("{}\n\n{}", "a".repeat(30), "b".repeat(30));
        assert_eq!(
            split(&text, 40),
            vec![format!("{}\n\n", "a".repeat(30)), "b".repeat(30)]
        );
    }

    proptest! {
        #[test]
        fn parts_joined_are_the_text_and_none_is_too_long(text in "\\PC{0,300}", units in 2_usize..64) {
            let parts = split(&text, units);
            prop_assert_eq!(parts.concat(), text.as_str());
            for part in parts {
                prop_assert!(utf16_len(part) <= units);
                prop_assert!(!part.is_empty());
            }
        }

        #[test]
        fn clean_text_stays_clean(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.contains('\0'));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
