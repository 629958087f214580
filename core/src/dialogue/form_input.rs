//! What a client typed, read as the value of a field.

use email_address::EmailAddress;
use std::ops::Range;

use crate::lead::Reading;
use crate::playbook::{Field, FieldKind, Locale, Texts, choice_key};
use crate::text::clip;

/// Longest value of a text field, in characters.
const TEXT_LIMIT: usize = 2_000;

/// Longest name, company or e-mail address, in bytes (the column's limit).
const SHORT_LIMIT: usize = 255;

/// Words before a choice's word that turn it round: "not now", "не срочно".
const NEGATIONS: &[&str] = &["not", "no", "never", "without", "dont", "не", "ни", "нет", "без"];

/// How many words before a choice's word may turn it round.
const NEGATED: usize = 3;

/// Reads a value that is given in so many words: a choice's name or label, an address, a number.
/// `None` if it is none. `region` is of numbers without a country.
pub(super) fn exact(
    region: Option<&str>,
    field: &Field,
    texts: &Texts,
    locales: &[Locale],
    typed: &str,
) -> Option<String> {
    let typed = typed.trim();
    match field.kind {
        FieldKind::Choice => choice(field, texts, locales, typed),
        FieldKind::Text => text(typed),
        FieldKind::Email => email(typed),
        FieldKind::Phone => phone(region, typed),
        FieldKind::Contact => email(typed).or_else(|| phone(region, typed)),
        FieldKind::Consent => {
            let bare = bare(typed);
            let yes = texts.words("words-yes").into_iter().any(|word| word == bare);
            yes.then(|| "yes".to_owned())
        }
    }
}

/// Reads a value out of a sentence: a choice one of whose words is in it or in whose range an amount
/// lies, an address or a number that stands somewhere. `None` if there is none, or more than one.
pub(crate) fn within(region: Option<&str>, field: &Field, typed: &str) -> Option<String> {
    match field.kind {
        FieldKind::Choice => choice_within(field, typed),
        FieldKind::Email => email_within(typed),
        FieldKind::Phone => phone_within(region, typed),
        FieldKind::Contact => email_within(typed).or_else(|| phone_within(region, typed)),
        FieldKind::Text | FieldKind::Consent => None,
    }
}

/// Lower case, without punctuation around.
pub(super) fn bare(typed: &str) -> String {
    typed.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

fn choice(field: &Field, texts: &Texts, locales: &[Locale], typed: &str) -> Option<String> {
    let wanted = typed.to_lowercase();
    let found = field.choices.iter().find(|choice| {
        choice.to_lowercase() == wanted
            || locales.iter().any(|locale| {
                texts
                    .get(locale, &choice_key(&field.name, choice), &[])
                    .to_lowercase()
                    == wanted
            })
    });
    found.cloned()
}

/// Whether a text names money in another currency than the field's.
pub(crate) fn in_other_currency(field: &Field, typed: &str) -> bool {
    let reading = field.ranges.as_ref().map(|ranges| ranges.read(typed));
    reading == Some(Reading::OtherCurrency)
}

/// The choice that a text means by its words and by its amounts. Where they do not agree it is better
/// asked again than guessed.
fn choice_within(field: &Field, typed: &str) -> Option<String> {
    let amount = |text: &str| field.ranges.as_ref().map(|ranges| ranges.read(text));
    // What is understood as a whole needs no more: "two months from now" is not "now".
    if let Some(Reading::Choice(choice)) = amount(typed) {
        return Some(choice.to_owned());
    }
    let (by_word, rest) = synonym(field, typed)?;
    let by_amount = match amount(&rest) {
        None | Some(Reading::Nothing) => None,
        Some(Reading::Choice(choice)) => Some(choice.to_owned()),
        Some(Reading::OtherCurrency | Reading::Unclear) => return None,
    };
    match (by_word, by_amount) {
        (Some(word), Some(amount)) => (word == amount).then_some(word),
        (one, other) => one.or(other),
    }
}

/// The choice one of whose words stands in a text, if any, and the text without these words. `None` if
/// there are words of two choices, or one is negated.
fn synonym(field: &Field, typed: &str) -> Option<(Option<String>, String)> {
    let text = plain(typed);
    let words = choice_words(field, &text);
    let choice = words.first().map(|(choice, _)| (*choice).clone());
    let clear = words
        .iter()
        .all(|(other, at)| Some(*other) == choice.as_ref() && !is_negated(&text[..at.start]));
    clear.then(|| (choice, blanked(text, &words)))
}

/// A text without the words that mean a choice of the field.
pub(super) fn without_words(field: &Field, typed: &str) -> String {
    let text = plain(typed);
    let words = choice_words(field, &text);
    blanked(text, &words)
}

/// A choice's word in a text, and where it stands.
type ChoiceWord<'a> = (&'a String, Range<usize>);

/// The words in a plain text that mean a choice. "Not urgent" is one word, and "urgent" within it none.
fn choice_words<'a>(field: &'a Field, text: &str) -> Vec<ChoiceWord<'a>> {
    let mut found: Vec<ChoiceWord<'a>> = Vec::new();
    for choice in &field.choices {
        let label = std::iter::once(choice);
        for word in label.chain(field.synonyms.get(choice).into_iter().flatten()) {
            let word = plain(word);
            if !word.is_empty() {
                found.extend(standing_in(text, &word).map(|at| (choice, at..at + word.len())));
            }
        }
    }
    let covers = |own: &Range<usize>, other: &Range<usize>| {
        other.start <= own.start && own.end <= other.end && other.len() > own.len()
    };
    let outermost = |(_, own): &ChoiceWord<'a>| !found.iter().any(|(_, other)| covers(own, other));
    found.iter().filter(|word| outermost(word)).cloned().collect()
}

fn blanked(mut text: String, words: &[ChoiceWord<'_>]) -> String {
    for (_, at) in words {
        text.replace_range(at.clone(), &" ".repeat(at.len()));
    }
    text
}

/// Lower case, with one spelling of `ё` and of the apostrophe.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('ё', "е").replace('’', "'")
}

/// Where `word` stands in `sentence` as a word of its own.
fn standing_in<'a>(sentence: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let alone = |(at, _): &(usize, &str)| {
        let before = sentence[..*at].chars().next_back();
        let after = sentence[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let places = sentence.match_indices(word).filter(move |place| alone(place));
    places.map(|(at, _)| at)
}

/// Whether what stands before a word turns it round, within the clause.
fn is_negated(before: &str) -> bool {
    let clause = before
        .rsplit([',', '.', ';', ':', '!', '?', '(', ')', '\n'])
        .next()
        .unwrap_or_default();
    clause
        .split_whitespace()
        .rev()
        .take(NEGATED)
        .any(|word| NEGATIONS.contains(&word) || word.ends_with("n't"))
}

fn text(typed: &str) -> Option<String> {
    (!typed.is_empty()).then(|| clip(typed, TEXT_LIMIT).to_owned())
}

fn email(typed: &str) -> Option<String> {
    // The library takes `user@localhost`; an address that a company can write to has a domain with a
    // dot and a top level of letters.
    if typed.len() > SHORT_LIMIT || !EmailAddress::is_valid(typed) {
        return None;
    }
    let (local, domain) = typed.rsplit_once('@')?;
    let top = domain.rsplit_once('.')?.1;
    let plausible =
        top.chars().count() >= 2 && !top.chars().any(|c| c.is_ascii_digit()) && !local.starts_with('"');
    plausible.then(|| format!("{local}@{}", domain.to_lowercase()))
}

fn email_within(typed: &str) -> Option<String> {
    let mut found = typed
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')'))
        .filter_map(|word| email(word.trim_end_matches(['.', '!', '?', ':'])));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn phone(region: Option<&str>, typed: &str) -> Option<String> {
    if !typed
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'))
    {
        return None;
    }
    let region = region.and_then(|region| region.parse().ok());
    let number = phonenumber::parse(region, typed).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

fn phone_within(region: Option<&str>, typed: &str) -> Option<String> {
    let start = typed.find(|c: char| c.is_ascii_digit() || c == '+')?;
    let rest = &typed[start..];
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/');
    let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
    phone(region, rest[..end].trim_end_matches(['.', ' ', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const REGION: Option<&str> = Some("DE");

    fn field(kind: FieldKind) -> Field {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let synonyms = BTreeMap::from([
            ("cloud".to_owned(), words(&["aws", "migration"])),
            ("devops".to_owned(), words(&["ci/cd", "kubernetes"])),
            ("other".to_owned(), words(&["not aws", "всё другое"])),
        ]);
        let choices = if kind == FieldKind::Choice {
            words(&["devops", "cloud", "other"])
        } else {
            vec![]
        };
        Field {
            name: "f".into(),
            kind,
            choices,
            synonyms,
            ranges: None,
            optional: false,
            personal: false,
        }
    }

    #[test]
    fn addresses() {
        for (typed, value) in [
            ("ann@example.com", Some("ann@example.com")),
            ("Ann.Lee@Example.COM", Some("Ann.Lee@example.com")),
            ("анна@пример.рф", Some("анна@пример.рф")),
            ("ann@example", None),
            ("ann@@example.com", None),
            ("ann example.com", None),
            ("ann@example.123", None),
            ("", None),
        ] {
            assert_eq!(email(typed).as_deref(), value, "{typed}");
        }
        assert_eq!(
            email_within("my mail is ann@example.com.").as_deref(),
            Some("ann@example.com")
        );
        assert_eq!(email_within("a@b.com or c@d.com"), None);
    }

    #[test]
    fn numbers() {
        for (typed, value) in [
            ("+49 30 901820", Some("+4930901820")),
            ("030 901820", Some("+4930901820")),
            ("+7 (912) 345-67-89", Some("+79123456789")),
            ("12", None),
            ("+1", None),
            ("call me", None),
            ("+49 30 90182000000000", None),
            ("0000000000", None),
        ] {
            assert_eq!(phone(REGION, typed).as_deref(), value, "{typed}");
        }
        assert_eq!(
            phone_within(REGION, "it is +49 30 901820, thanks").as_deref(),
            Some("+4930901820")
        );
        // An extension is nothing that can be dialled from outside: the number without it counts.
        assert_eq!(
            phone_within(REGION, "+49 30 901820 ext. 12").as_deref(),
            Some("+4930901820")
        );
        // The same digits are another number elsewhere.
        assert_eq!(
            phone(Some("RU"), "8 912 345-67-89").as_deref(),
            Some("+79123456789")
        );
        assert_ne!(phone(REGION, "8 912 345-67-89").as_deref(), Some("+79123456789"));
        assert_eq!(phone(None, "030 901820"), None);
    }

    #[test]
    fn choices_in_a_sentence() {
        let field = field(FieldKind::Choice);
        for (typed, value) in [
            ("something with AWS please", Some("cloud")),
            ("CI/CD", Some("devops")),
            ("laws", None),
            ("kubernetes on aws", None),
            ("it is devops", Some("devops")),
            ("not AWS", Some("other")),
            ("ВСЕ ДРУГОЕ", Some("other")),
            ("no kubernetes", None),
            ("we don't want kubernetes", None),
            ("no, kubernetes", Some("devops")),
        ] {
            assert_eq!(within(REGION, &field, typed).as_deref(), value, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics_and_what_is_read_is_clean(typed in "\\PC{0,200}") {
            for kind in [FieldKind::Choice, FieldKind::Text, FieldKind::Email, FieldKind::Phone, FieldKind::Contact] {
                let field = field(kind);
                if let Some(value) = within(REGION, &field, &typed) {
                    prop_assert!(!value.is_empty() && value.len() <= SHORT_LIMIT);
                }
            }
            if let Some(value) = email(&typed) {
                prop_assert!(value.contains('@'));
            }
        }
    }
}
