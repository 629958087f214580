//! What is said unasked: the reminder and the follow-up. Whole conversations with days between are
//! transcripts (tests/transcripts/nudges/).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use crate::chat::{Chat, rules_with};
use crate::form::fill_until_contact;
use frontdesk_core::dialogue::{AgentAction, Event, Rules, TIMER_VERSION, TimerFired};
use frontdesk_core::lead::{FormState, LeadStage, Nudge};
use frontdesk_core::work::{JobChange, NewJob};
use std::sync::OnceLock;
use std::time::Duration;

fn nudging() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        rules_with(&[
            ("# reminder_after = \"24h\"", "reminder_after = \"24h\""),
            ("# [follow_up]", "[follow_up]"),
            ("# after = \"48h\"", "after = \"48h\""),
        ])
    })
}

fn chat() -> Chat {
    let mut chat = Chat::new();
    chat.rules = nudging();
    chat
}

fn confirmed() -> Chat {
    let mut chat = chat();
    fill_until_contact(&mut chat);
    chat.says("ann@example.com");
    chat.taps("Yes");
    chat.taps("Confirm and send");
    chat
}

fn reminder(chat: &Chat) -> Event {
    let conversation_id = chat.snapshot.conversation.as_ref().unwrap().id;
    Event::Timer(TimerFired::FormReminder { conversation_id })
}

fn follow_up(chat: &Chat) -> Event {
    let conversation_id = chat.snapshot.conversation.as_ref().unwrap().id;
    Event::Timer(TimerFired::FollowUp { conversation_id })
}

fn starts<'a>(chat: &'a Chat, key: &str) -> Vec<&'a NewJob> {
    let own = |job: &&JobChange| match job {
        JobChange::Start(job) => job.unique_key.as_deref().is_some_and(|own| own.starts_with(key)),
        JobChange::Cancel { .. } => false,
    };
    let started = chat.last.jobs.iter().filter(own);
    started
        .filter_map(|job| match job {
            JobChange::Start(job) => Some(job),
            JobChange::Cancel { .. } => None,
        })
        .collect()
}

fn cancels(chat: &Chat, key: &str) -> bool {
    let own =
        |job: &JobChange| matches!(job, JobChange::Cancel { unique_key } if unique_key.starts_with(key));
    chat.last.jobs.iter().any(own)
}

#[test]
fn nothing_is_said_unasked_unless_the_playbook_says_so() {
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    chat.says("ann@example.com");
    chat.taps("Yes");
    chat.taps("Confirm and send");
    let nudges = chat.jobs.iter().filter(|job| match job {
        JobChange::Start(job) => job
            .unique_key
            .as_deref()
            .is_some_and(|key| key.starts_with("form-reminder") || key.starts_with("follow-up")),
        JobChange::Cancel { .. } => false,
    });
    assert_eq!(nudges.count(), 0);
}

#[test]
fn an_older_build_leaves_both_timers_alone() {
    let mut chat = chat();
    chat.says("/quote");
    assert_eq!(starts(&chat, "form-reminder")[0].version, TIMER_VERSION);
    for event in [reminder(&chat), follow_up(&chat)] {
        assert_eq!(event.desk_version(), Event::DESK_VERSION);
    }
    let conversation_id = chat.snapshot.conversation.as_ref().unwrap().id;
    let idle = Event::Timer(TimerFired::IdleCase { conversation_id });
    assert_eq!(idle.desk_version(), 1);
}

#[test]
fn a_form_of_an_older_build_is_read_and_written_as_it_was() {
    let old = r#"{"v":1,"phase":"paused","field":"","correcting":false,"question":3,"skipped":[]}"#;
    let form: FormState = serde_json::from_str(old).unwrap();
    assert_eq!((form.reminder, form.follow_up), (Nudge::Unset, Nudge::Unset));
    assert_eq!(serde_json::to_string(&form).unwrap(), old);
}

#[test]
fn the_reminder_is_set_once_and_set_again_when_it_runs_out_early() {
    let mut chat = chat();
    chat.says("/quote");
    let timer = starts(&chat, "form-reminder");
    assert_eq!(timer[0].run_in, Duration::from_hours(24));
    chat.taps("Integration");
    assert!(starts(&chat, "form-reminder").is_empty());
    let early = reminder(&chat);
    chat.now = chat.now + Duration::from_hours(20);
    chat.event(&early);
    assert_eq!(chat.said(), "");
    let again = starts(&chat, "form-reminder")[0].run_in;
    assert!(
        again < Duration::from_hours(4) && again > Duration::from_hours(3),
        "{again:?}"
    );
}

#[test]
fn the_reminder_comes_once_however_often_the_timer_does() {
    let mut chat = chat();
    chat.says("/quote");
    let due = reminder(&chat);
    chat.now = chat.now + Duration::from_hours(24);
    chat.event(&due);
    assert!(
        chat.said().contains("Shall we finish?") && chat.said().contains("(1/8)"),
        "{}",
        chat.said()
    );
    for _ in 0..3 {
        chat.now = chat.now + Duration::from_hours(24);
        chat.event(&due);
        assert_eq!(chat.said(), "");
        assert!(starts(&chat, "form-reminder").is_empty());
    }
    chat.taps("Integration");
    assert!(starts(&chat, "form-reminder").is_empty(), "once a case");
}

#[test]
fn the_reminder_is_taken_back_when_the_form_ends_or_a_person_has_the_chat() {
    let mut left = chat();
    left.says("/quote");
    left.says("/cancel");
    assert!(cancels(&left, "form-reminder"));
    assert!(confirmed().jobs.iter().any(
        |job| matches!(job, JobChange::Cancel { unique_key } if unique_key.starts_with("form-reminder"))
    ));

    let mut taken = chat();
    taken.says("/quote");
    taken.agent(AgentAction::Say { text: "Hello".into() });
    assert!(cancels(&taken, "form-reminder"));
    let due = reminder(&taken);
    taken.now = taken.now + Duration::from_hours(24);
    taken.event(&due);
    assert_eq!(taken.said(), "");
    taken.agent(AgentAction::HandBack);
    assert_eq!(starts(&taken, "form-reminder").len(), 1);
    taken.agent(AgentAction::Close);
    assert!(cancels(&taken, "form-reminder"));
}

#[test]
fn whoever_blocked_the_bot_is_not_reminded() {
    let mut chat = chat();
    chat.says("/quote");
    chat.snapshot.client.as_mut().unwrap().reachable = false;
    let due = reminder(&chat);
    chat.now = chat.now + Duration::from_hours(24);
    chat.event(&due);
    assert_eq!(chat.said(), "");
}

#[test]
fn the_follow_up_comes_once_and_offers_a_person() {
    let mut chat = confirmed();
    assert_eq!(starts(&chat, "follow-up")[0].run_in, Duration::from_hours(48));
    let due = follow_up(&chat);
    chat.now = chat.now + Duration::from_hours(48);
    chat.event(&due);
    assert!(chat.said().contains("Thank you again"), "{}", chat.said());
    assert!(chat.taps("Talk to a person").contains("called a colleague"));
    chat.event(&due);
    assert_eq!(chat.said(), "");
}

#[test]
fn any_word_takes_the_follow_up_back() {
    type Word = fn(&mut Chat) -> String;
    let words: [Word; 3] = [
        |chat| chat.says("thanks"),
        |chat| chat.taps("Our services"),
        |chat| chat.agent(AgentAction::Say { text: "Hello".into() }),
    ];
    for word in words {
        let mut chat = confirmed();
        word(&mut chat);
        assert!(cancels(&chat, "follow-up"));
        let due = follow_up(&chat);
        chat.now = chat.now + Duration::from_hours(48);
        chat.event(&due);
        assert_eq!(chat.said(), "");
    }
}

#[test]
fn a_lead_that_sales_took_up_elsewhere_is_not_followed_up() {
    let mut chat = confirmed();
    chat.snapshot.lead.as_mut().unwrap().lead_stage = LeadStage::Contacted;
    let due = follow_up(&chat);
    chat.now = chat.now + Duration::from_hours(48);
    chat.event(&due);
    assert_eq!(chat.said(), "");
}
