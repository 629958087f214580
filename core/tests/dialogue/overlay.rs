//! Knowledge beside the playbook's files: what is used of it, and what is said of that.

use std::sync::Arc;

use frontdesk_core::dialogue::{Registry, Rules, RulesInForce, RulesSettings};
use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::playbook::{KnowledgeEntry, NotInForce, Playbook};
use frontdesk_core::time::Timestamp;

use crate::chat::Chat;
use crate::shipped::shipped_files;

const QUESTION: &str = "Where can I park my car?";

/// The shipped playbook with one entry, which trains at once.
fn playbook() -> Playbook {
    let mut files = shipped_files();
    files.retain(|name, _| !name.starts_with("knowledge/"));
    let entry = "[[entry]]\nslug = \"door\"\nquestions.en = [\"What colour is the door?\"]\n\
                 questions.ru = [\"Какого цвета дверь?\"]\nanswer.en = \"Green.\"\nanswer.ru = \"Зелёная.\"\n";
    files.insert("knowledge/door.toml".to_owned(), entry.to_owned());
    Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}"))
}

fn entry(id: u128, slug: &str, locale: &str) -> KnowledgeEntry {
    KnowledgeEntry {
        id: KnowledgeEntryId(uuid::Uuid::from_u128(id)),
        locale: locale.to_owned(),
        slug: slug.to_owned(),
        questions: vec![QUESTION.to_owned()],
        answer: "In the yard.".to_owned(),
        buttons: vec!["human".to_owned()],
        enabled: true,
        version: 1,
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(1),
    }
}

fn rules(playbook: Playbook) -> Rules {
    Rules::new(Arc::new(playbook), Registry::standard(), RulesSettings::default())
}

/// A chat under these rules, after its greeting.
fn chat(rules: Rules) -> Chat {
    let mut chat = Chat::new();
    chat.rules = Box::leak(Box::new(rules));
    chat.says("/start");
    chat
}

#[test]
fn an_entry_beside_the_files_is_answered_and_said_to_be_what_the_answer_rests_on() {
    let (library, unused) = playbook().with_overlay(&[entry(1, "parking", "en")]);
    assert_eq!(unused, []);
    let (version, knowledge_version) = (library.version.clone(), library.knowledge_version.clone());
    assert_ne!(version, knowledge_version);
    let mut chat = chat(rules(library));
    assert_eq!(chat.says(QUESTION), "In the yard.");
    chat.data_of("Talk to a person");
    let said = chat.last.messages.last().unwrap();
    assert_eq!(said.knowledge_version, Some(knowledge_version));
    assert_eq!(chat.last.playbook_version, version);
    assert_eq!(chat.says("What colour is the door?"), "Green.", "the files' stay");
}

#[test]
fn without_an_overlay_knowledge_is_the_playbooks() {
    let mut off = entry(1, "parking", "en");
    off.enabled = false;
    let (library, unused) = playbook().with_overlay(&[off]);
    assert_eq!(unused, [(entry(1, "parking", "en").id, NotInForce::Disabled)]);
    assert_eq!(library.knowledge_version, library.version);
    assert_eq!(library.entries.len(), 1);
}

#[test]
fn files_own_their_slugs_and_what_does_not_fit_is_left_out() {
    let mut unknown_button = entry(2, "garden", "en");
    unknown_button.buttons = vec!["launch".to_owned()];
    let overlay = [
        entry(1, "door", "en"),
        unknown_button,
        entry(3, "roof", "fr"),
        entry(4, "parking", "en"),
    ];
    let (library, unused) = playbook().with_overlay(&overlay);
    let why: Vec<&NotInForce> = unused.iter().map(|(_, why)| why).collect();
    assert_eq!(*why[0], NotInForce::Owned);
    for (why, expected) in [
        (why[1], "services, quote, ask, human"),
        (why[2], "expected one of en, ru"),
    ] {
        let NotInForce::Invalid(problems) = why else {
            panic!("{why:?}");
        };
        assert!(problems[0].contains(expected), "{problems:?}");
    }
    let slugs: Vec<&str> = library.entries.iter().map(|entry| entry.slug.as_str()).collect();
    assert_eq!(slugs, ["door", "parking"]);
    assert!(library.owns("door") && !library.owns("parking"));
    assert_eq!(library.not_in_force(&overlay[3]), None, "as it was judged before");
}

#[test]
fn locales_of_a_slug_are_one_entry_whatever_order_they_are_read_in() {
    let mut russian = entry(2, "parking", "ru");
    russian.answer = "Во дворе.".to_owned();
    russian.buttons = vec!["quote".to_owned(), "human".to_owned()];
    let english = entry(1, "parking", "en");
    let (library, _) = playbook().with_overlay(&[english.clone(), russian.clone()]);
    let (turned, _) = playbook().with_overlay(&[russian.clone(), english.clone()]);
    assert_eq!(library.knowledge_version, turned.knowledge_version);
    let merged = library.entry("parking").unwrap();
    assert_eq!(
        (merged.answer.len(), merged.buttons.join(" ")),
        (2, "human quote".to_owned())
    );
    assert_eq!(turned.entry("parking"), Some(merged));
    russian.questions.push("Где стоянка?".to_owned());
    let (other, _) = playbook().with_overlay(&[english, russian]);
    assert_ne!(other.knowledge_version, library.knowledge_version);
}

#[test]
fn what_is_pinned_stays_and_what_is_pinned_later_is_new() {
    let in_force = RulesInForce::new(Arc::new(rules(playbook())));
    let same = in_force.clone();
    let before = in_force.pin();
    let (library, _) = playbook().with_overlay(&[entry(1, "parking", "en")]);
    in_force.replace(Arc::new(rules(library)));
    assert!(before.playbook().entry("parking").is_none());
    assert!(
        same.pin().playbook().entry("parking").is_some(),
        "clones are the same"
    );
    assert_eq!(
        same.playbook().knowledge_version,
        in_force.pin().playbook().knowledge_version
    );
}
