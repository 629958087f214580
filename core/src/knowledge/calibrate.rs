//! Thresholds and the temperature of the probabilities, by cross-validation on what was given to learn from.

use super::model::{Line, Logits, Model, OFFERED};

/// Of what would be answered on topic, at least this share must be right.
const PRECISION: f64 = 0.96;
/// Of the off-topic lines, at most this share may be answered.
const OFF_TOPIC_ANSWERED: f64 = 0.03;
/// Of what would be offered or answered, at least this share must have the right entry among the first three.
const OFFER_PRECISION: f64 = 0.80;
/// Of the off-topic lines, at most this share may be offered something or answered.
const OFF_TOPIC_OFFERED: f64 = 0.12;
/// Where `accept` may lie, and where it lies when there is too little to measure. However well the held-out lines
/// do, below this a question is offered rather than answered.
const ACCEPT: (f64, f64, f64) = (0.30, 0.90, 0.55);
/// Where `offer` may lie, and where it lies when there is too little to measure.
const OFFER: (f64, f64, f64) = (0.08, 0.85, 0.25);
/// Fewer held-out questions than this say nothing.
const FEWEST_QUESTIONS: usize = 20;
/// Fewer off-topic lines than this say nothing.
const FEWEST_OFF_TOPIC: usize = 20;
/// One part in so many is held out at a time.
const FOLDS: usize = 5;
/// With this many lines held out, no further part is.
const ENOUGH: usize = 800;
/// Of a part larger than this, lines at even distances are measured.
const LARGEST_PART: usize = 1_000;

/// What calibration found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calibration {
    pub(super) temperature: f32,
    pub(super) accept: f64,
    pub(super) offer: f64,
}

/// What a model that had not seen a line made of it.
struct HeldOut {
    logits: Option<Logits>,
    class: usize,
}

/// A held-out line under the final temperature.
struct Outcome {
    /// What is compared with `accept`; 0 for what is not clear, and so never answered.
    score: f64,
    /// What is compared with `offer`.
    reach: f64,
    off_topic: bool,
    right: bool,
    offered: bool,
}

/// Cross-validates on the lines: every fifth phrasing of each entry and every fifth off-topic line is held out,
/// the rest is learned; up to five times over, each time other lines.
pub(super) fn calibrate(lines: &[Line], entries: usize, features: usize) -> Calibration {
    let held_out = cross_validate(lines, entries, features);
    let temperature = temperature(&held_out, entries);
    let outcomes: Vec<Outcome> = held_out
        .iter()
        .map(|line| outcome(line, temperature, entries))
        .collect();
    let (accept, offer) = thresholds(&outcomes);
    Calibration {
        temperature,
        accept,
        offer,
    }
}

fn cross_validate(lines: &[Line], entries: usize, features: usize) -> Vec<HeldOut> {
    let mut members = vec![0_usize; entries + 1];
    let position: Vec<usize> = lines
        .iter()
        .map(|line| {
            members[line.class] += 1;
            members[line.class] - 1
        })
        .collect();
    // Entries with one phrasing would have nothing left to learn from. Shifting by the class spreads entries
    // with fewer phrasings than folds over all folds.
    let fold = |index: usize| {
        let class = lines[index].class;
        (members[class] > 1).then_some((position[index] + class) % FOLDS)
    };
    let mut held_out: Vec<HeldOut> = Vec::new();
    for part in 0..FOLDS {
        if held_out.len() >= ENOUGH {
            break;
        }
        let (out, kept): (Vec<usize>, Vec<usize>) =
            (0..lines.len()).partition(|&index| fold(index) == Some(part));
        if out.is_empty() || kept.is_empty() {
            continue;
        }
        let kept: Vec<&Line> = kept.into_iter().map(|index| &lines[index]).collect();
        let model = Model::train(&kept, entries, features);
        let distance = out.len().div_ceil(LARGEST_PART);
        held_out.extend(out.into_iter().step_by(distance).map(|index| HeldOut {
            logits: model.logits(&lines[index].text),
            class: lines[index].class,
        }));
    }
    held_out
}

/// The temperature under which the held-out lines are most likely, of a fixed grid around one.
fn temperature(held_out: &[HeldOut], entries: usize) -> f32 {
    let on_topic = held_out.iter().filter(|line| line.class < entries).count();
    if on_topic < FEWEST_QUESTIONS {
        return 1.0;
    }
    let mut best = (f64::INFINITY, 1.0);
    let mut candidate = 0.4_f32;
    while candidate < 2.6 {
        let loss: f64 = held_out
            .iter()
            .filter_map(|line| {
                let probability = line.logits.as_ref()?.probabilities(candidate)[line.class];
                Some(-f64::from(probability.max(1e-6)).ln())
            })
            .sum();
        if loss < best.0 {
            best = (loss, candidate);
        }
        candidate *= 1.1;
    }
    best.1
}

fn outcome(line: &HeldOut, temperature: f32, entries: usize) -> Outcome {
    let off_topic = line.class == entries;
    let Some(logits) = &line.logits else {
        return Outcome {
            score: 0.0,
            reach: 0.0,
            off_topic,
            right: false,
            offered: false,
        };
    };
    let verdict = logits.verdict(temperature);
    let scores = &verdict.scores;
    let score = scores.iter().copied().fold(0.0, f64::max);
    let better = |class: usize| scores.iter().filter(|&&score| score > scores[class]).count();
    let rank = (!off_topic).then(|| better(line.class));
    Outcome {
        score: if verdict.clear { score } else { 0.0 },
        reach: verdict.reach,
        off_topic,
        right: rank == Some(0),
        offered: rank.is_some_and(|rank| rank < OFFERED),
    }
}

/// Accept and offer.
fn thresholds(outcomes: &[Outcome]) -> (f64, f64) {
    let off_topic = outcomes.iter().filter(|outcome| outcome.off_topic).count();
    if outcomes.len() - off_topic < FEWEST_QUESTIONS {
        return (ACCEPT.2, OFFER.2);
    }
    let answered = outcomes
        .iter()
        .map(|line| (line.score, line.off_topic, line.right));
    let offered = outcomes
        .iter()
        .map(|line| (line.reach, line.off_topic, line.offered));
    let accept = lowest(answered.collect(), PRECISION, OFF_TOPIC_ANSWERED);
    let offer = lowest(offered.collect(), OFFER_PRECISION, OFF_TOPIC_OFFERED);
    let within = |found: Option<f64>, (lowest, highest, unmeasured): (f64, f64, f64)| {
        // Without off-topic lines nothing speaks against a low threshold, which is no reason to trust it.
        let lowest = if off_topic < FEWEST_OFF_TOPIC {
            unmeasured
        } else {
            lowest
        };
        found.unwrap_or(highest).clamp(lowest, highest)
    };
    let accept = within(accept, ACCEPT);
    (accept, within(offer, OFFER).min(accept))
}

/// The lowest value such that of the lines with at least that value enough are right and few enough off topic.
/// A line is its value, whether it is off topic, and whether it is right.
fn lowest(mut lines: Vec<(f64, bool, bool)>, precision: f64, most_off_topic: f64) -> Option<f64> {
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all_off_topic = lines.iter().filter(|(_, off_topic, _)| *off_topic).count();
    let (mut taken, mut correct, mut astray) = (0_usize, 0_usize, 0_usize);
    let mut found = None;
    for (index, &(value, off_topic, right)) in lines.iter().enumerate() {
        if off_topic {
            astray += 1;
        } else {
            taken += 1;
            correct += usize::from(right);
        }
        let tied = lines.get(index + 1).is_some_and(|next| next.0 >= value);
        if !tied
            && taken > 0
            && share(correct, taken) >= precision
            && share(astray, all_off_topic) <= most_off_topic
        {
            found = Some(value);
        }
    }
    found
}

/// A share, 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{ACCEPT, OFFER, Outcome, thresholds};

    fn outcome(score: f64, off_topic: bool, right: bool) -> Outcome {
        Outcome {
            score,
            reach: score,
            off_topic,
            right,
            offered: right,
        }
    }

    #[test]
    fn too_few_questions_leave_the_defaults() {
        let outcomes: Vec<Outcome> = (0..10).map(|_| outcome(0.9, false, true)).collect();
        assert_eq!(thresholds(&outcomes), (ACCEPT.2, OFFER.2));
    }

    #[test]
    fn the_threshold_lies_above_what_is_wrong() {
        let mut outcomes: Vec<Outcome> = (0..100)
            .map(|i| outcome(0.5 + f64::from(i) / 250.0, false, true))
            .collect();
        outcomes.extend((0..50).map(|i| outcome(0.3 + f64::from(i) / 1000.0, false, false)));
        outcomes.extend((0..50).map(|i| outcome(0.6 - f64::from(i) / 100.0, true, false)));
        let (accept, offer) = thresholds(&outcomes);
        assert!(
            (0.55..0.61).contains(&accept),
            "{accept}: at most 3 % of the off-topic lines lie above"
        );
        assert!(offer < accept);
    }

    #[test]
    fn without_off_topic_lines_thresholds_do_not_fall_below_the_defaults() {
        let outcomes: Vec<Outcome> = (0..100)
            .map(|i| outcome(f64::from(i) / 100.0, false, true))
            .collect();
        assert_eq!(thresholds(&outcomes), (ACCEPT.2, OFFER.2));
    }
}
