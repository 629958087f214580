//! Lines: fenced code, headings, quotes, lists; what is between is read as one piece.

use std::ops::Range;

use super::inline;
use super::marks::{Kind, Marks};

/// The longest name of a programming language that is taken over, in bytes.
const LANGUAGE_LIMIT: usize = 32;

/// A line of the source, in bytes; `end` is before its line break, `next` behind it.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    next: usize,
}

/// The line that begins at `start`, if the source goes on there.
fn line_at(source: &str, start: usize) -> Option<Line> {
    let rest = source.get(start..).filter(|rest| !rest.is_empty())?;
    let length = rest.find('\n');
    Some(Line {
        start,
        end: start + length.unwrap_or(rest.len()),
        next: start + length.map_or(rest.len(), |length| length + 1),
    })
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Bytes of blanks at the start.
fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_blank).len()
}

/// Reads a whole source.
pub(super) fn read(marks: &mut Marks<'_>) {
    let source = marks.source;
    // The piece of plain lines, and the quote, that the next line may still belong to.
    let mut piece: Option<Range<usize>> = None;
    let mut quote: Option<Range<usize>> = None;
    let mut at = 0;
    while let Some(line) = line_at(source, at) {
        at = line.next;
        let text = &source[line.start..line.end];
        let body = line.start + indent(text);
        if quote.is_some() && source[body..line.end].trim_end() == ">" {
            marks.drop(body..body + 1);
            continue;
        }
        let content = quoted(&source[body..line.end]).map(|length| body + length);
        if content.is_none() {
            end_quote(marks, &mut quote);
        }
        if let Some(fence) = Fence::opened(&source[body..line.end]) {
            end_piece(marks, &mut piece);
            match fence.close(marks, line, body - line.start) {
                Some(behind) => at = behind,
                // Nobody can say where code ends that is never closed: from here on nothing is markup.
                None => return,
            }
        } else if let Some(content) = content {
            end_piece(marks, &mut piece);
            marks.drop(body..content);
            let whole = quote.get_or_insert(content..line.end);
            whole.end = line.end;
            if let Some(start) = begin(marks, content..line.end) {
                inline::read(marks, start..line.end);
            }
        } else if text.trim().is_empty() {
            end_piece(marks, &mut piece);
        } else if begins_anew(&source[body..line.end]) {
            end_piece(marks, &mut piece);
            piece = begin(marks, body..line.end).map(|start| start..line.end);
        } else {
            piece.get_or_insert(line.start..line.end).end = line.end;
        }
    }
    end_piece(marks, &mut piece);
    end_quote(marks, &mut quote);
}

fn end_piece(marks: &mut Marks<'_>, piece: &mut Option<Range<usize>>) {
    if let Some(piece) = piece.take() {
        inline::read(marks, piece);
    }
}

fn end_quote(marks: &mut Marks<'_>, quote: &mut Option<Range<usize>>) {
    if let Some(quote) = quote.take() {
        marks.show(Kind::Quote, quote);
    }
}

/// Whether a line is a heading or an item of a list.
fn begins_anew(body: &str) -> bool {
    heading(body).is_some() || list_marker(body)
}

/// Reads the start of a line, blanks left aside. What is left to be read begins where it says; a heading
/// is read already.
fn begin(marks: &mut Marks<'_>, line: Range<usize>) -> Option<usize> {
    let source = marks.source;
    let start = line.start + indent(&source[line.clone()]);
    let body = &source[start..line.end];
    if let Some(inside) = heading(body) {
        let inside = start + inside.start..start + inside.end;
        marks.drop(start..inside.start);
        if source[inside.end..line.end].contains('#') {
            marks.drop(inside.end..line.end);
        }
        inline::read(marks, inside.clone());
        marks.show(Kind::Bold, inside);
        return None;
    }
    if body.starts_with('*') && list_marker(body) {
        marks.bullet(start);
        return Some(start + 1);
    }
    Some(start)
}

/// The inside of `## a heading ##`.
fn heading(body: &str) -> Option<Range<usize>> {
    let level = body.len() - body.trim_start_matches('#').len();
    let rest = &body[level..];
    if !(1..=6).contains(&level) || !rest.starts_with(is_blank) {
        return None;
    }
    let start = level + indent(rest);
    let inside = body[start..].trim_end();
    let open = inside.trim_end_matches('#');
    let closed = open.len() < inside.len() && open.ends_with(is_blank) && !open.trim().is_empty();
    let inside = if closed { open.trim_end() } else { inside };
    (!inside.is_empty()).then_some(start..start + inside.len())
}

/// Whether a line is an item of a list with something in it. A rule (`* * *`) is none.
fn list_marker(body: &str) -> bool {
    let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = match body[digits..].chars().next() {
        Some('-' | '*' | '+') if digits == 0 => &body[1..],
        Some('.' | ')') if (1..=9).contains(&digits) => &body[digits + 1..],
        _ => return false,
    };
    let only_rule = |c: char| c.is_whitespace() || matches!(c, '-' | '*' | '_');
    rest.starts_with(is_blank) && !rest.chars().all(only_rule)
}

/// Length of the `> ` of a quote with something in it; of `> > ` too.
fn quoted(body: &str) -> Option<usize> {
    let mut length = 0;
    while body[length..].starts_with("> ") {
        length += 2;
    }
    (length > 0 && !body[length..].trim().is_empty()).then_some(length)
}

/// The line that opens fenced code.
struct Fence {
    mark: char,
    length: usize,
    language: Option<String>,
}

impl Fence {
    /// Reads a line without the blanks before it.
    fn opened(body: &str) -> Option<Fence> {
        let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = body.trim_start_matches(mark);
        let length = body.len() - rest.len();
        if length < 3 || (mark == '`' && rest.contains('`')) {
            return None;
        }
        // One word at most: text behind a fence would be lost.
        let language = rest.trim();
        let is_name = language.len() <= LANGUAGE_LIMIT
            && language
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'#' | b'.' | b'-'));
        if !is_name {
            return None;
        }
        let language = Some(language).filter(|language| !language.is_empty());
        Some(Fence {
            mark,
            length,
            language: language.map(str::to_owned),
        })
    }

    fn is_closed_by(&self, text: &str) -> bool {
        let text = text.trim();
        let length = text.len() - text.trim_start_matches(self.mark).len();
        length >= self.length && length == text.len()
    }

    /// Marks the code behind the line `opening`, which is indented by so many bytes. Gives where the code's
    /// end is behind; none if it has none. Code of blanks alone stays as it is.
    fn close(self, marks: &mut Marks<'_>, opening: Line, indented: usize) -> Option<usize> {
        let source = marks.source;
        let mut closing = line_at(source, opening.next)?;
        while !self.is_closed_by(&source[closing.start..closing.end]) {
            closing = line_at(source, closing.next)?;
        }
        let code = opening.next..closing.start;
        if source[code.clone()].trim().is_empty() {
            return Some(closing.next);
        }
        marks.drop(opening.start..opening.next);
        let mut at = opening.next;
        while let Some(line) = line_at(source, at).filter(|line| line.start < closing.start) {
            let blanks = indent(&source[line.start..line.end]).min(indented);
            marks.drop(line.start..line.start + blanks);
            at = line.next;
        }
        // At the end of the text there is no line break behind the fence: the one before it goes.
        let first = if closing.next == closing.end {
            closing.start - 1
        } else {
            closing.start
        };
        marks.drop(first..closing.next);
        marks.show(Kind::Pre(self.language), code);
        Some(closing.next)
    }
}
