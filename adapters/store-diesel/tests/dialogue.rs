//! People, cases, messages, leads and sessions come back as they were written.

mod common;

use common::*;
use frontdesk_core::conversation::{ConversationStatus, MessageEdit, Owner, Session};
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::ChannelMessageId;
use frontdesk_core::lead::{FieldSource, FieldValue, Lead, LeadScore, LeadStage, Reason};
use frontdesk_core::port::back_office::*;
use frontdesk_core::port::store::*;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn everything_known_of_a_chat_comes_back() {
    each(async |db| {
        let ids = &mut ids(1);
        let (mut decision, client, case) = greeting(1, ids);
        let mut lead = Lead::new(ids, case.id, "telegram_bot".into(), now());
        lead.fields.insert(
            "contact".into(),
            FieldValue {
                value: "ada@example.org".into(),
                source: FieldSource::Unknown("telepathy".into()),
                message_id: None,
                confidence: 0.1 + 0.2,
                confirmed_by: None,
            },
        );
        lead.lead_score = LeadScore::Unknown("lukewarm".into());
        lead.score_reasons = vec![Reason {
            rule: "r".into(),
            points: -3,
            message_id: None,
        }];
        let change = lead.move_to(LeadStage::Contacted, "desk", None, now()).unwrap();
        let session = Session {
            client_id: client.id,
            state: serde_json::json!({"v": 1, "text": "“ё” \u{1F600} \u{fffd} ' \" \\ ?"}),
            expires_at: now() + Duration::from_micros(1),
            version: 4,
        };
        decision.lead = Some(lead.clone());
        decision.stage_changes = vec![change];
        decision.session = Some(session.clone());
        commit(&db.store, 1, 1, decision.clone()).await;
        let mut stored = case.clone();
        stored.version = 1;
        let known = db.store.load(&[lane(2), lane(1)]).await.unwrap();
        let expected = Snapshot {
            client: Some(client.clone()),
            conversation: Some(stored.clone()),
            session: Some(session),
            lead: Some(lead.clone()),
            named: None,
        };
        assert_eq!(known, [Snapshot::default(), expected]);

        // Written again: replaced, unknown values and all.
        let mut renamed = client.clone();
        renamed.first_name = Some("Ада".into());
        renamed.banned_at = Some(now());
        lead.consent_version = Some("later".into());
        stored.metadata = serde_json::json!({"n": 12.5, "list": [1, null]});
        let again = Decision {
            client: Some(renamed.clone()),
            conversations: vec![ConversationWrite {
                row: stored.clone(),
                is_new: false,
            }],
            lead: Some(lead.clone()),
            ..Decision::default()
        };
        commit(&db.store, 1, 2, again).await;
        let known = db.store.load(&[lane(1)]).await.unwrap().remove(0);
        stored.version = 2;
        assert_eq!(
            (known.client, known.conversation, known.lead),
            (Some(renamed), Some(stored), Some(lead))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_case_ends_and_another_begins_in_one_commit_and_only_one_is_open() {
    each(async |db| {
        let ids = &mut ids(1);
        let (decision, client, case) = greeting(1, ids);
        commit(&db.store, 1, 1, decision).await;
        let mut old = case.clone();
        old.version = 1;
        old.hand_to(ConversationStatus::Closed, Owner::Bot, now())
            .unwrap();
        let mut new = case.clone();
        new.id = frontdesk_core::id::ConversationId(ids.next_uuid());
        new.created_at = now() + Duration::from_secs(1);
        let second = ConversationWrite {
            row: new.clone(),
            is_new: true,
        };
        // While the old one is open, a second one is a conflict, not a second case.
        let claimed = next_turn(&db.store, 1, 2).await;
        let early = Decision {
            conversations: vec![second.clone()],
            ..Decision::default()
        };
        assert_eq!(
            db.store.commit(&[turn(&claimed, early)]).await.unwrap(),
            [CommitOutcome::Conflict]
        );
        let both = Decision {
            conversations: vec![
                ConversationWrite {
                    row: old,
                    is_new: false,
                },
                second,
            ],
            ..Decision::default()
        };
        assert_eq!(
            db.store.commit(&[turn(&claimed, both)]).await.unwrap(),
            [CommitOutcome::Committed]
        );
        let open = db
            .store
            .load(&[lane(1)])
            .await
            .unwrap()
            .remove(0)
            .conversation
            .unwrap();
        assert_eq!(open.id, new.id);
        let query = ConversationQuery {
            client: Some(client.id),
            ..ConversationQuery::newest(10)
        };
        let cases = db.store.conversations(&query).await.unwrap();
        assert_eq!(
            cases.iter().map(|case| case.conversation.id).collect::<Vec<_>>(),
            [new.id, case.id]
        );
        assert_eq!(cases[1].conversation.status, ConversationStatus::Closed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_keeps_what_was_said_before() {
    each(async |db| {
        let (decision, _, case) = greeting(1, &mut ids(1));
        let original = decision.messages[0].content.clone();
        commit(&db.store, 1, 1, decision).await;
        for (update, text) in [(2, "once"), (3, "twice")] {
            let edit = |id| MessageEdit {
                channel_message_id: ChannelMessageId(id),
                content: text.into(),
                edited_at: now(),
            };
            // An id nobody knows changes nothing.
            let decision = Decision {
                edits: vec![edit(1), edit(404)],
                ..Decision::default()
            };
            commit(&db.store, 1, update, decision).await;
        }
        let said = db.store.messages(case.id, 1).await.unwrap();
        assert_eq!((said.len(), said[0].seq), (1, 2));
        let said = db.store.messages(case.id, 10).await.unwrap().remove(0);
        assert_eq!(
            (said.message.content.as_str(), said.edited_at),
            ("twice", Some(now()))
        );
        assert_eq!(
            said.message.metadata,
            serde_json::json!({"earlier": [original, "once"]})
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_after_a_failed_commit() {
    each(async |db| {
        let ids = &mut ids(1);
        let (decision, _, case) = greeting(1, ids);
        commit(&db.store, 1, 1, decision.clone()).await;
        let claimed = next_turn(&db.store, 1, 2).await;
        // The same message again is refused, with the number it had drawn.
        let twice = Decision {
            messages: decision.messages.clone(),
            ..Decision::default()
        };
        assert!(matches!(
            db.store.commit(&[turn(&claimed, twice)]).await,
            Err(StoreError::Refused(_))
        ));
        let third = message(
            &case,
            frontdesk_core::conversation::SenderType::User,
            "third",
            ids,
        );
        let good = Decision {
            messages: vec![third],
            ..Decision::default()
        };
        assert_eq!(
            db.store.commit(&[turn(&claimed, good)]).await.unwrap(),
            [CommitOutcome::Committed]
        );
        let places: Vec<i64> = db
            .store
            .messages(case.id, 10)
            .await
            .unwrap()
            .iter()
            .map(|said| said.seq)
            .collect();
        assert_eq!(places, [1, 2, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_commit_leaves_the_store_usable() {
    each(async |db| {
        for round in 0..20_u64 {
            let update = i64::try_from(round).unwrap();
            let _accepted = tokio::time::timeout(
                Duration::from_micros(50 * round),
                db.store.accept(&[item(1, update)]),
            )
            .await;
        }
        let accepted = db.store.accept(&[item(1, 1_000)]).await.unwrap();
        assert_eq!(accepted, [Accepted::New]);
        let waiting = db.store.depth().await.unwrap().turns.waiting;
        let mut seen = 0;
        while let Some(claimed) = db.store.claim_turns(&claim(1)).await.unwrap().pop() {
            db.store
                .commit(&[turn(&claimed, Decision::default())])
                .await
                .unwrap();
            seen += 1;
        }
        assert_eq!(seen, waiting, "the lane counts what is in it");
    })
    .await;
}
