//! What was found in a source, and what it comes to.

use std::ops::Range;

use crate::text::{Entity, RichText};

/// The most entities of a text, and the most links among them.
pub(super) const ENTITY_LIMIT: usize = 100;

/// What a stretch is shown as. In this order they lie within each other where they cover the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Quote,
    Link(String),
    Bold,
    Italic,
    Struck,
    Code,
    Pre(Option<String>),
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Kind::Quote => "blockquote",
            Kind::Link(_) => "text_link",
            Kind::Bold => "bold",
            Kind::Italic => "italic",
            Kind::Struck => "strikethrough",
            Kind::Code => "code",
            Kind::Pre(_) => "pre",
        }
    }
}

/// A stretch of the source, in bytes.
#[derive(Clone, Debug)]
struct Span {
    kind: Kind,
    start: usize,
    end: usize,
}

/// A source and what was found in it.
pub(super) struct Marks<'a> {
    pub(super) source: &'a str,
    /// For each byte, whether it is markup.
    dropped: Vec<bool>,
    /// Asterisks that are bullets, in order.
    bullets: Vec<usize>,
    spans: Vec<Span>,
    links: usize,
}

impl<'a> Marks<'a> {
    pub(super) fn of(source: &'a str) -> Self {
        Marks {
            source,
            dropped: vec![false; source.len()],
            bullets: Vec::new(),
            spans: Vec::new(),
            links: 0,
        }
    }

    /// These bytes, whole characters, are markup.
    pub(super) fn drop(&mut self, range: Range<usize>) {
        self.dropped[range].fill(true);
    }

    /// The asterisk at `at` is shown as a bullet. Later ones come later.
    pub(super) fn bullet(&mut self, at: usize) {
        self.bullets.push(at);
    }

    /// Shows a stretch.
    pub(super) fn show(&mut self, kind: Kind, range: Range<usize>) {
        self.links += usize::from(matches!(kind, Kind::Link(_)));
        self.spans.push(Span {
            kind,
            start: range.start,
            end: range.end,
        });
    }

    /// Whether one more link can be shown.
    pub(super) fn takes_links(&self) -> bool {
        self.links < ENTITY_LIMIT
    }

    /// The source without its markup, and the entities of what is left.
    pub(super) fn finish(mut self) -> RichText {
        let spans = std::mem::take(&mut self.spans);
        let mut spans: Vec<Span> = spans.into_iter().filter_map(|span| self.trimmed(span)).collect();
        spans.sort_by(|a, b| (a.start, b.end, &a.kind).cmp(&(b.start, a.end, &b.kind)));
        let spans = within_limit(nested(spans));
        let (text, units) = self.left();
        let entities = spans.into_iter().map(|span| {
            let kind = span.kind.name();
            let (url, language) = match span.kind {
                Kind::Link(url) => (Some(url), None),
                Kind::Pre(language) => (None, language),
                Kind::Quote | Kind::Bold | Kind::Italic | Kind::Struck | Kind::Code => (None, None),
            };
            Entity {
                kind: kind.to_owned(),
                offset: units[span.start],
                length: units[span.end] - units[span.start],
                url,
                language,
            }
        });
        let entities = entities.collect();
        RichText { text, entities }
    }

    /// The text that is left, and for each byte of the source how many UTF-16 units are left before it.
    fn left(&self) -> (String, Vec<usize>) {
        let mut text = String::with_capacity(self.source.len());
        let mut units = vec![0; self.source.len() + 1];
        let (mut count, mut bullets) = (0, self.bullets.iter().peekable());
        for (at, c) in self.source.char_indices() {
            units[at] = count;
            if self.dropped[at] {
                continue;
            }
            text.push(if bullets.next_if(|bullet| **bullet == at).is_some() {
                '•'
            } else {
                c
            });
            count += c.len_utf16();
        }
        units[self.source.len()] = count;
        (text, units)
    }

    /// The stretch without markup and blanks at its ends; none if nothing else is in it.
    fn trimmed(&self, mut span: Span) -> Option<Span> {
        let nothing = |(at, c): (usize, char)| self.dropped[span.start + at] || c.is_whitespace();
        let inside = &self.source[span.start..span.end];
        let first = inside.char_indices().find(|found| !nothing(*found))?;
        let last = inside.char_indices().rev().find(|found| !nothing(*found))?;
        span.end = span.start + last.0 + last.1.len_utf8();
        span.start += first.0;
        Some(span)
    }
}

/// Leaves out what is shown already by a stretch around it: bold within a heading.
fn nested(spans: Vec<Span>) -> Vec<Span> {
    let mut around: Vec<(usize, &'static str)> = Vec::new();
    spans
        .into_iter()
        .filter(|span| {
            while around.last().is_some_and(|(end, _)| *end <= span.start) {
                around.pop();
            }
            let name = span.kind.name();
            let crosses = around.last().is_some_and(|(end, _)| *end < span.end);
            if crosses || around.iter().any(|(_, outer)| *outer == name) {
                return false;
            }
            around.push((span.end, name));
            true
        })
        .collect()
}

/// All links, since their targets would be lost, and the first of the others.
fn within_limit(mut spans: Vec<Span>) -> Vec<Span> {
    let is_link = |span: &Span| matches!(span.kind, Kind::Link(_));
    let mut room = ENTITY_LIMIT.saturating_sub(spans.iter().filter(|span| is_link(span)).count());
    spans.retain(|span| {
        let fits = is_link(span) || room > 0;
        room -= usize::from(fits && !is_link(span));
        fits
    });
    spans
}
