//! Numbers of cards and accounts.

use std::ops::Range;

use super::contact::{DigitRun, follows_a_word};
use super::find::{Class, Finds};

/// Digits of a card's number.
const CARD: std::ops::RangeInclusive<usize> = 13..=19;

/// From this many digits on, a number is an account's, if nothing else.
const LONG: usize = 14;

/// Claims the numbers of payment cards: groups that follow each other and together pass Luhn's rule.
pub(super) fn cards(text: &str, runs: &[DigitRun], finds: &mut Finds) {
    for run in runs {
        for first in 0..run.groups.len() {
            for last in first..run.groups.len().min(first + 6) {
                let range = run.groups[first].start..run.groups[last].end;
                let plain = text[range.clone()]
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '-'));
                if !plain {
                    break;
                }
                let count: usize = run.groups[first..=last].iter().map(Range::len).sum();
                if CARD.contains(&count) && passes_luhn(&text[range.clone()]) {
                    finds.claim(Class::Card, range);
                }
            }
        }
    }
}

fn passes_luhn(number: &str) -> bool {
    luhn_sum(number).is_multiple_of(10) && number.contains(|c: char| c.is_ascii_digit() && c != '0')
}

fn luhn_sum(number: &str) -> u32 {
    let digits = number.chars().rev().filter_map(|c| c.to_digit(10));
    digits
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum()
}

/// Countries and the length of their account numbers (ISO 13616).
const IBAN_LENGTHS: &str = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28\
EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32\
LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24\
SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/// Claims international account numbers, alone or in groups.
pub(super) fn ibans(text: &str, finds: &mut Finds) {
    let bytes = text.as_bytes();
    for at in 0..bytes.len().saturating_sub(14) {
        let begins = (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && bytes[at..at + 2].iter().all(u8::is_ascii_alphabetic)
            && bytes[at + 2..at + 4].iter().all(u8::is_ascii_digit);
        if !begins {
            continue;
        }
        let Some(length) = iban_length(&bytes[at..at + 2]) else {
            continue;
        };
        if let Some(end) = iban_end(bytes, at, length) {
            finds.claim(Class::Iban, at..end);
        }
    }
}

fn iban_length(country: &[u8]) -> Option<usize> {
    let known = IBAN_LENGTHS.as_bytes().chunks_exact(4);
    let mut known = known.filter(|entry| entry[..2].eq_ignore_ascii_case(country));
    let digits = std::str::from_utf8(&known.next()?[2..]).ok()?;
    digits.parse().ok()
}

/// The end of the account number of `length` characters at `start`, if it is one.
fn iban_end(bytes: &[u8], start: usize, length: usize) -> Option<usize> {
    let mut number = Vec::with_capacity(length);
    let mut end = start;
    while number.len() < length {
        let b = *bytes.get(end)?;
        match b {
            b' ' | b'-' if end > start && bytes[end - 1].is_ascii_alphanumeric() => {}
            b if b.is_ascii_alphanumeric() => number.push(b.to_ascii_uppercase()),
            _ => return None,
        }
        end += 1;
    }
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (ends && mod_97(&number) == 1).then_some(end)
}

fn mod_97(number: &[u8]) -> u32 {
    let moved = number[4..].iter().chain(&number[..4]);
    moved.fold(0, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        b => (rest * 100 + u32::from(b - b'A') + 10) % 97,
    })
}

/// Words behind which a number is an account's, in lower case.
const ACCOUNTS: &[&str] = &[
    "account",
    "acct",
    "acc",
    "iban",
    "konto",
    "card",
    "passport",
    "ssn",
    "tax",
    "vat",
    "счет",
    "счёт",
    "р/с",
    "к/с",
    "л/с",
    "инн",
    "снилс",
    "карт",
    "паспорт",
    "бик",
];

/// Claims numbers of six digits and more behind a word for an account.
pub(super) fn labelled(text: &str, runs: &[DigitRun], finds: &mut Finds) {
    for run in runs {
        if run.digits() >= 6 && !run.plus && follows_a_word(text, run, ACCOUNTS) {
            finds.claim(Class::Account, run.range.clone());
        }
    }
}

/// Claims every number of [`LONG`] digits that nothing else claimed: as a whole, else its groups.
pub(super) fn long(text: &str, runs: &[DigitRun], finds: &mut Finds) {
    for run in runs {
        for group in &run.groups {
            if group.len() >= LONG {
                finds.claim(Class::Account, group.clone());
            }
        }
        let evenly = run.groups.len() > 1 && run.groups.iter().all(|group| group.len() >= 3);
        let blanks = text[run.range.clone()]
            .chars()
            .all(|c| c.is_ascii_digit() || c == ' ');
        if evenly && blanks && run.digits() >= LONG && run.groups.iter().any(|group| group.len() > 3) {
            finds.claim(Class::Account, run.range.clone());
        }
    }
}

/// The digits and the one behind them that Luhn's rule asks for.
#[cfg(test)]
pub(super) fn with_luhn(digits: &str) -> String {
    let missing = (10 - luhn_sum(&format!("{digits}0")) % 10) % 10;
    format!("{digits}{missing}")
}

/// The account number of a country and a bank's own number.
#[cfg(test)]
pub(super) fn iban(country: &str, own: &str) -> String {
    let check = 98 - mod_97(format!("{country}00{own}").as_bytes());
    format!("{country}{check:02}{own}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::redact::find;

    #[test]
    fn cards_and_accounts() {
        for (text, class, expected) in [
            ("4111 1111 1111 1111", Class::Card, "4111 1111 1111 1111"),
            (
                "card 4111-1111-1111-1111, 12/27",
                Class::Card,
                "4111-1111-1111-1111",
            ),
            ("378282246310005", Class::Card, "378282246310005"),
            (
                "DE89 3704 0044 0532 0130 00 please",
                Class::Iban,
                "DE89 3704 0044 0532 0130 00",
            ),
            ("gb82west12345698765432", Class::Iban, "gb82west12345698765432"),
            (
                "IBAN:DE89370400440532013000.",
                Class::Iban,
                "DE89370400440532013000",
            ),
            ("р/с 40702810900000012345", Class::Account, "40702810900000012345"),
            ("account no. 12345678", Class::Account, "12345678"),
            ("ИНН 7707083893", Class::Account, "7707083893"),
            ("4111111111111112", Class::Phone, "4111111111111112"),
            ("DE89370400440532013001", Class::Account, "89370400440532013001"),
        ] {
            let found: Vec<_> = find(text)
                .into_iter()
                .map(|f| (f.class, &text[f.range]))
                .collect();
            assert_eq!(found, [(class, expected)], "{text}");
        }
    }

    #[test]
    fn check_digits() {
        assert_eq!(with_luhn("411111111111111"), "4111111111111111");
        assert_eq!(iban("DE", "370400440532013000"), "DE89370400440532013000");
        assert!(!passes_luhn("0000000000000"));
        assert_eq!(IBAN_LENGTHS.len() % 4, 0);
    }
}
