//! What the model is told: persona and rules, what the company knows of the matter, what was said
//! lately, and what is to be answered. Pure.

use std::fmt::Write as _;

use crate::conversation::{ContentType, SenderType};
use crate::guard::tokens;
use crate::guard::untrusted::{Fence, Source};
use crate::id::MessageId;
use crate::playbook::{Entry, Locale, ModelPlan, Playbook};
use crate::port::back_office::StoredMessage;
use crate::port::llm::{PromptPart, Role};
use crate::time::Timestamp;

/// What a prompt is made of.
pub(super) struct Material<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) plan: &'a ModelPlan,
    pub(super) locale: &'a Locale,
    pub(super) now: Timestamp,
    /// The knowledge that comes closest, best first.
    pub(super) entries: Vec<&'a Entry>,
    /// The last messages of the case, in order.
    pub(super) history: &'a [StoredMessage],
    /// Those of them that are to be answered.
    pub(super) questions: &'a [MessageId],
}

impl<'a> Material<'a> {
    /// The answers of the entries, in the client's locale where there is one.
    pub(super) fn passages(&self) -> Vec<&'a str> {
        let default = &self.playbook.default_locale;
        let answers = self.entries.iter().filter_map(|entry| {
            let answer = entry
                .answer
                .get(self.locale)
                .or_else(|| entry.answer.get(default))?;
            Some(answer.as_str())
        });
        answers.collect()
    }

    /// What the company itself says: the knowledge given, its services and hours, and what the bot said
    /// from its knowledge before. What the model said is no ground for saying it again.
    pub(super) fn company(&self) -> Vec<String> {
        let playbook = self.playbook;
        let mut company: Vec<String> = self.passages().into_iter().map(str::to_owned).collect();
        company.push(format!("{} {}", playbook.brand.name, playbook.brand.site));
        for slug in &playbook.services {
            for what in ["name", "text"] {
                company.push(
                    playbook
                        .texts
                        .get(self.locale, &format!("service-{slug}-{what}"), &[]),
                );
            }
        }
        let said = self.history.iter().map(|stored| &stored.message);
        let known = said.filter(|message| message.sender_type == SenderType::Bot && message.llm.is_none());
        company.extend(known.map(|message| message.content.clone()));
        company
    }

    /// The rules the model is given: they are told to nobody.
    pub(super) fn rules(&self) -> String {
        let playbook = self.playbook;
        let services: Vec<String> = playbook
            .services
            .iter()
            .map(|slug| {
                playbook
                    .texts
                    .get(self.locale, &format!("service-{slug}-name"), &[])
            })
            .collect();
        let local = playbook.hours.local(self.now);
        self.plan.fill(&[
            ("brand", &playbook.brand.name),
            ("site", &playbook.brand.site),
            ("locale", self.locale.as_str()),
            ("now", &format!("{} {}", local.date, local.clock)),
            ("hours", &playbook.hours.weekly()),
            ("services", &services.join(", ")),
        ])
    }

    /// The prompt, its untrusted parts behind `fence`.
    pub(super) fn parts(&self, rules: &str, fence: &Fence) -> Vec<PromptPart> {
        let mut system = format!("{rules}\n\n## Knowledge\n");
        for passage in self.passages() {
            // Writing into a String cannot fail.
            if write!(system, "\n- {passage}\n").is_err() {
                break;
            }
        }
        let mut parts = vec![PromptPart {
            role: Role::System,
            text: system,
        }];
        let earlier = self
            .history
            .iter()
            .filter(|stored| !self.questions.contains(&stored.message.id))
            .filter_map(|stored| part(stored, fence));
        parts.extend(tokens::trim(earlier.collect(), self.plan.history_tokens));
        let asked: Vec<String> = self
            .asked()
            .map(|text| fence.wrap(Source::Client, text))
            .collect();
        parts.push(PromptPart {
            role: Role::User,
            text: asked.join("\n\n"),
        });
        parts
    }

    /// The texts that are to be answered, in order.
    pub(super) fn asked(&self) -> impl Iterator<Item = &'a str> {
        let questions = self.questions;
        self.history
            .iter()
            .filter(|stored| questions.contains(&stored.message.id))
            .map(|stored| stored.message.content.as_str())
    }

    /// Everything the client said in their own words, with where it stands.
    pub(super) fn own_words(&self) -> Vec<(MessageId, &'a str)> {
        let own = self.history.iter().filter(|stored| is_said_by_client(stored));
        own.map(|stored| (stored.message.id, stored.message.content.as_str()))
            .collect()
    }
}

fn is_said_by_client(stored: &StoredMessage) -> bool {
    stored.message.sender_type == SenderType::User && is_in_words(&stored.message.content_type)
}

/// Whether the content is what somebody said, rather than what their finger or device did.
fn is_in_words(content_type: &ContentType) -> bool {
    match content_type {
        ContentType::Text | ContentType::Image | ContentType::Document | ContentType::Voice => true,
        ContentType::Command
        | ContentType::Contact
        | ContentType::Location
        | ContentType::Button
        | ContentType::Other
        | ContentType::Unknown(_) => false,
    }
}

fn part(stored: &StoredMessage, fence: &Fence) -> Option<PromptPart> {
    let message = &stored.message;
    if message.content.is_empty() || !is_in_words(&message.content_type) {
        return None;
    }
    match message.sender_type {
        SenderType::User => Some(PromptPart {
            role: Role::User,
            text: fence.wrap(Source::Client, &message.content),
        }),
        SenderType::Bot | SenderType::Agent => Some(PromptPart {
            role: Role::Assistant,
            text: message.content.clone(),
        }),
        SenderType::Note | SenderType::Unknown(_) => None,
    }
}
