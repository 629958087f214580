//! E-mail addresses and phone numbers.

use std::ops::Range;

use super::find::{Class, Finds};

/// Claims e-mail addresses: generous, because an address too many costs nothing.
pub(super) fn emails(text: &str, finds: &mut Finds) {
    for (at, _) in text.match_indices('@') {
        let local = text[..at]
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_alphanumeric() || "._%+-'!#$&*=?^`{|}~".contains(*c))
            .last();
        let domain: usize = text[at + 1..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .map(char::len_utf8)
            .sum();
        let domain = text[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        let plausible = top.chars().count() >= 2 && !top.chars().any(|c| c.is_ascii_digit());
        if let (Some((start, _)), true) = (local, plausible) {
            finds.claim(Class::Email, start..at + 1 + domain.len());
        }
    }
}

/// Groups of digits with at most a few separators between them: perhaps a number of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DigitRun {
    /// From its `+` or bracket to its last digit.
    pub range: Range<usize>,
    /// Whether it begins with `+`.
    pub plus: bool,
    /// Its groups.
    pub groups: Vec<Range<usize>>,
}

impl DigitRun {
    /// How many digits it has.
    pub fn digits(&self) -> usize {
        self.groups.iter().map(Range::len).sum()
    }

    /// What stands between a group and the next.
    fn separator<'a>(&self, text: &'a str, at: usize) -> &'a str {
        &text[self.groups[at].end..self.groups[at + 1].start]
    }
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '.' | '/' | '(' | ')'
    )
}

/// All runs of a text, without the dates in them.
pub(super) fn digit_runs(text: &str) -> Vec<DigitRun> {
    let mut runs: Vec<DigitRun> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let group = at..end;
        match runs.last_mut() {
            Some(run) if joins(&text[run.range.end..at]) => {
                run.range.end = end;
                run.groups.push(group);
            }
            _ => {
                let mut start = at;
                if text[..start].ends_with('(') {
                    start -= 1;
                }
                let plus = text[..start].ends_with('+');
                if plus {
                    start -= 1;
                }
                runs.push(DigitRun {
                    range: start..end,
                    plus,
                    groups: vec![group],
                });
            }
        }
        at = end;
    }
    runs.into_iter()
        .flat_map(|run| without_dates(text, run))
        .collect()
}

fn joins(between: &str) -> bool {
    let count = between.chars().count();
    // A full stop and a blank end a sentence, not a group.
    (1..=3).contains(&count) && between.chars().all(is_separator) && !between.contains(". ")
}

/// Splits a run at the dates in it (`24.11.2026`, `2026-11-24`); these are no part of any number.
fn without_dates(text: &str, run: DigitRun) -> Vec<DigitRun> {
    let dates: Vec<usize> = if run.plus {
        Vec::new()
    } else {
        (0..run.groups.len().saturating_sub(2))
            .filter(|at| is_date(text, &run, *at))
            .collect()
    };
    if dates.is_empty() {
        return vec![run];
    }
    let mut parts = Vec::new();
    let mut part: Vec<Range<usize>> = Vec::new();
    for (at, group) in run.groups.iter().enumerate() {
        if dates.iter().any(|date| (*date..date + 3).contains(&at)) {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(group.clone());
        }
    }
    parts.push(part);
    parts
        .into_iter()
        .filter_map(|groups| {
            let range = groups.first()?.start..groups.last()?.end;
            Some(DigitRun {
                range,
                plus: false,
                groups,
            })
        })
        .collect()
}

fn is_date(text: &str, run: &DigitRun, at: usize) -> bool {
    let [a, b, c] = [0, 1, 2].map(|next| &text[run.groups[at + next].clone()]);
    let between = run.separator(text, at);
    let alone = |edge: usize| run.separator(text, edge) != between;
    if !matches!(between, "." | "-" | "/")
        || run.separator(text, at + 1) != between
        || (at > 0 && !alone(at - 1))
        || (at + 3 < run.groups.len() && !alone(at + 2))
    {
        return false;
    }
    let number = |digits: &str| digits.parse::<u32>().unwrap_or(u32::MAX);
    let day_and_month = |one: &str, other: &str| {
        one.len() <= 2
            && other.len() <= 2
            && (1..=31).contains(&number(one))
            && (1..=31).contains(&number(other))
            && (number(one) <= 12 || number(other) <= 12)
    };
    let year = |digits: &str| digits.len() == 4 && (1900..2200).contains(&number(digits));
    (year(a) && day_and_month(b, c)) || (day_and_month(a, b) && (year(c) || (c.len() == 2 && between != "-")))
}

/// Words behind which even a short number is one to call, in lower case.
const CALLS: &[&str] = &[
    "tel",
    "phone",
    "call",
    "mobile",
    "cell",
    "whatsapp",
    "fax",
    "handy",
    "тел",
    "звон",
    "моб",
    "ватсап",
    "вотсап",
    "факс",
];

/// Claims phone numbers.
pub(super) fn phones(text: &str, runs: &[DigitRun], finds: &mut Finds) {
    for run in runs {
        if finds.is_free(&run.range) && is_phone(text, run) {
            finds.claim(Class::Phone, run.range.clone());
        }
    }
}

fn is_phone(text: &str, run: &DigitRun) -> bool {
    let digits = run.digits();
    if run.plus {
        return digits >= 7;
    }
    let before = text[..run.range.start].chars().next_back();
    let after = text[run.range.end..].chars().next();
    if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        || after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        || is_amount(text, run)
        || is_ip_address(text, run)
    {
        return false;
    }
    if digits >= 5 && follows_a_word(text, run, CALLS) {
        return true;
    }
    let first = &text[run.groups[0].clone()];
    if first.starts_with('0') && first != "0" {
        return digits >= 8;
    }
    let within_an_id = before == Some('-')
        && text[..run.range.start - 1]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_alphanumeric());
    digits >= 10 && !within_an_id && run.groups.iter().any(|group| group.len() >= 3)
}

/// Whether one of `words` begins a word shortly before the run.
pub(super) fn follows_a_word(text: &str, run: &DigitRun, words: &[&str]) -> bool {
    let mut from = run.range.start.saturating_sub(40);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let near = text[from..run.range.start].to_lowercase();
    let near = near
        .rsplit(['\n', '.', '!', '?', ';'])
        .find(|part| !part.trim().is_empty());
    let Some(near) = near.filter(|near| !near.contains(|c: char| c.is_ascii_digit())) else {
        return false;
    };
    near.split(|c: char| !c.is_alphanumeric() && c != '/')
        .any(|word| words.iter().any(|known| word.starts_with(known)))
}

/// Signs and words of money, in lower case; what begins with one of the words counts.
const MONEY: &[&str] = &[
    "eur", "usd", "gbp", "rub", "chf", "dollar", "pound", "euro", "руб", "евро", "долл", "тыс", "млн", "грн",
];

/// Whether it is written as an amount: with a currency, in thousands, in round figures.
fn is_amount(text: &str, run: &DigitRun) -> bool {
    let sign = |c: char| matches!(c, '€' | '$' | '£' | '₽' | '¥' | '₴' | '%');
    let before = text[..run.range.start].trim_end();
    let after = text[run.range.end..].trim_start();
    let word_before = before
        .rsplit(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or("")
        .to_lowercase();
    let word_after = after
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or("")
        .to_lowercase();
    if before.ends_with(sign)
        || after.starts_with(sign)
        || MONEY
            .iter()
            .any(|money| word_before.starts_with(money) || word_after.starts_with(money))
    {
        return true;
    }
    let mut figures: Vec<(usize, String)> = Vec::new();
    for (at, group) in run.groups.iter().enumerate() {
        let digits = &text[group.clone()];
        let in_thousands = at > 0
            && digits.len() == 3
            && matches!(run.separator(text, at - 1), " " | "." | "\u{a0}" | "\u{202f}")
            && run.groups[at - 1].len() <= 3;
        match figures.last_mut() {
            Some((groups, figure)) if in_thousands => {
                *groups += 1;
                figure.push_str(digits);
            }
            _ => figures.push((1, digits.to_owned())),
        }
    }
    if figures.iter().any(|(_, figure)| figure.starts_with('0')) {
        return false;
    }
    let one_in_thousands = figures.len() == 1 && figures[0].0 > 1;
    one_in_thousands || figures.iter().all(|(_, figure)| figure.ends_with("00"))
}

fn is_ip_address(text: &str, run: &DigitRun) -> bool {
    run.groups.len() == 4
        && run.groups.iter().all(|group| group.len() <= 3)
        && (0..3).all(|at| run.separator(text, at) == ".")
}

#[cfg(test)]
mod tests {
    use crate::guard::redact::{Class, find};

    fn found(text: &str, class: Class) -> Vec<&str> {
        let all = find(text).into_iter().filter(|found| found.class == class);
        all.map(|found| &text[found.range]).collect()
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("mail ann.lee+x@example.co.uk.", "ann.lee+x@example.co.uk"),
            ("(анна@пример.рф)", "анна@пример.рф"),
            ("<ann@example.com>", "ann@example.com"),
            ("mailto:ann@example.com?subject=x", "ann@example.com"),
        ] {
            assert_eq!(found(text, Class::Email), [expected], "{text}");
        }
        for text in ["@ann", "a@b", "1@2.3", "ann@ example.com", "me @ home.now"] {
            assert!(found(text, Class::Email).is_empty(), "{text}");
        }
    }

    #[test]
    fn numbers_to_call() {
        for (text, expected) in [
            ("+49 30 901820", "+49 30 901820"),
            ("+49 (0) 30 / 90 18 20", "+49 (0) 30 / 90 18 20"),
            ("0049 30 901820!", "0049 30 901820"),
            ("030/901820", "030/901820"),
            ("(030) 90-18-20", "(030) 90-18-20"),
            ("0151 23456789", "0151 23456789"),
            ("звоните 8 (912) 345-67-89 завтра", "8 (912) 345-67-89"),
            ("+7 912 345 67 89", "+7 912 345 67 89"),
            ("89123456789", "89123456789"),
            ("(415) 555-2671.", "(415) 555-2671"),
            ("415.555.2671", "415.555.2671"),
            ("1-800-555-2671", "1-800-555-2671"),
            ("06 12 34 56 78", "06 12 34 56 78"),
            ("my phone is 901820", "901820"),
            ("тел. 90-18-20", "90-18-20"),
            ("wa.me/4915123456789", "4915123456789"),
            ("on 24.11.2026 call 030 901820", "030 901820"),
        ] {
            assert_eq!(found(text, Class::Phone), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_no_number_to_call() {
        for text in [
            "EUR 2,500 to 6,000",
            "2 500 до 6 000 евро",
            "10000-50000 EUR",
            "10 000 - 50 000",
            "1 250 000 000",
            "€1250000000",
            "24.11.2026",
            "2026-11-24 20:37",
            "24/11/26",
            "order 12345678",
            "order #4821",
            "24/7, 9-18",
            "192.168.100.200",
            "550e8400-e29b-41d4-a716-446655440000",
            "0.12345678",
            "10 20 30 40 50 60",
            "version 1.2.3",
            "v20261124a",
            "150k+",
        ] {
            assert!(find(text).is_empty(), "{text}: {:?}", find(text));
        }
    }
}
