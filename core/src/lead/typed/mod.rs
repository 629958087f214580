//! Amounts and periods as people type them in place of a button: "about 40k", "от 50 до 100 тыс.",
//! "in two weeks". English and Russian.
//!
//! A wrong value costs more than a question asked again. So a text is read as a whole: every word of
//! it has to be known, and has to make sense where it stands. "Our agency charged 40k last year" holds
//! an amount and names no budget; "charged" is not known, and nothing is read.
//!
//! | said | taken as |
//! | --- | --- |
//! | an amount | the choice it lies in; a choice takes its own lower end, not its upper one |
//! | "up to", "under", "max" | the amount just below |
//! | "at least", "from", "+" | as much up to twice as much, which one choice has to hold |
//! | a range | the choice that holds two thirds of it; else nothing |
//! | "40k or 60k" | the choice that holds both |
//! | another currency | nothing, and it is said which one counts |

mod choose;
mod item;
mod number;
mod period;
mod words;

use crate::text::Currency;

use self::item::Items;

/// What a field's choices are ranges of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Money in this currency.
    Money(Currency),
    /// Days from now.
    Days,
}

/// A choice as a range. In thousandths of the unit, as figures in texts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceRange {
    /// The choice.
    pub choice: String,
    /// Its lower end, which belongs to it.
    pub from: u64,
    /// Its upper end, which does not; open without.
    pub below: Option<u64>,
}

/// A field's choices as ranges of amounts or periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// Of what.
    pub unit: Unit,
    /// Ascending, none of them overlaps another. Not every choice needs one.
    pub choices: Vec<ChoiceRange>,
}

/// What a text says about a field with ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// It speaks of no amount.
    Nothing,
    /// It means this choice.
    Choice(&'a str),
    /// It speaks of money in another currency.
    OtherCurrency,
    /// It speaks of an amount, and does not say clearly of which choice.
    Unclear,
}

impl Ranges {
    /// Reads a text as a whole.
    ///
    /// ```
    /// use frontdesk_core::lead::{ChoiceRange, Ranges, Reading, Unit};
    /// use frontdesk_core::text::Currency;
    ///
    /// let range = |choice: &str, from, below| ChoiceRange { choice: choice.into(), from, below };
    /// let budget = Ranges {
    ///     unit: Unit::Money(Currency::Euro),
    ///     choices: vec![range("small", 0, Some(10_000_000)), range("large", 10_000_000, None)],
    /// };
    /// assert_eq!(budget.read("about 40k"), Reading::Choice("large"));
    /// assert_eq!(budget.read("до 10 тысяч"), Reading::Choice("small"));
    /// assert_eq!(budget.read("40k users"), Reading::Unclear);
    /// assert_eq!(budget.read("500 000 рублей"), Reading::OtherCurrency);
    /// ```
    pub fn read(&self, typed: &str) -> Reading<'_> {
        let items = match Items::of(typed, self.unit) {
            Ok(items) => items,
            Err(reading) => return reading,
        };
        let chosen = items
            .extent()
            .and_then(|extent| choose::choice(&self.choices, extent));
        chosen.map_or(Reading::Unclear, Reading::Choice)
    }
}

#[cfg(test)]
mod tests;
