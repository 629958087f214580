//! The rubric as the playbook writes it.

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::lead::{Condition, Disqualifier, Rubric, Rule};

use super::form::{FieldKind, Form};
use super::problem::{Problems, line_at};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRubric {
    version: String,
    hot: Spanned<i64>,
    warm: Spanned<i64>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    disqualify: Vec<Spanned<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    when: Value,
    points: Option<i64>,
}

/// Checks the rubric against the form.
pub(super) fn parse(file: &str, text: &str, raw: RawRubric, form: &Form, problems: &mut Problems) -> Rubric {
    if raw.warm.get_ref() > raw.hot.get_ref() {
        problems.error(
            file,
            line_at(text, raw.warm.span().start),
            "`warm` is above `hot`: expected warm ≤ hot",
        );
    }
    let mut ids: Vec<String> = Vec::new();
    let mut read = |spanned: Spanned<RawRule>, scored: bool, problems: &mut Problems| {
        let line = line_at(text, spanned.span().start);
        let raw = spanned.into_inner();
        if !super::knowledge::is_slug(&raw.id) || ids.contains(&raw.id) {
            problems.error(
                file,
                line,
                format!(
                    "rule id `{}`: expected 1 to 48 of a-z, 0-9, `-` and `_`, each once",
                    raw.id
                ),
            );
        }
        ids.push(raw.id.clone());
        if raw.points.is_some() != scored {
            let what = if scored { "needs" } else { "takes no" };
            problems.error(file, line, format!("rule `{}` {what} `points`", raw.id));
        }
        let when = match condition(&raw.when, form) {
            Ok(when) => when,
            Err(why) => {
                problems.error(file, line, format!("rule `{}`: {why}", raw.id));
                Condition::All(Vec::new())
            }
        };
        (raw.id, when, raw.points.unwrap_or(0))
    };
    let mut rules = Vec::new();
    for raw in raw.rule {
        let (id, when, points) = read(raw, true, problems);
        rules.push(Rule { id, when, points });
    }
    let mut disqualifiers = Vec::new();
    for raw in raw.disqualify {
        let (id, when, _) = read(raw, false, problems);
        disqualifiers.push(Disqualifier { id, when });
    }
    Rubric {
        version: raw.version,
        hot: raw.hot.into_inner(),
        warm: raw.warm.into_inner(),
        rules,
        disqualifiers,
    }
}

const EXPECTED: &str = "expected { field = …, in = […] }, { present = … }, { missing = … }, \
                        { all = […] }, { any = […] } or { not = … }";

fn condition(value: &Value, form: &Form) -> Result<Condition, String> {
    let table = value.as_table().ok_or(EXPECTED)?;
    let known = |name: &Value| -> Result<String, String> {
        let name = name.as_str().ok_or(EXPECTED)?;
        form.field(name)
            .map(|field| field.name.clone())
            .ok_or_else(|| format!("`{name}` is no field of the form"))
    };
    let list = |value: &Value| -> Result<Vec<Condition>, String> {
        value
            .as_array()
            .ok_or(EXPECTED)?
            .iter()
            .map(|one| condition(one, form))
            .collect()
    };
    let keys: Vec<&str> = table.keys().map(String::as_str).collect();
    match keys.as_slice() {
        ["present"] => Ok(Condition::Present(known(&table["present"])?)),
        ["missing"] => Ok(Condition::Missing(known(&table["missing"])?)),
        ["all"] => Ok(Condition::All(list(&table["all"])?)),
        ["any"] => Ok(Condition::Any(list(&table["any"])?)),
        ["not"] => Ok(Condition::Not(Box::new(condition(&table["not"], form)?))),
        ["field", "in"] => {
            let name = known(&table["field"])?;
            let mut values = Vec::new();
            for value in table["in"].as_array().ok_or(EXPECTED)? {
                values.push(value.as_str().ok_or(EXPECTED)?.to_owned());
            }
            if let Some(field) = form.field(&name).filter(|field| field.kind == FieldKind::Choice)
                && let Some(odd) = values.iter().find(|value| !field.choices.contains(value))
            {
                return Err(format!(
                    "`{odd}` is no choice of `{name}`: expected one of {}",
                    field.choices.join(", ")
                ));
            }
            Ok(Condition::In(name, values))
        }
        _ => Err(EXPECTED.to_owned()),
    }
}
