//! Which of a field's ranges an amount means.

use super::ChoiceRange;

/// How far apart the ends of a range may be: "40 to 2 thousand" is a slip rather than a range.
const WIDEST: u64 = 20;

/// An amount, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Point(u64),
    UpTo(u64),
    From(u64),
    Between(u64, u64),
    Either(u64, u64),
}

/// The choice an amount means, if that is clear.
pub(super) fn choice(ranges: &[ChoiceRange], extent: Extent) -> Option<&str> {
    let found = match extent {
        Extent::Point(amount) => holding(ranges, amount),
        Extent::UpTo(amount) => holding(ranges, amount.checked_sub(1)?),
        Extent::From(amount) => {
            let range = holding(ranges, amount)?;
            let twice = amount.saturating_mul(2);
            range.below.is_none_or(|below| twice <= below).then_some(range)
        }
        Extent::Between(from, to) if from < to && to / WIDEST <= from => {
            let width = to - from;
            // The open end of the last choice is as far as the range goes.
            let overlap = |range: &&ChoiceRange| {
                let end = range.below.unwrap_or(u64::MAX).min(to);
                end.saturating_sub(range.from.max(from))
            };
            ranges
                .iter()
                .find(|range| u128::from(overlap(range)) * 3 >= u128::from(width) * 2)
        }
        Extent::Between(from, to) if from == to => holding(ranges, from),
        Extent::Between(..) => None,
        Extent::Either(one, other) => {
            let range = holding(ranges, one)?;
            (holding(ranges, other) == Some(range)).then_some(range)
        }
    };
    found.map(|range| range.choice.as_str())
}

fn holding(ranges: &[ChoiceRange], amount: u64) -> Option<&ChoiceRange> {
    ranges
        .iter()
        .find(|range| range.from <= amount && range.below.is_none_or(|below| amount < below))
}
