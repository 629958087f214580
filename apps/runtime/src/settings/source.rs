//! Where values come from: flags, the environment, files named by it, `.env`, defaults.

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::SettingProblems;
use super::spec::{SETTINGS, Spec};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag on the command line.
    Flag,
    /// The environment.
    Environment,
    /// The file that `NAME_FILE` names.
    File(String),
    /// The file `.env` in the working folder.
    DotEnv,
    /// Nobody set it.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Flag => f.write_str("flag"),
            Origin::Environment => f.write_str("environment"),
            Origin::File(path) => write!(f, "file {path}"),
            Origin::DotEnv => f.write_str(".env"),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text; never empty.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Everything that may say something about settings.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Flags that were given, by the setting's name.
    pub flags: BTreeMap<String, String>,
    /// The process's environment.
    pub environment: BTreeMap<String, String>,
    /// The `.env` file.
    pub dot_env: BTreeMap<String, String>,
    /// Defaults of this program that are not those of all.
    pub defaults: BTreeMap<&'static str, &'static str>,
    /// What to warn of.
    pub warnings: Vec<String>,
}

impl Sources {
    /// The process's own: its environment and `.env` in `folder`.
    ///
    /// # Errors
    /// A `.env` that cannot be read.
    pub fn of_process(flags: BTreeMap<String, String>, folder: &Path) -> Result<Sources, SettingProblems> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut sources = Sources {
            flags,
            environment,
            ..Sources::default()
        };
        let path = folder.join(".env");
        if path.exists() {
            sources.read_dot_env(&path)?;
        }
        Ok(sources)
    }

    /// Says on standard error what to warn of.
    pub fn tell_warnings(&self) {
        use std::io::Write as _;
        for warning in &self.warnings {
            // Standard error may be closed; there is nobody left to warn then.
            drop(writeln!(std::io::stderr(), "warning: {warning}"));
        }
    }

    fn read_dot_env(&mut self, path: &Path) -> Result<(), SettingProblems> {
        let mut problems = SettingProblems::default();
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) => {
                problems.add(".env", format!("cannot be read: {error}"));
                return Err(problems);
            }
        };
        for line in lines {
            match line {
                Ok((name, value)) => {
                    if looks_like_a_setting(&name) && !is_known(&name) {
                        self.warnings
                            .push(format!(".env: {name} is no setting of this version"));
                    }
                    self.dot_env.insert(name, value);
                }
                // The library's own text holds the line, and with it perhaps a secret.
                Err(dotenvy::Error::LineParse(_, at)) => {
                    problems.add(
                        ".env",
                        format!("a line cannot be read at character {at}: expected NAME=value"),
                    );
                }
                Err(error) => problems.add(".env", format!("cannot be read: {error}")),
            }
        }
        if problems.0.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// The value of a setting, if it has one. What is wrong goes to `problems`.
    pub fn value(&self, spec: &Spec, problems: &mut SettingProblems) -> Option<Value> {
        let given = |text: Option<&String>| {
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        if let Some(text) = given(self.flags.get(spec.name)) {
            return Some(Value {
                text,
                origin: Origin::Flag,
            });
        }
        for (values, origin) in [
            (&self.environment, Origin::Environment),
            (&self.dot_env, Origin::DotEnv),
        ] {
            let file_name = format!("{}_FILE", spec.name);
            let direct = given(values.get(spec.name));
            let by_file = given(values.get(&file_name));
            match (direct, by_file) {
                (Some(_), Some(_)) => {
                    problems.add(
                        spec.name,
                        format!("is set, and {file_name} too: expected one of them"),
                    );
                    return None;
                }
                (Some(text), None) => return Some(Value { text, origin }),
                (None, Some(path)) => match std::fs::read_to_string(&path) {
                    Ok(text) if text.trim().is_empty() => {
                        problems.add(
                            &file_name,
                            format!("{path} is empty: expected the value of {}", spec.name),
                        );
                        return None;
                    }
                    Ok(text) => {
                        return Some(Value {
                            text: text.trim().to_owned(),
                            origin: Origin::File(path),
                        });
                    }
                    Err(error) => {
                        problems.add(&file_name, format!("{path} cannot be read: {error}"));
                        return None;
                    }
                },
                (None, None) => {}
            }
        }
        let default = self.defaults.get(spec.name).unwrap_or(&spec.default);
        let default = (*default).to_owned();
        (!default.is_empty()).then_some(Value {
            text: default,
            origin: Origin::Default,
        })
    }
}

impl Sources {
    /// The variables of the environment and of `.env` that S3 is opened with. A key may be in a file that
    /// its name with `_FILE` tells; other names of that end are variables of S3 themselves.
    pub(super) fn s3_variables(&self, problems: &mut SettingProblems) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        for values in [&self.dot_env, &self.environment] {
            let ours = values
                .iter()
                .filter(|(name, value)| name.starts_with("AWS_") && !value.trim().is_empty());
            variables.extend(ours.map(|(name, value)| (name.clone(), value.trim().to_owned())));
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            let file_name = format!("{name}_FILE");
            let Some(path) = variables.remove(&file_name) else {
                continue;
            };
            if variables.contains_key(name) {
                problems.add(name, format!("is set, and {file_name} too: expected one of them"));
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) if !text.trim().is_empty() => {
                    variables.insert(name.to_owned(), text.trim().to_owned());
                }
                Ok(_) => problems.add(
                    &file_name,
                    format!("{path} is empty: expected the value of {name}"),
                ),
                Err(error) => problems.add(&file_name, format!("{path} cannot be read: {error}")),
            }
        }
        variables
    }
}

fn is_known(name: &str) -> bool {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    SETTINGS.iter().any(|spec| spec.name == name || spec.name == bare)
}

/// Names of other programs stand in `.env` files too; these are surely none of ours.
fn looks_like_a_setting(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && !["AWS_", "RUST_", "PG", "POSTGRES_", "COMPOSE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn origin_of(sources: &Sources, name: &str) -> (Option<Value>, SettingProblems) {
        let mut problems = SettingProblems::default();
        let spec = SETTINGS.iter().find(|spec| spec.name == name).unwrap();
        (sources.value(spec, &mut problems), problems)
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let mut sources = Sources {
            flags: pairs(&[("LOG_LEVEL", "error")]),
            environment: pairs(&[("LOG_LEVEL", "warning"), ("DATABASE_POOL", " ")]),
            dot_env: pairs(&[("LOG_LEVEL", "debug"), ("DATABASE_POOL", "3")]),
            ..Sources::default()
        };
        for (text, origin) in [
            ("error", Origin::Flag),
            ("warning", Origin::Environment),
            ("debug", Origin::DotEnv),
            ("info", Origin::Default),
        ] {
            let value = origin_of(&sources, "LOG_LEVEL").0;
            assert_eq!(
                value,
                Some(Value {
                    text: text.to_owned(),
                    origin: origin.clone()
                })
            );
            match origin {
                Origin::Flag => sources.flags.clear(),
                Origin::Environment => drop(sources.environment.remove("LOG_LEVEL")),
                Origin::DotEnv => drop(sources.dot_env.remove("LOG_LEVEL")),
                Origin::Default | Origin::File(_) => {}
            }
        }
        // A variable set to nothing is not set.
        assert_eq!(origin_of(&sources, "DATABASE_POOL").0.unwrap().text, "3");
    }

    #[test]
    fn secrets_come_from_files_but_from_one_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "123456:abcdefghijklmnopqrstuvwxyzABCDEFGHI\n").unwrap();
        let name = "TELEGRAM_BOT_TOKEN";
        let file = path.to_str().unwrap();
        let by_file = Sources {
            environment: pairs(&[("TELEGRAM_BOT_TOKEN_FILE", file)]),
            ..Sources::default()
        };
        let value = origin_of(&by_file, name).0.unwrap();
        assert_eq!(
            (value.text.len(), value.origin),
            (42, Origin::File(file.to_owned()))
        );
        for (environment, expected) in [
            (
                pairs(&[("TELEGRAM_BOT_TOKEN_FILE", file), (name, "x")]),
                "expected one of them",
            ),
            (
                pairs(&[("TELEGRAM_BOT_TOKEN_FILE", "/nowhere")]),
                "/nowhere cannot be read",
            ),
        ] {
            let (value, problems) = origin_of(
                &Sources {
                    environment,
                    ..Sources::default()
                },
                name,
            );
            assert!(
                value.is_none() && problems.to_string().contains(expected),
                "{problems}"
            );
        }
    }

    #[test]
    fn a_line_of_dot_env_that_cannot_be_read_is_told_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "LOG_LEVEL=debug\nREDIS_ULR=x\nAWS_REGION=y\n").unwrap();
        let mut sources = Sources::default();
        sources.read_dot_env(&path).unwrap();
        assert_eq!(
            sources.warnings,
            [".env: REDIS_ULR is no setting of this version"]
        );
        std::fs::write(&path, "TELEGRAM_BOT_TOKEN='very-secret\n").unwrap();
        let problems = Sources::default().read_dot_env(&path).unwrap_err().to_string();
        assert!(
            problems.contains(".env") && !problems.contains("very-secret"),
            "{problems}"
        );
    }

    #[test]
    fn all_problems_are_told_at_once_and_no_secret_is_repeated() {
        let environment = pairs(&[
            ("DATABASE_URL", "mysql://user:very-secret@host/db"),
            ("DATABASE_POOL", "0"),
            ("REDIS_URL", "redis://user:very-secret@host:very-secret"),
            ("TELEGRAM_BOT_TOKEN", "very-secret"),
            ("TELEGRAM_API_URL", "http://example.com"),
            ("TELEGRAM_WEBHOOK_SECRET", "very secret"),
            ("TELEGRAM_MODE", "carrier pigeon"),
            ("LISTEN_ADDR", "here"),
            ("WORK_LEASE", "10ms"),
            ("SEND_RATE_GROUP", "20/s"),
            ("AGENT_TIMEOUT", "0s"),
            ("SALES_CHAT_ID", "sales"),
            ("FILES_URL", "s3://user:very-secret@bucket/x"),
        ]);
        let names: Vec<String> = environment.keys().cloned().collect();
        let sources = Sources {
            environment,
            ..Sources::default()
        };
        let Err(problems) = Settings::read(&sources) else {
            panic!("taken")
        };
        let text = problems.to_string();
        for name in names {
            assert!(text.contains(&format!("{name}: ")), "{name} in {text}");
        }
        assert!(
            !text.contains("very-secret") && !text.contains("very secret"),
            "{text}"
        );
    }
}
