//! What the knowledge matcher promises, on a small set of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use frontdesk_core::knowledge::{Match, MatchDecision, Matcher, Phrasings, Threshold, Thresholds, evaluate};
use proptest::prelude::*;

fn entries(tsv: &str) -> Vec<Phrasings> {
    let mut entries: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in tsv.lines() {
        let (slug, question) = line.split_once('\t').unwrap();
        entries.entry(slug).or_default().push(question.to_owned());
    }
    entries
        .into_iter()
        .map(|(slug, questions)| Phrasings {
            slug: slug.to_owned(),
            questions,
        })
        .collect()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn english() -> Matcher {
    let none = lines(include_str!("knowledge/none.txt"));
    Matcher::train(
        &entries(include_str!("knowledge/entries.tsv")),
        &none,
        &Thresholds::default(),
    )
}

fn russian() -> Matcher {
    let none = lines(include_str!("knowledge/none.ru.txt"));
    Matcher::train(
        &entries(include_str!("knowledge/entries.ru.tsv")),
        &none,
        &Thresholds::default(),
    )
}

fn entry(slug: &str, questions: &[&str]) -> Phrasings {
    Phrasings {
        slug: slug.to_owned(),
        questions: questions.iter().map(|&q| q.to_owned()).collect(),
    }
}

fn best(found: &Match) -> &str {
    found.candidates.first().map_or("", |best| &best.slug)
}

#[test]
fn questions_find_their_entry() {
    for (matcher, question, slug) in [
        (english(), "how much does an audit cost", "price"),
        (english(), "HOW MUCH DOES AN AUDIT COST???", "price"),
        (english(), "how mutch is an audti of our infrastucture", "price"),
        (english(), "which hours is your office open", "hours"),
        (
            english(),
            "can you migrate our databases to the cloud",
            "migration",
        ),
        (english(), "help, our website is down", "incident"),
        (english(), "are you hiring engineers", "careers"),
        (english(), "vacancies", "careers"),
        (russian(), "сколько будет стоить аудит серверов", "price"),
        (russian(), "Почём услуга аудита?", "price"),
        (russian(), "часы работы вашего офиса", "hours"),
        (russian(), "миграции приложений в облака", "migration"),
        (russian(), "сайт не отвечает, срочно нужна помощь", "incident"),
        (russian(), "ВСЕ СЛОМАЛОСЬ", "incident"),
    ] {
        let found = matcher.query(question);
        assert_eq!(best(&found), slug, "{question}: {found:?}");
        assert_ne!(found.decision, MatchDecision::None, "{question}: {found:?}");
        assert_eq!(found.slug.as_deref(), Some(slug));
    }
}

#[test]
fn what_is_off_topic_finds_nothing() {
    for (matcher, text) in [
        (english(), ""),
        (english(), " \n\t"),
        (english(), "🙂🎉👍🏽"),
        (english(), "?!... --- ***"),
        (english(), "hello"),
        (english(), "Hi!"),
        (english(), "Good morning"),
        (english(), "xyzzy qwfpgj"),
        (english(), "ъыъ"),
        (english(), "tell me a joke about cats"),
        (english(), "what is the weather tomorrow"),
        (russian(), "Привет!"),
        (russian(), "Доброе утро"),
        (russian(), "расскажи анекдот про кошек"),
        (russian(), "какая завтра погода"),
        (russian(), "lorem ipsum"),
    ] {
        let found = matcher.query(text);
        assert_eq!(found.decision, MatchDecision::None, "{text:?}: {found:?}");
        assert_eq!(found.slug, None);
        assert!((0.0..=1.0).contains(&found.score));
    }
}

#[test]
fn every_phrasing_is_answered_with_its_entry() {
    for (matcher, tsv) in [
        (english(), include_str!("knowledge/entries.tsv")),
        (russian(), include_str!("knowledge/entries.ru.tsv")),
    ] {
        for line in tsv.lines() {
            let (slug, question) = line.split_once('\t').unwrap();
            let found = matcher.query(&format!("  {}!", question.to_uppercase()));
            assert_eq!(
                (found.decision, found.slug.as_deref()),
                (MatchDecision::Answer, Some(slug))
            );
            assert!(found.score >= 1.0);
        }
    }
}

#[test]
fn a_phrasing_of_two_entries_is_no_exact_match() {
    let entries = [
        entry("a", &["how much is it", "price of a"]),
        entry("b", &["How much is it?", "price of b"]),
    ];
    let fixed = Thresholds {
        accept: Threshold::Fixed(0.99),
        offer: Threshold::Fixed(0.05),
    };
    let matcher = Matcher::train(&entries, &[], &fixed);
    let found = matcher.query("how much is it");
    assert_ne!(found.decision, MatchDecision::Answer, "{found:?}");
    assert_eq!(found.candidates.len(), 2);
}

#[test]
fn degenerate_knowledge_is_no_error() {
    let one = [entry("only", &["opening hours"])];
    let none = lines(include_str!("knowledge/none.txt"));
    for (entries, none) in [
        (&[][..], &[][..]),
        (&[], &none),
        (&one, &[]),
        (&one, &none),
        (&[entry("empty", &[]), entry("dots", &["...", "🙂"])], &[]),
    ] {
        let matcher = Matcher::train(entries, none, &Thresholds::default());
        for text in ["", "something else entirely", "🙂"] {
            assert_ne!(
                matcher.query(text).decision,
                MatchDecision::Answer,
                "{text:?} of {entries:?}"
            );
        }
        assert!(matcher.offer() <= matcher.accept());
    }
    let only = Matcher::train(&one, &[], &Thresholds::default()).query("Opening hours?");
    assert_eq!(only.slug.as_deref(), Some("only"));
}

#[test]
fn entries_of_one_slug_are_one_entry() {
    let entries = [
        entry("a", &["opening hours"]),
        entry("b", &["price list"]),
        entry("a", &["Opening hours"]),
    ];
    let found = Matcher::train(&entries, &[], &Thresholds::default()).query("opening hours");
    assert_eq!(found.decision, MatchDecision::Answer);
    assert_eq!(found.candidates.len(), 2);
}

#[test]
fn fixed_thresholds_are_taken_into_range() {
    for (accept, offer, expected) in [
        (0.7, 0.3, (0.7, 0.3)),
        (0.3, 0.7, (0.3, 0.3)),
        (7.0, -1.0, (1.0, 0.0)),
    ] {
        let thresholds = Thresholds {
            accept: Threshold::Fixed(accept),
            offer: Threshold::Fixed(offer),
        };
        let matcher = Matcher::train(&[entry("a", &["b"])], &[], &thresholds);
        assert_eq!((matcher.accept(), matcher.offer()), expected);
    }
    let thresholds = Thresholds {
        accept: Threshold::Fixed(f64::NAN),
        offer: Threshold::Auto,
    };
    assert!(Matcher::train(&[], &[], &thresholds).accept().is_finite());
}

#[test]
fn many_entries_take_the_cheap_way_and_still_match() {
    let entries: Vec<Phrasings> = (0..1_500)
        .map(|n| {
            let name = format!("{}{}", ["alpha", "bravo", "carol", "delta", "ember"][n % 5], n);
            entry(
                &name,
                &[
                    &format!("what is the price of {name}"),
                    &format!("{name} delivery time and cost"),
                ],
            )
        })
        .collect();
    let matcher = Matcher::train(
        &entries,
        &lines(include_str!("knowledge/none.txt")),
        &Thresholds::default(),
    );
    assert_eq!(best(&matcher.query("cost of bravo1201")), "bravo1201");
    assert_eq!(matcher.query("hello").decision, MatchDecision::None);
}

#[test]
fn a_very_long_text_is_read_in_bounded_time() {
    let matcher = english();
    let long = matcher.query(&"how much is an audit ".repeat(500));
    assert_eq!(best(&long), "price");
    assert_eq!(matcher.query(&"ж".repeat(10_000)).decision, MatchDecision::None);
    let start = "how much is an audit ".repeat(60);
    let (some, more) = (
        matcher.query(&start),
        matcher.query(&format!("{start} are you hiring")),
    );
    assert_eq!(
        some.candidates, more.candidates,
        "what lies behind the first thousand characters is not read"
    );
}

#[test]
fn decisions_are_spelled_in_lower_case() {
    let found = english().query("are you hiring");
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        (&json["decision"], &json["slug"]),
        (&"answer".into(), &"careers".into())
    );
    assert_eq!(json["candidates"].as_array().unwrap().len(), 5);
    let nothing = serde_json::to_value(english().query("hello")).unwrap();
    assert_eq!(
        (&nothing["decision"], &nothing["slug"]),
        (&"none".into(), &serde_json::Value::Null)
    );
}

#[test]
fn figures_count_what_they_say() {
    let labelled = |lines: &[(&str, Option<&str>)]| -> Vec<(String, Option<String>)> {
        lines
            .iter()
            .map(|(text, label)| ((*text).to_owned(), label.map(str::to_owned)))
            .collect()
    };
    let figures = evaluate(
        &english(),
        &labelled(&[
            ("Are you hiring?", Some("careers")),
            ("office hours please", Some("price")),
            ("🙂", Some("hours")),
            ("When are you open?", None),
            ("hello", None),
        ]),
    );
    let close = |figure: Option<f64>, expected: f64| (figure.unwrap() - expected).abs() < 1e-9;
    assert!(close(figures.accuracy, 1.0 / 3.0), "{figures:?}");
    assert!(close(figures.coverage, 2.0 / 3.0), "{figures:?}");
    assert!(close(figures.precision, 1.0 / 3.0), "{figures:?}");
    assert!(close(figures.off_topic_answered, 0.5), "{figures:?}");
    assert_eq!((figures.questions, figures.off_topic), (3, 2));
    let empty = evaluate(&english(), &[]);
    assert_eq!(
        (empty.accuracy, empty.coverage, empty.precision, empty.auroc),
        (None, None, None, None)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_keeps_its_promises(texts in prop::collection::vec(any::<String>(), 1..40)) {
        let matcher = english();
        for text in texts {
            let found = matcher.query(&text);
            prop_assert!(found.candidates.len() <= 5);
            prop_assert!(found.candidates.iter().all(|c| (0.0..=1.0).contains(&c.score)));
            prop_assert!(found.candidates.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert_eq!(found.candidates.first().map_or(0.0, |c| c.score).to_bits(), found.score.to_bits());
            prop_assert_eq!(found.slug.is_none(), found.decision == MatchDecision::None);
        }
    }

    #[test]
    fn training_is_deterministic_and_answers_what_it_learned(
        questions in prop::collection::btree_set("[a-zа-яё]{1,9}( [a-z0-9]{1,7}){0,4}", 2..24),
        none in prop::collection::vec("[a-z ]{0,30}", 0..30),
        text in "[a-zа-я ]{0,40}",
    ) {
        let mut entries: Vec<Phrasings> = (0..6).map(|n| entry(&format!("entry-{n}"), &[])).collect();
        for (n, question) in questions.iter().enumerate() {
            entries[n % 6].questions.push(question.replace('ё', "е"));
        }
        let train = || Matcher::train(&entries, &none, &Thresholds::default());
        let (one, other) = (train(), train());
        prop_assert_eq!(one.accept().to_bits(), other.accept().to_bits());
        prop_assert_eq!(one.offer().to_bits(), other.offer().to_bits());
        prop_assert_eq!(one.query(&text), other.query(&text));
        let all: Vec<&String> = entries.iter().flat_map(|entry| &entry.questions).collect();
        for entry in &entries {
            for question in &entry.questions {
                if all.iter().filter(|&&other| other == question).count() == 1 {
                    let found = one.query(question);
                    prop_assert_eq!(found.decision, MatchDecision::Answer);
                    prop_assert_eq!(found.slug.as_deref(), Some(entry.slug.as_str()));
                }
            }
        }
    }
}
