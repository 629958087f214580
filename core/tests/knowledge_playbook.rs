//! What the shipped playbook's knowledge makes of questions it does not contain, band by band.

mod shipped;

use frontdesk_core::knowledge::{Knowledge, MatchDecision};
use frontdesk_core::playbook::{Locale, Playbook};

fn shipped() -> Knowledge {
    let files = shipped::shipped_files();
    Knowledge::train(&Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}")))
}

/// What may be decided.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// Answered with this entry.
    Answer(&'static str),
    /// Answered with this entry, or offered with it among the three shown.
    Found(&'static str),
    /// Offered, this entry among the three shown.
    Offer(&'static str),
    /// Offered; which entries is open.
    Unsure,
    /// Neither.
    Nothing,
}

#[test]
fn questions_fall_into_their_bands() {
    use Expected::{Answer, Found, Nothing, Offer, Unsure};
    let knowledge = shipped();
    let table = [
        (
            "en",
            "how much would a devops audit be",
            Answer("devops-audit-price"),
        ),
        ("en", "do you know python and kafka", Answer("technologies")),
        ("en", "can you sign our NDA", Answer("nda-security")),
        (
            "en",
            "my kubernetes cluster is crashing",
            Answer("kubernetes-help"),
        ),
        (
            "en",
            "whats the hourly rate of an engineer",
            Answer("pricing-model"),
        ),
        ("en", "which city are you in", Found("location-remote")),
        ("en", "could I see a case study", Found("references")),
        ("en", "move our database to aws", Found("cloud-migration-price")),
        ("en", "deadline", Found("project-duration")),
        ("en", "support at night", Found("on-call-service")),
        ("en", "security audit", Found("security-hardening")),
        ("en", "price", Offer("pricing-model")),
        ("en", "how much does it cost", Unsure),
        (
            "en",
            "our site is down again, who do I call",
            Found("incident-help"),
        ),
        ("en", "fix my printer", Nothing),
        ("en", "where is the invoice for september", Nothing),
        ("en", "hello", Nothing),
        ("en", "weather today", Nothing),
        ("en", "do penguins have knees", Nothing),
        ("en", "what did napoleon eat for breakfast", Nothing),
        ("en", "sing me a song", Nothing),
        (
            "ru",
            "сколько будет стоить аудит инфраструктуры",
            Answer("devops-audit-price"),
        ),
        ("ru", "вы подпишете nda", Answer("nda-security")),
        ("ru", "какие технологии вы знаете", Answer("technologies")),
        ("ru", "кластер kubernetes падает", Answer("kubernetes-help")),
        ("ru", "какая почасовая ставка", Answer("pricing-model")),
        ("ru", "в каком городе вы сидите", Found("location-remote")),
        ("ru", "кейсы есть?", Found("references")),
        ("ru", "переезд в облако", Found("cloud-migration-price")),
        ("ru", "сроки проекта", Found("project-duration")),
        ("ru", "поддержка ночью", Found("on-call-service")),
        ("ru", "сколько стоит", Unsure),
        ("ru", "цена", Unsure),
        ("ru", "какая цена", Unsure),
        ("ru", "всё легло, сайт не открывается", Found("incident-help")),
        ("ru", "почините принтер", Nothing),
        ("ru", "погода", Nothing),
        ("ru", "привет", Nothing),
        ("ru", "есть ли колени у пингвинов", Nothing),
        ("ru", "что ел наполеон на завтрак", Nothing),
        ("ru", "спой песню", Nothing),
    ];
    let mut wrong = Vec::new();
    for (locale, question, expected) in table {
        let found = knowledge.query(&Locale::parse(locale).unwrap(), question);
        let offers = |slug: &str| found.candidates.iter().take(3).any(|one| *one.slug == *slug);
        let answers = |slug: &str| found.slug.as_deref() == Some(slug);
        let fits = match (expected, found.decision) {
            (Answer(slug) | Found(slug), MatchDecision::Answer) => answers(slug),
            (Found(slug) | Offer(slug), MatchDecision::Offer) => offers(slug),
            (Unsure, MatchDecision::Offer) | (Nothing, MatchDecision::None) => true,
            _ => false,
        };
        if !fits {
            wrong.push(format!("{question}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
