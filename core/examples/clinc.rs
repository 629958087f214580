//! Measures the knowledge matcher on a labelled set: `clinc TRAIN.tsv NONE.txt EVALUATE.tsv`.
//!
//! TRAIN and EVALUATE hold a question, a tab and its intent a line, `none` for off topic; NONE holds one off-topic
//! line a line. Prints the figures, the time to train and the time a query takes. docs/knowledge-matching.md says
//! where a public set comes from. With `--copies N`, the training intents are repeated N times over with altered
//! words, to measure time and memory of larger knowledge (the figures mean nothing then). With `--take N`, only
//! the first N intents are trained and evaluated. With `--folds`, nothing but TRAIN and NONE is used: they are
//! evaluated by five-fold cross-validation.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use frontdesk_core::knowledge::{MatchDecision, Matcher, Phrasings, Thresholds, evaluate};

type Labelled = Vec<(String, Option<String>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut paths, mut copies, mut take, mut folds) = (Vec::new(), 1_usize, usize::MAX, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--copies" => copies = arguments.next().ok_or("--copies wants a number")?.parse()?,
            "--take" => take = arguments.next().ok_or("--take wants a number")?.parse()?,
            "--folds" => folds = true,
            _ => paths.push(argument),
        }
    }
    let [train, none, rest @ ..] = paths.as_slice() else {
        return Err("usage: clinc TRAIN.tsv NONE.txt EVALUATE.tsv [--copies N] [--take N] | --folds".into());
    };
    let train = keep(read(train)?, take);
    let none: Vec<String> = std::fs::read_to_string(none)?
        .lines()
        .map(str::to_owned)
        .collect();
    if folds {
        for part in 0..5 {
            let held = |index: usize| index % 5 == part;
            let kept: Labelled = pick(&train, |index| !held(index));
            let mut asked: Labelled = pick(&train, held);
            let (out, none): (Vec<_>, Vec<_>) = none.iter().cloned().enumerate().partition(|(i, _)| held(*i));
            asked.extend(out.into_iter().map(|(_, line)| (line, None)));
            measure(
                &kept,
                &none.into_iter().map(|(_, line)| line).collect::<Vec<_>>(),
                &asked,
                1,
            );
        }
        return Ok(());
    }
    let known: Vec<String> = train.iter().filter_map(|(_, label)| label.clone()).collect();
    let mut asked = read(rest.first().ok_or("EVALUATE.tsv is missing")?)?;
    asked.retain(|(_, label)| label.as_ref().is_none_or(|label| known.contains(label)));
    measure(&train, &none, &asked, copies);
    Ok(())
}

fn measure(train: &Labelled, none: &[String], asked: &Labelled, copies: usize) {
    let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (question, label) in train {
        for copy in 0..copies {
            let slug = format!("{}{}", label.as_deref().unwrap_or("none"), suffix(copy));
            entries.entry(slug).or_default().push(alter(question, copy));
        }
    }
    let entries: Vec<Phrasings> = entries
        .into_iter()
        .map(|(slug, questions)| Phrasings { slug, questions })
        .collect();
    let start = Instant::now();
    let matcher = Matcher::train(&entries, none, &Thresholds::default());
    let training = start.elapsed();
    let start = Instant::now();
    let figures = evaluate(&matcher, asked);
    let query = start.elapsed() / u32::try_from(asked.len().max(1)).unwrap_or(u32::MAX);
    let offered = |on_topic: bool| {
        let all: Vec<_> = asked
            .iter()
            .filter(|(_, label)| label.is_some() == on_topic)
            .collect();
        let offered = all
            .iter()
            .filter(|(text, _)| matcher.query(text).decision == MatchDecision::Offer);
        format!("{} of {}", offered.count(), all.len())
    };
    println!(
        "offered: on topic {}, off topic {}",
        offered(true),
        offered(false)
    );
    println!(
        "entries {}, off-topic lines {}: {figures:?}",
        entries.len(),
        none.len()
    );
    println!(
        "accept {:.3}, offer {:.3}; trained in {training:?}, {query:?} a query",
        matcher.accept(),
        matcher.offer()
    );
}

fn suffix(copy: usize) -> String {
    if copy == 0 {
        String::new()
    } else {
        format!("-{copy}")
    }
}

/// The question with a syllable of the copy's own behind every longer word.
fn alter(question: &str, copy: usize) -> String {
    if copy == 0 {
        return question.to_owned();
    }
    let letter = |n: usize| char::from(b"bcdfghklmnprstvz"[n % 16]);
    let syllable: String = [letter(copy), 'o', letter(copy / 16), letter(copy / 256)]
        .iter()
        .collect();
    let word = |word: &str| {
        if word.len() > 4 {
            format!("{word}{syllable}")
        } else {
            word.to_owned()
        }
    };
    question.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

fn pick(lines: &Labelled, wanted: impl Fn(usize) -> bool) -> Labelled {
    lines
        .iter()
        .enumerate()
        .filter(|(index, _)| wanted(*index))
        .map(|(_, line)| line.clone())
        .collect()
}

fn keep(lines: Labelled, intents: usize) -> Labelled {
    let mut seen: Vec<Option<String>> = Vec::new();
    for (_, label) in &lines {
        if !seen.contains(label) {
            seen.push(label.clone());
        }
    }
    seen.truncate(intents);
    lines
        .into_iter()
        .filter(|(_, label)| seen.contains(label))
        .collect()
}

fn read(path: &str) -> Result<Labelled, Box<dyn Error>> {
    std::fs::read_to_string(path)?
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (question, label) = line
                .split_once('\t')
                .ok_or_else(|| format!("{path}: no tab in {line:?}"))?;
            Ok((question.to_owned(), (label != "none").then(|| label.to_owned())))
        })
        .collect()
}
