//! One step of dual ascent: the best an example's dual variables can do while all others stay where they are.

use super::regression::softmax;

/// How often a step is refined. With fewer, more passes over the examples are needed; more change little.
const REFINEMENTS: usize = 3;
/// A step whose conditions hold up to this share of the example's strength is not refined further.
const SETTLED: f32 = 2e-3;

/// An example as a step sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) class: usize,
    /// How closely it is to be followed, its weight included.
    pub(super) strength: f32,
    /// The square of its vector's length: what a change of a dual variable does to the logit of its class.
    pub(super) square: f32,
}

/// Room for a step, kept from one to the next.
#[derive(Debug)]
pub(super) struct Step {
    probabilities: Vec<f32>,
    direction: Vec<f32>,
    changes: Vec<f32>,
}

impl Step {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            probabilities: vec![0.0; classes],
            direction: vec![0.0; classes],
            changes: vec![0.0; classes],
        }
    }

    /// How the dual variables of an example change, given its logits.
    ///
    /// At the optimum they are `strength × (label − probability)`. The probabilities themselves move with them, so
    /// this is a system of one equation a class, solved by Newton's method: the matrix is diagonal plus one outer
    /// product and is inverted in one sweep. No row of weights is touched meanwhile, which is what makes a pass
    /// dear. A step that moves logits by `range` is shortened to `ln(1 + range) / range` of itself: so the
    /// likelihood only ever rises, as the third derivative of a softmax is bounded by its second.
    pub(super) fn changes(&mut self, block: Block, logits: &[f32], duals: &[f32]) -> &[f32] {
        self.changes.fill(0.0);
        for _ in 0..REFINEMENTS {
            let moved = logits.iter().zip(&self.changes);
            for (probability, (logit, change)) in self.probabilities.iter_mut().zip(moved) {
                *probability = logit + block.square * change;
            }
            softmax(&mut self.probabilities);
            if !self.refine(block, duals) {
                break;
            }
        }
        &self.changes
    }

    /// One Newton step; whether there was anything left to do.
    fn refine(&mut self, block: Block, duals: &[f32]) -> bool {
        let curvature = block.strength * block.square;
        let (mut along, mut outer, mut farthest) = (0.0_f32, 0.0_f32, 0.0_f32);
        let state = self.probabilities.iter().zip(duals).zip(&self.changes);
        for (class, (direction, ((&probability, dual), change))) in
            self.direction.iter_mut().zip(state).enumerate()
        {
            let label = if class == block.class { 1.0 } else { 0.0 };
            let distance = block.strength * (label - probability) - dual - change;
            let inverse = 1.0 / (1.0 + curvature * probability);
            *direction = distance * inverse;
            along += probability * distance * inverse;
            outer += probability * probability * inverse;
            farthest = farthest.max(distance.abs());
        }
        if farthest <= block.strength * SETTLED {
            return false;
        }
        let factor = curvature * along / (1.0 - curvature * outer).max(f32::EPSILON);
        let (mut lowest, mut highest) = (0.0_f32, 0.0_f32);
        for (direction, &probability) in self.direction.iter_mut().zip(&self.probabilities) {
            *direction += factor * probability / (1.0 + curvature * probability);
            lowest = lowest.min(*direction);
            highest = highest.max(*direction);
        }
        let range = block.square * (highest - lowest);
        let length = if range > 1e-3 { range.ln_1p() / range } else { 1.0 };
        for (change, direction) in self.changes.iter_mut().zip(&self.direction) {
            *change += length * direction;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Step};
    use crate::knowledge::regression::softmax;
    use proptest::prelude::*;

    /// How far the dual variables are from where they belong after their change, at most.
    fn error(block: Block, logits: &[f32], duals: &[f32], changes: &[f32]) -> f32 {
        let mut probabilities: Vec<f32> = logits
            .iter()
            .zip(changes)
            .map(|(logit, change)| logit + block.square * change)
            .collect();
        softmax(&mut probabilities);
        let label = |class| if class == block.class { 1.0 } else { 0.0 };
        (0..logits.len())
            .map(|class| {
                let optimum = block.strength * (label(class) - probabilities[class]);
                (optimum - duals[class] - changes[class]).abs()
            })
            .fold(0.0, f32::max)
    }

    proptest! {
        #[test]
        fn steps_one_after_another_find_the_optimum(
            logits in prop::collection::vec(-8.0_f32..8.0, 2..12),
            class in 0_usize..2,
            strength in 0.5_f32..60.0,
            square in 0.25_f32..1.25,
        ) {
            let block = Block { class, strength, square };
            let mut step = Step::new(logits.len());
            let (mut logits, mut duals) = (logits.clone(), vec![0.0; logits.len()]);
            for _ in 0..12 {
                let changes = step.changes(block, &logits, &duals).to_vec();
                for ((logit, dual), change) in logits.iter_mut().zip(&mut duals).zip(changes) {
                    *dual += change;
                    *logit += square * change;
                }
            }
            let left = error(block, &logits, &duals, &vec![0.0; logits.len()]);
            prop_assert!(left <= strength * 5e-3, "{left} of {strength}");
        }
    }
}
