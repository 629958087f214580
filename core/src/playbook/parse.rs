//! From the files of a folder to a playbook.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;
use toml::{Spanned, Value};

use crate::knowledge::{Threshold, Thresholds};
use crate::lead::{Rubric, Unit};

use super::files::RawFiles;
use super::follow_up::{self, FollowUp, RawFollowUp};
use super::form::{FieldKind, RawForm, choice_key};
use super::hours::Hours;
use super::knowledge::{Expected, is_slug};
use super::model::RawModel;
use super::problem::line_at;
use super::rubric::RawRubric;
use super::{
    Brand, Form, Locale, Playbook, PlaybookFiles, Problems, Texts, files as files_plan, form, knowledge,
    model, rubric,
};

const MAIN: &str = "playbook.toml";

/// Texts the dialogue itself says.
const TEXT_KEYS: &[&str] = &include!("text_keys.in");

/// Menu actions that may stand under an answer.
pub(super) const ENTRY_BUTTONS: &[&str] = &["services", "quote", "ask", "human"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlaybook {
    brand: RawBrand,
    locales: RawLocales,
    disclosure: RawDisclosure,
    #[serde(default)]
    service: Vec<Spanned<RawService>>,
    #[serde(default)]
    knowledge: RawKnowledge,
    form: RawForm,
    rubric: RawRubric,
    hours: RawHours,
    #[serde(default)]
    model: RawModel,
    #[serde(default)]
    files: RawFiles,
    #[serde(default)]
    conversation: RawConversation,
    follow_up: Option<RawFollowUp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBrand {
    name: String,
    site: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLocales {
    default: Spanned<String>,
    supported: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDisclosure {
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawService {
    slug: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKnowledge {
    accept: Option<Spanned<Value>>,
    offer: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHours {
    zone: Spanned<String>,
    weekly: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    holidays: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConversation {
    idle_close_days: u32,
}

impl Default for RawConversation {
    fn default() -> Self {
        RawConversation { idle_close_days: 14 }
    }
}

pub(super) fn playbook(files: &PlaybookFiles) -> Result<Playbook, Problems> {
    let mut problems = Problems::default();
    let Some(text) = files.get(MAIN) else {
        problems.error(
            MAIN,
            0,
            "the file is missing: expected a folder with playbook.toml, knowledge/ and locales/",
        );
        return Err(problems);
    };
    let raw: RawPlaybook = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            problems.error(MAIN, line, error.message());
            return Err(problems);
        }
    };
    let (locales, default_locale) = locales(text, raw.locales, &mut problems);
    let form = form::parse(MAIN, text, raw.form, &locales, &mut problems);
    let rubric = rubric::parse(MAIN, text, raw.rubric, &form, &mut problems);
    let services = services(text, raw.service, &mut problems);
    let hours = hours(text, raw.hours, &mut problems);
    let thresholds = Thresholds {
        accept: threshold(text, "accept", raw.knowledge.accept, &mut problems),
        offer: threshold(text, "offer", raw.knowledge.offer, &mut problems),
    };
    let entries = entries(files, &locales, default_locale.as_ref(), &mut problems);
    let off_topic = off_topic(files, &locales, &mut problems);
    let follow_up = raw
        .follow_up
        .and_then(|raw| follow_up::parse(MAIN, text, &raw, &mut problems));
    let needed = needed_texts(&form, &rubric, &services, follow_up.as_ref());
    let texts = texts(files, &locales, default_locale.as_ref(), &needed, &mut problems);
    let model = model::parse(MAIN, text, raw.model, files, &mut problems);
    let files_plan = files_plan::parse(MAIN, text, raw.files, &mut problems);
    problems.0.sort();
    let (Some(default_locale), Some(hours), Some(texts), false) =
        (default_locale, hours, texts, problems.has_errors())
    else {
        return Err(problems);
    };
    Ok(Playbook {
        knowledge_version: version(files),
        version: version(files),
        brand: Brand {
            name: raw.brand.name,
            site: raw.brand.site,
        },
        default_locale,
        locales,
        disclosure_version: raw.disclosure.version,
        services,
        entries,
        overlay: BTreeSet::new(),
        off_topic,
        thresholds,
        form,
        rubric,
        hours,
        model,
        files: files_plan,
        idle_close: Duration::from_hours(24) * raw.conversation.idle_close_days,
        follow_up,
        texts,
        warnings: problems,
    })
}

/// What a file with a rubric may hold beside it is left alone, but for the form it was written for.
#[derive(Deserialize)]
struct RawRubricFile {
    rubric: RawRubric,
    form: Option<RawForm>,
    locales: Option<RawLocales>,
}

/// The rubric of a text, checked against the form in it, or else against `form`.
pub(super) fn rubric_alone(file: &str, text: &str, form: &Form) -> Result<Rubric, Problems> {
    let mut problems = Problems::default();
    let raw: RawRubricFile = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            problems.error(file, line, error.message());
            return Err(problems);
        }
    };
    let tags = raw.locales.map_or_else(Vec::new, |locales| locales.supported);
    let locales: Vec<Locale> = tags
        .iter()
        .filter_map(|tag| Locale::parse(tag.get_ref()))
        .collect();
    let own = raw
        .form
        .map(|raw| form::parse(file, text, raw, &locales, &mut problems));
    let rubric = rubric::parse(
        file,
        text,
        raw.rubric,
        own.as_ref().unwrap_or(form),
        &mut problems,
    );
    problems.0.sort();
    if problems.has_errors() {
        return Err(problems);
    }
    Ok(rubric)
}

/// Hash over all files; names and lengths are part of it, so that nothing can move between files.
fn version(files: &PlaybookFiles) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex(hash)
}

/// The beginning of a hash, as versions are written.
pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut hex, byte| {
            // Writing into a String cannot fail.
            if write!(hex, "{byte:02x}").is_err() {
                hex.clear();
            }
            hex
        })
}

fn locales(text: &str, raw: RawLocales, problems: &mut Problems) -> (Vec<Locale>, Option<Locale>) {
    let mut locales = Vec::new();
    for tag in raw.supported {
        let line = line_at(text, tag.span().start);
        match Locale::parse(tag.get_ref()) {
            Some(locale) if !locales.contains(&locale) => locales.push(locale),
            Some(_) => problems.error(MAIN, line, format!("locale `{}` is there twice", tag.get_ref())),
            None => problems.error(
                MAIN,
                line,
                format!(
                    "`{}` is no locale: expected a tag such as \"en\" or \"pt-BR\"",
                    tag.get_ref()
                ),
            ),
        }
    }
    let default = locales
        .iter()
        .find(|locale| locale.as_str() == raw.default.get_ref())
        .cloned();
    if default.is_none() {
        let line = line_at(text, raw.default.span().start);
        problems.error(
            MAIN,
            line,
            format!(
                "default locale `{}`: expected one of `supported`",
                raw.default.get_ref()
            ),
        );
    }
    (locales, default)
}

fn services(text: &str, raw: Vec<Spanned<RawService>>, problems: &mut Problems) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    for service in raw {
        let line = line_at(text, service.span().start);
        let slug = service.into_inner().slug;
        if !is_slug(&slug) || services.contains(&slug) {
            problems.error(
                MAIN,
                line,
                format!("service `{slug}`: expected 1 to 48 of a-z, 0-9, `-` and `_`, each once"),
            );
        }
        services.push(slug);
    }
    services
}

fn hours(text: &str, raw: RawHours, problems: &mut Problems) -> Option<Hours> {
    let mut hours = match Hours::new(raw.zone.get_ref()) {
        Ok(hours) => hours,
        Err(why) => {
            problems.error(MAIN, line_at(text, raw.zone.span().start), why);
            return None;
        }
    };
    for (days, span) in raw.weekly {
        if let Err(why) = hours.open(&days, span.get_ref()) {
            problems.error(MAIN, line_at(text, span.span().start), why);
        }
    }
    for date in raw.holidays {
        if let Err(why) = hours.close(date.get_ref()) {
            problems.error(MAIN, line_at(text, date.span().start), why);
        }
    }
    Some(hours)
}

fn threshold(text: &str, name: &str, raw: Option<Spanned<Value>>, problems: &mut Problems) -> Threshold {
    let Some(raw) = raw else { return Threshold::Auto };
    match raw.get_ref() {
        Value::String(word) if word == "auto" => return Threshold::Auto,
        Value::Float(number) if (0.0..=1.0).contains(number) => return Threshold::Fixed(*number),
        Value::Integer(0) => return Threshold::Fixed(0.0),
        Value::Integer(1) => return Threshold::Fixed(1.0),
        _ => {}
    }
    problems.error(
        MAIN,
        line_at(text, raw.span().start),
        format!("knowledge.{name}: expected \"auto\" or a number from 0 to 1"),
    );
    Threshold::Auto
}

fn entries(
    files: &PlaybookFiles,
    locales: &[Locale],
    default: Option<&Locale>,
    problems: &mut Problems,
) -> Vec<super::Entry> {
    let mut seen = BTreeSet::new();
    let expected = Expected {
        locales,
        default,
        buttons: ENTRY_BUTTONS,
    };
    let mut entries = Vec::new();
    for (file, text) in files {
        if file.starts_with("knowledge/") && file.strip_suffix(".toml").is_some() {
            entries.extend(knowledge::parse_file(file, text, &expected, &mut seen, problems));
        }
    }
    if entries.is_empty() {
        problems.warn(
            "knowledge/",
            0,
            "there is no entry: every question will be a miss",
        );
    }
    entries
}

fn off_topic(
    files: &PlaybookFiles,
    locales: &[Locale],
    problems: &mut Problems,
) -> BTreeMap<Locale, Vec<String>> {
    let mut off_topic = BTreeMap::new();
    for locale in locales {
        let file = format!("knowledge/none.{locale}.txt");
        let lines: Vec<String> = files
            .get(&file)
            .map(|text| {
                text.lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        if lines.len() < 200 {
            problems.warn(
                &file,
                0,
                format!(
                    "{} off-topic lines: 200 or more are expected, or small talk is answered",
                    lines.len()
                ),
            );
        }
        off_topic.insert(locale.clone(), lines);
    }
    off_topic
}

/// Keys of the texts the playbook must have, and why.
fn needed_texts(
    form: &Form,
    rubric: &Rubric,
    services: &[String],
    follow_up: Option<&FollowUp>,
) -> BTreeMap<String, String> {
    let mut needed = BTreeMap::new();
    for key in TEXT_KEYS {
        needed.insert((*key).to_owned(), "the dialogue says it".to_owned());
    }
    if form.reminder_after.is_some() {
        needed.insert(
            "form-reminder".to_owned(),
            "form.reminder_after needs it".to_owned(),
        );
    }
    if follow_up.is_some() {
        needed.insert("follow-up".to_owned(), "[follow_up] needs it".to_owned());
    }
    for field in &form.fields {
        let why = format!("field `{}` of the form needs it", field.name);
        for what in ["ask", "label"] {
            needed.insert(format!("field-{}-{what}", field.name), why.clone());
        }
        if field.kind != FieldKind::Text {
            needed.insert(format!("field-{}-invalid", field.name), why.clone());
        }
        if matches!(&field.ranges, Some(ranges) if ranges.unit != Unit::Days) {
            needed.insert(format!("field-{}-currency", field.name), why.clone());
        }
        for choice in &field.choices {
            needed.insert(choice_key(&field.name, choice), why.clone());
        }
    }
    let rules = rubric.rules.iter().map(|rule| &rule.id);
    for id in rules.chain(rubric.disqualifiers.iter().map(|rule| &rule.id)) {
        needed.insert(
            format!("rule-{id}"),
            format!("rule `{id}` of the rubric needs it"),
        );
    }
    for slug in services {
        for what in ["name", "text"] {
            needed.insert(
                format!("service-{slug}-{what}"),
                format!("service `{slug}` needs it"),
            );
        }
    }
    needed
}

fn texts(
    files: &PlaybookFiles,
    locales: &[Locale],
    default: Option<&Locale>,
    needed: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Option<Texts> {
    let mut found = BTreeMap::new();
    for locale in locales {
        let file = format!("locales/{locale}.ftl");
        match files.get(&file) {
            Some(text) => {
                found.insert(locale.clone(), (file, text.as_str()));
            }
            None => problems.error(
                &file,
                0,
                "the file is missing: expected the texts of a supported locale",
            ),
        }
    }
    default.map(|default| Texts::parse(&found, default, needed, problems))
}
