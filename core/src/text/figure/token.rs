//! Numbers, words and signs of a text.

use std::ops::Range;

use super::word::multiplier;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Thousandths, and whether it has its thousands (`2k`) already.
    Number(u64, bool),
    At(u64),
    Date(u64, u64, Option<u64>),
    Word(String),
    Sign(char),
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub range: Range<usize>,
    pub kind: Kind,
}

impl Token {
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) | Kind::Sign(_) => None,
        }
    }
}

pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let glued = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, kind) = if c.is_ascii_digit() && !glued {
            let (length, kind) = number(rest);
            (length, Some(kind))
        } else if c.is_alphanumeric() {
            let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let word = rest[..length].to_lowercase().replace('ё', "е");
            (length, Some(Kind::Word(word)))
        } else {
            // A line's end keeps a number from the unit of the next line.
            let counts = (!c.is_whitespace() || c == '\n') && !matches!(c, '*' | '_' | '`' | '~' | '≈' | '+');
            (c.len_utf8(), counts.then_some(Kind::Sign(c)))
        };
        if let Some(kind) = kind {
            found.push(Token {
                range: at..at + length,
                kind,
            });
        }
        at += length;
    }
    found
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The date, time or number at the start of `text`, and its length.
fn number(text: &str) -> (usize, Kind) {
    date(text).or_else(|| time(text)).unwrap_or_else(|| amount(text))
}

fn date(text: &str) -> Option<(usize, Kind)> {
    let mut parts = [0_u64; 3];
    let mut lengths = [0; 3];
    let mut at = 0;
    let separator = text[digits(text)..]
        .chars()
        .next()
        .filter(|c| matches!(c, '.' | '/' | '-'))?;
    for part in 0..3 {
        let length = digits(&text[at..]);
        parts[part] = text[at..at + length].parse().ok()?;
        lengths[part] = length;
        at += length;
        if part < 2 {
            text[at..].starts_with(separator).then_some(())?;
            at += 1;
        }
    }
    let goes_on =
        text[at..].starts_with(separator) && text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let (day, month, year) = match lengths {
        [4, 1..=2, 1..=2] => (parts[2], parts[1], parts[0]),
        [1..=2, 1..=2, 4] => (parts[0], parts[1], parts[2]),
        [1..=2, 1..=2, 2] if separator != '-' => (parts[0], parts[1], 2_000 + parts[2]),
        _ => return None,
    };
    // American dates have the month first.
    let (day, month) = if month > 12 { (month, day) } else { (day, month) };
    let is_date = !goes_on && (1..=31).contains(&day) && (1..=12).contains(&month);
    is_date.then_some((at, Kind::Date(day, month, Some(year))))
}

fn time(text: &str) -> Option<(usize, Kind)> {
    let hours = digits(text);
    let rest = text[hours..].strip_prefix(':')?;
    let hour: u64 = text[..hours].parse().ok()?;
    let minute: u64 = rest.get(..2)?.parse().ok()?;
    let is_time = hours <= 2 && hour < 25 && minute < 60 && digits(rest) == 2;
    is_time.then_some((hours + 3, Kind::At(hour * 60 + minute)))
}

fn is_group_separator(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’'
    )
}

fn amount(text: &str) -> (usize, Kind) {
    let first = digits(text);
    let mut whole = text[..first].to_owned();
    let mut at = first;
    let mut grouped_by = None;
    while first <= 3 && !text.starts_with('0') {
        let Some(separator) = text[at..].chars().next().filter(|c| is_group_separator(*c)) else {
            break;
        };
        let group = &text[at + separator.len_utf8()..];
        if digits(group) != 3 || grouped_by.is_some_and(|by| by != separator) {
            break;
        }
        grouped_by = Some(separator);
        whole.push_str(&group[..3]);
        at += separator.len_utf8() + 3;
    }
    let mut thousandths = 0;
    if let Some(fraction) = text[at..].strip_prefix(['.', ',']) {
        let length = digits(fraction);
        if length > 0 && !grouped_by.is_some_and(|by| text[at..].starts_with(by)) {
            let padded = format!("{:0<3}", &fraction[..length.min(3)]);
            thousandths = padded.parse().unwrap_or(0);
            at += 1 + length;
        }
    }
    let value = whole.parse::<u64>().unwrap_or(u64::MAX / 1_000);
    let value = value.saturating_mul(1_000).saturating_add(thousandths);
    let letters = text[at..]
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len() - at);
    match multiplier(&text[at..at + letters].to_lowercase()) {
        Some(times) => (at + letters, Kind::Number(value.saturating_mul(times), true)),
        None => (at, Kind::Number(value, false)),
    }
}
