//! An entry whose route is urgent: straight to a person.

use crate::chat::Chat;
use frontdesk_core::conversation::Owner;
use frontdesk_core::lead::FormPhase;

const DOWN: &str = "our site is down";

#[test]
fn what_is_urgent_is_answered_and_goes_straight_to_a_person() {
    let mut chat = Chat::new();
    chat.says("/start");
    let said = chat.says(DOWN);
    let (answer, next) = said.split_once('\n').unwrap();
    assert!(answer.contains("at once"), "{said}");
    assert!(next.contains("I have called a colleague"), "{said}");
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Queue);
    assert!(
        chat.staff().contains("URGENT") && chat.staff().contains("Ann"),
        "{}",
        chat.staff()
    );
    let why = chat
        .last
        .facts
        .iter()
        .find(|fact| fact.what == "conversation_escalated")
        .and_then(|fact| fact.fields.iter().find(|(name, _)| *name == "why"))
        .map(|(_, why)| why.as_str());
    assert_eq!(why, Some("urgent"));
}

#[test]
fn what_is_urgent_leaves_the_form_where_it_is() {
    let mut chat = Chat::new();
    chat.says("/quote");
    chat.taps("DevOps and CI/CD");
    chat.says("Twelve services.");
    let said = chat.says(DOWN);
    assert!(said.contains("at once") && !said.contains("(3/8)"), "{said}");
    let form = &chat.snapshot.lead.as_ref().unwrap().form;
    assert_eq!(
        (form.phase, form.field.as_str()),
        (FormPhase::Paused, "budget_range")
    );
    assert!(chat.says("/quote").contains("(3/8)"));
}

#[test]
fn what_is_urgent_leaves_the_summary_too() {
    let mut chat = Chat::new();
    chat.says("/quote");
    for text in [
        "devops",
        "Twelve services.",
        "not sure",
        "asap",
        "Ann",
        "skip",
        "ann@example.com",
        "yes",
    ] {
        chat.says(text);
    }
    assert!(chat.said().contains("Is it right?"), "{}", chat.said());
    let said = chat.says(DOWN);
    assert!(
        said.contains("at once") && !said.contains("Is it right?"),
        "{said}"
    );
    assert!(chat.says("/quote").contains("Is it right?"));
}

#[test]
fn what_is_urgent_raises_the_card_of_a_case_that_waits() {
    let mut chat = Chat::new();
    chat.says("/human");
    let epoch = chat.snapshot.conversation.as_ref().unwrap().owner_epoch;
    let said = chat.says(DOWN);
    assert!(said.contains("has been called already"), "{said}");
    assert!(chat.staff().contains("URGENT"), "{}", chat.staff());
    assert_eq!(
        chat.snapshot.conversation.as_ref().unwrap().owner_epoch,
        epoch,
        "nobody was called twice"
    );
}
