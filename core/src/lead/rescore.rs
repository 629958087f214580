//! A lead under another rubric: whether it would move, and why.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::id::LeadId;

use super::{Lead, LeadScore, Rubric};

/// A rule that does not count as it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// The rule's id.
    pub rule: String,
    /// What it added; `None` if it did not fire or was not there.
    pub from: Option<i64>,
    /// What it would add.
    pub to: Option<i64>,
}

/// What another rubric makes of a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rescore {
    /// The lead.
    pub lead_id: LeadId,
    /// Its score.
    pub from_score: LeadScore,
    /// The score it would have.
    pub to_score: LeadScore,
    /// Its points.
    pub from_points: i64,
    /// The points it would have.
    pub to_points: i64,
    /// The rules that differ, by id.
    pub rules: Vec<RuleChange>,
}

impl Rescore {
    /// Scores a lead by another rubric, and compares. `None` for a lead that was never scored: it has
    /// only just begun.
    pub fn of(lead: &Lead, rubric: &Rubric) -> Option<Rescore> {
        lead.rubric_version.as_ref()?;
        let score = rubric.score(lead);
        let mut rules: BTreeMap<&str, (Option<i64>, Option<i64>)> = BTreeMap::new();
        for reason in &lead.score_reasons {
            rules.entry(&reason.rule).or_default().0 = Some(reason.points);
        }
        for reason in &score.reasons {
            rules.entry(&reason.rule).or_default().1 = Some(reason.points);
        }
        Some(Rescore {
            lead_id: lead.id,
            from_score: lead.lead_score.clone(),
            to_score: score.score,
            from_points: lead.score_points,
            to_points: score.points,
            rules: rules
                .into_iter()
                .filter(|(_, (from, to))| from != to)
                .map(|(rule, (from, to))| RuleChange {
                    rule: rule.to_owned(),
                    from,
                    to,
                })
                .collect(),
        })
    }

    /// Whether it would have another score.
    pub fn moves(&self) -> bool {
        self.from_score != self.to_score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConversationId, Ids};
    use crate::lead::{Condition, FieldSource, FieldValue, Rule};
    use crate::time::Timestamp;

    fn rubric(rules: &[(&str, &str, i64)]) -> Rubric {
        Rubric {
            version: "x".to_owned(),
            hot: 50,
            warm: 20,
            rules: rules
                .iter()
                .map(|(id, field, points)| Rule {
                    id: (*id).to_owned(),
                    when: Condition::Present((*field).to_owned()),
                    points: *points,
                })
                .collect(),
            disqualifiers: Vec::new(),
        }
    }

    #[test]
    fn what_differs_is_told_and_a_lead_that_was_never_scored_is_left_alone() {
        let mut ids = Ids::new(Timestamp::EPOCH, 1);
        let case = ConversationId(ids.next_uuid());
        let mut lead = Lead::new(&mut ids, case, "t".to_owned(), Timestamp::EPOCH);
        for field in ["company", "contact"] {
            let value = FieldValue {
                value: "x".to_owned(),
                source: FieldSource::Typed,
                message_id: None,
                confidence: 1.0,
                confirmed_by: None,
            };
            lead.fields.insert(field.to_owned(), value);
        }
        let old = rubric(&[
            ("company", "company", 10),
            ("reachable", "contact", 30),
            ("gone", "contact", 5),
        ]);
        assert_eq!(Rescore::of(&lead, &old), None);
        let score = old.score(&lead);
        lead.lead_score = score.score;
        lead.score_points = score.points;
        lead.score_reasons = score.reasons;
        lead.rubric_version = Some(old.version.clone());
        let same = Rescore::of(&lead, &old).unwrap();
        assert!(!same.moves() && same.rules.is_empty());

        let new = rubric(&[
            ("company", "company", 10),
            ("reachable", "contact", 40),
            ("new", "contact", 1),
        ]);
        let rescore = Rescore::of(&lead, &new).unwrap();
        assert!(rescore.moves());
        assert_eq!((rescore.from_points, rescore.to_points), (45, 51));
        let change = |rule: &str, from, to| RuleChange {
            rule: rule.to_owned(),
            from,
            to,
        };
        assert_eq!(
            rescore.rules,
            [
                change("gone", Some(5), None),
                change("new", None, Some(1)),
                change("reachable", Some(30), Some(40)),
            ]
        );
    }
}
