//! Whether an answer is given, and which of its proposals are passed on.

use crate::dialogue::{FoundField, ModelProposals};
use crate::guard::check::{Checker, Grounds, Policy, Refusal, Wording, confidence};
use crate::guard::propose::{self, Proposal};
use crate::id::MessageId;
use crate::playbook::{Form, Playbook};
use crate::port::llm::ModelAnswer;

use super::prompt::Material;

/// The phrases of a playbook by which answers are judged, of all its locales.
pub(super) fn wording(playbook: &Playbook) -> Wording {
    let words = |key| playbook.texts.words(key);
    Wording {
        called: words("words-called"),
        echoes: words("words-echoes"),
        prices: words("words-prices"),
        promises: words("words-promises"),
        confessions: words("words-confessions"),
    }
}

/// Judges the answer to one prompt, as it comes and when it is there.
pub(super) struct Judge<'a> {
    form: &'a Form,
    /// Of phone numbers without a country.
    region: Option<&'a str>,
    passages: Vec<&'a str>,
    own_words: Vec<(MessageId, &'a str)>,
    asked: &'a str,
    /// What stands around untrusted text in the prompt: none of it may be said.
    boundary: &'a str,
    /// Of an answer with which nobody is called.
    alone: Checker,
    /// Of one with which a person is.
    handing_over: Checker,
}

impl<'a> Judge<'a> {
    /// A judge of the answer to this material. `rules` are those of the prompt.
    pub(super) fn new(
        policy: &Policy,
        material: &Material<'a>,
        rules: &str,
        asked: &'a str,
        boundary: &'a str,
    ) -> Self {
        let passages = material.passages();
        let own_words = material.own_words();
        let company = material.company();
        let company: Vec<&str> = company.iter().map(String::as_str).collect();
        let client: Vec<&str> = own_words.iter().map(|(_, text)| *text).collect();
        let checker = |handed_over| {
            let grounds = Grounds {
                rules,
                company: &company,
                client: &client,
                handed_over,
            };
            Checker::new(policy, &grounds)
        };
        Judge {
            form: &material.playbook.form,
            region: material.playbook.form.region(material.locale),
            alone: checker(false),
            handing_over: checker(true),
            passages,
            own_words,
            asked,
            boundary,
        }
    }

    /// What of the text so far may be shown.
    pub(super) fn showable(&self, so_far: &str) -> Option<String> {
        if so_far.contains(self.boundary) {
            return None;
        }
        self.alone.so_far(so_far).ok().filter(|text| !text.is_empty())
    }

    /// How far the answer rests on the company's knowledge.
    pub(super) fn confidence(&self, text: &str) -> f64 {
        confidence(text, &self.passages, self.asked)
    }

    /// The text that may be said, and what may be decided about.
    ///
    /// A text that says a person was called when none was is not said: the person is called instead,
    /// since that is what the client was about to be promised.
    ///
    /// # Errors
    /// Why nothing of it can be given, in one word.
    pub(super) fn verdict(&self, answer: &ModelAnswer) -> Result<(String, ModelProposals), &'static str> {
        let mut proposals = self.proposals(answer);
        let checker = if proposals.hand_over {
            &self.handing_over
        } else {
            &self.alone
        };
        let acts = proposals.hand_over || proposals.start_form;
        if answer.text.trim().is_empty() && acts {
            return Ok((String::new(), proposals));
        }
        let judged = if answer.text.contains(self.boundary) {
            Err(Refusal::Markup)
        } else {
            checker.finished(&answer.text)
        };
        match judged {
            Ok(text) => Ok((text, proposals)),
            Err(Refusal::Claim) => {
                proposals.hand_over = true;
                Ok((String::new(), proposals))
            }
            // The text may not be said, and yet a person is wanted.
            Err(_) if proposals.hand_over => Ok((String::new(), proposals)),
            Err(refusal) => Err(refusal.kind()),
        }
    }

    fn proposals(&self, answer: &ModelAnswer) -> ModelProposals {
        let mut proposals = ModelProposals::default();
        let mut proposed = Vec::new();
        for proposal in propose::read(&answer.calls, self.form).proposals {
            match proposal {
                Proposal::HandOver { .. } => proposals.hand_over = true,
                Proposal::StartForm => proposals.start_form = true,
                Proposal::LeadFields(fields) => proposed = fields,
            }
        }
        let grounded = propose::ground(self.form, self.region, &proposed, &self.own_words);
        proposals.fields = grounded
            .fields
            .into_iter()
            .map(|grounded| FoundField {
                field: grounded.field,
                value: grounded.value,
                message_id: grounded.message_id,
                confidence: grounded.confidence,
            })
            .collect();
        proposals
    }
}
