//! Text that comes in and goes out: cleaning at the edge, Markdown into entities, limits, splitting.

pub(crate) mod figure;
mod markdown;
mod rich;
mod split;

pub use figure::Currency;
pub use markdown::markdown;
pub use rich::{Entity, RichText};
pub use split::{split, split_rich};

/// The most a messenger message may hold, in UTF-16 units (Telegram's limit; others allow more).
pub const MESSAGE_UNITS: usize = 4096;

/// The most entities a message may have (Telegram honours about a hundred).
pub const MESSAGE_ENTITIES: usize = 100;

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

/// The start of `text` that fits into `units` UTF-16 units.
pub fn clip_units(text: &str, units: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > units {
            return &text[..at];
        }
    }
    text
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

    proptest! {
        #[test]
        fn clean_text_stays_clean(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.contains('\0'));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
