//! The model's rung: asked by a job, answered by an event, never waited for.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use frontdesk_core::conversation::{ModelUse, Owner, SenderType};
use frontdesk_core::dialogue::{
    ANSWER_JOB, AgentAction, Event, FoundField, ModelOutcome, ModelProposals, ModelReport, Question,
    TimerFired, UpdateKind, draft_id,
};
use frontdesk_core::id::{ConversationId, JobId, MessageId};
use frontdesk_core::lead::FieldSource;
use frontdesk_core::work::{JobChange, NewJob};
use std::time::Duration;

use crate::chat::{Chat, model_rules, shipped_rules};

const FAR: &str = "which moons of jupiter taste best with penguins";
const FARTHER: &str = "and would my grandmother dance with a purple giraffe";

fn chat() -> Chat {
    let mut chat = Chat::new();
    chat.rules = model_rules();
    chat.says("/start");
    chat
}

/// The question the last decision asks the model, if it does.
fn asked(chat: &Chat) -> Option<(NewJob, Question)> {
    chat.last.jobs.iter().find_map(|change| match change {
        JobChange::Start(job) if job.kind == ANSWER_JOB => {
            let question = serde_json::from_value(job.payload.clone()).expect("a question");
            Some((job.clone(), question))
        }
        JobChange::Start(_) | JobChange::Cancel { .. } => None,
    })
}

fn asks(chat: &mut Chat, text: &str) -> JobId {
    let said = chat.says(text);
    assert_eq!(said, "", "nothing is said while the model is asked");
    asked(chat).expect("the model is asked").0.id
}

fn cancelled(chat: &Chat) -> Vec<&str> {
    let cancelled = chat.last.jobs.iter().filter_map(|change| match change {
        JobChange::Cancel { unique_key } => unique_key.split(':').next(),
        JobChange::Start(_) => None,
    });
    cancelled.collect()
}

fn case(chat: &Chat) -> ConversationId {
    chat.snapshot.conversation.as_ref().expect("an open case").id
}

fn reports(chat: &mut Chat, asked: JobId, outcome: ModelOutcome) -> String {
    let conversation_id = case(chat);
    chat.event(&Event::Model(ModelReport {
        conversation_id,
        asked,
        knowledge_version: Some("of the question".to_owned()),
        outcome,
    }));
    chat.said()
}

fn text(text: &str) -> ModelOutcome {
    proposing(text, ModelProposals::default())
}

fn proposing(text: &str, proposals: ModelProposals) -> ModelOutcome {
    ModelOutcome::Answered {
        text: text.to_owned(),
        proposals,
        llm: ModelUse {
            model: "m".to_owned(),
            tokens_in: 100,
            tokens_out: 10,
            latency_ms: 900,
            confidence: 0.8,
            cost_micros: Some(75),
        },
    }
}

fn failed(why: &str) -> ModelOutcome {
    ModelOutcome::Failed { why: why.to_owned() }
}

fn found(field: &str, value: &str) -> FoundField {
    FoundField {
        field: field.to_owned(),
        value: value.to_owned(),
        message_id: MessageId(uuid::Uuid::from_u128(9)),
        confidence: 0.8,
    }
}

#[test]
fn what_the_knowledge_does_not_know_is_asked_and_the_answer_is_given() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let (new, question) = asked(&chat).unwrap();
    assert_eq!(new.unique_key, Some(format!("answer:{}", case(&chat))));
    assert_eq!(question.questions, [chat.last.messages[0].id]);
    assert_eq!(
        question.due,
        chat.now + Duration::from_secs(43),
        "two seconds before the deadline"
    );
    let said = reports(&mut chat, job, text("Callisto."));
    assert_eq!(said, "Callisto.");
    let message = &chat.last.messages[0];
    assert_eq!(message.llm.as_ref().map(|llm| llm.model.as_str()), Some("m"));
    assert_eq!(message.reply_to, Some(question.questions[0]));
    assert_eq!(cancelled(&chat), ["answer-due"]);
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "", "once");
}

#[test]
fn without_a_model_nothing_is_asked() {
    let mut chat = chat();
    chat.rules = shipped_rules();
    let said = chat.says(FAR);
    assert!(asked(&chat).is_none());
    assert!(said.contains("reliable answer"), "{said}");
}

#[test]
fn a_second_text_supersedes_the_first_and_one_answer_covers_both() {
    let mut chat = chat();
    let first = asks(&mut chat, FAR);
    let (one, _) = asked(&chat).unwrap();
    let second = asks(&mut chat, FARTHER);
    let (two, question) = asked(&chat).unwrap();
    assert_eq!(one.unique_key, two.unique_key, "it takes the place of the first");
    assert_eq!(question.questions.len(), 2);
    assert_eq!(
        reports(&mut chat, first, text("To the first.")),
        "",
        "it comes too late"
    );
    assert_eq!(reports(&mut chat, second, text("To both.")), "To both.");
}

#[test]
fn a_client_who_goes_on_writing_waits_no_longer_than_twice_the_deadline() {
    let mut chat = chat();
    asks(&mut chat, FAR);
    let since = chat.now;
    for _ in 0..30 {
        asks(&mut chat, FARTHER);
    }
    assert_eq!(asked(&chat).unwrap().1.due, since + Duration::from_secs(86));
}

#[test]
fn knowledge_commands_and_buttons_act_at_once_and_cancel_nothing() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    for text_ in ["how much is a devops audit?", "/services", "thanks"] {
        assert_ne!(chat.says(text_), "", "{text_}");
        assert!(asked(&chat).is_none() && cancelled(&chat).is_empty(), "{text_}");
    }
    assert_ne!(chat.taps("Our services"), "");
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "Callisto.");
}

#[test]
fn stop_ends_it() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let said = chat.says("/stop");
    assert!(said.contains("stopped"), "{said}");
    assert_eq!(cancelled(&chat), ["answer", "answer-due"]);
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "");
    assert!(chat.says("/stop").contains("not writing"));
}

#[test]
fn the_button_of_a_draft_ends_the_answer_it_belongs_to() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    assert_eq!(chat.update(UpdateKind::Stopped { draft_id: 1 }), "");
    assert!(cancelled(&chat).is_empty(), "another draft");
    let said = chat.update(UpdateKind::Stopped {
        draft_id: draft_id(job),
    });
    assert!(said.contains("stopped"), "{said}");
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "");
    let late = chat.update(UpdateKind::Stopped {
        draft_id: draft_id(job),
    });
    assert_eq!(late, "", "what is no more cannot be stopped");
}

#[test]
fn an_answer_that_comes_after_a_person_took_the_chat_becomes_a_note() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    chat.agent(AgentAction::Say {
        text: "I am here.".to_owned(),
    });
    let said = reports(
        &mut chat,
        job,
        proposing(
            "Callisto.",
            ModelProposals {
                start_form: true,
                hand_over: true,
                fields: vec![found("timeline", "asap")],
            },
        ),
    );
    assert_eq!(said, "");
    let notes: Vec<_> = chat
        .last
        .messages
        .iter()
        .map(|message| (&message.sender_type, message.content.as_str()))
        .collect();
    assert_eq!(notes, [(&SenderType::Note, "Callisto.")]);
    assert!(chat.last.lead.is_none(), "nothing else is done");
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Agent);
}

#[test]
fn a_failure_is_told_and_the_second_in_a_row_fetches_a_person() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let said = reports(&mut chat, job, failed("unavailable"));
    assert!(said.contains("does not respond"), "{said}");
    chat.data_of("Talk to a person");
    let job = asks(&mut chat, FARTHER);
    reports(&mut chat, job, failed("timed_out"));
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Queue);
}

#[test]
fn an_answer_that_may_not_be_given_is_a_miss_and_not_an_outage() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let refused = ModelOutcome::Refused {
        why: "figure".to_owned(),
    };
    let said = reports(&mut chat, job, refused);
    assert!(said.contains("reliable answer"), "{said}");
}

#[test]
fn when_it_is_due_the_next_rung_is_taken_whatever_the_model_does() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let due = |asked| {
        Event::Timer(TimerFired::AnswerDue {
            conversation_id: ConversationId(uuid::Uuid::nil()),
            asked,
        })
    };
    chat.event(&due(job));
    assert_eq!(chat.said(), "", "of another case");
    let due = Event::Timer(TimerFired::AnswerDue {
        conversation_id: case(&chat),
        asked: job,
    });
    chat.event(&due);
    assert!(chat.said().contains("does not respond"));
    assert_eq!(cancelled(&chat), ["answer", "answer-due"]);
    chat.event(&due);
    assert_eq!(chat.said(), "", "once");
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "");
}

#[test]
fn the_closest_entry_is_shown_as_no_more_than_that() {
    let mut chat = chat();
    // Below the thresholds, and yet about something the company knows.
    let near = [
        "our terraform and the pipelines of the old team need some love, thoughts?",
        "somebody must look after the migration thing for us maybe",
        "we would need references or whatever for procurement to be happy with kubernetes stuff",
    ];
    let job = near.iter().find_map(|text| {
        let said = chat.says(text);
        let pending = chat.snapshot.session.as_ref()?.state.get("pending")?.clone();
        let close = said.is_empty() && pending.get("closest").is_some();
        close.then(|| asked(&chat).map(|(job, _)| job.id)).flatten()
    });
    let job = job.expect("one of them comes close to something");
    let said = reports(&mut chat, job, failed("unavailable"));
    assert!(said.contains("The closest I know is"), "{said}");
    chat.data_of("Talk to a person");
}

#[test]
fn proposals_are_done_only_where_the_rules_allow_them() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let proposals = ModelProposals {
        hand_over: false,
        start_form: false,
        fields: vec![
            found("timeline", "asap"),
            found("budget_range", "a fortune"),
            found("contact", "ann@example.com"),
            found("consent", "yes"),
            found("shoe_size", "42"),
        ],
    };
    reports(&mut chat, job, proposing("Noted.", proposals));
    let lead = chat.snapshot.lead.clone().expect("a lead");
    let fields: Vec<_> = lead
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.value.as_str()))
        .collect();
    assert_eq!(fields, [("contact", "ann@example.com"), ("timeline", "urgent")]);
    assert!(
        lead.fields
            .values()
            .all(|value| value.source == FieldSource::Model && value.confirmed_by.is_none())
    );
    assert!(lead.consent_at.is_none());

    let job = asks(&mut chat, FARTHER);
    let proposals = ModelProposals {
        fields: vec![found("timeline", "exploring")],
        ..ModelProposals::default()
    };
    reports(&mut chat, job, proposing("Noted.", proposals));
    assert_eq!(
        chat.snapshot.lead.as_ref().unwrap().value("timeline"),
        Some("urgent"),
        "never over what is there"
    );
}

#[test]
fn a_proposal_to_hand_over_fetches_a_person() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let proposals = ModelProposals {
        hand_over: true,
        ..ModelProposals::default()
    };
    let said = reports(&mut chat, job, proposing("", proposals));
    assert!(said.contains("colleague"), "{said}");
    assert_eq!(chat.snapshot.conversation.as_ref().unwrap().owner, Owner::Queue);
    assert!(chat.staff().contains("Ann"));
}

#[test]
fn a_proposal_to_start_the_form_starts_it_and_a_running_form_goes_on() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    let proposals = ModelProposals {
        start_form: true,
        ..ModelProposals::default()
    };
    let said = reports(&mut chat, job, proposing("Gladly.", proposals));
    assert!(said.starts_with("Gladly.") && said.contains("(1/8)"), "{said}");
    let said = chat.says(&format!("{FAR}?"));
    assert_eq!(said, "", "a question in the form is asked too: {said}");
    let job = asked(&chat).unwrap().0.id;
    let said = reports(&mut chat, job, text("Callisto."));
    assert!(said.starts_with("Callisto.") && said.contains("(1/8)"), "{said}");
}

#[test]
fn a_closed_case_waits_for_nothing() {
    let mut chat = chat();
    let job = asks(&mut chat, FAR);
    chat.agent(AgentAction::Close);
    assert!(cancelled(&chat).contains(&"answer"));
    assert!(chat.snapshot.conversation.is_none());
    chat.says("/start");
    assert_eq!(reports(&mut chat, job, text("Callisto.")), "");
}

#[test]
fn what_a_client_refused_to_leave_is_not_found_in_their_words_either() {
    let mut chat = chat();
    crate::form::fill_until_contact(&mut chat);
    chat.says("ann@example.com");
    chat.taps("No");
    let job = asks(&mut chat, FAR);
    let proposals = ModelProposals {
        fields: vec![found("contact", "ann@example.com"), found("name", "Ann Lee")],
        ..ModelProposals::default()
    };
    reports(&mut chat, job, proposing("Noted.", proposals));
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!((lead.value("contact"), lead.value("name")), (None, None));
}

/// Found by the simulation: nothing ran for longer than a session lives.
#[test]
fn an_answer_that_is_owed_outlives_the_session() {
    let mut late = chat();
    let job = asks(&mut late, FAR);
    late.now = late.now + Duration::from_hours(25);
    let fired = TimerFired::AnswerDue {
        conversation_id: case(&late),
        asked: job,
    };
    late.event(&Event::Timer(fired));
    assert_ne!(late.said(), "", "the wait ends, however late");
    assert!(cancelled(&late).contains(&"answer"), "and the job with it");

    let mut goes_on = chat();
    asks(&mut goes_on, FAR);
    goes_on.now = goes_on.now + Duration::from_hours(25);
    asks(&mut goes_on, FARTHER);
    let (_, question) = asked(&goes_on).unwrap();
    assert_eq!(question.questions.len(), 2, "one answer covers both");
    assert_eq!(
        question.due,
        goes_on.now + Duration::from_secs(43),
        "in the time that any question has"
    );
}
