//! Knowledge written to bytes and read back is the knowledge that was trained, or nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shipped;

use std::collections::BTreeMap;

use frontdesk_core::knowledge::{Knowledge, Match, Matcher, Phrasings, Threshold, Thresholds};
use frontdesk_core::playbook::{Locale, Playbook, PlaybookFiles};

fn parse(files: &PlaybookFiles) -> Playbook {
    Playbook::parse(files).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Every phrasing and off-topic line, as it is, without its first word, and with a word of a stranger.
fn questions(playbook: &Playbook) -> Vec<(&Locale, String)> {
    let mut questions = Vec::new();
    for locale in &playbook.locales {
        let phrasings = playbook
            .entries
            .iter()
            .filter_map(|entry| entry.questions.get(locale));
        for line in phrasings.chain(playbook.off_topic.get(locale)).flatten() {
            let (_, rest) = line.split_once(' ').unwrap_or_default();
            questions.push((locale, line.clone()));
            questions.push((locale, rest.to_owned()));
            questions.push((locale, format!("{line} xyzzy")));
        }
    }
    questions
}

#[test]
fn bytes_decide_as_what_they_were_written_from() {
    let playbook = parse(&shipped::shipped_files());
    let trained = Knowledge::train(&playbook);
    let bytes = trained.to_bytes();
    let read = Knowledge::from_bytes(&bytes, &playbook).unwrap();
    let questions = questions(&playbook);
    assert!(questions.len() > 10_000, "{}", questions.len());
    for (locale, question) in &questions {
        let (before, after): (Match, Match) = (trained.query(locale, question), read.query(locale, question));
        assert_eq!(before, after, "{question}");
    }
    for locale in &playbook.locales {
        let (before, after) = (trained.matcher(locale).unwrap(), read.matcher(locale).unwrap());
        assert_eq!((before.accept(), before.offer()), (after.accept(), after.offer()));
    }
    assert_eq!(bytes, read.to_bytes(), "the same knowledge, the same bytes");
    refuses_what_is_not_whole(&bytes, &playbook);
    refuses_another_playbook(&bytes, &playbook.default_locale);
}

fn refuses_what_is_not_whole(bytes: &[u8], playbook: &Playbook) {
    for length in [0, 1, 7, 8, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(
            Knowledge::from_bytes(&bytes[..length], playbook).is_none(),
            "{length} bytes"
        );
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(Knowledge::from_bytes(&longer, playbook).is_none());
    for part in 0..16 {
        let mut torn = bytes.to_vec();
        torn[part * (bytes.len() - 1) / 15] ^= 0x10;
        assert!(Knowledge::from_bytes(&torn, playbook).is_none(), "part {part}");
    }
    let mut zeroes = bytes.to_vec();
    zeroes[bytes.len() / 3..].fill(0);
    assert!(
        Knowledge::from_bytes(&zeroes, playbook).is_none(),
        "a hole, as after a crash"
    );
}

fn refuses_another_playbook(bytes: &[u8], english: &Locale) {
    let files = shipped::shipped_files();
    let accepts = |change: &dyn Fn(&mut Playbook)| {
        let mut changed = parse(&files);
        change(&mut changed);
        Knowledge::from_bytes(bytes, &changed).is_some()
    };
    assert!(!accepts(
        &|playbook| playbook.thresholds.accept = Threshold::Fixed(0.5)
    ));
    assert!(!accepts(&|playbook| {
        playbook.off_topic.get_mut(english).unwrap().pop();
    }));
    assert!(!accepts(&|playbook| playbook.entries.swap(0, 1)));
    assert!(!accepts(&|playbook| {
        playbook.entries[3].questions.get_mut(english).unwrap()[0].push('s');
    }));
    assert!(!accepts(&|playbook| {
        playbook.locales.pop();
    }));
    assert!(
        accepts(&|playbook| playbook.entries[3]
            .answer
            .get_mut(english)
            .unwrap()
            .push_str(" Ask.")),
        "what is answered is not learned"
    );
}

/// Kept knowledge is not trained again, so a program must not take what an older one learned otherwise.
#[test]
fn what_is_learned_has_not_changed_since_its_version() {
    let mut entries: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in include_str!("knowledge/entries.tsv").lines() {
        let (slug, question) = line.split_once('\t').unwrap();
        entries.entry(slug).or_default().push(question.to_owned());
    }
    let entries: Vec<Phrasings> = entries
        .into_iter()
        .map(|(slug, questions)| Phrasings {
            slug: slug.to_owned(),
            questions,
        })
        .collect();
    let none: Vec<String> = include_str!("knowledge/none.txt")
        .lines()
        .map(str::to_owned)
        .collect();
    let matcher = Matcher::train(&entries, &none, &Thresholds::default());
    let score = |question| matcher.query(question).score;
    for (learned, now) in [
        (0.3873, matcher.accept()),
        (0.4943, score("what would an audit cost us")),
        (0.4935, score("help, our website is down")),
        (0.2293, score("price of moving a database")),
    ] {
        assert!(
            (learned - now).abs() < 0.002,
            "{learned} has become {now}: count up VERSION in core/src/knowledge/library.rs, or what older \
             programs have kept goes on being used; then put the new figures here"
        );
    }
}
