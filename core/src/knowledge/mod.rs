//! Which knowledge entry a question means, without a language model.
//!
//! [`Matcher::train`] learns an entry's phrasings and generic off-topic lines; [`Matcher::query`] says whether to
//! answer, to offer a few entries, or neither. An exact phrasing is found first. Anything else is normalised, cut
//! into hashed n-grams weighed by TF-IDF, and classified into one class an entry and a class *none*. The thresholds
//! come from cross-validation on the phrasings themselves. docs/knowledge-matching.md has the reasons and figures.
//!
//! **Invariants.** No I/O, no clock, no threads, no seed from outside: the same input gives the same matcher, bit
//! for bit. One locale a matcher. No language is built in.
//!
//! ```
//! use frontdesk_core::knowledge::{MatchDecision, Matcher, Phrasings, Thresholds};
//!
//! let entries = [
//!     Phrasings { slug: "price".into(), questions: vec!["How much is an audit?".into()] },
//!     Phrasings { slug: "hours".into(), questions: vec!["When are you open?".into()] },
//! ];
//! let matcher = Matcher::train(&entries, &["Tell me a joke".into()], &Thresholds::default());
//! let found = matcher.query("how much is an AUDIT");
//! assert_eq!(found.decision, MatchDecision::Answer);
//! assert_eq!(found.slug.as_deref(), Some("price"));
//! ```

mod ascent;
mod bytes;
mod calibrate;
mod centroid;
mod evaluate;
mod features;
mod hash;
mod library;
mod matcher;
mod model;
mod normalise;
mod regression;

pub use evaluate::{Evaluation, evaluate};
pub use library::Knowledge;
pub use matcher::{Candidate, Match, MatchDecision, Matcher, Phrasings, Threshold, Thresholds};
