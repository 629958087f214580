//! An entry whose route is urgent: straight to a person.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

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

/// A chat in which the form asks for a description.
fn asked_to_describe() -> Chat {
    let mut chat = Chat::new();
    chat.says("/quote");
    chat.taps("DevOps and CI/CD");
    chat
}

fn score(chat: &Chat, text: &str) -> f64 {
    let locale = chat
        .rules
        .playbook()
        .locale_for(if text.is_ascii() { "en" } else { "ru" });
    chat.rules.match_question(locale.unwrap(), text).score
}

#[test]
fn what_is_urgent_is_no_description() {
    for text in [
        "our production is down",
        "Our production is down, please help!",
        "our site is down",
        "everything is down",
        "we got hacked",
        "our server is down, can somebody help",
        "the website is not working, we need urgent help",
        "our database crashed",
        "we have been hacked",
        "nothing works since the last deployment",
        "all our services are down",
        "prod is down, help",
        "users get error 502",
        "there's ransomware on our servers",
        "we are being attacked right now",
        "у нас упал прод",
        "У нас упал сайт!",
        "всё упало",
        "сервер не отвечает, клиенты ругаются",
        "нас взломали",
        "сайт лежит",
        "после деплоя всё сломалось",
    ] {
        let mut chat = asked_to_describe();
        let said = chat.says(text);
        let score = score(&chat, text);
        assert_eq!(
            chat.snapshot.conversation.as_ref().unwrap().owner,
            Owner::Queue,
            "{text} ({score}): {said}"
        );
        let form = &chat.snapshot.lead.as_ref().unwrap().form;
        assert_eq!(
            (form.phase, form.field.as_str()),
            (FormPhase::Paused, "description"),
            "{text}"
        );
        assert!(chat.says("/quote").contains("(2/8)"), "{text}");
    }
}

#[test]
fn a_description_that_speaks_of_outages_is_a_description() {
    for text in [
        "Our deployments take the site down every time, we want releases without downtime.",
        "We had an outage last year and want monitoring and on-call before it happens again.",
        "Three servers, releases by hand; production goes down about once a month.",
        "We want to move away from a server that crashes often.",
        "Set up backups, we lost data once and never want that again.",
        "Disaster recovery: what should happen when a data centre is down.",
        "Security audit after a breach in spring.",
        "Monitoring so that we hear of errors before our customers do.",
        "The old shop is slow and sometimes offline at peak times, we need a new one.",
        "Penetration test and hardening, a competitor was hacked.",
        "We need a status page that shows whether our services are down.",
        "Migrate a database that is close to its disk limit, without downtime.",
        "A DDoS protection concept for our web shop.",
        "Kubernetes upgrade; the last one broke two services and took a day.",
        "Renew certificates automatically, they have expired twice already.",
        "Our production goes down after each release and we want to change that.",
        "Production was down twice in October; we want to know why.",
        "Nobody notices when the site is down, we need alerts.",
        "Our site is down every night for backups, that should end.",
        "Load tests: the site went down on Black Friday.",
        "Хотим деплой без простоя: сейчас сайт лежит по пять минут при каждом релизе.",
        "Нужен мониторинг: в прошлом году сервер падал три раза.",
        "Резервные копии: однажды потеряли данные, больше не хотим.",
        "Прод падает после каждого релиза, хотим это исправить.",
        "О том, что сайт лежит, узнаём от клиентов; нужны алерты.",
        "Переезд со старого сервера, который часто падает.",
        "Аудит безопасности: весной у знакомых взломали сайт.",
        "Сделать страницу статуса, чтобы клиенты видели, что не работает.",
    ] {
        let mut chat = asked_to_describe();
        let said = chat.says(text);
        let score = score(&chat, text);
        assert!(said.contains("(3/8)"), "{text} ({score}): {said}");
        let lead = chat.snapshot.lead.as_ref().unwrap();
        assert_eq!(lead.value("description"), Some(text));
    }
}

#[test]
fn what_is_urgent_is_no_value_of_another_kind_either() {
    let mut chat = asked_to_describe();
    chat.says("Twelve services.");
    chat.taps("€10k–50k");
    let said = chat.says("our production is down, we need help asap");
    assert_eq!(
        chat.snapshot.conversation.as_ref().unwrap().owner,
        Owner::Queue,
        "{said}"
    );
    assert_eq!(chat.snapshot.lead.as_ref().unwrap().value("timeline"), None);
    for text in [
        "asap",
        "urgent",
        "urgently please",
        "it is urgent",
        "we need it asap",
    ] {
        let mut chat = asked_to_describe();
        chat.says("Twelve services.");
        chat.taps("€10k–50k");
        assert!(chat.says(text).contains("(5/8)"), "{text}: {}", chat.said());
    }
}
