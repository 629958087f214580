//! The knowledge of a playbook: a matcher per locale.

use std::collections::BTreeMap;

use crate::playbook::{Locale, Playbook};

use super::{Match, MatchDecision, Matcher, Phrasings};

/// A trained matcher for every locale of a playbook.
#[derive(Debug)]
pub struct Knowledge {
    matchers: BTreeMap<Locale, Matcher>,
}

impl Knowledge {
    /// Trains on the playbook's entries and off-topic lines.
    pub fn train(playbook: &Playbook) -> Knowledge {
        let mut matchers = BTreeMap::new();
        for locale in &playbook.locales {
            let phrasings: Vec<Phrasings> = playbook
                .entries
                .iter()
                .filter_map(|entry| {
                    let questions = entry.questions.get(locale)?.clone();
                    Some(Phrasings {
                        slug: entry.slug.clone(),
                        questions,
                    })
                })
                .collect();
            let none = playbook.off_topic.get(locale).map_or(&[][..], Vec::as_slice);
            matchers.insert(
                locale.clone(),
                Matcher::train(&phrasings, none, &playbook.thresholds),
            );
        }
        Knowledge { matchers }
    }

    /// The matcher of a locale.
    pub fn matcher(&self, locale: &Locale) -> Option<&Matcher> {
        self.matchers.get(locale)
    }

    /// What is known about a question in a locale; nothing if the locale is not spoken.
    pub fn query(&self, locale: &Locale, text: &str) -> Match {
        self.matchers.get(locale).map_or_else(
            || Match {
                decision: MatchDecision::None,
                slug: None,
                score: 0.0,
                candidates: Vec::new(),
            },
            |matcher| matcher.query(text),
        )
    }
}
