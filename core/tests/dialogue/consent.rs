//! Consent: to a version of a text, refused, and asked again.

use crate::chat::{Chat, rules_with};
use crate::form::fill_until_contact;
use frontdesk_core::dialogue::Rules;
use frontdesk_core::lead::FormPhase;
use std::sync::OnceLock;

/// The shipped playbook with a newer text to consent to.
fn renewed() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| rules_with(&[("consent_version = \"1\"", "consent_version = \"2\"")]))
}

fn asked_for_consent() -> Chat {
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    let asked = chat.says("ann@example.com");
    assert!(
        asked.contains("(8/8)") && asked.contains("https://dev2production.tech/privacy"),
        "{asked}"
    );
    chat
}

#[test]
fn consent_is_kept_with_its_version_and_time() {
    let mut chat = asked_for_consent();
    chat.taps("Yes");
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!(lead.consent_version.as_deref(), Some("1"));
    assert_eq!(lead.consent_at, Some(chat.now));
}

#[test]
fn who_refuses_is_left_alone_and_their_contact_is_not_kept() {
    for refusal in ["[No]", "no", "No.", "нет", "i don't agree"] {
        let mut chat = asked_for_consent();
        let said = match refusal {
            "[No]" => chat.taps("No"),
            typed => chat.says(typed),
        };
        assert!(
            said.contains("do not send") || said.contains("не отправляю"),
            "{refusal}: {said}"
        );
        let lead = chat.snapshot.lead.as_ref().unwrap();
        let kept: Vec<&str> = lead.fields.keys().map(String::as_str).collect();
        assert_eq!(
            kept,
            ["budget_range", "description", "project_type", "timeline"],
            "{refusal}"
        );
        assert_eq!(lead.form.phase, FormPhase::Paused);
        assert_eq!((lead.consent_at, &lead.consent_version), (None, &None));
        for column in ["name", "company", "email", "phone"] {
            assert_eq!(lead.column(column), None, "{column}");
        }
        let left = chat.says("hello");
        assert!(!left.contains("(8/8)"), "{left}");
    }
}

#[test]
fn a_consent_taken_back_in_the_summary_takes_the_contact_with_it() {
    let mut chat = asked_for_consent();
    chat.taps("Yes");
    chat.taps("Change: Consent");
    chat.taps("No");
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!((lead.value("contact"), lead.value("consent")), (None, None));
    assert_eq!(lead.form.phase, FormPhase::Paused);
}

#[test]
fn a_new_version_is_asked_for_before_anything_is_confirmed() {
    let mut chat = asked_for_consent();
    chat.taps("Yes");
    chat.rules = renewed();
    let asked = chat.taps("Confirm and send");
    assert!(asked.contains("(8/8)"), "{asked}");
    chat.taps("Yes");
    assert!(chat.taps("Confirm and send").contains("Thank you"));
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!(lead.consent_version.as_deref(), Some("2"));
}

#[test]
fn a_new_version_is_asked_for_when_a_confirmed_request_is_opened_again() {
    let mut chat = asked_for_consent();
    chat.taps("Yes");
    chat.taps("Confirm and send");
    assert!(chat.says("/quote").contains("Is it right?"));
    chat.rules = renewed();
    let asked = chat.says("/quote");
    assert!(
        asked.contains("(8/8)") && !asked.contains("Is it right?"),
        "{asked}"
    );
}
