//! The lead form: which fields, in which order, of which kind.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

use super::locale::Locale;
use super::problem::{Problems, line_at};

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
    /// Whether it may be passed over.
    pub optional: bool,
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
}

impl Form {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
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
    #[serde(default)]
    optional: bool,
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
        fields.push(Field {
            name,
            kind: raw.kind,
            choices,
            synonyms,
            optional: raw.optional,
        });
    }
    if fields.is_empty() {
        problems.error(
            file,
            0,
            "the form has no field: expected one [[form.field]] at least",
        );
    }
    let phone_region = raw.phone_region.map(|region| {
        if region.get_ref().parse::<phonenumber::country::Id>().is_err() {
            let at = line_at(text, region.span().start);
            problems.error(
                file,
                at,
                format!(
                    "phone_region `{}`: expected an ISO 3166 code such as \"DE\"",
                    region.get_ref()
                ),
            );
        }
        region.into_inner()
    });
    Form {
        fields,
        consent_version: raw.consent_version.into_inner(),
        phone_region,
    }
}

fn is_field_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.as_bytes()[0].is_ascii_lowercase()
}
