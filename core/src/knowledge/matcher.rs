//! The matcher: exact phrasings first, then the model, then the thresholds.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::bytes::{Reader, Writer};
use super::calibrate::calibrate;
use super::features::{Features, count};
use super::model::{Line, Model};
use super::normalise::normalise;

/// How many candidates a match names.
const CANDIDATES: usize = 5;

/// One entry in one locale: the ways people ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrasings {
    /// The entry's slug.
    pub slug: String,
    /// Questions it answers; five at least and ten better.
    pub questions: Vec<String>,
}

/// Where a decision changes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Threshold {
    /// Found by cross-validation on the phrasings and the off-topic lines.
    #[default]
    Auto,
    /// This score, 0 to 1; what lies outside is moved to the nearer end.
    Fixed(f64),
}

/// From where on to answer, and from where on to offer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// Scores from here on are answered, unless the second entry is nearly as likely: then both are offered.
    pub accept: Threshold,
    /// What is not answered is offered if it is one of the best three entries with at least this probability.
    /// Above `accept` it means the same as `accept`.
    pub offer: Threshold,
}

/// What to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchDecision {
    /// Answer with the best entry.
    Answer,
    /// Show the best few entries and let the person choose.
    Offer,
    /// The knowledge has nothing to say.
    None,
}

/// An entry and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The entry.
    #[serde(serialize_with = "text")]
    pub slug: Arc<str>,
    /// 0 to 1.
    pub score: f64,
}

/// What was found for a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Match {
    /// What to do.
    pub decision: MatchDecision,
    /// The best entry; nothing when the decision is [`MatchDecision::None`].
    #[serde(serialize_with = "optional_text")]
    pub slug: Option<Arc<str>>,
    /// The best entry's score, also when the decision is [`MatchDecision::None`]; 0 when there is none.
    pub score: f64,
    /// The best five entries, best first. Empty when the text has no words or the matcher no entries.
    pub candidates: Vec<Candidate>,
}

impl Match {
    fn nothing() -> Self {
        Self {
            decision: MatchDecision::None,
            slug: None,
            score: 0.0,
            candidates: Vec::new(),
        }
    }
}

/// Finds the entry a question means. Immutable once trained and cheap to clone.
#[derive(Debug, Clone)]
pub struct Matcher(Arc<Trained>);

#[derive(Debug)]
struct Trained {
    slugs: Vec<Arc<str>>,
    /// Normalised phrasings; nothing for one that stands under two entries. Looked up, and iterated only to be sorted.
    exact: HashMap<String, Option<usize>>,
    features: Features,
    model: Model,
    temperature: f32,
    accept: f64,
    offer: f64,
}

impl Matcher {
    /// Learns entries and off-topic lines (`none`).
    ///
    /// Entries with the same slug are one. Phrasings without a word are left out, and so are entries without a
    /// phrasing: they are never found. Deterministic: the same input gives the same matcher.
    pub fn train(entries: &[Phrasings], none: &[String], thresholds: &Thresholds) -> Self {
        let (slugs, phrasings) = distinct(entries);
        let off_topic = none
            .iter()
            .map(|line| normalise(line))
            .filter(|line| !line.is_empty())
            .map(|line| (line, slugs.len()));
        let lines: Vec<(String, usize)> = (0..)
            .zip(phrasings)
            .flat_map(|(class, questions)| questions.into_iter().map(move |question| (question, class)))
            .chain(off_topic)
            .collect();
        let (features, texts) = Features::learn(lines.iter().map(|(line, _)| count(line)));
        let mut exact: HashMap<String, Option<usize>> = HashMap::new();
        let mut learned = Vec::with_capacity(lines.len());
        for ((line, class), text) in lines.into_iter().zip(texts) {
            if class < slugs.len() {
                exact
                    .entry(line)
                    .and_modify(|found| *found = found.filter(|&known| known == class))
                    .or_insert(Some(class));
            }
            learned.push(Line { text, class });
        }
        let lines = learned;

        let calibration = calibrate(&lines, slugs.len(), features.len());
        let accept = resolve(thresholds.accept, calibration.accept);
        let offer = resolve(thresholds.offer, calibration.offer).min(accept);
        let model = Model::train(&lines.iter().collect::<Vec<_>>(), slugs.len(), features.len());
        let temperature = calibration.temperature;
        Self(Arc::new(Trained {
            slugs,
            exact,
            features,
            model,
            temperature,
            accept,
            offer,
        }))
    }

    /// Finds what a text means; never fails. The first four thousand characters are compared with the phrasings, and
    /// the first thousand classified, which bounds the time.
    pub fn query(&self, text: &str) -> Match {
        let trained = &*self.0;
        let words = normalise(text);
        if words.is_empty() || trained.slugs.is_empty() {
            return Match::nothing();
        }
        let exact = trained.exact.get(&words).copied().flatten();
        let logits = trained.model.logits(&trained.features.read(&count(&words)));
        let verdict = logits.map(|logits| logits.verdict(trained.temperature));
        let (mut scores, reach, clear) = match verdict {
            Some(verdict) => (verdict.scores, Some(verdict.reach), verdict.clear),
            None => (vec![0.0; trained.slugs.len()], None, false),
        };
        if let Some(class) = exact {
            scores[class] = 1.0;
        }
        let candidates = trained.best(&scores, exact);
        let score = candidates.first().map_or(0.0, |best| best.score);
        let decision = if exact.is_some() || (clear && score >= trained.accept) {
            MatchDecision::Answer
        } else if reach.is_some_and(|reach| reach >= trained.offer) {
            MatchDecision::Offer
        } else {
            MatchDecision::None
        };
        let slug = match decision {
            MatchDecision::Answer | MatchDecision::Offer => candidates.first().map(|best| best.slug.clone()),
            MatchDecision::None => None,
        };
        Match {
            decision,
            slug,
            score,
            candidates,
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let trained = &*self.0;
        out.count(trained.slugs.len());
        for slug in &trained.slugs {
            out.text(slug);
        }
        let mut exact: Vec<(&String, &Option<usize>)> = trained.exact.iter().collect();
        exact.sort_unstable();
        out.count(exact.len());
        for (phrasing, class) in exact {
            out.text(phrasing);
            // Behind the last entry: of two entries.
            out.count(class.unwrap_or(trained.slugs.len()));
        }
        trained.features.write(out);
        trained.model.write(out);
        out.f32(trained.temperature);
        out.f64(trained.accept);
        out.f64(trained.offer);
    }

    pub(super) fn read_back(from: &mut Reader<'_>) -> Option<Self> {
        let slugs: Vec<Arc<str>> = (0..from.count()?)
            .map(|_| from.text().map(Arc::from))
            .collect::<Option<_>>()?;
        let mut exact = HashMap::new();
        for _ in 0..from.count()? {
            let phrasing = from.text()?.to_owned();
            let class = from.count().filter(|&class| class <= slugs.len())?;
            exact.insert(phrasing, (class < slugs.len()).then_some(class));
        }
        let features = Features::read_back(from)?;
        let model = Model::read_back(from, slugs.len(), features.len())?;
        Some(Self(Arc::new(Trained {
            slugs,
            exact,
            features,
            model,
            temperature: from.f32()?,
            accept: from.f64()?,
            offer: from.f64()?,
        })))
    }

    /// The score from which on a question is answered.
    pub fn accept(&self) -> f64 {
        self.0.accept
    }

    /// From which probability on that it is one of the best three entries they are offered; at most
    /// [`Matcher::accept`].
    pub fn offer(&self) -> f64 {
        self.0.offer
    }
}

impl Trained {
    /// The best few, best first; the exact one before its equals, then in the order of the entries.
    fn best(&self, scores: &[f64], exact: Option<usize>) -> Vec<Candidate> {
        let order = |a: &usize, b: &usize| {
            scores[*b]
                .total_cmp(&scores[*a])
                .then((exact == Some(*b)).cmp(&(exact == Some(*a))))
                .then(a.cmp(b))
        };
        let mut classes: Vec<usize> = (0..scores.len()).collect();
        if classes.len() > CANDIDATES {
            classes.select_nth_unstable_by(CANDIDATES, order);
            classes.truncate(CANDIDATES);
        }
        classes.sort_unstable_by(order);
        classes
            .into_iter()
            .map(|class| Candidate {
                slug: self.slugs[class].clone(),
                score: scores[class],
            })
            .collect()
    }
}

/// Slugs in order of first occurrence, each with its normalised phrasings, none of them twice.
fn distinct(entries: &[Phrasings]) -> (Vec<Arc<str>>, Vec<Vec<String>>) {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let (mut slugs, mut phrasings): (Vec<Arc<str>>, Vec<Vec<String>>) = (Vec::new(), Vec::new());
    for entry in entries {
        for question in entry
            .questions
            .iter()
            .map(|question| normalise(question))
            .filter(|q| !q.is_empty())
        {
            let class = *known.entry(&entry.slug).or_insert_with(|| {
                slugs.push(Arc::from(entry.slug.as_str()));
                phrasings.push(Vec::new());
                slugs.len() - 1
            });
            if !phrasings[class].contains(&question) {
                phrasings[class].push(question);
            }
        }
    }
    (slugs, phrasings)
}

fn resolve(threshold: Threshold, found: f64) -> f64 {
    match threshold {
        Threshold::Fixed(score) if score.is_finite() => score.clamp(0.0, 1.0),
        Threshold::Auto | Threshold::Fixed(_) => found,
    }
}

fn text<S: Serializer>(slug: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(slug)
}

#[expect(clippy::ref_option, reason = "the signature serde calls")]
fn optional_text<S: Serializer>(slug: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    slug.as_deref().serialize(serializer)
}
