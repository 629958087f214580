//! Leads come back as they were written, with their case.

use std::collections::BTreeMap;

use frontdesk_core::conversation::{ConversationStatus, Owner};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{LeadId, MessageId};
use frontdesk_core::lead::{FieldSource, FieldValue, FormPhase, FormState, Lead, LeadStage, Reason};

use super::parts::{TEXT, changed, lane, new};
use super::scene::{Case, Scene};

pub(super) async fn a_lead_comes_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut lead = lead(scene, &case);
    let decision = Decision {
        lead: Some(lead.clone()),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    assert_eq!(scene.load(&case.lane).await.lead.as_ref(), Some(&lead));
    let moved = lead.move_to(LeadStage::Contacted, "an agent", None, scene.now());
    lead.form = FormState::default();
    lead.fields.clear();
    let decision = Decision {
        lead: Some(lead.clone()),
        stage_changes: vec![moved.expect("a new lead may be contacted")],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    assert_eq!(scene.load(&case.lane).await.lead, Some(lead));
}

pub(super) async fn the_lead_of_a_closed_case_stays_with_it(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let decision = Decision {
        lead: Some(lead(scene, &case)),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let mut closed = case.conversation.clone();
    closed
        .hand_to(ConversationStatus::Closed, Owner::Bot, scene.now())
        .expect("an open case may be closed");
    scene
        .decide(
            &case.lane,
            Decision {
                conversations: vec![changed(closed)],
                ..Decision::default()
            },
        )
        .await;
    let left = scene.load(&case.lane).await;
    assert_eq!((left.conversation, left.lead), (None, None));
    assert_eq!(left.client.as_ref(), Some(&case.client));
    let decision = Decision {
        conversations: vec![new(scene.conversation(&case.client))],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let next = scene.load(&case.lane).await;
    assert!(next.conversation.is_some() && next.lead.is_none());
}

/// A lead with something in every field.
pub(super) fn lead(scene: &Scene<'_>, case: &Case) -> Lead {
    let field = |value: &str, source| FieldValue {
        value: value.to_owned(),
        source,
        message_id: Some(MessageId(scene.uuid())),
        confidence: 0.25,
        confirmed_by: Some("client".to_owned()),
    };
    Lead {
        id: LeadId(scene.uuid()),
        fields: BTreeMap::from([
            ("description".to_owned(), field(TEXT, FieldSource::Typed)),
            (
                "contact".to_owned(),
                field("zoe@example.com", FieldSource::Contact),
            ),
            ("имя".to_owned(), field("Zoë", FieldSource::Agent)),
        ]),
        form: FormState {
            phase: FormPhase::Asking,
            field: "timeline".to_owned(),
            correcting: true,
            question: 7,
            skipped: vec!["company".to_owned()],
            ..FormState::default()
        },
        score_points: -15,
        score_reasons: vec![Reason {
            rule: "budget".to_owned(),
            points: -15,
            message_id: None,
        }],
        rubric_version: Some("4".to_owned()),
        consent_at: Some(scene.now()),
        consent_version: Some("2".to_owned()),
        ..Lead::new(
            &mut scene.ids(),
            case.conversation.id,
            "kit_bot".to_owned(),
            scene.now(),
        )
    }
}
