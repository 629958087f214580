//! The choices of a field as ranges of money or time.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

use crate::lead::{ChoiceRange, Ranges, Unit};
use crate::text::Currency;

use super::problem::{Problems, line_at};

/// Largest bound of a range.
const LARGEST: u64 = 1_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAmount {
    unit: RawUnit,
    currency: Option<Spanned<String>>,
    choices: BTreeMap<String, Spanned<RawRange>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawUnit {
    Money,
    Days,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    #[serde(default)]
    from: u64,
    below: Option<u64>,
}

/// Checks the ranges of the field `name`; `None` if they have no unit.
pub(super) fn parse(
    file: &str,
    text: &str,
    raw: Spanned<RawAmount>,
    name: &str,
    choices: &[String],
    problems: &mut Problems,
) -> Option<Ranges> {
    let start = line_at(text, raw.span().start);
    let raw = raw.into_inner();
    let unit = match (raw.unit, &raw.currency) {
        (RawUnit::Days, None) => Some(Unit::Days),
        (RawUnit::Days, Some(currency)) => {
            let at = line_at(text, currency.span().start);
            problems.error(
                file,
                at,
                format!("amount of `{name}`: expected no currency of days"),
            );
            None
        }
        (RawUnit::Money, currency) => {
            let code = currency.as_ref().map_or("", |code| code.get_ref());
            let known = Currency::of_code(code);
            if known.is_none() {
                let at = currency
                    .as_ref()
                    .map_or(start, |code| line_at(text, code.span().start));
                problems.error(
                    file,
                    at,
                    format!("currency `{code}` of `{name}`: expected one of EUR, USD, GBP, RUB, CHF"),
                );
            }
            known.map(Unit::Money)
        }
    };
    let mut ranges = Vec::new();
    for (choice, range) in raw.choices {
        let at = line_at(text, range.span().start);
        let range = range.into_inner();
        if !choices.contains(&choice) {
            problems.error(
                file,
                at,
                format!("amount of `{choice}`: expected a choice of `{name}`"),
            );
        }
        let below = range.below.unwrap_or(LARGEST);
        if range.from >= below || below > LARGEST {
            problems.error(
                file,
                at,
                format!("amount of `{choice}`: expected `from` smaller than `below`, up to {LARGEST}"),
            );
        }
        ranges.push(ChoiceRange {
            choice,
            from: range.from.saturating_mul(1_000),
            below: range.below.map(|below| below.saturating_mul(1_000)),
        });
    }
    ranges.sort_by_key(|range| range.from);
    let overlap = ranges.windows(2).find_map(|pair| match pair {
        [one, next] if one.below.is_none_or(|below| below > next.from) => Some((one, next)),
        _ => None,
    });
    if let Some((one, next)) = overlap {
        problems.error(
            file,
            start,
            format!(
                "amounts of `{}` and `{}` overlap: expected `below` of one to be `from` of the next at most",
                one.choice, next.choice
            ),
        );
    }
    Some(Ranges {
        unit: unit?,
        choices: ranges,
    })
}
