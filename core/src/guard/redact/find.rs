//! What is to be replaced in a text, and where.

use std::ops::Range;

use super::{account, contact, secret};

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// The number of a payment card (Luhn).
    Card,
    /// An international bank account number (mod 97).
    Iban,
    /// Another number of an account: named as one, or of 14 digits and more.
    Account,
    /// A key, a token, a password.
    Secret,
    /// What looks like a placeholder and is none.
    Text,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 7] = [
        Class::Email,
        Class::Phone,
        Class::Card,
        Class::Iban,
        Class::Account,
        Class::Secret,
        Class::Text,
    ];

    /// Its name in placeholders.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Email => "EMAIL",
            Class::Phone => "PHONE",
            Class::Card => "CARD",
            Class::Iban => "IBAN",
            Class::Account => "ACCOUNT",
            Class::Secret => "SECRET",
            Class::Text => "TEXT",
        }
    }
}

/// A value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub class: Class,
    /// Where it is, in bytes.
    pub range: Range<usize>,
}

/// The values in a text, in order, none within another.
///
/// | class | what is found |
/// | --- | --- |
/// | e-mail | `local@domain.tld` in any script |
/// | phone | with `+` or `00`; ten digits and more; `0…` of eight and more; shorter behind a word for it; written with blanks, dashes, dots, slashes, brackets. No prices, dates, IP addresses |
/// | card | 13 to 19 digits that Luhn's rule accepts, alone or in groups |
/// | IBAN | by its country's length and mod 97, alone or in groups |
/// | account | 14 digits and more; six and more behind a word for an account |
/// | secret | keys by their prefix (`sk-`, `ghp_`, `AKIA`, …), Telegram bot tokens, JWT, PEM blocks, `user:password@` in an address, what follows `password:` and its like in English and Russian, long random strings |
pub fn find(text: &str) -> Vec<Found> {
    let mut finds = Finds::new(text);
    placeholders(text, &mut finds);
    secret::find(text, &mut finds);
    contact::emails(text, &mut finds);
    account::ibans(text, &mut finds);
    let runs = contact::digit_runs(text);
    account::cards(text, &runs, &mut finds);
    account::labelled(text, &runs, &mut finds);
    contact::phones(text, &runs, &mut finds);
    account::long(text, &runs, &mut finds);
    finds.sorted()
}

/// Values found so far; the first to claim a stretch of text has it.
pub(super) struct Finds {
    found: Vec<Found>,
    taken: Vec<bool>,
}

impl Finds {
    fn new(text: &str) -> Self {
        Finds {
            found: Vec::new(),
            taken: vec![false; text.len()],
        }
    }

    /// Whether nothing claimed any of it.
    pub fn is_free(&self, range: &Range<usize>) -> bool {
        !self.taken[range.clone()].iter().any(|taken| *taken)
    }

    /// Claims a stretch, unless some of it is claimed.
    pub fn claim(&mut self, class: Class, range: Range<usize>) {
        if range.is_empty() || !self.is_free(&range) {
            return;
        }
        self.taken[range.clone()].fill(true);
        self.found.push(Found { class, range });
    }

    fn sorted(mut self) -> Vec<Found> {
        self.found.sort_by_key(|found| found.range.start);
        self.found
    }
}

/// No placeholder, and nothing taken for one, is longer.
pub(super) const LONGEST_PLACEHOLDER: usize = 16;

/// Most digits of a placeholder's number.
const LONGEST_NUMBER: usize = 6;

pub(super) struct PlaceholderAt {
    pub class: Class,
    /// `None` if no placeholder is written like that.
    pub number: Option<u32>,
    pub length: usize,
}

/// The placeholder, or what looks like one, at the start of `text`: `<`, a class in any case, `_`, up
/// to six digits, `>`.
pub(super) fn placeholder_at(text: &str) -> Option<PlaceholderAt> {
    let inner = text.strip_prefix('<')?;
    let (class, after) = Class::ALL.into_iter().find_map(|class| {
        let name = class.as_str();
        let written = inner.get(..name.len())?;
        let after = inner[name.len()..].strip_prefix('_')?;
        written.eq_ignore_ascii_case(name).then_some((class, after))
    })?;
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > LONGEST_NUMBER || !after[digits..].starts_with('>') {
        return None;
    }
    let written = &after[..digits];
    let number = if written.starts_with('0') {
        None
    } else {
        written.parse().ok()
    };
    Some(PlaceholderAt {
        class,
        number,
        length: text.len() - after.len() + digits + 1,
    })
}

fn placeholders(text: &str, finds: &mut Finds) {
    let mut from = 0;
    while let Some(at) = text[from..].find('<') {
        let start = from + at;
        match placeholder_at(&text[start..]) {
            Some(found) => {
                finds.claim(Class::Text, start..start + found.length);
                from = start + found.length;
            }
            None => from = start + 1,
        }
    }
}
