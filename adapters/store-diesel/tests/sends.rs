//! Calls to messengers on both databases: intended, made, recorded, withheld, parked.

mod common;

use common::*;
use frontdesk_core::conversation::{ConversationStatus, Owner, SenderType};
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::ChannelMessageId;
use frontdesk_core::port::back_office::*;
use frontdesk_core::port::messenger::LimitScope;
use frontdesk_core::port::store::*;
use frontdesk_core::work::{Repeat, SendOutcome};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_intended_sent_and_recorded() {
    each(async |db| {
        let (decision, _, case) = greeting(1, &mut ids(1));
        commit(&db.store, 1, 1, decision.clone()).await;
        let claimed = next_send(&db.store).await;
        assert_eq!(claimed.item.outgoing, decision.outgoing[0]);
        assert_eq!(begin(&db.store, &claimed).await, SendIntent::Go);
        let sent = FinishSend {
            claim: claimed.claim.clone(),
            seq: claimed.item.seq,
            outcome: SendOutcome::Sent {
                channel_message_id: Some(ChannelMessageId(55)),
            },
        };
        assert_eq!(
            db.store.finish_sends(std::slice::from_ref(&sent)).await.unwrap(),
            [true]
        );
        assert_eq!(db.store.finish_sends(&[sent]).await.unwrap(), [false]);
        assert!(db.store.is_idle(&lane(1)).await.unwrap());
        // The same key never goes out again, also after it left the outbox.
        let again = Decision {
            outgoing: decision.outgoing,
            ..Decision::default()
        };
        commit(&db.store, 1, 2, again).await;
        assert!(db.store.claim_sends(&claim(10)).await.unwrap().is_empty());
        let said = db.store.messages(case.id, 10).await.unwrap();
        assert_eq!(said.iter().map(|said| said.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(said[0].message, decision.messages[0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_repeated_once_and_then_parked() {
    each(async |db| {
        let (decision, _, _) = greeting(1, &mut ids(1));
        commit(&db.store, 1, 1, decision).await;
        for round in 1..=2 {
            let claimed = next_send(&db.store).await;
            assert_eq!(
                (claimed.item.tries, claimed.item.in_flight),
                (round - 1, round > 1)
            );
            assert_eq!(begin(&db.store, &claimed).await, SendIntent::Go);
            let outcome = SendOutcome::Unknown {
                after: Duration::from_secs(1),
            };
            let finish = FinishSend {
                claim: claimed.claim,
                seq: claimed.item.seq,
                outcome,
            };
            assert_eq!(db.store.finish_sends(&[finish]).await.unwrap(), [true]);
            assert!(db.store.claim_sends(&claim(1)).await.unwrap().is_empty());
            db.advance(Duration::from_secs(2)).await;
        }
        let claimed = next_send(&db.store).await;
        assert_eq!(begin(&db.store, &claimed).await, SendIntent::Parked);
        let dead = db.store.dead_letters(&Paging::first(10)).await.unwrap();
        assert_eq!(
            (dead[0].why.as_str(), dead[0].what.as_str()),
            ("uncertain", "send")
        );
        assert!(db.store.is_idle(&lane(1)).await.unwrap());
        // Tried again, it is as new.
        assert_eq!(retry_dead(&db.store, dead[0].id).await, ChangeOutcome::Done);
        let claimed = next_send(&db.store).await;
        assert_eq!(
            (claimed.item.tries, claimed.item.in_flight, claimed.attempt),
            (0, false, 1)
        );
        assert_eq!(retry_dead(&db.store, dead[0].id).await, ChangeOutcome::NotFound);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_overtook_becomes_a_note() {
    each(async |db| {
        let (decision, _, _) = greeting(1, &mut ids(1));
        commit(&db.store, 1, 1, decision).await;
        let mut row = db.store.load(&[lane(1)]).await.unwrap()[0]
            .conversation
            .clone()
            .unwrap();
        let id = row.id;
        row.hand_to(ConversationStatus::Escalated, Owner::Agent, now())
            .unwrap();
        let taken = Decision {
            conversations: vec![ConversationWrite { row, is_new: false }],
            ..Decision::default()
        };
        commit(&db.store, 1, 2, taken).await;
        let claimed = next_send(&db.store).await;
        assert_eq!(begin(&db.store, &claimed).await, SendIntent::Withheld);
        let said = db.store.messages(id, 10).await.unwrap();
        assert_eq!(said[1].message.sender_type, SenderType::Note);
        assert!(db.store.is_idle(&lane(1)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_cost_what_they_should() {
    each(async |db| {
        let (decision, _, _) = greeting(1, &mut ids(1));
        commit(&db.store, 1, 1, decision).await;
        let (other, _, _) = greeting(2, &mut ids(2));
        let chat_wait = SendOutcome::NotBefore {
            after: Duration::from_secs(5),
            scope: LimitScope::Bot,
        };
        let claimed = next_send(&db.store).await;
        begin(&db.store, &claimed).await;
        let finish = FinishSend {
            claim: claimed.claim,
            seq: claimed.item.seq,
            outcome: chat_wait,
        };
        assert_eq!(db.store.finish_sends(&[finish]).await.unwrap(), [true]);
        // The whole bot waits, the lanes of other chats too.
        commit(&db.store, 2, 2, other).await;
        assert!(db.store.claim_sends(&claim(10)).await.unwrap().is_empty());
        db.advance(Duration::from_secs(6)).await;
        let mut claimed = db.store.claim_sends(&claim(10)).await.unwrap();
        assert_eq!(claimed.len(), 2);
        claimed.sort_by_key(|claimed| claimed.claim.lane.chat);
        assert_eq!((claimed[0].attempt, claimed[0].item.in_flight), (1, false));
        let first = claimed.remove(0);
        begin(&db.store, &first).await;
        let gone = SendOutcome::Refused {
            why: "blocked".into(),
            chat_gone: true,
        };
        let finish = FinishSend {
            claim: first.claim,
            seq: first.item.seq,
            outcome: gone,
        };
        assert_eq!(db.store.finish_sends(&[finish]).await.unwrap(), [true]);
        assert!(
            !db.store.load(&[lane(1)]).await.unwrap()[0]
                .client
                .clone()
                .unwrap()
                .reachable
        );
        assert!(
            db.store
                .dead_letters(&Paging::first(10))
                .await
                .unwrap()
                .is_empty()
        );
        // A second chat: surely not sent counts, refused for good is a dead letter.
        let second = claimed.remove(0);
        begin(&db.store, &second).await;
        let not_sent = SendOutcome::NotSent {
            after: Duration::ZERO,
        };
        let finish = FinishSend {
            claim: second.claim,
            seq: second.item.seq,
            outcome: not_sent,
        };
        db.store.finish_sends(&[finish]).await.unwrap();
        let second = next_send(&db.store).await;
        assert_eq!(
            (second.attempt, second.item.tries, second.item.in_flight),
            (2, 1, false)
        );
        let refused = SendOutcome::Refused {
            why: "no".into(),
            chat_gone: false,
        };
        let finish = FinishSend {
            claim: second.claim,
            seq: second.item.seq,
            outcome: refused,
        };
        db.store.finish_sends(&[finish]).await.unwrap();
        assert_eq!(db.store.dead_letters(&Paging::first(10)).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_never_repeats_parks_at_once() {
    each(async |db| {
        let (mut decision, _, _) = greeting(1, &mut ids(1));
        decision.outgoing[0].repeat = Repeat::Never;
        commit(&db.store, 1, 1, decision).await;
        let claimed = next_send(&db.store).await;
        assert_eq!(begin(&db.store, &claimed).await, SendIntent::Go);
        // The process dies here; the lease runs out.
        db.advance(Duration::from_mins(1)).await;
        let claimed = next_send(&db.store).await;
        assert_eq!(begin(&db.store, &claimed).await, SendIntent::Parked);
    })
    .await;
}
