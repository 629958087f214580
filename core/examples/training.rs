//! Measures training on a playbook: `training FOLDER`, for instance `training playbooks/dev2production`.
//!
//! Prints the time to train, to write the knowledge as bytes and to read it back. With `--folds`, also how good the
//! matcher is by five-fold cross-validation on the playbook's own phrasings and off-topic lines: each is asked of a
//! matcher, thresholds included, that has not seen it.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use frontdesk_core::knowledge::{Knowledge, MatchDecision, Matcher, Phrasings};
use frontdesk_core::playbook::{Locale, Playbook, PlaybookFiles};

const FOLDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, folders): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let [folder] = folders.as_slice() else {
        return Err("usage: training FOLDER [--folds]".into());
    };
    let mut files = PlaybookFiles::new();
    add(Path::new(folder), Path::new(folder), &mut files)?;
    let playbook = Playbook::parse(&files).map_err(|problems| problems.to_string())?;

    let start = Instant::now();
    let knowledge = Knowledge::train(&playbook);
    let trained = start.elapsed();
    let start = Instant::now();
    let bytes = knowledge.to_bytes();
    let written = start.elapsed();
    let start = Instant::now();
    Knowledge::from_bytes(&bytes, &playbook).ok_or("the bytes do not read back")?;
    let read = start.elapsed();
    println!(
        "trained in {trained:?}, written in {written:?}, read in {read:?}; {} bytes",
        bytes.len()
    );
    if flags.iter().any(|flag| flag == "--folds") {
        for locale in &playbook.locales {
            cross_validate(&playbook, locale);
        }
    }
    Ok(())
}

fn add(root: &Path, folder: &Path, files: &mut PlaybookFiles) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            add(root, &path, files)?;
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.insert(name, text);
        }
    }
    Ok(())
}

fn cross_validate(playbook: &Playbook, locale: &Locale) {
    let none = playbook.off_topic.get(locale).map_or(&[][..], Vec::as_slice);
    let on_topic = playbook.entries.iter().flat_map(|entry| {
        let questions = entry.questions.get(locale).into_iter().flatten();
        questions.map(|question| (question.as_str(), Some(entry.slug.as_str())))
    });
    let on_topic: Vec<_> = on_topic.collect();
    let off_topic: Vec<_> = none.iter().map(|line| (line.as_str(), None)).collect();
    let mut asked: BTreeMap<(bool, &str), u32> = BTreeMap::new();
    for part in 0..FOLDS {
        let mut entries: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let (mut kept, mut held) = (Vec::new(), Vec::new());
        for lines in [&on_topic, &off_topic] {
            for (index, &(line, slug)) in lines.iter().enumerate() {
                match slug {
                    _ if index % FOLDS == part => held.push((line, slug)),
                    Some(slug) => entries.entry(slug).or_default().push(line.to_owned()),
                    None => kept.push(line.to_owned()),
                }
            }
        }
        let entries: Vec<Phrasings> = entries
            .into_iter()
            .map(|(slug, questions)| Phrasings {
                slug: slug.to_owned(),
                questions,
            })
            .collect();
        let matcher = Matcher::train(&entries, &kept, &playbook.thresholds);
        for (line, slug) in held {
            let found = matcher.query(line);
            let right = slug.is_some() && found.candidates.first().map(|best| &*best.slug) == slug;
            let decision = match found.decision {
                MatchDecision::Answer if right => "answered rightly",
                MatchDecision::Answer => "answered wrongly",
                MatchDecision::Offer => "offered",
                MatchDecision::None => "neither",
            };
            *asked.entry((slug.is_some(), decision)).or_default() += 1;
            if right {
                *asked.entry((true, "best candidate right")).or_default() += 1;
            }
        }
    }
    for (on_topic, lines) in [(true, &on_topic), (false, &off_topic)] {
        let side = if on_topic { "on topic" } else { "off topic" };
        print!("{} {side}: {} lines", locale.as_str(), lines.len());
        for ((of, what), count) in &asked {
            if *of == on_topic {
                print!(", {what} {count}");
            }
        }
        println!();
    }
}
