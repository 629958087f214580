//! Knowledge entries: questions, and the company's answer to them.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

use super::locale::Locale;
use super::problem::{Problems, line_at};

/// What follows the answer of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Nothing: the client goes on.
    #[default]
    None,
    /// A person at once, with an urgent card; the form is left.
    Urgent,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in buttons, logs and the database: `a-z 0-9 - _`, at most 48.
    pub slug: String,
    /// Menu actions offered under the answer.
    pub buttons: Vec<String>,
    /// What follows its answer.
    pub route: Route,
    /// Phrasings by locale.
    pub questions: BTreeMap<Locale, Vec<String>>,
    /// The answer by locale; the default locale has one.
    pub answer: BTreeMap<Locale, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    entry: Vec<Spanned<RawEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    slug: Spanned<String>,
    #[serde(default)]
    buttons: Vec<Spanned<String>>,
    route: Option<Spanned<String>>,
    questions: BTreeMap<String, Spanned<Vec<String>>>,
    answer: BTreeMap<String, Spanned<String>>,
}

/// What the entries of all files are checked against.
pub(super) struct Expected<'a> {
    pub locales: &'a [Locale],
    pub default: Option<&'a Locale>,
    pub buttons: &'a [&'a str],
}

/// Reads one knowledge file.
pub(super) fn parse_file(
    file: &str,
    text: &str,
    expected: &Expected<'_>,
    seen: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Vec<Entry> {
    let raw: RawFile = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            problems.error(file, line, error.message());
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    for spanned in raw.entry {
        let line = line_at(text, spanned.span().start);
        let raw = spanned.into_inner();
        let slug = raw.slug.get_ref().clone();
        let slug_line = line_at(text, raw.slug.span().start);
        if !is_slug(&slug) {
            problems.error(
                file,
                slug_line,
                format!(
                    "slug `{slug}`: expected 1 to 48 of a-z, 0-9, `-` and `_`, for example \"devops-audit-price\""
                ),
            );
        } else if !seen.insert(slug.clone()) {
            problems.error(
                file,
                slug_line,
                format!("slug `{slug}` is used twice: expected a name of its own"),
            );
        }
        for button in &raw.buttons {
            if !expected.buttons.contains(&button.get_ref().as_str()) {
                problems.error(
                    file,
                    line_at(text, button.span().start),
                    format!(
                        "button `{}`: expected one of {}",
                        button.get_ref(),
                        expected.buttons.join(", ")
                    ),
                );
            }
        }
        let route = match raw
            .route
            .as_ref()
            .map(|route| (route.get_ref().as_str(), route.span()))
        {
            None => Route::None,
            Some(("urgent", _)) => Route::Urgent,
            Some((other, span)) => {
                problems.error(
                    file,
                    line_at(text, span.start),
                    format!("route `{other}`: expected \"urgent\", or none at all"),
                );
                Route::None
            }
        };
        let mut entry = Entry {
            slug: slug.clone(),
            buttons: raw.buttons.into_iter().map(Spanned::into_inner).collect(),
            route,
            questions: BTreeMap::new(),
            answer: BTreeMap::new(),
        };
        for (name, questions) in raw.questions {
            let at = line_at(text, questions.span().start);
            let Some(locale) = expected.locales.iter().find(|locale| locale.as_str() == name) else {
                problems.error(file, at, unknown_locale(&name, expected.locales));
                continue;
            };
            let list = questions.into_inner();
            if list.len() < 5 {
                problems.warn(
                    file,
                    at,
                    format!(
                        "`{slug}` has {} questions in {name}: 5 at least are expected, 10 wanted",
                        list.len()
                    ),
                );
            }
            entry.questions.insert(locale.clone(), list);
        }
        for (name, answer) in raw.answer {
            let at = line_at(text, answer.span().start);
            let Some(locale) = expected.locales.iter().find(|locale| locale.as_str() == name) else {
                problems.error(file, at, unknown_locale(&name, expected.locales));
                continue;
            };
            if answer.get_ref().trim().is_empty() {
                problems.error(
                    file,
                    at,
                    format!("the answer of `{slug}` in {name} is empty: expected a text"),
                );
            }
            entry.answer.insert(locale.clone(), answer.into_inner());
        }
        for locale in expected.locales {
            for (what, there) in [
                ("questions", entry.questions.contains_key(locale)),
                ("answer", entry.answer.contains_key(locale)),
            ] {
                if there {
                    continue;
                }
                let message = format!("`{slug}` has no {what} in {locale}: expected every supported locale");
                // What the default locale has is said to everybody; without it there is nothing to say.
                if Some(locale) == expected.default {
                    problems.error(file, line, message);
                } else {
                    problems.warn(file, line, message);
                }
            }
        }
        entries.push(entry);
    }
    entries
}

fn unknown_locale(name: &str, locales: &[Locale]) -> String {
    let known: Vec<&str> = locales.iter().map(Locale::as_str).collect();
    format!(
        "locale `{name}` is not supported: expected one of {}",
        known.join(", ")
    )
}

/// Whether a name may be part of a button's data.
pub(super) fn is_slug(slug: &str) -> bool {
    (1..=48).contains(&slug.len())
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}
