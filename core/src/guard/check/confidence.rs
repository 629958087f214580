//! How far an answer rests on what the company says.

use std::collections::BTreeSet;

use super::phrase::words;
use crate::text::figure::{Figure, Figures};

/// Letters of a word that count: inflected forms of one word share them.
const STEM: usize = 5;

/// How far `answer` rests on `passages`, 0 to 1. Computed, never asked of the model.
///
/// With *content words* (four letters and more, reduced to their first five) and *figures* (as
/// [`Checker`](super::Checker) reads them):
///
/// - `g`: the share of the answer's content words that stand in the passages,
/// - `q`: the share of the question's content words that stand in the passages,
/// - `n`: the share of the answer's figures that stand in the passages; 1 if it has none,
///
/// the confidence is `(0.7·g + 0.3·q) · (0.4 + 0.6·n)`. Without passages, or without a content word in
/// the answer, it is 0; if the question has none, `q` is `g`.
///
/// It says what the words rest on, not whether they are true: "no" and "yes" weigh the same.
pub fn confidence(answer: &str, passages: &[&str], question: &str) -> f64 {
    let known: BTreeSet<String> = passages.iter().flat_map(|passage| stems(passage)).collect();
    let Some(grounded) = share(&stems(answer), &known) else {
        return 0.0;
    };
    let asked = share(&stems(question), &known).unwrap_or(grounded);
    let given = Figures::of(passages);
    let figures = Figure::all(answer);
    let borne_out = figures.iter().filter(|figure| given.bear_out(figure)).count();
    let figures = ratio(borne_out, figures.len()).unwrap_or(1.0);
    (0.7 * grounded + 0.3 * asked) * (0.4 + 0.6 * figures)
}

fn stems(text: &str) -> BTreeSet<String> {
    let words = words(text).into_iter();
    let content =
        words.filter(|word| word.chars().count() >= 4 && !word.starts_with(|c: char| c.is_ascii_digit()));
    content.map(|word| word.chars().take(STEM).collect()).collect()
}

fn share(of: &BTreeSet<String>, known: &BTreeSet<String>) -> Option<f64> {
    ratio(of.intersection(known).count(), of.len())
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    let part = u32::try_from(part).ok()?;
    let whole = u32::try_from(whole).ok().filter(|whole| *whole > 0)?;
    Some(f64::from(part) / f64::from(whole))
}

#[cfg(test)]
mod tests {
    use super::confidence;
    use proptest::prelude::*;

    const PASSAGE: &str = "A DevOps audit usually costs EUR 2,500 to 6,000 and takes one to two weeks.";

    #[test]
    fn what_rests_on_the_passages_is_more_confident() {
        let question = "How much is a DevOps audit?";
        let copied = confidence(PASSAGE, &[PASSAGE], question);
        let figure = confidence(
            "A DevOps audit usually costs EUR 900 and takes one to two weeks.",
            &[PASSAGE],
            question,
        );
        let invented = confidence(
            "Our sauna opens at noon, bring towels along.",
            &[PASSAGE],
            "Is there a sauna?",
        );
        assert!(copied > 0.8 && copied <= 1.0, "{copied}");
        assert!(figure < copied && figure > invented, "{figure}");
        assert!(invented < 0.1, "{invented}");
        assert!(confidence(PASSAGE, &[], question).abs() < f64::EPSILON);
        assert!(confidence("", &[PASSAGE], question).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn it_is_a_share(answer in "\\PC{0,80}", passage in "\\PC{0,80}", question in "\\PC{0,40}") {
            let confidence = confidence(&answer, &[&passage], &question);
            prop_assert!((0.0..=1.0).contains(&confidence));
        }
    }
}
