//! Emphasis: bold, italic, struck through.

use std::ops::Range;

use super::atoms::{self, Token};
use super::marks::{Kind, Marks};

/// The most markers that wait for their partner. It keeps the search for one short; a piece with more of
/// them is no emphasis.
const WAITING_LIMIT: usize = 32;

/// The longest part of a word that is emphasised, in bytes: `**S**ervice`.
const WORD_LIMIT: usize = 32;

/// A run that waits for its partner: what is left of it.
#[derive(Clone, Copy, Debug)]
struct Opener {
    mark: u8,
    start: usize,
    end: usize,
}

impl Opener {
    fn length(&self) -> usize {
        self.end - self.start
    }
}

/// Reads a piece of the source that is neither fenced code nor the markup of a line.
pub(super) fn read(marks: &mut Marks<'_>, piece: Range<usize>) {
    let tokens = atoms::read(marks, piece.clone());
    let mut waiting: Vec<Opener> = Vec::new();
    // How many waited before the labels that are open: emphasis ends with the label it began in.
    let mut labels: Vec<usize> = Vec::new();
    for token in tokens {
        match token {
            Token::Bracket { is_link } => labels.extend(is_link.then_some(waiting.len())),
            Token::LabelEnd => waiting.truncate(labels.pop().unwrap_or(0)),
            Token::Run { mark, start, end } => {
                let length = end - start;
                if length > 3 || (mark == b'~' && length != 2) {
                    continue;
                }
                let run = Opener { mark, start, end };
                let sides = Sides::of(marks.source, &piece, run);
                let bottom = labels.last().copied().unwrap_or(0);
                let reach = if sides.within_word() {
                    WORD_LIMIT
                } else {
                    usize::MAX
                };
                let closed = sides.closes() && close(marks, &mut waiting, bottom, run, reach);
                if !closed && sides.opens() && waiting.len() < WAITING_LIMIT {
                    waiting.push(run);
                }
            }
        }
    }
}

/// Closes what waits above `bottom` and goes with `run`; false if nothing does. What waited in between
/// is text. With a `reach`, the two stand in one word and no further apart.
fn close(marks: &mut Marks<'_>, waiting: &mut Vec<Opener>, bottom: usize, run: Opener, reach: usize) -> bool {
    let (mut start, mut closed) = (run.start, false);
    let source = marks.source;
    let in_reach = |opener: &Opener| {
        let apart = run.start - opener.end;
        reach == usize::MAX || apart <= reach && !source[opener.end..run.start].contains(char::is_whitespace)
    };
    while start < run.end {
        let left = run.end - start;
        let partner = waiting.iter().enumerate().skip(bottom).rev().find(|(_, opener)| {
            // `**` and `*` are no pair, but each goes with a part of `***`.
            opener.mark == run.mark
                && (opener.length() == left || opener.length() == 3 || left == 3)
                && in_reach(opener)
        });
        let Some((index, opener)) = partner.map(|(index, opener)| (index, *opener)) else {
            break;
        };
        let used = opener.length().min(left).min(2);
        marks.drop(opener.end - used..opener.end);
        marks.drop(start..start + used);
        let kind = match (run.mark, used) {
            (b'~', _) => Kind::Struck,
            (_, 2) => Kind::Bold,
            _ => Kind::Italic,
        };
        marks.show(kind, opener.end..start);
        waiting.truncate(index);
        if opener.length() > used {
            let end = opener.end - used;
            waiting.push(Opener { end, ..opener });
        }
        start += used;
        closed = true;
    }
    closed
}

/// What stands on both sides of a run.
#[derive(Clone, Copy, Debug)]
struct Sides {
    before: Option<char>,
    after: Option<char>,
    /// `_` and a single `*` are often no markup: they count only at the edges of words.
    strict: bool,
}

impl Sides {
    fn of(source: &str, piece: &Range<usize>, run: Opener) -> Sides {
        Sides {
            before: source[piece.start..run.start].chars().next_back(),
            after: source[run.end..piece.end].chars().next(),
            strict: run.mark == b'_' || run.length() == 1,
        }
    }

    fn opens(self) -> bool {
        let inside = self
            .after
            .is_some_and(|c| !c.is_whitespace() && !")]}".contains(c));
        inside
            && match self.before {
                None => true,
                Some(c) if c.is_whitespace() => true,
                Some(c) if c.is_ascii_alphanumeric() => false,
                Some(c) if c.is_ascii() && self.strict => "([{\"'*_~-:,;>|".contains(c),
                Some(c) if c.is_ascii() => !")]}\\/".contains(c),
                // Many scripts have no blanks between words.
                Some(c) => !(self.strict && c.is_alphanumeric()),
            }
    }

    fn closes(self) -> bool {
        let inside = self
            .before
            .is_some_and(|c| !c.is_whitespace() && !"([{".contains(c));
        let edge = |c: char| {
            if c.is_ascii() {
                ".,;:!?)]}\"'*_~-<>|".contains(c)
            } else {
                !c.is_alphanumeric()
            }
        };
        inside
            && self
                .after
                .is_none_or(|c| c.is_whitespace() || !self.strict || edge(c))
    }

    /// Whether a run that closes stands in the middle of a word: `**S**ervice`, or `x**y`.
    fn within_word(self) -> bool {
        let inner = self.before.is_some_and(char::is_alphanumeric);
        inner && self.after.is_some_and(|c| c.is_ascii_alphanumeric())
    }
}
