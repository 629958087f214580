//! The guards on the playbook that ships: what the company itself says may be said.

use crate::shipped::shipped_files;
use frontdesk_core::guard::check::{Checker, Grounds, Policy, Refusal, Wording, confidence};
use frontdesk_core::guard::redact::find;
use frontdesk_core::playbook::{Playbook, Route};

fn playbook() -> Playbook {
    Playbook::parse(&shipped_files()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The policy of the playbook, with its own phrases where it has them.
fn policy(playbook: &Playbook) -> Policy {
    let words = |key| playbook.texts.words(key);
    let wording = Wording {
        called: words("words-called"),
        echoes: words("words-echoes"),
        prices: words("words-prices"),
        promises: words("words-promises"),
        confessions: words("words-confessions"),
    };
    Policy::of(playbook, &wording)
}

#[test]
fn every_answer_of_the_knowledge_may_be_said_and_is_confident() {
    let playbook = playbook();
    let policy = policy(&playbook);
    for entry in &playbook.entries {
        for (locale, answer) in &entry.answer {
            let grounds = Grounds {
                company: &[answer],
                // With an answer of this route a person is called.
                handed_over: entry.route == Route::Urgent,
                ..Grounds::default()
            };
            let said = Checker::new(&policy, &grounds).finished(answer);
            assert_eq!(said.as_deref(), Ok(answer.as_str()), "{} in {locale}", entry.slug);
            let confidence = confidence(answer, &[answer], answer);
            assert!(confidence > 0.99, "{} in {locale}: {confidence}", entry.slug);
        }
    }
}

#[test]
fn a_price_of_another_entry_may_not_be_said() {
    let playbook = playbook();
    let policy = policy(&playbook);
    let answer = |slug: &str| playbook.entry(slug).unwrap().answer[&playbook.default_locale].as_str();
    let grounds = Grounds {
        company: &[answer("pricing-model")],
        ..Grounds::default()
    };
    let said = Checker::new(&policy, &grounds).finished(answer("devops-audit-price"));
    assert_eq!(said, Err(Refusal::Figure));
}

#[test]
fn questions_of_the_knowledge_hold_nothing_to_redact() {
    let playbook = playbook();
    for entry in &playbook.entries {
        for question in entry.questions.values().flatten() {
            assert_eq!(find(question), [], "{question}");
        }
    }
    for line in playbook.off_topic.values().flatten() {
        assert_eq!(find(line), [], "{line}");
    }
}
