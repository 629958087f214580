//! Nearest centroid, for knowledge too large to train a regression on.

use super::bytes::{Reader, Writer};
use super::features::Vector;

/// Turns a cosine into a logit. Calibration corrects it; this is where it starts from.
const SCALE: f32 = 20.0;

/// One centroid of length one a class, stored by feature: time and memory go with what occurs, not with features
/// times classes.
#[derive(Debug)]
pub(super) struct Centroids {
    /// Where a feature's postings start; one more than there are features.
    starts: Vec<u32>,
    postings: Vec<(u32, f32)>,
}

impl Centroids {
    /// Adds up each class's vectors.
    pub(super) fn train(
        vectors: impl Iterator<Item = (usize, Vector)>,
        features: usize,
        classes: usize,
    ) -> Self {
        let mut centroids: Vec<Vector> = vec![Vector::new(); classes];
        for (class, vector) in vectors {
            let centroid = &mut centroids[class];
            centroid.extend(vector);
            // Kept short on the way: the off-topic lines are many.
            if centroid.len() > 1 << 16 {
                merge(centroid);
            }
        }
        for centroid in &mut centroids {
            merge(centroid);
            let length = centroid
                .iter()
                .map(|(_, value)| value * value)
                .sum::<f32>()
                .sqrt()
                .max(1e-9);
            for (_, value) in centroid.iter_mut() {
                *value /= length;
            }
            centroid.shrink_to_fit();
        }
        Self::by_feature(&centroids, features)
    }

    fn by_feature(centroids: &[Vector], features: usize) -> Self {
        let mut starts = vec![0_u32; features + 1];
        for &(feature, _) in centroids.iter().flatten() {
            starts[feature as usize + 1] += 1;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut next = starts.clone();
        let mut postings = vec![(0, 0.0); centroids.iter().map(Vec::len).sum()];
        for (class, centroid) in (0_u32..).zip(centroids) {
            for &(feature, value) in centroid {
                let at = &mut next[feature as usize];
                postings[*at as usize] = (class, value * SCALE);
                *at += 1;
            }
        }
        Self { starts, postings }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.count(self.postings.len());
        for start in &self.starts {
            out.u32(*start);
        }
        for &(class, value) in &self.postings {
            out.u32(class);
            out.f32(value);
        }
    }

    pub(super) fn read_back(from: &mut Reader<'_>, features: usize, classes: usize) -> Option<Self> {
        let count = from.count()?;
        let starts: Vec<u32> = (0..=features).map(|_| from.u32()).collect::<Option<_>>()?;
        let postings: Vec<(u32, f32)> = (0..count)
            .map(|_| Some((from.u32()?, from.f32()?)))
            .collect::<Option<_>>()?;
        let ends = starts.last().is_some_and(|&last| last as usize == count);
        let sound = starts.is_sorted() && postings.iter().all(|&(class, _)| (class as usize) < classes);
        (ends && sound).then_some(Self { starts, postings })
    }

    /// The logits of a vector, one a class, written into `logits`.
    pub(super) fn logits(&self, vector: &Vector, logits: &mut [f32]) {
        logits.fill(0.0);
        for &(feature, value) in vector {
            let feature = feature as usize;
            let (start, end) = (self.starts[feature] as usize, self.starts[feature + 1] as usize);
            for &(class, weight) in &self.postings[start..end] {
                logits[class as usize] += value * weight;
            }
        }
    }
}

/// Adds up the values of each feature.
fn merge(vector: &mut Vector) {
    vector.sort_by_key(|&(feature, _)| feature);
    vector.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::{Centroids, Reader, SCALE, Writer};

    #[test]
    fn a_feature_alone_in_its_class_is_its_centroid() {
        let vectors = [(0, vec![(2, 0.5)]), (0, vec![(2, 0.7)]), (1, vec![(0, 1.0)])];
        let model = Centroids::train(vectors.into_iter(), 3, 3);
        let mut logits = [9.0; 3];
        model.logits(&vec![(2, 1.0)], &mut logits);
        assert!((logits[0] - SCALE).abs() < 1e-4);
        assert!(logits[1].abs() < 1e-6 && logits[2].abs() < 1e-6);
    }

    #[test]
    fn bytes_give_the_same_logits_or_nothing() {
        let vectors = [(0, vec![(2, 0.5), (0, 0.1)]), (1, vec![(0, 1.0)])];
        let model = Centroids::train(vectors.into_iter(), 3, 3);
        let mut out = Writer::default();
        model.write(&mut out);
        let bytes = out.finish();
        let read = Centroids::read_back(&mut Reader::new(&bytes), 3, 3).unwrap();
        let logits = |model: &Centroids| {
            let mut logits = [0.0; 3];
            model.logits(&vec![(2, 0.6), (0, 0.8)], &mut logits);
            logits.map(f32::to_bits)
        };
        assert_eq!(logits(&read), logits(&model));
        let of_less = Centroids::read_back(&mut Reader::new(&bytes), 3, 1);
        assert!(of_less.is_none(), "a class there is not");
        assert!(Centroids::read_back(&mut Reader::new(&bytes[..bytes.len() - 1]), 3, 3).is_none());
    }
}
