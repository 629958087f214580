//! Every text a person sees, in Fluent.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::locale::Locale;
use super::problem::{Problems, line_at};

/// The texts of all locales.
pub struct Texts {
    bundles: BTreeMap<Locale, FluentBundle<FluentResource>>,
    default: Locale,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts")
            .field("locales", &self.bundles.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Texts {
    /// Reads one file per locale and checks that all of them have the keys in `needed`, and the
    /// same keys.
    pub(super) fn parse(
        files: &BTreeMap<Locale, (String, &str)>,
        default: &Locale,
        needed: &BTreeMap<String, String>,
        problems: &mut Problems,
    ) -> Texts {
        let mut bundles = BTreeMap::new();
        let mut keys: BTreeMap<&Locale, BTreeSet<String>> = BTreeMap::new();
        for (locale, (file, text)) in files {
            let resource = match FluentResource::try_new((*text).to_owned()) {
                Ok(resource) => resource,
                Err((resource, errors)) => {
                    for error in errors {
                        problems.error(
                            file,
                            line_at(text, error.pos.start),
                            format!("not Fluent: {error}"),
                        );
                    }
                    resource
                }
            };
            let own: BTreeSet<String> = resource.entries().filter_map(message_id).collect();
            let language = locale.as_str().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![language]);
            // Isolation marks are for mixed directions in running text; in a chat they show up as
            // odd characters when a person copies an e-mail address.
            bundle.set_use_isolating(false);
            if let Err(errors) = bundle.add_resource(resource) {
                for error in errors {
                    problems.error(file, 0, format!("{error}: expected every key once"));
                }
            }
            keys.insert(locale, own);
            bundles.insert(locale.clone(), bundle);
        }
        let all: BTreeSet<String> = keys
            .values()
            .flatten()
            .cloned()
            .chain(needed.keys().cloned())
            .collect();
        for (locale, own) in &keys {
            let file = &files[*locale].0;
            for missing in all.difference(own) {
                let why = needed
                    .get(missing)
                    .map_or("another locale has it", String::as_str);
                problems.error(file, 0, format!("text `{missing}` is missing: {why}"));
            }
        }
        Texts {
            bundles,
            default: default.clone(),
        }
    }

    /// The text of a key with its arguments; in the default locale if the asked one lacks it.
    pub fn get(&self, locale: &Locale, key: &str, args: &[(&str, &str)]) -> String {
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            // Numbers keep their plural forms only as numbers.
            match value.parse::<i64>() {
                Ok(number) if number.to_string() == *value => fluent.set(*name, number),
                _ => fluent.set(*name, value.to_string()),
            }
        }
        for locale in [locale, &self.default] {
            let Some(bundle) = self.bundles.get(locale) else {
                continue;
            };
            if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
                let mut errors = Vec::new();
                return bundle
                    .format_pattern(pattern, Some(&fluent), &mut errors)
                    .into_owned();
            }
        }
        key.to_owned()
    }

    /// Whether there is a text of this key, for what a playbook may leave out.
    pub fn has(&self, key: &str) -> bool {
        let default = self.bundles.get(&self.default);
        default.is_some_and(|bundle| bundle.has_message(key))
    }

    /// A text that lists words, separated by commas; in lower case, from every locale.
    pub fn words(&self, key: &str) -> Vec<String> {
        let mut words = Vec::new();
        for locale in self.bundles.keys() {
            let list = self.get(locale, key, &[]);
            words.extend(
                list.split(',')
                    .map(|word| word.trim().to_lowercase())
                    .filter(|word| !word.is_empty()),
            );
        }
        words
    }
}

fn message_id(entry: &fluent_syntax::ast::Entry<&str>) -> Option<String> {
    match entry {
        fluent_syntax::ast::Entry::Message(message) if message.value.is_some() => {
            Some(message.id.name.to_owned())
        }
        _ => None,
    }
}
