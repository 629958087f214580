//! The dialogue on the shipped playbook, decision by decision.

mod case;
mod chat;
mod consent;
mod form;
mod media;
mod model;
mod nudges;
mod overlay;
#[path = "../shipped/mod.rs"]
mod shipped;
mod source;
mod typed;
mod urgent;

use chat::Chat;
use frontdesk_core::conversation::{ContentType, ConversationStatus, Owner, SenderType};
use frontdesk_core::dialogue::{AgentAction, Event, LimitNotice, LimitWindow, Media, TimerFired, UpdateKind};
use frontdesk_core::id::UserId;
use frontdesk_core::work::JobChange;
use std::time::Duration;

#[test]
fn start_greets_discloses_once_and_shows_the_menu() {
    let mut chat = Chat::new();
    let first = chat.says("/start ref42");
    assert!(
        first.contains("Hello, Ann!") && first.contains("AI assistant"),
        "{first}"
    );
    assert_eq!(
        chat.snapshot.client.as_ref().unwrap().source.as_deref(),
        Some("ref42")
    );
    assert_eq!(
        chat.snapshot
            .client
            .as_ref()
            .unwrap()
            .disclosure_version
            .as_deref(),
        Some("1")
    );
    let again = chat.says("/start other");
    assert!(
        again.contains("Hello, Ann!") && !again.contains("AI assistant"),
        "{again}"
    );
    assert_eq!(
        chat.snapshot.client.as_ref().unwrap().source.as_deref(),
        Some("ref42")
    );
    for label in [
        "Our services",
        "Get a quote",
        "Ask a question",
        "Talk to a person",
    ] {
        chat.data_of(label);
    }
}

#[test]
fn a_question_before_start_is_answered_and_the_disclosure_comes_first() {
    let mut chat = Chat::new();
    let said = chat.says("how much is a devops audit?");
    let (disclosure, answer) = said.split_once('\n').unwrap();
    assert!(disclosure.contains("AI assistant"), "{said}");
    assert!(answer.to_lowercase().contains("audit"), "{said}");
    let bot = chat.last.messages.last().unwrap();
    assert_eq!(bot.intent.as_deref(), Some("devops-audit-price"));
    assert_eq!(bot.reply_to, Some(chat.last.messages[0].id));
    assert_eq!(
        bot.knowledge_version.as_deref(),
        Some(chat.rules.playbook().version.as_str())
    );
}

#[test]
fn a_question_in_russian_is_answered_in_russian() {
    let mut chat = Chat::new();
    chat.says("/start");
    let said = chat.says("Сколько стоит аудит инфраструктуры?");
    assert!(said.to_lowercase().contains("аудит"), "{said}");
    assert_eq!(
        chat.snapshot.client.as_ref().unwrap().language.as_deref(),
        Some("ru")
    );
    let said = chat.says("/help");
    assert!(said.contains("команду"), "{said}");
    // One word in Latin letters is a product, not a language …
    chat.says("Kubernetes");
    let language = |chat: &Chat| chat.snapshot.client.as_ref().unwrap().language.clone();
    assert_eq!(language(&chat).as_deref(), Some("ru"));
    // … unless it is a question that only another language knows.
    let said = chat.says("price");
    assert!(!said.contains("гадать"), "{said}");
    assert_eq!(language(&chat).as_deref(), Some("en"));
    // An English sentence with a name that Russian entries hold too stays English.
    let said = chat.says("how do i sort a list in python");
    assert!(said.contains("rather not guess"), "{said}");
    assert_eq!(language(&chat).as_deref(), Some("en"));
}

#[test]
fn the_second_miss_in_a_row_fetches_a_person() {
    let mut chat = Chat::new();
    chat.says("/start");
    let first = chat.says("do penguins have knees");
    assert!(first.contains("rather not guess"), "{first}");
    let second = chat.says("what did napoleon eat for breakfast");
    assert!(
        second.contains("passing it on") && second.contains("colleague"),
        "{second}"
    );
    let case = chat.snapshot.conversation.as_ref().unwrap();
    assert_eq!(
        (&case.status, &case.owner, case.owner_epoch),
        (&ConversationStatus::Escalated, &Owner::Queue, 1)
    );
    assert!(chat.staff().contains("asks for a person"), "{}", chat.staff());
}

#[test]
fn an_old_button_is_answered_and_never_taken_for_another_question() {
    let mut chat = Chat::new();
    chat.says("/start");
    chat.says("/quote");
    let old = chat.data_of("Cloud migration");
    chat.taps("DevOps and CI/CD");
    let said = chat.taps_data(&old);
    assert!(
        said.contains("earlier question") && said.contains("(2/8)"),
        "{said}"
    );
    assert_eq!(
        chat.snapshot.lead.as_ref().unwrap().value("project_type"),
        Some("devops")
    );
    chat.says("/cancel");
    for odd in [
        old.as_str(),
        "",
        "x",
        "f:",
        "f:zz:1:c0",
        "m:service:nope",
        "m:language:xx",
        "k:nope",
        "m:",
        "🎉",
    ] {
        let said = chat.taps_data(odd);
        assert!(said.contains("earlier question"), "{odd}: {said}");
    }
}

#[test]
fn did_you_mean_offers_entries_and_a_tap_answers() {
    let mut chat = Chat::new();
    chat.says("/start");
    chat.rules = chat::unsure_rules();
    let said = chat.says("what does an audit of our servers cost");
    assert!(said.contains("Did you mean"), "{said}");
    let label = {
        let rows = chat.last.outgoing.iter().find_map(|call| match &call.action {
            frontdesk_core::port::messenger::Action::Send {
                keyboard: Some(frontdesk_core::port::messenger::Keyboard::Inline(rows)),
                ..
            } => Some(rows.clone()),
            _ => None,
        });
        rows.unwrap()[0][0].label.clone()
    };
    let answer = chat.taps(&label);
    assert!(!answer.contains("earlier question"), "{answer}");
    assert_eq!(
        chat.last.messages.last().unwrap().intent.as_deref(),
        Some("devops-audit-price")
    );
    chat.says("what does an audit of our servers cost");
    let none = chat.taps("None of these");
    assert!(none.contains("rather not guess"), "{none}");
    let again = chat.taps("None of these");
    assert!(again.contains("earlier question"), "{again}");
}

#[test]
fn an_agent_claims_and_silences_the_bot_until_he_hands_back() {
    let mut chat = Chat::new();
    chat.says("/start");
    let said = chat.says("/human");
    assert!(said.contains("called a colleague"), "{said}");
    assert!(chat.says("/human").contains("already"));
    // While it waits, the bot goes on answering.
    assert!(
        chat.says("how much is a devops audit?")
            .to_lowercase()
            .contains("audit")
    );
    let said = chat.agent(AgentAction::Say {
        text: "Hi, I am here".into(),
    });
    assert_eq!(said, "Max: Hi, I am here");
    let case = chat.snapshot.conversation.clone().unwrap();
    assert_eq!((&case.owner, case.owner_epoch), (&Owner::Agent, 2));
    assert_eq!(chat.says("how much is a devops audit?"), "");
    assert_eq!(chat.last.messages.len(), 1);
    assert_eq!(chat.says("/start"), "");
    let toast = chat.taps("Get a quote");
    assert!(toast.contains("toast: A colleague"), "{toast}");
    assert_eq!(
        chat.agent(AgentAction::Note {
            text: "seems nice".into()
        }),
        ""
    );
    assert_eq!(chat.last.messages[0].sender_type, SenderType::Note);
    let back = chat.agent(AgentAction::HandBack);
    assert!(back.contains("handed the chat back"), "{back}");
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner_epoch, 3);
    assert!(chat.says("hello").contains("How can I help"));
}

#[test]
fn the_bots_words_carry_the_epoch_of_their_decision() {
    let mut chat = Chat::new();
    chat.says("/start");
    chat.says("/human");
    assert!(chat.last.outgoing.iter().all(|call| call.owner_epoch == 1));
}

#[test]
fn a_closed_case_is_followed_by_a_fresh_one() {
    let mut chat = Chat::new();
    form::fill_until_contact(&mut chat);
    let first = chat.snapshot.conversation.as_ref().unwrap().id;
    let said = chat.agent(AgentAction::Close);
    assert!(said.contains("closed"), "{said}");
    assert!(chat.snapshot.conversation.is_none());
    chat.says("/quote");
    assert_ne!(chat.snapshot.conversation.as_ref().unwrap().id, first);
    assert!(chat.said().contains("(1/8)"), "{}", chat.said());
}

#[expect(clippy::unwrap_used, clippy::expect_used, reason = "part of a test")]
fn idle_timer(chat: &Chat) -> (TimerFired, Duration) {
    let timer = chat.jobs.iter().rev().find_map(|job| match job {
        JobChange::Start(job)
            if job
                .unique_key
                .as_deref()
                .is_some_and(|key| key.starts_with("idle:")) =>
        {
            Some(job)
        }
        _ => None,
    });
    let timer = timer.expect("an idle timer");
    (
        serde_json::from_value(timer.payload.clone()).unwrap(),
        timer.run_in,
    )
}

#[test]
fn an_idle_case_closes_and_one_that_was_not_idle_waits_for_the_rest() {
    let mut chat = Chat::new();
    chat.says("/start");
    let (timer, run_in) = idle_timer(&chat);
    assert_eq!(run_in, Duration::from_hours(14 * 24));
    chat.now = chat.now + Duration::from_hours(10 * 24);
    chat.says("hello");
    chat.now = chat.now + Duration::from_hours(4 * 24);
    chat.event(&Event::Timer(timer.clone()));
    assert!(chat.snapshot.conversation.is_some());
    let (timer, rest) = idle_timer(&chat);
    assert!(
        rest > Duration::from_hours(9 * 24) && rest <= Duration::from_hours(10 * 24),
        "{rest:?}"
    );
    chat.now = chat.now + rest;
    chat.event(&Event::Timer(timer));
    assert!(chat.snapshot.conversation.is_none());
    assert_eq!(chat.said(), "");
}

#[test]
fn a_silent_agent_loses_the_chat_but_not_to_an_old_timer() {
    let mut chat = Chat::new();
    chat.says("/start");
    chat.agent(AgentAction::Say { text: "hi".into() });
    let case = chat.snapshot.conversation.clone().unwrap();
    let fired = |owner_epoch| {
        Event::Timer(TimerFired::AgentSilent {
            conversation_id: case.id,
            owner_epoch,
        })
    };
    chat.event(&fired(case.owner_epoch - 1));
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Agent);
    chat.event(&fired(case.owner_epoch));
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Bot);
    assert!(chat.said().contains("handed the chat back"));
}

#[test]
fn outside_working_hours_the_client_is_told_when_a_person_is_back() {
    let mut chat = Chat::new();
    chat.now = "2026-11-21T20:00:00Z".parse().unwrap();
    chat.says("/start");
    let said = chat.says("/human");
    assert!(said.contains("Monday, 2026-11-23, from 09:00"), "{said}");
}

#[test]
fn everything_a_client_sends_is_answered() {
    let media = |content_type, kind: &str, caption: &str| {
        UpdateKind::Media(Media {
            content_type,
            kind: kind.into(),
            file_id: Some("x".into()),
            file_name: None,
            mime_type: None,
            size_bytes: Some(5_000_000_000),
            album: None,
            caption: caption.into(),
        })
    };
    for what in [
        media(ContentType::Image, "photo", ""),
        media(ContentType::Document, "document", "how much is a devops audit?"),
        media(ContentType::Voice, "voice", ""),
        media(ContentType::Other, "sticker", ""),
        UpdateKind::Location {
            latitude: 52.5,
            longitude: 13.4,
        },
        UpdateKind::Contact {
            phone: "+4930901820".into(),
            own: true,
        },
        UpdateKind::Contact {
            phone: "+4930901820".into(),
            own: false,
        },
        UpdateKind::Text { text: String::new() },
        UpdateKind::Text { text: "/".into() },
        UpdateKind::Text {
            text: "/nonsense".into(),
        },
        UpdateKind::Text { text: "🎉".into() },
        UpdateKind::Text {
            text: "x".repeat(60_000),
        },
        UpdateKind::Tap {
            tap_id: "1".into(),
            data: "🎉".repeat(100),
        },
    ] {
        let mut chat = Chat::new();
        chat.says("/start");
        let label = format!("{what:?}");
        let said = chat.update(what);
        assert!(!said.is_empty(), "{}", &label[..label.len().min(200)]);
        assert!(chat.last.messages[0].content.chars().count() <= 8_192);
    }
}

#[test]
fn an_album_is_acknowledged_once() {
    let mut chat = Chat::new();
    chat.says("/start");
    let item = UpdateKind::Media(Media {
        content_type: ContentType::Image,
        kind: "photo".into(),
        file_id: None,
        file_name: None,
        mime_type: None,
        size_bytes: None,
        album: Some("a1".into()),
        caption: String::new(),
    });
    assert!(chat.update(item.clone()).contains("noted"));
    assert_eq!(chat.update(item), "");
}

#[test]
fn a_session_of_a_newer_build_is_parked_and_the_client_told() {
    let mut chat = Chat::new();
    chat.says("/start");
    chat.snapshot.session.as_mut().unwrap().state = serde_json::json!({"v": 99, "secret": 1});
    let said = chat.says("how much is a devops audit?");
    assert!(
        said.contains("lost my place") && said.to_lowercase().contains("audit"),
        "{said}"
    );
    let metadata = &chat.snapshot.conversation.as_ref().unwrap().metadata;
    assert_eq!(metadata["parked_session"]["v"], 99);
}

#[test]
fn an_edit_changes_the_stored_text_and_says_nothing() {
    let mut chat = Chat::new();
    chat.says("/start");
    assert_eq!(chat.update(UpdateKind::Edited { text: "other".into() }), "");
    assert_eq!(chat.last.edits.len(), 1);
}

#[test]
fn a_client_over_the_limit_is_told_until_when() {
    let mut chat = Chat::new();
    chat.says("/start");
    let notice = LimitNotice {
        window: LimitWindow::Hour,
        resets_in_s: 600,
        from: UserId(7),
    };
    chat.event(&Event::Limited(notice));
    assert!(chat.said().contains("12:10"), "{}", chat.said());
}

#[test]
fn deciding_is_a_pure_function() {
    let mut one = Chat::new();
    let mut two = Chat::new();
    for text in ["/start", "/quote", "devops", "we need help", "back", "/human"] {
        one.says(text);
        two.says(text);
        assert_eq!(one.last, two.last, "{text}");
    }
}
