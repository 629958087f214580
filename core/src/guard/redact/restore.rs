//! Putting values back, also while the answer is still coming.

use super::Redactor;
use super::find::{LONGEST_PLACEHOLDER, placeholder_at};

/// Puts values back into a text that comes in pieces.
///
/// The pieces it gives, joined, are [`Redactor::restore`] of the pieces it was given, joined. What
/// may be the start of a placeholder is held back until it is known: at most its length.
#[derive(Clone, Debug)]
pub struct Restorer {
    redactor: Redactor,
    held: String,
}

impl Restorer {
    /// Restores with the placeholders of a request; all of its prompt must be redacted by now.
    pub fn new(redactor: Redactor) -> Self {
        Restorer {
            redactor,
            held: String::new(),
        }
    }

    /// The next piece, as far as it can be told.
    pub fn more(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let text = std::mem::take(&mut self.held);
        let until = open_end(&text);
        self.held.push_str(&text[until..]);
        self.restored(&text[..until])
    }

    /// What was held back at the end: no placeholder comes any more.
    pub fn rest(&mut self) -> String {
        let text = std::mem::take(&mut self.held);
        self.restored(&text)
    }

    /// The answer begins anew.
    pub fn restart(&mut self) {
        self.held.clear();
    }

    fn restored(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(found) = placeholder_at(rest) {
                if let Some(value) = found
                    .number
                    .and_then(|number| self.redactor.value(found.class, number))
                {
                    out.push_str(value);
                }
                rest = &rest[found.length..];
            } else {
                out.push('<');
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        out
    }
}

/// Where the end of `text` begins that could become a placeholder.
fn open_end(text: &str) -> usize {
    let Some(at) = text.rfind('<') else {
        return text.len();
    };
    let tail = &text[at + 1..];
    let could_be =
        tail.len() < LONGEST_PLACEHOLDER && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if could_be { at } else { text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unfinished_placeholder_is_held_back() {
        let mut redactor = Redactor::new();
        redactor.redact("ann@example.com");
        let mut restorer = Restorer::new(redactor);
        assert_eq!(restorer.more("Is it <EM"), "Is it ");
        assert_eq!(restorer.more("AIL_1"), "");
        assert_eq!(restorer.more("> or <"), "ann@example.com or ");
        assert_eq!(restorer.more(" 5?"), "< 5?");
        assert_eq!(restorer.more("<EMAIL"), "");
        assert_eq!(restorer.rest(), "<EMAIL");
        assert_eq!(restorer.more("<EMA"), "");
        restorer.restart();
        assert_eq!(restorer.more("anew"), "anew");
    }

    proptest! {
        #[test]
        fn in_pieces_as_at_once(pieces in proptest::collection::vec(
            prop_oneof!["<EMAIL_[12]>", "<", "<EM", "AIL_1", ">", "_", "[a-zé ]{0,3}"], 0..20,
        )) {
            let mut redactor = Redactor::new();
            redactor.redact("ann@example.com");
            let mut restorer = Restorer::new(redactor.clone());
            let mut out: String = pieces.iter().map(|piece| restorer.more(piece)).collect();
            out.push_str(&restorer.rest());
            prop_assert_eq!(out, redactor.restore(&pieces.concat()));
        }
    }
}
