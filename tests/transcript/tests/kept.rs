//! Kept chats: decided again, and written as transcripts that hold. Demo clients wrote them.

mod shipped;

use frontdesk_core::conversation::SenderType;
use frontdesk_core::demo::{self, Cast};
use frontdesk_core::dialogue::{ModelRung, Registry, Rules, RulesSettings};
use frontdesk_core::guard::disguise::Disguise;
use frontdesk_core::playbook::{Playbook, PlaybookFiles};
use frontdesk_core::port::back_office::StoredMessage;
use frontdesk_core::replay::{Again, KeptCase, Ladder, Said, decide_again};
use frontdesk_memory::SeededIds;
use frontdesk_transcript::{Rehearsal, transcribe};
use shipped::shipped;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const CLIENTS: u32 = 150;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

struct Pair {
    without_model: Rules,
    with_model: Rules,
}

impl Pair {
    fn of(files: &PlaybookFiles) -> Pair {
        let rules = |model| {
            let playbook = Playbook::parse(files).unwrap_or_else(|problems| panic!("{problems}"));
            let settings = RulesSettings {
                model,
                ..RulesSettings::default()
            };
            Rules::new(Arc::new(playbook), Registry::standard(), settings)
        };
        let deadline = Duration::from_secs(45);
        Pair {
            without_model: rules(None),
            with_model: rules(Some(ModelRung { deadline })),
        }
    }

    fn ladder(&self) -> Ladder<'_> {
        Ladder {
            without_model: &self.without_model,
            with_model: &self.with_model,
            asks_model: true,
        }
    }
}

fn today() -> &'static Pair {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    PAIR.get_or_init(|| Pair::of(&shipped()))
}

fn casts() -> Vec<Cast> {
    ["apps/runtime/demo/en.toml", "apps/runtime/demo/ru.toml"]
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            Cast::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
        })
        .collect()
}

/// The cases of the demo's first clients, as a store would keep them.
fn kept() -> Vec<KeptCase> {
    let casts = casts();
    let mut kept = Vec::new();
    for number in 1..=CLIENTS {
        let ids = SeededIds::new(u64::from(number));
        let decision = demo::client(&today().with_model, &casts, demo::lane(1, number), &ids);
        let client = decision
            .client
            .unwrap_or_else(|| panic!("client {number} wrote nothing"));
        for write in decision.conversations {
            let its = decision
                .messages
                .iter()
                .filter(|message| message.conversation_id == write.row.id);
            let messages = its.zip(1..).map(|(message, seq)| StoredMessage {
                seq,
                edited_at: None,
                message: message.clone(),
            });
            kept.push(KeptCase {
                client: client.clone(),
                lead: decision
                    .lead
                    .clone()
                    .filter(|lead| lead.conversation_id == write.row.id),
                messages: messages.collect(),
                conversation: write.row,
            });
        }
    }
    kept
}

fn told(case: &KeptCase, again: &Again) -> String {
    let differing = again.turns.iter().filter(|turn| turn.differs());
    let lines: Vec<String> = differing.map(|turn| format!("{turn:#?}")).collect();
    format!("{}: {}", case.conversation.id, lines.join("\n"))
}

#[test]
fn under_the_same_playbook_nothing_differs() {
    let cases = kept();
    let mut turns = 0;
    let mut modelled = 0;
    for case in &cases {
        let again = decide_again(today().ladder(), case);
        assert_eq!(again.differing(), 0, "{}", told(case, &again));
        turns += again.turns.len();
        modelled += again
            .turns
            .iter()
            .filter(|turn| turn.after.contains(&Said::Model))
            .count();
        // Nothing that was said is left out.
        let said = |message: &&StoredMessage| message.message.sender_type == SenderType::Bot;
        let before: usize = again.turns.iter().map(|turn| turn.before.len()).sum();
        assert_eq!(
            before,
            case.messages.iter().filter(said).count(),
            "{}",
            case.conversation.id
        );
    }
    assert!(
        turns > 400 && modelled > 3,
        "{turns} turns, {modelled} by the model"
    );
}

#[test]
fn exactly_the_answers_that_a_playbook_changed_differ() {
    let changed_answer = "An audit costs what it costs.";
    let mut files = shipped();
    let old = today().without_model.playbook();
    let entry = old
        .entry("services-overview")
        .or_else(|| old.entries.first())
        .unwrap_or_else(|| panic!("the playbook knows nothing"));
    let was = &entry.answer[&old.default_locale];
    let slug = entry.slug.clone();
    let before = files.clone();
    for (name, text) in &mut files {
        if name.starts_with("knowledge/") && text.contains(&format!("\"{slug}\"")) {
            *text = replace_answer(text, was, changed_answer);
        }
    }
    assert_ne!(files, before, "the entry was not found");
    let tomorrow = Pair::of(&files);
    let mut expected = BTreeSet::new();
    let mut found = BTreeSet::new();
    for case in kept() {
        for stored in &case.messages {
            let message = &stored.message;
            if message.intent.as_deref() == Some(&slug) && message.content == plain(was) {
                expected.insert((case.conversation.id, message.created_at));
            }
        }
        let again = decide_again(tomorrow.ladder(), &case);
        for turn in again.turns.iter().filter(|turn| turn.differs()) {
            let changed = Said::Desk {
                intent: Some(slug.clone()),
                text: changed_answer.to_owned(),
            };
            assert!(turn.after.contains(&changed), "{turn:#?}");
            found.insert((case.conversation.id, turn.at));
        }
    }
    assert!(!expected.is_empty(), "nobody asked about {slug}");
    assert_eq!(found, expected);
}

fn plain(markdown: &str) -> String {
    frontdesk_core::text::markdown(markdown.trim()).text
}

/// The file with another answer: the answer stands in it as one TOML string, in whatever quotes.
fn replace_answer(file: &str, was: &str, becomes: &str) -> String {
    let first = was.trim().lines().next().unwrap_or_default();
    let at = file.find(first).unwrap_or_else(|| panic!("no {first:?}"));
    let start = file[..at]
        .rfind("\nen = ")
        .unwrap_or_else(|| panic!("no key before {first:?}"));
    let end = file[at..]
        .find("\nru = ")
        .unwrap_or_else(|| panic!("no key after {first:?}"));
    format!("{}\nen = \"{becomes}\"{}", &file[..start], &file[at + end..])
}

#[test]
fn a_kept_chat_is_a_transcript_that_holds_and_names_nobody() {
    let playbook = Playbook::parse(&shipped()).unwrap_or_else(|problems| panic!("{problems}"));
    let rehearsal = Rehearsal::new(playbook);
    let playbook = today().without_model.playbook();
    let mut held = 0;
    for case in kept() {
        let again = decide_again(today().ladder(), &case);
        let mut disguise = Disguise::of(&case.client, case.lead.as_ref());
        let text = transcribe(&case, &again, playbook, |text| disguise.hide(text));
        for personal in [
            &case.client.first_name,
            &case.client.last_name,
            &case.client.username,
        ] {
            let name = personal.as_deref().unwrap_or("\0");
            let named = text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == name);
            assert!(!named, "{name} in\n{text}");
        }
        for personal in ["email", "phone", "company"] {
            let value = case.lead.as_ref().and_then(|lead| lead.column(personal));
            assert!(
                !value.is_some_and(|value| text.contains(&value)),
                "{personal} in\n{text}"
            );
        }
        if case.messages.iter().any(|stored| stored.message.llm.is_some()) || text.contains("model was asked")
        {
            continue;
        }
        let played = rehearsal.play(&text);
        assert!(played.is_ok(), "{}: {played:?}\n{text}", case.conversation.id);
        held += 1;
    }
    assert!(held > 80, "{held} held");
}
