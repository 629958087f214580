//! How good a matcher is, on questions with known answers.

use serde::Serialize;

use super::{MatchDecision, Matcher};

/// Figures of a matcher over labelled questions. A figure without anything to measure it on is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The share of on-topic questions whose best candidate is the right entry, whatever the thresholds.
    pub accuracy: Option<f64>,
    /// The share of on-topic questions that were answered, rightly or wrongly.
    pub coverage: Option<f64>,
    /// Of everything that was answered, on topic and off, the share that got the right entry.
    pub precision: Option<f64>,
    /// The share of off-topic questions that were answered.
    pub off_topic_answered: Option<f64>,
    /// The area under the ROC curve of the score as a test of being on topic: the probability that an on-topic
    /// question scores higher than an off-topic one, ties counting half.
    pub auroc: Option<f64>,
    /// How many questions were on topic.
    pub questions: usize,
    /// How many were off topic.
    pub off_topic: usize,
}

/// Asks the matcher every question and compares with the label: a slug, or `None` for off topic.
///
/// A label that is no entry's slug counts as a question the matcher gets wrong.
pub fn evaluate(matcher: &Matcher, labelled: &[(String, Option<String>)]) -> Evaluation {
    let (mut questions, mut best_right, mut answered_on, mut answered_off, mut answered_right) =
        (0, 0, 0, 0, 0);
    let mut scores: Vec<(f64, bool)> = Vec::with_capacity(labelled.len());
    for (question, label) in labelled {
        let found = matcher.query(question);
        let answered = usize::from(found.decision == MatchDecision::Answer);
        scores.push((found.score, label.is_some()));
        let Some(label) = label else {
            answered_off += answered;
            continue;
        };
        let right = usize::from(found.candidates.first().is_some_and(|best| *best.slug == **label));
        questions += 1;
        best_right += right;
        answered_on += answered;
        answered_right += answered * right;
    }
    let off_topic = labelled.len() - questions;
    Evaluation {
        accuracy: share(best_right, questions),
        coverage: share(answered_on, questions),
        precision: share(answered_right, answered_on + answered_off),
        off_topic_answered: share(answered_off, off_topic),
        auroc: auroc(scores, questions, off_topic),
        questions,
        off_topic,
    }
}

/// Counts, for every off-topic question, the on-topic ones above it and half of those beside it.
fn auroc(mut scores: Vec<(f64, bool)>, questions: usize, off_topic: usize) -> Option<f64> {
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut above, mut twice_won) = (0_usize, 0_usize);
    for tied in scores.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let on_topic = tied.iter().filter(|(_, on_topic)| *on_topic).count();
        twice_won += (tied.len() - on_topic) * (2 * above + on_topic);
        above += on_topic;
    }
    share(twice_won, 2 * questions * off_topic)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of questions are far below 2^52"
)]
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::auroc;

    #[test]
    fn auroc_counts_pairs() {
        for (scores, expected) in [
            (vec![(0.9, true), (0.1, false)], Some(1.0)),
            (vec![(0.1, true), (0.9, false)], Some(0.0)),
            (vec![(0.5, true), (0.5, false)], Some(0.5)),
            (
                vec![(0.9, true), (0.4, true), (0.5, false), (0.1, false)],
                Some(0.75),
            ),
            (vec![(0.9, true)], None),
            (vec![], None),
        ] {
            let questions = scores.iter().filter(|(_, on_topic)| *on_topic).count();
            let off_topic = scores.len() - questions;
            assert_eq!(auroc(scores, questions, off_topic), expected);
        }
    }
}
