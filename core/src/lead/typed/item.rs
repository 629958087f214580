//! A text as amounts and what stands between them.

use crate::text::Currency;
use crate::text::figure::token::{Kind, Token, tokens};
use crate::text::figure::word::{currency, sign};

use super::choose::Extent;
use super::number::{Number, number};
use super::period::period;
use super::words::{Role, role};
use super::{Reading, Unit};

/// Longest text that is read, in bytes: nobody names a budget in a page of text.
const LONGEST: usize = 400;

/// Below this, in thousandths, an amount of money needs its thousands: "40" may be forty of anything.
const SMALL: u64 = 1_000_000;

/// Above this, in thousandths, it is a slip or a joke.
const HUGE: u64 = 1_000_000_000_000;

/// Years, in thousandths: a bare 2027 is a date rather than a price.
const YEARS: std::ops::Range<u64> = 1_990_000..2_100_000;

/// How many words a phrase may have.
const PHRASE: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amount {
    number: Number,
    /// Of a period: the minutes of its unit.
    minutes: Option<u64>,
}

impl Amount {
    /// In thousandths of the field's unit.
    fn value(self) -> u64 {
        match self.minutes {
            Some(minutes) => self.number.value.saturating_mul(minutes) / (24 * 60),
            None => self.number.value,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Amount(Amount),
    Role(Role),
}

/// What a text says, in order, fillers left out.
#[derive(Debug)]
pub(super) struct Items {
    items: Vec<Item>,
    unit: Unit,
}

impl Items {
    /// Reads a text as a whole.
    ///
    /// # Errors
    /// The reading, if the text comes to no amounts.
    pub fn of(text: &str, unit: Unit) -> Result<Items, Reading<'static>> {
        if text.len() > LONGEST {
            return Err(Reading::Nothing);
        }
        let tokens = tokens(text);
        let reader = Reader {
            text,
            tokens: &tokens,
            unit,
        };
        reader.read()
    }

    /// The amount they come to.
    pub fn extent(&self) -> Option<Extent> {
        let at: Vec<usize> = (0..self.items.len())
            .filter(|at| self.amount(*at).is_some())
            .collect();
        match at[..] {
            [one] => {
                let bounds = [self.roles(0, one), self.roles(one, self.items.len())].concat();
                let value = self.amount(one)?.value();
                let Some((first, rest)) = bounds.split_first() else {
                    return Some(Extent::Point(value));
                };
                match first {
                    Role::UpTo if rest.iter().all(|role| role == first) => Some(Extent::UpTo(value)),
                    Role::From if rest.iter().all(|role| role == first) => Some(Extent::From(value)),
                    _ => None,
                }
            }
            [one, other] => {
                let (first, second) = Self::alike(self.amount(one)?, self.amount(other)?);
                if self.unit != Unit::Days && first.min(second) < SMALL {
                    return None;
                }
                let before = self.roles(0, one);
                let between = self.roles(one, other);
                let after = self.roles(other, self.items.len());
                match (&before[..], &between[..], &after[..]) {
                    ([] | [Role::From], [Role::Join | Role::UpTo], [])
                    | ([Role::Between], [Role::And], []) => Some(Extent::Between(first, second)),
                    ([Role::UpTo], [Role::From], []) => Some(Extent::Between(second, first)),
                    ([Role::UpTo], [Role::Join], []) | ([], [Role::Join], [Role::UpTo]) => {
                        (first <= second).then_some(Extent::UpTo(second))
                    }
                    ([], [Role::Or], []) => Some(Extent::Either(first, second)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn amount(&self, at: usize) -> Option<Amount> {
        match self.items[at] {
            Item::Amount(amount) => Some(amount),
            Item::Role(_) => None,
        }
    }

    fn roles(&self, from: usize, to: usize) -> Vec<Role> {
        let role = |item: &Item| match item {
            Item::Role(role) => Some(*role),
            Item::Amount(_) => None,
        };
        self.items[from..to].iter().filter_map(role).collect()
    }

    /// "30-50k", "two to three weeks", "a month or two": what one of them lacks is the other's.
    fn alike(first: Amount, second: Amount) -> (u64, u64) {
        let scaled = first.number.scaled(second.number.scale);
        let takes = first.number.scale == 1 && scaled.value <= second.number.value;
        let minutes = first.minutes.or(second.minutes);
        let first = Amount {
            number: if takes { scaled } else { first.number },
            minutes,
        };
        let second = Amount {
            minutes: second.minutes.or(minutes),
            ..second
        };
        (first.value(), second.value())
    }

    /// Whether each of them can be an amount of its unit.
    fn are_sensible(&self, priced: bool) -> bool {
        let amounts: Vec<Amount> = (0..self.items.len()).filter_map(|at| self.amount(at)).collect();
        let scaled = amounts.last().is_some_and(|last| last.number.scale > 1);
        amounts.iter().all(|amount| {
            let value = amount.number.value;
            match self.unit {
                Unit::Money(_) if amount.number.scale > 1 => value <= HUGE,
                Unit::Money(_) => {
                    // What it lacks may be the last one's: "30 to 50k".
                    (scaled || value >= SMALL) && value <= HUGE && (priced || !YEARS.contains(&value))
                }
                Unit::Days => {
                    amount.number.scale == 1 && amounts.iter().any(|amount| amount.minutes.is_some())
                }
            }
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    unit: Unit,
}

impl Reader<'_> {
    fn read(&self) -> Result<Items, Reading<'static>> {
        let mut items: Vec<Item> = Vec::new();
        let (mut all_known, mut speaks, mut priced, mut foreign) = (true, false, false, false);
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            if let Some((amount, next)) = self.amount(at) {
                // "Month" and "one" stand in many a sentence that names no amount.
                let digits = matches!(token.kind, Kind::Number(..));
                let numbered = amount.minutes.is_some() && amount.number.counted;
                speaks |= digits || numbered || amount.number.scale > 1;
                items.push(Item::Amount(amount));
                at = next;
                if self.has_plus(at) {
                    items.push(Item::Role(Role::From));
                }
                continue;
            }
            if let Some(named) = self.currency(token) {
                priced = true;
                foreign |= self.unit != Unit::Money(named);
            } else if let Some((role, next)) = self.role(at) {
                items.extend((role != Role::Filler).then_some(Item::Role(role)));
                at = next;
                continue;
            } else {
                all_known = false;
                speaks |= matches!(token.kind, Kind::At(_) | Kind::Date(..));
            }
            at += 1;
        }
        let items = Items {
            items: joined(&items),
            unit: self.unit,
        };
        let silent = items.items.iter().all(|item| matches!(item, Item::Role(_)));
        if foreign && speaks {
            Err(Reading::OtherCurrency)
        } else if all_known && !silent && items.are_sensible(priced) {
            Ok(items)
        } else if speaks {
            Err(Reading::Unclear)
        } else {
            Err(Reading::Nothing)
        }
    }

    /// The amount that begins at a token, and where it ends.
    fn amount(&self, at: usize) -> Option<(Amount, usize)> {
        match self.unit {
            Unit::Money(_) => {
                let (number, next) = number(self.tokens, at)?;
                Some((
                    Amount {
                        number,
                        minutes: None,
                    },
                    next,
                ))
            }
            Unit::Days => {
                let (number, minutes, next) = period(self.tokens, at)?;
                Some((Amount { number, minutes }, next))
            }
        }
    }

    fn currency(&self, token: &Token) -> Option<Currency> {
        if self.unit == Unit::Days {
            return None;
        }
        match &token.kind {
            Kind::Sign(c) => sign(*c),
            Kind::Word(word) if word == "тр" => Some(Currency::Rouble),
            Kind::Word(word) => currency(word),
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
        }
    }

    fn role(&self, at: usize) -> Option<(Role, usize)> {
        match &self.tokens[at].kind {
            Kind::Sign('-' | '–' | '—' | '‑' | '/') => Some((Role::Join, at + 1)),
            Kind::Sign('<' | '≤') => Some((Role::UpTo, at + 1)),
            Kind::Sign('>' | '≥') => Some((Role::From, at + 1)),
            Kind::Sign(c) => {
                let harmless = matches!(
                    c,
                    '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '\n'
                ) || (!c.is_ascii() && !c.is_alphanumeric());
                harmless.then_some((Role::Filler, at + 1))
            }
            Kind::Word(_) => {
                let mut words: Vec<&str> = Vec::new();
                let mut ends: Vec<usize> = Vec::new();
                let mut next = at;
                while let (Some(token), true) = (self.tokens.get(next), words.len() < PHRASE) {
                    match &token.kind {
                        Kind::Word(word) => {
                            words.push(word);
                            ends.push(next + 1);
                        }
                        // "где-то", "plus/minus"
                        Kind::Sign('-' | '/') => {}
                        Kind::Sign(_) | Kind::Number(..) | Kind::At(_) | Kind::Date(..) => break,
                    }
                    next += 1;
                }
                let (role, length) = role(&words, self.unit != Unit::Days)?;
                Some((role, ends[length - 1]))
            }
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
        }
    }

    /// Whether a plus stands behind the token before `at`: the reader of tokens passes over it.
    fn has_plus(&self, at: usize) -> bool {
        let end = at.checked_sub(1).map_or(0, |last| self.tokens[last].range.end);
        self.text[end..].trim_start().starts_with('+')
    }
}

/// Without what joins nothing: "to" in "we want to spend 40k", a dash at the start of a line.
fn joined(items: &[Item]) -> Vec<Item> {
    let is_amount = |at: Option<usize>| {
        let item = at.and_then(|at| items.get(at));
        item.is_some_and(|item| matches!(item, Item::Amount(_)))
    };
    let joins = |at: usize| is_amount(at.checked_sub(1)) && is_amount(Some(at + 1));
    let kept = |at: &usize| match items[*at] {
        Item::Role(Role::Join | Role::And | Role::Or) => joins(*at),
        Item::Role(Role::UpTo | Role::From | Role::Between | Role::Filler) | Item::Amount(_) => true,
    };
    (0..items.len()).filter(kept).map(|at| items[at]).collect()
}
