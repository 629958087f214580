//! Splitting what is too long for one message.

use unicode_normalization::char::is_combining_mark;

use super::rich::byte_ranges;
use super::{Entity, RichText, clip_units, utf16_len};

/// The most bytes of entities in one message, a little below where Telegram refuses them.
const ENTITY_BYTES: usize = 9_000;
/// Characters that are looked back over for the start of one that is seen as a whole.
const CLUSTER_LIMIT: usize = 32;

/// Splits `text` into parts of at most `units` UTF-16 units, at a paragraph's end where there is
/// one, else a line's, a sentence's, a word's, else between two characters, as they are seen.
///
/// The parts joined are the text again, to the character. An empty text gives no part.
pub fn split(text: &str, units: usize) -> Vec<&str> {
    let units = units.max(2);
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let hard = clip_units(rest, units).len();
        if hard == rest.len() {
            parts.push(rest);
            break;
        }
        let (part, tail) = rest.split_at(cut(rest, hard));
        parts.push(part);
        rest = tail;
    }
    parts
}

/// Splits text with its entities into messages of at most `units` UTF-16 units, at most `max_entities`
/// entities and no more of their data than Telegram takes; at the places where [`split`] does, and
/// before code or a link rather than within it where it fits into one message.
///
/// The texts joined are the text again, to the character, and the entities show the same characters the
/// same way: one that crosses an edge is in both parts. Blanks at the ends of an entity are not kept in it.
///
/// No part is blank, since no messenger takes such a message: a blank text gives no part, and blanks that
/// fill a whole part are the one thing that is left out. Left out are, too, an entity whose data alone is
/// too much, and of more than `max_entities` around one character the inner ones: with 0, all.
pub fn split_rich(rich: &RichText, units: usize, max_entities: usize) -> Vec<RichText> {
    let (text, units) = (rich.text.as_str(), units.max(2));
    let spans = if max_entities > 0 { spans(rich) } else { Vec::new() };
    let mut parts = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let (chosen, bound) = fitting(text, &spans, start, max_entities);
        let limit = (start + clip_units(&text[start..], units).len()).min(bound);
        let end = part_end(text, &spans, start, limit, units);
        if !is_blank(&text[start..end]) {
            let entities = chosen.iter().filter_map(|span| span.within(text, start, end));
            parts.push(RichText {
                text: text[start..end].to_owned(),
                entities: entities.collect(),
            });
        }
        start = end;
    }
    parts
}

fn is_blank(text: &str) -> bool {
    text.trim_start().is_empty()
}

/// An entity, with where it is in bytes.
struct Span<'a> {
    entity: &'a Entity,
    start: usize,
    end: usize,
}

/// The entities that show something, the outer before the inner.
fn spans(rich: &RichText) -> Vec<Span<'_>> {
    let ranges = byte_ranges(&rich.text, &rich.entities);
    let mut spans: Vec<Span<'_>> = rich
        .entities
        .iter()
        .zip(ranges)
        .filter_map(|(entity, (start, end))| {
            let (start, end) = trimmed(&rich.text, start, end)?;
            Some(Span { entity, start, end })
        })
        .filter(|span| span.weight() <= ENTITY_BYTES)
        .collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    spans
}

/// The stretch without blanks at its ends; none if there is nothing else.
fn trimmed(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let inside = &text[start..end];
    let from = start + (inside.len() - inside.trim_start().len());
    let to = start + inside.trim_end().len();
    (from < to).then_some((from, to))
}

impl Span<'_> {
    /// Bytes it takes on the wire: its head, and its texts with their lengths.
    fn weight(&self) -> usize {
        let texts = [&self.entity.url, &self.entity.language];
        12 + texts
            .into_iter()
            .flatten()
            .map(|text| text.len() + 8)
            .sum::<usize>()
    }

    /// Whether a part should not end in the middle of it.
    fn is_atom(&self) -> bool {
        matches!(self.entity.kind.as_str(), "code" | "pre" | "text_link")
    }

    /// As an entity of the part from `from` to `to`.
    fn within(&self, text: &str, from: usize, to: usize) -> Option<Entity> {
        if self.start >= to {
            return None;
        }
        let (start, end) = trimmed(text, self.start.max(from), self.end.min(to))?;
        Some(Entity {
            offset: utf16_len(&text[from..start]),
            length: utf16_len(&text[start..end]),
            ..self.entity.clone()
        })
    }
}

/// The entities that a part from `start` on has room for, and where the first begins that it has no
/// room for.
fn fitting<'s, 'a>(
    text: &str,
    spans: &'s [Span<'a>],
    start: usize,
    max_entities: usize,
) -> (Vec<&'s Span<'a>>, usize) {
    let mut chosen = Vec::new();
    let mut weight = 0;
    for span in spans.iter().filter(|span| span.end > start) {
        if chosen.len() < max_entities && weight + span.weight() <= ENTITY_BYTES {
            weight += span.weight();
            chosen.push(span);
        } else if span.start > start && !is_blank(&text[start..span.start]) {
            return (chosen, span.start);
        }
    }
    (chosen, text.len())
}

/// Where a part from `start` ends, at `limit` at the latest.
fn part_end(text: &str, spans: &[Span<'_>], start: usize, limit: usize, units: usize) -> usize {
    if limit == text.len() {
        return limit;
    }
    let mut end = start + cut(&text[start..], limit - start);
    for atom in spans.iter().filter(|span| span.is_atom()) {
        let fits = || utf16_len(&text[atom.start..atom.end]) <= units;
        if start < atom.start
            && (atom.start + 1..atom.end).contains(&end)
            && !is_blank(&text[start..atom.start])
            && fits()
        {
            end = atom.start;
        }
    }
    if is_blank(&text[start..end]) || is_blank(&text[end..limit]) {
        end = limit;
    }
    if is_blank(&text[end..]) {
        // The last character goes with the blanks behind it, if they fit into one message.
        let last = text[start..end].trim_end();
        let last = last
            .char_indices()
            .next_back()
            .map_or(start, |(at, _)| start + at);
        let last = start + whole(&text[start..], last - start);
        if !is_blank(&text[start..last]) && utf16_len(&text[last..]) <= units {
            return last;
        }
    }
    end
}

/// The best place to end a part of `text`, at `hard` at the latest.
fn cut(text: &str, hard: usize) -> usize {
    soft_break(&text[..hard]).unwrap_or_else(|| whole(text, hard))
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

/// `at`, or before it where an accent, an emoji's joiner or the like would be torn from what it belongs to.
fn whole(text: &str, at: usize) -> usize {
    let mut next = text[at..].chars().next();
    let before = text[..at].char_indices().rev().take(CLUSTER_LIMIT);
    let mut edge = at;
    for (start, c) in before {
        if !next.is_some_and(|next| belong_together(c, next)) {
            return edge;
        }
        next = Some(c);
        edge = start;
    }
    at
}

/// Whether two characters are seen as one, as far as that can be told from the two.
fn belong_together(left: char, right: char) -> bool {
    let flag = |c: char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    let joins = |c: char| {
        matches!(
            c,
            // Joiners, variants, skin tones, the letters of subdivision flags.
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}'
        ) || is_combining_mark(c)
    };
    left == '\u{200d}' || joins(right) || (flag(left) && flag(right)) || (left == '\r' && right == '\n')
}

#[cfg(test)]
mod tests;
