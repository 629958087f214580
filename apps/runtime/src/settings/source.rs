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
        let default = spec.default.to_owned();
        (!default.is_empty()).then_some(Value {
            text: default,
            origin: Origin::Default,
        })
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
