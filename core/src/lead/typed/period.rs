//! Periods: numbers with a unit of time.

use crate::text::figure::Span;
use crate::text::figure::token::{Kind, Token};
use crate::text::figure::word::span;

use super::number::{Number, number};

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// A period that begins at a token, in minutes of its unit, and where it ends. The unit is left out
/// where another amount may have it: "two or three weeks". A unit alone is one of it.
pub(super) fn period(tokens: &[Token], at: usize) -> Option<(Number, Option<u64>, usize)> {
    let one = Number {
        value: 1_000,
        scale: 1,
        counted: false,
    };
    let word_at = |at: usize| tokens.get(at).and_then(Token::word);
    match word_at(at) {
        Some("few" | "several" | "несколько") => {
            let next = at + 1 + usize::from(word_at(at + 1) == Some("of"));
            let (minutes, next) = unit(tokens, next)?;
            let few = Number {
                value: 3_000,
                counted: true,
                ..one
            };
            return Some((few, Some(minutes), next));
        }
        Some("полгода" | "полугода") => {
            let half = Number {
                value: 500,
                counted: true,
                ..one
            };
            return Some((half, Some(365 * DAY), at + 1));
        }
        Some("today" | "tonight" | "сегодня") => {
            return Some((Number { value: 0, ..one }, Some(DAY), at + 1));
        }
        Some("tomorrow" | "завтра") => return Some((one, Some(DAY), at + 1)),
        Some("послезавтра") => return Some((Number { value: 2_000, ..one }, Some(DAY), at + 1)),
        _ => {}
    }
    if let Some((minutes, next)) = unit(tokens, at) {
        return Some((one, Some(minutes), next));
    }
    let (number, next) = number(tokens, at)?;
    // "2-week", "3-х месяцев"
    let dash = usize::from(matches!(
        tokens.get(next).map(|token| &token.kind),
        Some(Kind::Sign('-'))
    ));
    let ending = dash + usize::from(matches!(word_at(next + dash), Some("х" | "й" | "ти" | "ми")));
    for next in [next, next + dash, next + ending] {
        if let Some((minutes, after)) = unit(tokens, next) {
            return Some((number, Some(minutes), after));
        }
    }
    Some((number, None, next))
}

fn unit(tokens: &[Token], at: usize) -> Option<(u64, usize)> {
    let word = tokens.get(at)?.word()?;
    let minutes = match word {
        "w" | "wk" | "wks" | "нед" => 7 * DAY,
        "d" => DAY,
        "mo" | "mos" | "мес" => 30 * DAY,
        "quarter" | "quarters" => 91 * DAY,
        "yr" | "yrs" => 365 * DAY,
        word if word.starts_with("квартал") => 91 * DAY,
        word if word.starts_with("день") || word.starts_with("дн") && word.chars().count() <= 4 => DAY,
        word => match span(word)? {
            Span::Minutes => 1,
            Span::Hours => HOUR,
            Span::Days => DAY,
            Span::Weeks => 7 * DAY,
            Span::Months => 30 * DAY,
            Span::Years => 365 * DAY,
        },
    };
    let dot = matches!(tokens.get(at + 1).map(|token| &token.kind), Some(Kind::Sign('.')));
    Some((minutes, at + 1 + usize::from(dot)))
}
