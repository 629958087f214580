//! The lead form: which fields, in which order, of which kind.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Spanned;

use crate::lead::Ranges;

use super::duration;
use super::locale::Locale;
use super::problem::{Problems, line_at};
use super::ranges::{self, RawAmount};

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One of its choices.
    Choice,
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An e-mail address or a phone number.
    Contact,
    /// Agreement; without it the form cannot be confirmed.
    Consent,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name: a column of leads, or a name kept in its fields.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// For a choice: what may be chosen, in order.
    pub choices: Vec<String>,
    /// For a choice: words that mean one of them, in any locale, in lower case.
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// For a choice: what its choices are ranges of, so that typed amounts or periods mean one.
    pub ranges: Option<Ranges>,
    /// Whether it may be passed over.
    pub optional: bool,
    /// Whether it says who the client is: forgotten if they do not consent. Contacts always are.
    pub personal: bool,
}

/// The form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// In the order they are asked for.
    pub fields: Vec<Field>,
    /// Version of the text people consent to.
    pub consent_version: String,
    /// Region of phone numbers typed without a country, as ISO 3166 (`DE`).
    pub phone_region: Option<String>,
    /// The same for clients who are spoken to in another locale, by its tag.
    pub phone_regions: BTreeMap<String, String>,
    /// After how long of silence the client is reminded of an unfinished form, once; `None`: never.
    pub reminder_after: Option<Duration>,
}

impl Field {
    /// Whether a model may find its value in what the client wrote. Consent is given, never found.
    pub fn may_be_found(&self) -> bool {
        match self.kind {
            FieldKind::Choice
            | FieldKind::Text
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Contact => true,
            FieldKind::Consent => false,
        }
    }

    /// Whether it is forgotten if the client does not consent.
    pub fn is_personal(&self) -> bool {
        match self.kind {
            FieldKind::Email | FieldKind::Phone | FieldKind::Contact => true,
            FieldKind::Choice | FieldKind::Text | FieldKind::Consent => self.personal,
        }
    }
}

impl Form {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Region of phone numbers that a client of this locale types without a country.
    pub fn region(&self, locale: &Locale) -> Option<&str> {
        let own = self.phone_regions.get(locale.as_str());
        own.or(self.phone_region.as_ref()).map(String::as_str)
    }
}

/// Name of a choice within a text's key: `<10k` is `lt-10k`, `150k+` is `150k-plus`.
pub fn choice_key(field: &str, choice: &str) -> String {
    let mut key = format!("choice-{field}-");
    for c in choice.chars() {
        match c {
            '<' => key.push_str("lt-"),
            '>' => key.push_str("gt-"),
            '+' => key.push_str("-plus"),
            c if c.is_ascii_alphanumeric() || c == '_' || c == '-' => key.push(c),
            _ => key.push('_'),
        }
    }
    key
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawForm {
    consent_version: Spanned<String>,
    phone_region: Option<Spanned<String>>,
    #[serde(default)]
    phone_regions: BTreeMap<String, Spanned<String>>,
    reminder_after: Option<Spanned<String>>,
    #[serde(default)]
    field: Vec<Spanned<RawField>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: Spanned<String>,
    kind: FieldKind,
    #[serde(default)]
    choices: Vec<Spanned<String>>,
    #[serde(default)]
    synonyms: BTreeMap<String, Spanned<BTreeMap<String, Vec<String>>>>,
    amount: Option<Spanned<RawAmount>>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    personal: bool,
}

/// Checks the form.
pub(super) fn parse(
    file: &str,
    text: &str,
    raw: RawForm,
    locales: &[Locale],
    problems: &mut Problems,
) -> Form {
    let mut fields: Vec<Field> = Vec::new();
    for spanned in raw.field {
        let start = line_at(text, spanned.span().start);
        let raw = spanned.into_inner();
        let line = line_at(text, raw.name.span().start);
        let name = raw.name.into_inner();
        if !is_field_name(&name) {
            problems.error(
                file,
                line,
                format!("field name `{name}`: expected 1 to 40 of a-z, 0-9 and `_`"),
            );
        } else if fields.iter().any(|field| field.name == name) {
            problems.error(
                file,
                line,
                format!("field `{name}` is there twice: expected a name of its own"),
            );
        }
        if (raw.kind == FieldKind::Choice) == raw.choices.is_empty() {
            let what = if raw.choices.is_empty() {
                "needs"
            } else {
                "takes no"
            };
            problems.error(
                file,
                start,
                format!("field `{name}` {what} `choices`: expected them for kind \"choice\" only"),
            );
        }
        if raw.kind == FieldKind::Consent && raw.optional {
            problems.error(
                file,
                start,
                format!("field `{name}` is consent and optional: expected one or the other"),
            );
        }
        let mut choices = Vec::new();
        for choice in raw.choices {
            let at = line_at(text, choice.span().start);
            let choice = choice.into_inner();
            if choice.is_empty() || choice.len() > 32 || choices.contains(&choice) {
                problems.error(
                    file,
                    at,
                    format!("choice `{choice}` of `{name}`: expected 1 to 32 bytes, each once"),
                );
            }
            choices.push(choice);
        }
        let mut synonyms: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (locale, words) in raw.synonyms {
            let at = line_at(text, words.span().start);
            if !locales.iter().any(|known| known.as_str() == locale) {
                problems.error(
                    file,
                    at,
                    format!("synonyms of `{name}` in `{locale}`: expected a supported locale"),
                );
            }
            for (choice, words) in words.into_inner() {
                if !choices.contains(&choice) {
                    problems.error(
                        file,
                        at,
                        format!("synonyms of `{choice}`: expected a choice of `{name}`"),
                    );
                }
                let lower = words.iter().map(|word| word.to_lowercase());
                synonyms.entry(choice).or_default().extend(lower);
            }
        }
        let ranges = raw
            .amount
            .and_then(|raw| ranges::parse(file, text, raw, &name, &choices, problems));
        fields.push(Field {
            name,
            kind: raw.kind,
            choices,
            synonyms,
            ranges,
            optional: raw.optional,
            personal: raw.personal,
        });
    }
    if fields.is_empty() {
        problems.error(
            file,
            0,
            "the form has no field: expected one [[form.field]] at least",
        );
    }
    let mut region = |key: &str, region: Spanned<String>| {
        if region.get_ref().parse::<phonenumber::country::Id>().is_err() {
            let at = line_at(text, region.span().start);
            problems.error(
                file,
                at,
                format!(
                    "{key} `{}`: expected an ISO 3166 code such as \"DE\"",
                    region.get_ref()
                ),
            );
        }
        region.into_inner()
    };
    let phone_region = raw.phone_region.map(|raw| region("phone_region", raw));
    let phone_regions: BTreeMap<String, String> = raw
        .phone_regions
        .into_iter()
        .map(|(locale, raw)| {
            let code = region("phone_regions", raw);
            (locale, code)
        })
        .collect();
    for tag in phone_regions.keys() {
        if !locales.iter().any(|locale| locale.as_str() == tag) {
            problems.error(
                file,
                0,
                format!("phone_regions of `{tag}`: expected a supported locale"),
            );
        }
    }
    let reminder_after = raw
        .reminder_after
        .and_then(|raw| duration::parse(file, text, "form.reminder_after", &raw, problems));
    Form {
        fields,
        consent_version: raw.consent_version.into_inner(),
        phone_region,
        phone_regions,
        reminder_after,
    }
}

fn is_field_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.as_bytes()[0].is_ascii_lowercase()
}
