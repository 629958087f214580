//! Numbers in a text and what they measure, in English and Russian spelling.

mod read;
pub(crate) mod token;
pub(crate) mod word;

pub(crate) use word::may_go_on;

use std::collections::BTreeSet;
use std::ops::Range;

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Currency {
    /// EUR.
    Euro,
    /// USD.
    Dollar,
    /// GBP.
    Pound,
    /// RUB.
    Rouble,
    /// CHF.
    Franc,
    /// Any other.
    Other,
}

impl Currency {
    /// The currency of an ISO 4217 code, if amounts in it can be told from those in others.
    pub fn of_code(code: &str) -> Option<Currency> {
        match code {
            "EUR" => Some(Currency::Euro),
            "USD" => Some(Currency::Dollar),
            "GBP" => Some(Currency::Pound),
            "RUB" => Some(Currency::Rouble),
            "CHF" => Some(Currency::Franc),
            _ => None,
        }
    }
}

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Span {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// A number and what it measures. Numbers are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    Plain(u64),
    Money(u64, Currency),
    Percent(u64),
    Lasts(u64, Span),
    /// Minutes of a day.
    At(u64),
    /// A day, a month, perhaps a year.
    Date(u64, u64, Option<u64>),
}

/// A figure in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub range: Range<usize>,
    pub measure: Measure,
}

impl Figure {
    /// All figures of a text, in order.
    pub fn all(text: &str) -> Vec<Figure> {
        read::figures(&token::tokens(text))
    }

    /// Whether it says what it measures.
    pub fn is_measured(&self) -> bool {
        !matches!(self.measure, Measure::Plain(_))
    }

    /// Whether it is a bare number below ten: of a list, of a few things.
    pub fn is_small(&self) -> bool {
        matches!(self.measure, Measure::Plain(value) if value < 10_000)
    }
}

/// The figures of several texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    measures: BTreeSet<Measure>,
    values: BTreeSet<u64>,
    days: BTreeSet<(u64, u64)>,
}

impl Figures {
    pub fn of(texts: &[&str]) -> Self {
        let mut figures = Figures::default();
        for figure in texts.iter().flat_map(|text| Figure::all(text)) {
            match figure.measure {
                Measure::Plain(value) | Measure::Money(value, _) => {
                    figures.values.insert(value);
                }
                Measure::Date(day, month, _) => {
                    figures.days.insert((day, month));
                }
                Measure::Percent(_) | Measure::Lasts(..) | Measure::At(_) => {}
            }
            figures.measures.insert(figure.measure);
        }
        figures
    }

    /// Whether a figure is among them. An amount without a currency fits any; a date without a year
    /// any year; a full hour the bare number.
    pub fn bear_out(&self, figure: &Figure) -> bool {
        let has = |measure: Measure| self.measures.contains(&measure);
        match figure.measure {
            Measure::Plain(value) => self.values.contains(&value),
            Measure::Money(value, _) => has(figure.measure) || has(Measure::Plain(value)),
            Measure::Percent(_) | Measure::Lasts(..) => has(figure.measure),
            Measure::At(minutes) => {
                let hour = minutes.is_multiple_of(60).then_some(minutes / 60 * 1_000);
                has(figure.measure) || hour.is_some_and(|hour| has(Measure::Plain(hour)))
            }
            Measure::Date(day, month, None) => self.days.contains(&(day, month)),
            Measure::Date(day, month, Some(_)) => has(figure.measure) || has(Measure::Date(day, month, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measures(text: &str) -> Vec<Measure> {
        Figure::all(text)
            .into_iter()
            .map(|figure| figure.measure)
            .collect()
    }

    #[test]
    fn one_amount_in_many_spellings() {
        let euros = [Measure::Money(2_500_000, Currency::Euro)];
        for text in [
            "EUR 2,500",
            "€2,500",
            "€ 2 500",
            "2.500 €",
            "2500 euros",
            "2 500 евро",
            "€2.5k",
            "2,5 тыс. евро",
            "2.5k EUR",
            "2'500 EUR",
            "2,500.00 €",
            "**2,500** euro",
            "2.5 thousand euros",
            "2 500 евро",
        ] {
            assert_eq!(measures(text), euros, "{text}");
        }
    }

    #[test]
    fn measures_of_all_kinds() {
        use Measure::{At, Date, Lasts, Money, Percent, Plain};
        for (text, expected) in [
            (
                "EUR 2,500 to 6,000",
                vec![Money(2_500_000, Currency::Euro), Money(6_000_000, Currency::Euro)],
            ),
            (
                "от 2 до 6 тысяч рублей",
                vec![
                    Money(2_000_000, Currency::Rouble),
                    Money(6_000_000, Currency::Rouble),
                ],
            ),
            (
                "$10k-$50k",
                vec![
                    Money(10_000_000, Currency::Dollar),
                    Money(50_000_000, Currency::Dollar),
                ],
            ),
            (
                "2–3k €",
                vec![Money(2_000_000, Currency::Euro), Money(3_000_000, Currency::Euro)],
            ),
            ("19% or 7,5 процента", vec![Percent(19_000), Percent(7_500)]),
            (
                "one to two weeks",
                vec![Lasts(1_000, Span::Weeks), Lasts(2_000, Span::Weeks)],
            ),
            (
                "одну-две недели",
                vec![Lasts(1_000, Span::Weeks), Lasts(2_000, Span::Weeks)],
            ),
            ("5 business days", vec![Lasts(5_000, Span::Days)]),
            ("a 3-day workshop", vec![Lasts(3_000, Span::Days)]),
            ("9:00–18:30", vec![At(540), At(1_110)]),
            ("24 November 2026", vec![Date(24, 11, Some(2026))]),
            ("by November 24th, 2026", vec![Date(24, 11, Some(2026))]),
            ("до 1 марта", vec![Date(1, 3, None)]),
            (
                "24.11.2026, 2026-11-24",
                vec![Date(24, 11, Some(2026)), Date(24, 11, Some(2026))],
            ),
            (
                "12 engineers, 24/7",
                vec![Plain(12_000), Plain(24_000), Plain(7_000)],
            ),
            ("k8s, S3 and two people", vec![]),
            ("from 1\nEUR and more", vec![Plain(1_000)]),
            ("0.5", vec![Plain(500)]),
            ("1 000 000", vec![Plain(1_000_000_000)]),
        ] {
            assert_eq!(measures(text), expected, "{text}");
        }
    }

    #[test]
    fn figures_are_borne_out() {
        let company = Figures::of(&[
            "An audit costs EUR 2,500 to 6,000 and takes one to two weeks. 19 % VAT.",
            "9-18",
        ]);
        for (text, expected) in [
            ("2.5k euro", true),
            ("$2,500", false),
            ("€2,600", false),
            ("1–2 weeks", true),
            ("2 days", false),
            ("19%", true),
            ("9:00", true),
            ("10:30", false),
            ("1 March", false),
            ("2500", true),
        ] {
            let figure = &Figure::all(text)[0];
            assert_eq!(company.bear_out(figure), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_figures_are_in_order(text in "[0-9a-zк€$% .,:/а-я-]{0,60}", any in any::<String>()) {
            for text in [text, any] {
                let all = Figure::all(&text);
                prop_assert!(all.is_sorted_by_key(|figure| figure.range.start));
                prop_assert!(all.iter().all(|figure| text.get(figure.range.clone()).is_some()));
            }
        }
    }
}
