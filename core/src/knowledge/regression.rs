//! Multinomial logistic regression on sparse vectors, by dual coordinate ascent.

use super::ascent::{Block, Step};
use super::bytes::{Reader, Writer};
use super::features::Vector;

/// How closely the weights follow the examples: the inverse of the L2 penalty.
const STRENGTH: f32 = 30.0;
/// The constant every vector carries, so that a class has a weight of its own when nothing in a text is known.
const BIAS: f32 = 0.5;
/// A change of a dual variable below this share of `STRENGTH` is left for a later pass.
const NEGLIGIBLE: f32 = 2e-3;

/// An example: its vector, its class, and how many times it counts.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) vector: Vector,
    pub(super) class: usize,
    pub(super) weight: f32,
}

/// The trained weights, one row a feature, one column a class; the last row is the bias.
#[derive(Debug)]
pub(super) struct Regression {
    classes: usize,
    weights: Vec<f32>,
}

impl Regression {
    /// Maximises the penalised likelihood in `passes` over the examples.
    ///
    /// Each step takes one example and moves its dual variables (one a class) to where they are best while those
    /// of the others stay ([`Step::changes`]), so nothing is tuned and nothing diverges. The order is shuffled with
    /// a fixed seed.
    pub(super) fn train(examples: &[Example], features: usize, classes: usize, passes: usize) -> Self {
        let mut this = Self {
            classes,
            weights: vec![0.0; (features + 1) * classes],
        };
        let squares: Vec<f32> = examples
            .iter()
            .map(|example| example.vector.iter().map(|(_, value)| value * value).sum())
            .collect();
        let mut duals = vec![0.0_f32; examples.len() * classes];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
        let mut logits = vec![0.0_f32; classes];
        let mut step = Step::new(classes);
        let mut changes: Vec<(usize, f32)> = Vec::with_capacity(classes);
        for _ in 0..passes {
            shuffle.apply(&mut order);
            for &index in &order {
                let example = &examples[index];
                this.logits(&example.vector, &mut logits);
                let block = Block {
                    class: example.class,
                    strength: STRENGTH * example.weight,
                    square: squares[index] + BIAS * BIAS,
                };
                let duals = &mut duals[index * classes..(index + 1) * classes];
                let negligible = block.strength * NEGLIGIBLE;
                changes.clear();
                for (class, &change) in step.changes(block, &logits, duals).iter().enumerate() {
                    if change.abs() > negligible {
                        changes.push((class, change));
                    }
                }
                for &(class, change) in &changes {
                    duals[class] += change;
                }
                this.apply(&example.vector, &changes);
            }
        }
        this
    }

    /// The logits of a vector, one a class, written into `logits`.
    pub(super) fn logits(&self, vector: &Vector, logits: &mut [f32]) {
        let bias = self.weights.len() - self.classes;
        for (logit, weight) in logits.iter_mut().zip(&self.weights[bias..]) {
            *logit = BIAS * weight;
        }
        for &(feature, value) in vector {
            let row = feature as usize * self.classes;
            for (logit, weight) in logits.iter_mut().zip(&self.weights[row..row + self.classes]) {
                *logit += value * weight;
            }
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.floats(&self.weights);
    }

    pub(super) fn read_back(from: &mut Reader<'_>, features: usize, classes: usize) -> Option<Self> {
        let weights = from
            .floats()
            .filter(|weights| weights.len() == (features + 1) * classes)?;
        Some(Self { classes, weights })
    }

    fn apply(&mut self, vector: &Vector, changes: &[(usize, f32)]) {
        let bias = self.weights.len() - self.classes;
        for &(class, change) in changes {
            self.weights[bias + class] += BIAS * change;
        }
        for &(feature, value) in vector {
            let row = feature as usize * self.classes;
            let row = &mut self.weights[row..row + self.classes];
            for &(class, change) in changes {
                row[class] += value * change;
            }
        }
    }
}

/// Turns logits into probabilities.
pub(super) fn softmax(logits: &mut [f32]) {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for logit in &mut *logits {
        *logit = (*logit - highest).exp();
        sum += *logit;
    }
    for probability in logits {
        *probability /= sum;
    }
}

/// Fisher–Yates over a xorshift generator with a fixed seed: the same order in every process.
struct Shuffle(u64);

impl Shuffle {
    fn apply(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let bound = last as u64 + 1;
            order.swap(last, usize::try_from(self.0 % bound).unwrap_or(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Example, Regression, softmax};

    #[test]
    fn it_learns_to_tell_two_classes_apart() {
        let examples: Vec<Example> = [(0, 0), (1, 0), (2, 1), (3, 1)]
            .into_iter()
            .map(|(feature, class)| Example {
                vector: vec![(feature, 1.0)],
                class,
                weight: 1.0,
            })
            .collect();
        let model = Regression::train(&examples, 4, 2, 20);
        for example in &examples {
            let mut scores = [0.0; 2];
            model.logits(&example.vector, &mut scores);
            softmax(&mut scores);
            assert!(scores[example.class] > 0.8, "{scores:?}");
        }
    }
}
