//! `frontdesk config show`: each setting, its value and where it came from.

use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Write as _;

use crate::cli::Context;
use crate::failure::Failure;
use crate::settings::{SETTINGS, SettingProblems, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Print every setting; secrets are masked
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let Action::Show(show) = action;
    let mut problems = SettingProblems::default();
    let mut rows = Vec::new();
    for spec in SETTINGS {
        let value = context.sources.value(spec, &mut problems);
        let origin = value
            .as_ref()
            .map_or_else(|| "default".to_owned(), |value| value.origin.to_string());
        let text = value.map(|value| {
            if spec.secret {
                "***".to_owned()
            } else {
                shown(spec.name, &value.text)
            }
        });
        rows.push((spec.name, text, origin));
    }
    let mut out = std::io::stdout();
    let written = if show.json {
        let values: serde_json::Map<String, serde_json::Value> = rows
            .iter()
            .map(|(name, value, origin)| ((*name).to_owned(), json!({ "value": value, "origin": origin })))
            .collect();
        writeln!(out, "{}", serde_json::Value::Object(values))
    } else {
        rows.iter().try_for_each(|(name, value, origin)| {
            writeln!(out, "{name:<34} {:<40} {origin}", value.as_deref().unwrap_or("-"))
        })
    };
    written.map_err(Failure::output)?;
    // Shown first, checked then: what is wrong is easier to see beside the values.
    Settings::read(&context.sources)?;
    Ok(())
}

/// The URL of a database or cache may hold a password.
fn shown(name: &str, text: &str) -> String {
    if !["DATABASE_URL", "REDIS_URL"].contains(&name) {
        return text.to_owned();
    }
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_masked_and_nothing_else_is() {
        for (name, text, expected) in [
            (
                "REDIS_URL",
                "redis://me:p@ss@cache:6379/1",
                "redis://***@cache:6379/1",
            ),
            ("REDIS_URL", "rediss://cache", "rediss://cache"),
            ("DATABASE_URL", "postgres://me:pass@db/x", "postgres://***@db/x"),
            ("PUBLIC_URL", "https://a@b", "https://a@b"),
        ] {
            assert_eq!(shown(name, text), expected);
        }
    }
}
