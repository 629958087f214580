//! What a client typed, read as the value of a field.

use email_address::EmailAddress;

use crate::playbook::{Field, FieldKind, Form, Locale, Texts, choice_key};
use crate::text::clip;

/// Longest value of a text field, in characters.
const TEXT_LIMIT: usize = 2_000;

/// Longest name, company or e-mail address, in bytes (the column's limit).
const SHORT_LIMIT: usize = 255;

/// Reads a value that is given in so many words: a choice's name or label, an address, a number.
/// `None` if it is none.
pub(super) fn exact(
    form: &Form,
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
        FieldKind::Phone => phone(form, typed),
        FieldKind::Contact => email(typed).or_else(|| phone(form, typed)),
        FieldKind::Consent => {
            let bare = bare(typed);
            let yes = texts.words("words-yes").into_iter().any(|word| word == bare);
            yes.then(|| "yes".to_owned())
        }
    }
}

/// Reads a value out of a sentence: a choice one of whose words is in it, an address or a number
/// that stands somewhere. `None` if there is none, or more than one.
pub(crate) fn within(form: &Form, field: &Field, typed: &str) -> Option<String> {
    match field.kind {
        FieldKind::Choice => synonym(field, typed),
        FieldKind::Email => email_within(typed),
        FieldKind::Phone => phone_within(form, typed),
        FieldKind::Contact => email_within(typed).or_else(|| phone_within(form, typed)),
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

fn synonym(field: &Field, typed: &str) -> Option<String> {
    let lower = typed.to_lowercase();
    let mut found = field.choices.iter().filter(|choice| {
        let label = std::iter::once(choice.to_lowercase());
        let words = field.synonyms.get(*choice).into_iter().flatten().cloned();
        label.chain(words).any(|word| stands_in(&lower, &word))
    });
    let first = found.next()?;
    // Two different choices in one sentence: better asked again than guessed.
    found.next().is_none().then(|| first.clone())
}

/// Whether `word` stands in `sentence` as a word of its own.
fn stands_in(sentence: &str, word: &str) -> bool {
    sentence.match_indices(word).any(|(at, _)| {
        let before = sentence[..at].chars().next_back();
        let after = sentence[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
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

fn phone(form: &Form, typed: &str) -> Option<String> {
    if !typed
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'))
    {
        return None;
    }
    let region = form.phone_region.as_ref().and_then(|region| region.parse().ok());
    let number = phonenumber::parse(region, typed).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

fn phone_within(form: &Form, typed: &str) -> Option<String> {
    let start = typed.find(|c: char| c.is_ascii_digit() || c == '+')?;
    let rest = &typed[start..];
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/');
    let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
    phone(form, rest[..end].trim_end_matches(['.', ' ', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn form(kind: FieldKind) -> (Form, Field) {
        let synonyms = BTreeMap::from([
            ("cloud".to_owned(), vec!["aws".to_owned(), "migration".to_owned()]),
            (
                "devops".to_owned(),
                vec!["ci/cd".to_owned(), "kubernetes".to_owned()],
            ),
        ]);
        let choices = if kind == FieldKind::Choice {
            vec!["devops".into(), "cloud".into()]
        } else {
            vec![]
        };
        let field = Field {
            name: "f".into(),
            kind,
            choices,
            synonyms,
            optional: false,
        };
        let form = Form {
            fields: vec![field.clone()],
            consent_version: "1".into(),
            phone_region: Some("DE".into()),
        };
        (form, field)
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
        let (form, _) = form(FieldKind::Phone);
        for (typed, value) in [
            ("+49 30 901820", Some("+4930901820")),
            ("030 901820", Some("+4930901820")),
            ("+7 (912) 345-67-89", Some("+79123456789")),
            ("12", None),
            ("+1", None),
            ("call me", None),
        ] {
            assert_eq!(phone(&form, typed).as_deref(), value, "{typed}");
        }
        assert_eq!(
            phone_within(&form, "it is +49 30 901820, thanks").as_deref(),
            Some("+4930901820")
        );
    }

    #[test]
    fn choices_in_a_sentence() {
        let (form, field) = form(FieldKind::Choice);
        for (typed, value) in [
            ("something with AWS please", Some("cloud")),
            ("CI/CD", Some("devops")),
            ("laws", None),
            ("kubernetes on aws", None),
            ("it is devops", Some("devops")),
        ] {
            assert_eq!(within(&form, &field, typed).as_deref(), value, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics_and_what_is_read_is_clean(typed in "\\PC{0,200}") {
            for kind in [FieldKind::Choice, FieldKind::Text, FieldKind::Email, FieldKind::Phone, FieldKind::Contact] {
                let (form, field) = form(kind);
                if let Some(value) = within(&form, &field, &typed) {
                    prop_assert!(!value.is_empty() && value.len() <= SHORT_LIMIT);
                }
            }
            if let Some(value) = email(&typed) {
                prop_assert!(value.contains('@'));
            }
        }
    }
}
