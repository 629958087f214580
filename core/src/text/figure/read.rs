//! Figures out of tokens: ranges, units before and behind, dates.

use std::ops::Range;

use super::token::{Kind, Token};
use super::word::{currency, is_connector, is_kind_of_day, month, multiplier, number_word, sign, span};
use super::{Currency, Figure, Measure, Span};

/// One number of a range.
struct Part {
    range: Range<usize>,
    value: u64,
    has_thousands: bool,
    /// Whether it was written in digits; words count with a unit only.
    in_digits: bool,
}

/// All figures of the tokens of a text, in order.
pub(crate) fn figures(tokens: &[Token]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].kind {
            Kind::At(minutes) => {
                figures.push(Figure {
                    range: tokens[at].range.clone(),
                    measure: Measure::At(*minutes),
                });
                at += 1;
            }
            Kind::Date(day, month, year) => {
                figures.push(Figure {
                    range: tokens[at].range.clone(),
                    measure: Measure::Date(*day, *month, *year),
                });
                at += 1;
            }
            Kind::Number(..) | Kind::Word(_) => {
                if let Some((figure, next)) = dated(tokens, at) {
                    figures.push(figure);
                    at = next;
                } else if part(tokens, at).is_some() {
                    at = range_of_numbers(tokens, at, &mut figures);
                } else {
                    at += 1;
                }
            }
            Kind::Sign(_) => at += 1,
        }
    }
    figures
}

/// `24 November 2026`, `November 24th`, `24 ноября`.
fn dated(tokens: &[Token], at: usize) -> Option<(Figure, usize)> {
    let month_at = |at: usize| tokens.get(at).and_then(Token::word).and_then(month);
    let day_at = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Number(value, false)) if (1_000..=31_000).contains(value) && value % 1_000 == 0 => {
            Some(value / 1_000)
        }
        _ => None,
    };
    let is_word = |at: usize, words: &[&str]| {
        let word = tokens.get(at).and_then(Token::word);
        word.is_some_and(|word| words.contains(&word))
    };
    let ordinal = ["st", "nd", "rd", "th", "го", "of"];
    let (day, month, mut next) = if let Some(day) = day_at(at) {
        let mut next = at + 1;
        while is_word(next, &ordinal) {
            next += 1;
        }
        (day, month_at(next)?, next + 1)
    } else {
        let month = month_at(at)?;
        let day = day_at(at + 1)?;
        (day, month, at + 2 + usize::from(is_word(at + 2, &ordinal)))
    };
    let comma = usize::from(matches!(tokens.get(next).map(|t| &t.kind), Some(Kind::Sign(','))));
    let year = match tokens.get(next + comma).map(|token| &token.kind) {
        Some(Kind::Number(value, false)) if (1_900_000..2_200_000).contains(value) => Some(value / 1_000),
        _ => None,
    };
    if year.is_some() {
        next += comma + 1;
    }
    let range = tokens[at].range.start..tokens[next - 1].range.end;
    let measure = Measure::Date(day, month, year);
    Some((Figure { range, measure }, next))
}

fn part(tokens: &[Token], at: usize) -> Option<(Part, usize)> {
    let token = tokens.get(at)?;
    let (value, mut has_thousands, in_digits) = match &token.kind {
        Kind::Number(value, has_thousands) => (*value, *has_thousands, true),
        Kind::Word(word) => (number_word(word)? * 1_000, false, false),
        Kind::At(_) | Kind::Date(..) | Kind::Sign(_) => return None,
    };
    let mut value = value;
    let mut next = at + 1;
    let mut end = token.range.end;
    if let Some(times) = tokens.get(next).and_then(Token::word).and_then(multiplier)
        && !has_thousands
    {
        value = value.saturating_mul(times);
        has_thousands = true;
        end = tokens[next].range.end;
        next += 1;
        if matches!(tokens.get(next).map(|token| &token.kind), Some(Kind::Sign('.'))) {
            next += 1;
        }
    }
    let part = Part {
        range: token.range.start..end,
        value,
        has_thousands,
        in_digits,
    };
    Some((part, next))
}

/// Reads numbers joined by "to", a dash and the like, and gives all of them the unit around them.
fn range_of_numbers(tokens: &[Token], start: usize, figures: &mut Vec<Figure>) -> usize {
    let mut parts = Vec::new();
    let mut next = start;
    let mut end = start;
    while let Some((part, after)) = part(tokens, next) {
        parts.push(part);
        end = after;
        let connector = tokens.get(after).is_some_and(|token| match &token.kind {
            Kind::Sign(c) => is_connector(c.encode_utf8(&mut [0; 4])),
            Kind::Word(word) => is_connector(word),
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) => false,
        });
        // A currency may stand before each number of a range: "€2k – €3k".
        let ahead = after + 1;
        let skip = usize::from(connector && unit_before(tokens, ahead + 1).is_some());
        if !connector || dated(tokens, ahead + skip).is_some() {
            break;
        }
        next = ahead + skip;
    }
    let before = unit_before(tokens, start);
    let (after, end) = unit_after(tokens, end);
    let mut larger: Option<(u64, bool)> = None;
    for part in parts.iter_mut().rev() {
        // "2-3k": the smaller number before has the thousands of the larger behind.
        if let Some((value, true)) = larger
            && !part.has_thousands
            && part.value < 1_000_000
            && part.value.saturating_mul(1_000) <= value
        {
            part.value = part.value.saturating_mul(1_000);
            part.has_thousands = true;
        }
        larger = Some((part.value, part.has_thousands));
    }
    for part in parts {
        let measure = match (before, &after) {
            (_, Some(Unit::Money(currency))) => Measure::Money(part.value, *currency),
            (Some(currency), None) => Measure::Money(part.value, currency),
            (_, Some(Unit::Percent)) => Measure::Percent(part.value),
            (_, Some(Unit::Span(span))) => Measure::Lasts(part.value, *span),
            (None, None) if part.in_digits => Measure::Plain(part.value),
            (None, None) => continue,
        };
        figures.push(Figure {
            range: part.range,
            measure,
        });
    }
    end
}

enum Unit {
    Money(Currency),
    Percent,
    Span(Span),
}

/// The currency whose sign or name stands right before the token at `at`.
fn unit_before(tokens: &[Token], at: usize) -> Option<Currency> {
    match &tokens.get(at.checked_sub(1)?)?.kind {
        Kind::Sign(c) => sign(*c),
        Kind::Word(word) => currency(word),
        Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
    }
}

fn unit_after(tokens: &[Token], at: usize) -> (Option<Unit>, usize) {
    let dash = usize::from(matches!(
        tokens.get(at).map(|token| &token.kind),
        Some(Kind::Sign('-'))
    ));
    let Some(token) = tokens.get(at + dash) else {
        return (None, at);
    };
    let unit = match &token.kind {
        Kind::Sign('%') => Some((Unit::Percent, 1)),
        Kind::Sign(c) if dash == 0 => sign(*c).map(|currency| (Unit::Money(currency), 1)),
        Kind::Word(word) if word == "percent" || word.starts_with("процент") => {
            Some((Unit::Percent, 1))
        }
        Kind::Word(word) if is_kind_of_day(word) => {
            let next = tokens.get(at + dash + 1).and_then(Token::word);
            next.and_then(span).map(|span| (Unit::Span(span), 2))
        }
        Kind::Word(word) => currency(word)
            .map(|currency| (Unit::Money(currency), 1))
            .or_else(|| span(word).map(|span| (Unit::Span(span), 1))),
        Kind::Sign(_) | Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
    };
    match unit {
        Some((unit, length)) => (Some(unit), at + dash + length),
        None => (None, at),
    }
}
