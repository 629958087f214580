//! The trained model: from the features of a text to how likely each entry is meant.

use super::bytes::{Reader, Writer};
use super::centroid::Centroids;
use super::features::{Known, Rarity, Vector};
use super::regression::{Example, Regression, softmax};

/// Above this many multiplications a pass, centroids replace the regression.
const REGRESSION_WORK: usize = 250_000_000;
/// Above this many weights, too: four bytes each.
const REGRESSION_WEIGHTS: usize = 30_000_000;
/// Multiplications the regression may take altogether, which decides how often it sees every line.
const REGRESSION_BUDGET: usize = 1_000_000_000;
/// The fewest and the most times it sees every line. Beyond the most, nothing changes that can be measured.
const PASSES: (usize, usize) = (4, 5);

/// With centroids, so many lines on and off topic are enough to tell the two sides apart.
const MOST_EXAMPLES: usize = 5_000;
/// What the two sides count beside the centroids, whose cosines stand for larger logits.
const SIDES: f32 = 3.0;
/// Off-topic lines are weighed up to this much then.
const RARE: f32 = 5.0;

/// How bytes name the classifiers.
const REGRESSION: u32 = 0;
const CENTROIDS: u32 = 1;

/// How many entries an offer shows.
pub(super) const OFFERED: usize = 3;
/// The best entry must be so many times as likely as the second, or the question means either.
const CLEAR: f32 = 6.0;

/// A line to learn from: the text and its class. The class after the last entry is *none*.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) text: Known,
    pub(super) class: usize,
}

/// What the model knows of one text.
#[derive(Debug, Clone)]
pub(super) struct Logits(Vec<f32>);

impl Logits {
    /// What the probabilities under a temperature come to.
    pub(super) fn verdict(&self, temperature: f32) -> Verdict {
        let mut probabilities = self.probabilities(temperature);
        let on_topic = 1.0 - probabilities.pop().unwrap_or(0.0);
        let scores: Vec<f64> = probabilities
            .iter()
            .map(|p| f64::from((p * on_topic).clamp(0.0, 1.0)))
            .collect();
        let mut best = [0.0_f32; OFFERED];
        for &p in &probabilities {
            if p > best[OFFERED - 1] {
                best[OFFERED - 1] = p;
                best.sort_unstable_by(|a, b| b.total_cmp(a));
            }
        }
        Verdict {
            scores,
            reach: f64::from(best.iter().sum::<f32>().clamp(0.0, 1.0)),
            clear: best[0] >= CLEAR * best[1],
        }
    }

    /// The probability of each class, *none* last.
    pub(super) fn probabilities(&self, temperature: f32) -> Vec<f32> {
        let mut probabilities: Vec<f32> = self.0.iter().map(|logit| logit / temperature).collect();
        softmax(&mut probabilities);
        probabilities
    }
}

/// How well the entries fit a text.
#[derive(Debug)]
pub(super) struct Verdict {
    /// One an entry, 0 to 1: its probability, times the probability that the text is on topic at all. Twice
    /// doubtful is told apart from once doubtful that way.
    pub(super) scores: Vec<f64>,
    /// The probability that it is one of the few entries an offer shows. A short question several entries share
    /// has a low score with each of them and a high one here.
    pub(super) reach: f64,
    /// Whether the best entry leaves the second far behind.
    pub(super) clear: bool,
}

/// What features say, and a classifier over them.
#[derive(Debug)]
pub(super) struct Model {
    rarity: Rarity,
    classifier: Classifier,
    classes: usize,
}

#[derive(Debug)]
enum Classifier {
    Regression(Regression),
    /// Which entry, by centroids; whether an entry at all, by a regression on two classes, which stays cheap.
    Centroids(Centroids, Regression),
}

impl Model {
    /// Learns the lines; `entries` is the number of entries, and the class of the off-topic lines.
    pub(super) fn train(lines: &[&Line], entries: usize, features: usize) -> Self {
        let classes = entries + 1;
        let rarity = Rarity::of(lines.iter().map(|line| &line.text), features);
        let values: usize = lines.iter().map(|line| line.text.len()).sum();
        let work = values * classes;
        let classifier = if work > REGRESSION_WORK || features * classes > REGRESSION_WEIGHTS {
            let vectors = lines.iter().map(|line| (line.class, rarity.vector(&line.text)));
            let centroids = Centroids::train(vectors, features, classes);
            let examples = on_or_off(lines, entries, &rarity);
            Classifier::Centroids(centroids, Regression::train(&examples, features, 2, PASSES.1))
        } else {
            let passes = (REGRESSION_BUDGET / work.max(1)).clamp(PASSES.0, PASSES.1);
            let examples = examples(lines, entries, &rarity);
            Classifier::Regression(Regression::train(&examples, features, classes, passes))
        };
        Self {
            rarity,
            classifier,
            classes,
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        self.rarity.write(out);
        match &self.classifier {
            Classifier::Regression(model) => {
                out.u32(REGRESSION);
                model.write(out);
            }
            Classifier::Centroids(centroids, topic) => {
                out.u32(CENTROIDS);
                centroids.write(out);
                topic.write(out);
            }
        }
    }

    pub(super) fn read_back(from: &mut Reader<'_>, entries: usize, features: usize) -> Option<Self> {
        let classes = entries + 1;
        let rarity = Rarity::read_back(from, features)?;
        let classifier = match from.u32()? {
            REGRESSION => Classifier::Regression(Regression::read_back(from, features, classes)?),
            CENTROIDS => {
                let centroids = Centroids::read_back(from, features, classes)?;
                Classifier::Centroids(centroids, Regression::read_back(from, features, 2)?)
            }
            _ => return None,
        };
        Some(Self {
            rarity,
            classifier,
            classes,
        })
    }

    /// What the model makes of a text; nothing when no feature of it is known.
    pub(super) fn logits(&self, text: &Known) -> Option<Logits> {
        let vector = self.rarity.vector(text);
        if vector.is_empty() {
            return None;
        }
        let mut logits = vec![0.0; self.classes];
        match &self.classifier {
            Classifier::Regression(model) => model.logits(&vector, &mut logits),
            Classifier::Centroids(centroids, topic) => {
                centroids.logits(&vector, &mut logits);
                let mut sides = [0.0; 2];
                topic.logits(&vector, &mut sides);
                if let Some(none) = logits.last_mut() {
                    *none += SIDES * (sides[1] - sides[0]);
                }
            }
        }
        Some(Logits(logits))
    }
}

/// The lines, weighed: off-topic lines together count no more than all phrasings together, so that many of them do
/// not drown few entries. And one more: a text of which nothing is known is off topic. It counts as much as an
/// entry, so that this also holds for knowledge without off-topic lines.
#[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^23")]
fn examples(lines: &[&Line], entries: usize, rarity: &Rarity) -> Vec<Example> {
    let phrasings = lines.iter().filter(|line| line.class < entries).count() as f32;
    let off_topic = lines.len() as f32 - phrasings;
    let share = if off_topic > phrasings {
        (phrasings / off_topic).max(0.05)
    } else {
        1.0
    };
    let weight = |class| if class < entries { 1.0 } else { share };
    let mut examples: Vec<Example> = lines
        .iter()
        .map(|line| Example {
            vector: rarity.vector(&line.text),
            class: line.class,
            weight: weight(line.class),
        })
        .collect();
    let weight = (phrasings / entries.max(1) as f32).max(1.0);
    examples.push(Example {
        vector: Vector::new(),
        class: entries,
        weight,
    });
    examples
}

/// Lines on topic (class 0) and off topic (class 1), of either at most [`MOST_EXAMPLES`], at even distances. Off
/// topic is weighed up when it is rare, within reason: few lines say little, however often they are repeated.
#[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^23")]
fn on_or_off(lines: &[&Line], entries: usize, rarity: &Rarity) -> Vec<Example> {
    let (off, on): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.class == entries);
    let some = |lines: &[&Line], class, weight| -> Vec<Example> {
        lines
            .iter()
            .step_by(lines.len().div_ceil(MOST_EXAMPLES).max(1))
            .map(|line| Example {
                vector: rarity.vector(&line.text),
                class,
                weight,
            })
            .collect()
    };
    let mut examples = some(&on, 0, 1.0);
    let weight = examples.len() as f32 / off.len().clamp(1, MOST_EXAMPLES) as f32;
    examples.extend(some(&off, 1, weight.clamp(0.05, RARE)));
    examples.push(Example {
        vector: Vector::new(),
        class: 1,
        weight: RARE,
    });
    examples
}
