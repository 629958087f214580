//! What emphasis does not reach into: escapes, code, links, bare addresses. What is left are runs of
//! emphasis markers and the edges of links.

use std::ops::Range;

use super::marks::{Kind, Marks};

/// The longest target of a link, in bytes. It bounds how far is looked ahead, too.
const TARGET_LIMIT: usize = 2_048;

/// What emphasis is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// So many of the same marker.
    Run { mark: u8, start: usize, end: usize },
    /// A bracket; a link's label begins here if the flag is set.
    Bracket { is_link: bool },
    /// A link's label ends.
    LabelEnd,
}

/// Reads a piece of the source.
pub(super) fn read(marks: &mut Marks<'_>, piece: Range<usize>) -> Vec<Token> {
    let source: &str = marks.source;
    let source = &source[..piece.end];
    let bytes = source.as_bytes();
    let code = CodeRuns::of(bytes, piece.start);
    let mut tokens = Vec::new();
    // Where brackets opened that may become links: in the tokens, and in the source.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut at = piece.start;
    while at < piece.end {
        at += match bytes[at] {
            b'\\' => escape(marks, at, bytes.get(at + 1).copied()),
            b'`' => code.read(marks, at),
            b'<' => angled(marks, source, at),
            b':' if source[at..].starts_with("://") => address(&source[at..]),
            b'w' | b'W' if begins_www(source, at) => address(&source[at..]),
            b'[' => {
                open.push((tokens.len(), at));
                tokens.push(Token::Bracket { is_link: false });
                1
            }
            b']' => match open.pop() {
                Some((token, from)) => match link(marks, source, from, at) {
                    Some(length) => {
                        tokens[token] = Token::Bracket { is_link: true };
                        tokens.push(Token::LabelEnd);
                        // No link lies within another.
                        open.clear();
                        length
                    }
                    None => 1,
                },
                None => 1,
            },
            mark @ (b'*' | b'_' | b'~') => {
                let length = run_length(&bytes[at..], mark);
                tokens.push(Token::Run {
                    mark,
                    start: at,
                    end: at + length,
                });
                length
            }
            _ => 1,
        };
    }
    tokens
}

fn run_length(bytes: &[u8], mark: u8) -> usize {
    bytes.iter().take_while(|byte| **byte == mark).count()
}

/// A backslash takes the meaning of what follows; it is markup only before what is markup often.
fn escape(marks: &mut Marks<'_>, at: usize, next: Option<u8>) -> usize {
    match next {
        Some(b'*' | b'_' | b'~' | b'`') => {
            marks.drop(at..at + 1);
            2
        }
        Some(b'[' | b']' | b'(' | b')' | b'\\') => 2,
        _ => 1,
    }
}

/// The runs of backticks of a piece, each with the next of the same length.
struct CodeRuns {
    /// Start, end, and start of the next run of that length; in order.
    runs: Vec<(usize, usize, Option<usize>)>,
}

impl CodeRuns {
    fn of(bytes: &[u8], start: usize) -> CodeRuns {
        let mut runs = Vec::new();
        let mut at = start;
        while at < bytes.len() {
            let length = run_length(&bytes[at..], b'`');
            if length > 0 {
                runs.push((at, at + length, None));
            }
            at += length.max(1);
        }
        let mut next_of = std::collections::HashMap::new();
        for (start, end, next) in runs.iter_mut().rev() {
            *next = next_of.insert(*end - *start, *start);
        }
        CodeRuns { runs }
    }

    /// Reads the run at `at`; gives how far that went.
    fn read(&self, marks: &mut Marks<'_>, at: usize) -> usize {
        let found = self.runs.binary_search_by_key(&at, |(start, _, _)| *start);
        // Behind an escaped backtick the rest of a run is text.
        let Ok(index) = found else { return 1 };
        let (start, end, next) = self.runs[index];
        let length = end - start;
        let Some(close) = next.filter(|close| !marks.source[end..*close].trim().is_empty()) else {
            return length;
        };
        let inside = &marks.source[end..close];
        // The blanks that keep a backtick inside apart from those around it.
        let padded = inside.starts_with(' ') && inside.ends_with(' ') && inside.contains('`');
        let inside = end + usize::from(padded)..close - usize::from(padded);
        marks.drop(start..inside.start);
        marks.drop(inside.end..close + length);
        marks.show(Kind::Code, inside);
        close + length - start
    }
}

/// `<https://…>`: the brackets are markup, the address is text that messengers see by themselves.
fn angled(marks: &mut Marks<'_>, source: &str, at: usize) -> usize {
    let ahead = source[at + 1..].char_indices().take_while(|(length, c)| {
        *length <= TARGET_LIMIT && !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>')
    });
    let length = ahead.last().map_or(0, |(length, c)| length + c.len_utf8());
    let end = at + 1 + length;
    if !source[end..].starts_with('>') || !leads_somewhere(&source[at + 1..end]) {
        return 1;
    }
    marks.drop(at..at + 1);
    marks.drop(end..end + 1);
    end + 1 - at
}

/// Whether a `www.` begins at `at`.
fn begins_www(source: &str, at: usize) -> bool {
    let starts = source.as_bytes()[at..]
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"www."));
    starts
        && !source[..at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
}

/// How far a bare address reaches. Underscores and tildes are part of it; those at its end are given
/// back, since they may close what it stands in.
fn address(text: &str) -> usize {
    let mut chars = text.char_indices();
    let end = chars.find(|(at, c)| {
        c.is_whitespace()
            || matches!(c, '*' | '`' | '<' | '>' | '"' | '[' | ']' | '\\')
            || text[*at..].starts_with("~~")
    });
    let text = &text[..end.map_or(text.len(), |(at, _)| at)];
    text.trim_end_matches('_').len().max(1)
}

/// Whether a target is an address that a link may lead to.
fn leads_somewhere(target: &str) -> bool {
    let after = |scheme: &str| {
        let start = target.get(..scheme.len())?;
        start
            .eq_ignore_ascii_case(scheme)
            .then(|| &target[scheme.len()..])
    };
    ["https://", "http://", "mailto:"]
        .into_iter()
        .find_map(after)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

/// Makes a link of the brackets at `from` and `to`, if a target follows; gives how far that goes from
/// the second bracket.
fn link(marks: &mut Marks<'_>, source: &str, from: usize, to: usize) -> Option<usize> {
    let label = &source[from + 1..to];
    if label.trim().is_empty() || !marks.takes_links() {
        return None;
    }
    let (target, length) = target(source[to + 1..].strip_prefix('(')?)?;
    if !leads_somewhere(target) {
        return None;
    }
    let end = to + 2 + length;
    let image = source[..from].ends_with('!');
    marks.drop(from - usize::from(image)..from + 1);
    marks.drop(to..end);
    if label != target {
        marks.show(Kind::Link(target.to_owned()), from + 1..to);
    }
    Some(end - to)
}

/// The target at the start of `text`, perhaps with a title behind it, and how far it goes with the
/// parenthesis that ends it.
fn target(text: &str) -> Option<(&str, usize)> {
    let within = &text[..text.floor_char_boundary(TARGET_LIMIT)];
    let line = within.find('\n').map_or(within, |end| &within[..end]);
    let start = line.len() - line.trim_start().len();
    let (target, behind) = if let Some(angled) = line[start..].strip_prefix('<') {
        let end = angled
            .find(['<', '>'])
            .filter(|end| angled[*end..].starts_with('>'))?;
        (&angled[..end], start + end + 2)
    } else {
        let mut depth = 0_usize;
        let end = line[start..].char_indices().find(|(_, c)| {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return true,
                ')' => depth -= 1,
                _ => {}
            }
            c.is_whitespace()
        });
        let end = start + end?.0;
        (&line[start..end], end)
    };
    let rest = line[behind..].trim_start();
    let rest = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let title = &rest[1..];
            title[title.find(quote)? + 1..].trim_start()
        }
        _ => rest,
    };
    let rest = rest.strip_prefix(')')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '\\' | '"' | '`');
    (!target.contains(odd)).then_some((target, line.len() - rest.len()))
}
