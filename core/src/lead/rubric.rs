//! Scoring: a rubric of the playbook over the fields of a lead. Pure and deterministic.

use serde::{Deserialize, Serialize};

use crate::id::MessageId;

use super::{Lead, LeadScore};

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The field's value is one of these.
    In(String, Vec<String>),
    /// The field has a value.
    Present(String),
    /// The field has none.
    Missing(String),
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// Points for a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, unique in the rubric.
    pub id: String,
    /// When it fires.
    pub when: Condition,
    /// What it adds; may be negative.
    pub points: i64,
}

/// A condition that makes a lead unqualified, whatever its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disqualifier {
    /// Its id, unique in the rubric.
    pub id: String,
    /// When it fires.
    pub when: Condition,
}

/// The playbook's rubric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rubric {
    /// Stored with every score made by it.
    pub version: String,
    /// Points from which a lead is hot.
    pub hot: i64,
    /// Points from which a lead is warm.
    pub warm: i64,
    /// In the order of the playbook.
    pub rules: Vec<Rule>,
    /// In the order of the playbook.
    pub disqualifiers: Vec<Disqualifier>,
}

/// A rule that fired, and the message it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's id.
    pub rule: String,
    /// What it added; 0 for a disqualifier.
    pub points: i64,
    /// The message that gave the field it looked at, if there is one.
    pub message_id: Option<MessageId>,
}

/// What scoring came to. The sum of the reasons' points is `points`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The class.
    pub score: LeadScore,
    /// Sum of the points.
    pub points: i64,
    /// The rules that fired, in the rubric's order.
    pub reasons: Vec<Reason>,
}

impl Condition {
    /// Whether it holds for the lead.
    pub fn holds(&self, lead: &Lead) -> bool {
        match self {
            Condition::In(field, values) => lead
                .value(field)
                .is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Condition::Present(field) => lead.value(field).is_some(),
            Condition::Missing(field) => lead.value(field).is_none(),
            Condition::All(all) => all.iter().all(|one| one.holds(lead)),
            Condition::Any(any) => any.iter().any(|one| one.holds(lead)),
            Condition::Not(inner) => !inner.holds(lead),
        }
    }

    /// Every field it looks at.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Condition::In(field, _) | Condition::Present(field) | Condition::Missing(field) => vec![field],
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().flat_map(Condition::fields).collect()
            }
            Condition::Not(inner) => inner.fields(),
        }
    }

    fn message(&self, lead: &Lead) -> Option<MessageId> {
        self.fields()
            .into_iter()
            .find_map(|field| lead.fields.get(field)?.message_id)
    }
}

impl Rubric {
    /// Scores a lead.
    pub fn score(&self, lead: &Lead) -> Score {
        let mut reasons = Vec::new();
        let mut points: i64 = 0;
        for rule in self.rules.iter().filter(|rule| rule.when.holds(lead)) {
            points = points.saturating_add(rule.points);
            reasons.push(Reason {
                rule: rule.id.clone(),
                points: rule.points,
                message_id: rule.when.message(lead),
            });
        }
        let mut disqualified = false;
        for rule in self.disqualifiers.iter().filter(|rule| rule.when.holds(lead)) {
            disqualified = true;
            reasons.push(Reason {
                rule: rule.id.clone(),
                points: 0,
                message_id: rule.when.message(lead),
            });
        }
        let score = if disqualified {
            LeadScore::Unqualified
        } else if points >= self.hot {
            LeadScore::Hot
        } else if points >= self.warm {
            LeadScore::Warm
        } else {
            LeadScore::Cold
        };
        Score {
            score,
            points,
            reasons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConversationId, Ids};
    use crate::lead::{FieldSource, FieldValue};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn rubric() -> Rubric {
        let is = |field: &str, value: &str| Condition::In(field.into(), vec![value.into()]);
        Rubric {
            version: "1".into(),
            hot: 50,
            warm: 20,
            rules: vec![
                Rule {
                    id: "budget".into(),
                    when: is("budget", "high"),
                    points: 40,
                },
                Rule {
                    id: "soon".into(),
                    when: is("timeline", "urgent"),
                    points: 20,
                },
                Rule {
                    id: "vague".into(),
                    when: Condition::Missing("description".into()),
                    points: -10,
                },
            ],
            disqualifiers: vec![Disqualifier {
                id: "spam".into(),
                when: is("timeline", "never"),
            }],
        }
    }

    fn lead(fields: &[(&str, &str)]) -> Lead {
        let mut ids = Ids::new(Timestamp::EPOCH, 3);
        let conversation = ConversationId(ids.next_uuid());
        let mut lead = Lead::new(&mut ids, conversation, "t".into(), Timestamp::EPOCH);
        for (name, value) in fields {
            lead.fields.insert(
                (*name).into(),
                FieldValue {
                    value: (*value).into(),
                    source: FieldSource::Typed,
                    message_id: Some(MessageId(ids.next_uuid())),
                    confidence: 1.0,
                    confirmed_by: None,
                },
            );
        }
        lead
    }

    #[test]
    fn classes_follow_the_thresholds_and_a_disqualifier_wins() {
        let high = ("budget", "high");
        let text = ("description", "x");
        for (fields, points, score) in [
            (vec![], -10, LeadScore::Cold),
            (vec![high], 30, LeadScore::Warm),
            (vec![high, text, ("timeline", "urgent")], 60, LeadScore::Hot),
            (
                vec![high, text, ("timeline", "never")],
                40,
                LeadScore::Unqualified,
            ),
        ] {
            let got = rubric().score(&lead(&fields));
            assert_eq!((got.points, got.score), (points, score), "{fields:?}");
        }
    }

    #[test]
    fn reasons_name_the_message_they_rest_on() {
        let lead = lead(&[("budget", "high"), ("description", "x")]);
        let score = rubric().score(&lead);
        assert_eq!(score.reasons.len(), 1);
        assert_eq!(score.reasons[0].message_id, lead.fields["budget"].message_id);
    }

    proptest! {
        #[test]
        fn the_points_are_the_sum_of_the_reasons(
            budget in "high|low", timeline in "urgent|never|later", described in any::<bool>()
        ) {
            let mut fields = vec![("budget", budget.as_str()), ("timeline", timeline.as_str())];
            if described {
                fields.push(("description", "x"));
            }
            let score = rubric().score(&lead(&fields));
            prop_assert_eq!(score.points, score.reasons.iter().map(|reason| reason.points).sum::<i64>());
        }
    }
}
