//! Waiting work on both databases: accepted once, claimed in order, fenced, committed whole.

mod common;

use common::*;
use frontdesk_core::conversation::SenderType;
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::JobId;
use frontdesk_core::port::back_office::*;
use frontdesk_core::port::store::*;
use frontdesk_core::work::{JobChange, LaneKind, NewJob};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_update_acts_once_in_a_slice_and_later() {
    each(async |db| {
        let first = db
            .store
            .accept(&[item(1, 10), item(1, 10), item(2, 11)])
            .await
            .unwrap();
        assert_eq!(first, [Accepted::New, Accepted::Duplicate, Accepted::New]);
        let again = db.store.accept(&[item(1, 10), item(1, 12)]).await.unwrap();
        assert_eq!(again, [Accepted::Duplicate, Accepted::New]);
        let depth = db.store.depth().await.unwrap();
        assert_eq!(depth.turns.waiting, 3);
        // What the desk reports has no id and is never a duplicate.
        let mut own = item(1, 0);
        own.update_id = None;
        let outcome = db.store.accept(&[own.clone(), own]).await.unwrap();
        assert_eq!(outcome, [Accepted::New, Accepted::New]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_a_lane_come_in_the_order_of_acceptance_one_at_a_time() {
    each(async |db| {
        let items: Vec<_> = [5, 3, 9].into_iter().map(|update| item(1, update)).collect();
        db.store.accept(&items).await.unwrap();
        db.store.accept(&[item(1, 1)]).await.unwrap();
        let mut seen = Vec::new();
        for _ in 0..4 {
            let claimed = db.store.claim_turns(&claim(10)).await.unwrap();
            assert_eq!(claimed.len(), 1);
            assert!(db.store.claim_turns(&claim_as(2, 10)).await.unwrap().is_empty());
            seen.push(claimed[0].item.payload.clone());
            let done = db
                .store
                .commit(&[turn(&claimed[0], Decision::default())])
                .await
                .unwrap();
            assert_eq!(done, [CommitOutcome::Committed]);
        }
        let expected: Vec<_> = [5, 3, 9, 1]
            .into_iter()
            .map(|update| item(1, update).payload)
            .collect();
        assert_eq!(seen, expected);
        assert!(db.store.claim_turns(&claim(10)).await.unwrap().is_empty());
        assert!(db.store.is_idle(&lane(1)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_writes_nothing() {
    each(async |db| {
        let zombie = next_turn(&db.store, 1, 1).await;
        db.advance(Duration::from_mins(1)).await;
        let heir = db.store.claim_turns(&claim_as(2, 10)).await.unwrap().remove(0);
        assert_eq!((heir.attempt, heir.item.seq), (2, zombie.item.seq));
        let (decision, client, _) = greeting(1, &mut ids(1));
        let lost = db.store.commit(&[turn(&zombie, decision.clone())]).await.unwrap();
        assert_eq!(lost, [CommitOutcome::LeaseLost]);
        assert_eq!(db.store.load(&[lane(1)]).await.unwrap(), [Snapshot::default()]);
        assert_eq!(
            db.store
                .renew(LaneKind::Turn, std::slice::from_ref(&zombie.claim), LEASE)
                .await
                .unwrap(),
            [false]
        );
        let done = db.store.commit(&[turn(&heir, decision.clone())]).await.unwrap();
        assert_eq!(done, [CommitOutcome::Committed]);
        let again = db.store.commit(&[turn(&heir, decision)]).await.unwrap();
        assert_eq!(again, [CommitOutcome::LeaseLost]);
        assert_eq!(db.store.load(&[lane(1)]).await.unwrap()[0].client, Some(client));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_and_a_refusal_do_not_hurt_their_neighbours() {
    each(async |db| {
        let (decision, _, case) = greeting(1, &mut ids(1));
        commit(&db.store, 1, 1, decision).await;
        db.store
            .accept(&[item(1, 2), item(2, 3), item(3, 4)])
            .await
            .unwrap();
        let mut claimed = db.store.claim_turns(&claim(10)).await.unwrap();
        claimed.sort_by_key(|claimed| claimed.claim.lane.chat);
        let stale = Decision {
            conversations: vec![ConversationWrite {
                row: case.clone(),
                is_new: false,
            }],
            ..Decision::default()
        };
        let (good, client, _) = greeting(2, &mut ids(2));
        let orphan = Decision {
            messages: vec![message(
                &frontdesk_core::conversation::Conversation {
                    id: frontdesk_core::id::ConversationId(uuid::Uuid::from_u128(99)),
                    ..case.clone()
                },
                SenderType::User,
                "to nobody",
                &mut ids(3),
            )],
            ..Decision::default()
        };
        let turns = [
            turn(&claimed[0], stale),
            turn(&claimed[1], good),
            turn(&claimed[2], orphan.clone()),
        ];
        let outcomes = db.store.commit(&turns).await.unwrap();
        assert_eq!(
            outcomes,
            [
                CommitOutcome::Conflict,
                CommitOutcome::Committed,
                CommitOutcome::Conflict
            ]
        );
        assert_eq!(db.store.load(&[lane(2)]).await.unwrap()[0].client, Some(client));
        let alone = db.store.commit(&[turn(&claimed[2], orphan)]).await;
        assert!(matches!(alone, Err(StoreError::Refused(_))), "{alone:?}");
        // The claims still hold: with the version as it is now, the turn commits.
        let mut row = db.store.load(&[lane(1)]).await.unwrap()[0]
            .conversation
            .clone()
            .unwrap();
        assert_eq!(row.version, 1);
        row.metadata = serde_json::json!({"seen": true});
        let fresh = Decision {
            conversations: vec![ConversationWrite { row, is_new: false }],
            ..Decision::default()
        };
        assert_eq!(
            db.store.commit(&[turn(&claimed[0], fresh)]).await.unwrap(),
            [CommitOutcome::Committed]
        );
    })
    .await;
}

fn job(number: u128, key: Option<&str>) -> NewJob {
    NewJob {
        id: JobId(uuid::Uuid::from_u128(number)),
        kind: "timer".into(),
        version: 1,
        conversation_id: None,
        lane: lane(1),
        payload: serde_json::json!({"number": number.to_string()}),
        run_in: Duration::ZERO,
        priority: 0,
        unique_key: key.map(str::to_owned),
    }
}

fn claim_jobs(limit: usize) -> ClaimJobs {
    let Claim {
        desks, owner, lease, ..
    } = claim(limit);
    ClaimJobs {
        desks,
        kinds: vec![("timer".into(), 1)],
        owner,
        limit,
        lease,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_job_takes_the_place_of_the_older() {
    each(async |db| {
        let start = |job| Decision {
            jobs: vec![JobChange::Start(job)],
            ..Decision::default()
        };
        commit(&db.store, 1, 1, start(job(1, Some("k")))).await;
        let old = db.store.claim_jobs(&claim_jobs(10)).await.unwrap().remove(0);
        commit(&db.store, 1, 2, start(job(2, Some("k")))).await;
        let done = |claim: &frontdesk_core::work::JobClaim, report| FinishJob {
            claim: claim.clone(),
            end: JobEnd::Done { report },
        };
        assert_eq!(
            db.store.finish_jobs(&[done(&old.claim, None)]).await.unwrap(),
            [false]
        );
        let new = db.store.claim_jobs(&claim_jobs(10)).await.unwrap().remove(0);
        assert_eq!(
            (new.payload.clone(), new.attempt),
            (serde_json::json!({"number": "2"}), 1)
        );
        let mut report = item(1, 0);
        report.update_id = None;
        assert_eq!(
            db.store
                .finish_jobs(&[done(&new.claim, Some(report))])
                .await
                .unwrap(),
            [true]
        );
        assert_eq!(db.store.claim_turns(&claim(10)).await.unwrap().len(), 1);
        assert!(db.store.claim_jobs(&claim_jobs(10)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_come_by_priority_then_time_and_come_back() {
    each(async |db| {
        let at = |number, priority, seconds| NewJob {
            priority,
            run_in: Duration::from_secs(seconds),
            ..job(number, None)
        };
        let mut newer = job(9, None);
        newer.version = 2;
        let jobs = [at(1, 1, 0), at(2, 0, 2), at(3, 0, 1), newer];
        let decision = Decision {
            jobs: jobs.into_iter().map(JobChange::Start).collect(),
            ..Decision::default()
        };
        commit(&db.store, 1, 1, decision).await;
        db.advance(Duration::from_secs(5)).await;
        let claimed = db.store.claim_jobs(&claim_jobs(10)).await.unwrap();
        let order: Vec<_> = claimed
            .iter()
            .map(|job| job.payload["number"].as_str().unwrap())
            .collect();
        assert_eq!(order, ["3", "2", "1"]);
        let ends = [
            FinishJob {
                claim: claimed[0].claim.clone(),
                end: JobEnd::Again {
                    after: Duration::ZERO,
                    counted: false,
                },
            },
            FinishJob {
                claim: claimed[1].claim.clone(),
                end: JobEnd::Dead { why: "broken".into() },
            },
        ];
        assert_eq!(db.store.finish_jobs(&ends).await.unwrap(), [true, true]);
        let again = db.store.claim_jobs(&claim_jobs(10)).await.unwrap();
        assert_eq!((again.len(), again[0].attempt), (1, 1));
        let dead = db.store.dead_letters(&Paging::first(10)).await.unwrap();
        assert_eq!(
            (dead[0].queue.clone(), dead[0].what.as_str()),
            (DeadQueue::Job, "timer")
        );
        assert_eq!(retry_dead(&db.store, dead[0].id).await, ChangeOutcome::Done);
        assert_eq!(db.store.claim_jobs(&claim_jobs(10)).await.unwrap().len(), 1);
        assert!(!db.store.is_idle(&lane(1)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_kept_given_back_and_run_out() {
    each(async |db| {
        assert!(db.store.hold("poller", owner(1), LEASE).await.unwrap());
        assert!(!db.store.hold("poller", owner(2), LEASE).await.unwrap());
        assert!(db.store.hold("poller", owner(1), LEASE).await.unwrap());
        db.advance(Duration::from_secs(31)).await;
        assert!(db.store.hold("poller", owner(2), LEASE).await.unwrap());
        db.store.let_go("poller", owner(1)).await.unwrap();
        assert!(!db.store.hold("poller", owner(1), LEASE).await.unwrap());
        db.store.let_go("poller", owner(2)).await.unwrap();
        assert!(db.store.hold("poller", owner(1), LEASE).await.unwrap());

        let claimed = next_turn(&db.store, 1, 1).await;
        db.advance(Duration::from_secs(25)).await;
        assert_eq!(
            db.store
                .renew(LaneKind::Turn, std::slice::from_ref(&claimed.claim), LEASE)
                .await
                .unwrap(),
            [true]
        );
        db.advance(Duration::from_secs(25)).await;
        assert!(db.store.claim_turns(&claim(1)).await.unwrap().is_empty());
        let release = Release {
            claim: claimed.claim,
            after: Duration::from_secs(3),
            counted: false,
        };
        assert_eq!(
            db.store
                .release(LaneKind::Turn, std::slice::from_ref(&release))
                .await
                .unwrap(),
            [true]
        );
        assert_eq!(
            db.store.release(LaneKind::Turn, &[release]).await.unwrap(),
            [false]
        );
        assert!(db.store.claim_turns(&claim(1)).await.unwrap().is_empty());
        db.advance(Duration::from_secs(4)).await;
        assert_eq!(db.store.claim_turns(&claim(1)).await.unwrap()[0].attempt, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_turn_is_parked_and_can_be_tried_again() {
    each(async |db| {
        let claimed = next_turn(&db.store, 1, 1).await;
        let mut dead = turn(&claimed, Decision::default());
        dead.end = TurnEnd::Dead {
            why: "it would not decode".into(),
        };
        assert_eq!(
            db.store.commit(&[dead]).await.unwrap(),
            [CommitOutcome::Committed]
        );
        let letters = db.store.dead_letters(&Paging::first(10)).await.unwrap();
        assert_eq!(
            (letters[0].queue.clone(), letters[0].lane.clone()),
            (DeadQueue::Turn, lane(1))
        );
        assert_eq!(retry_dead(&db.store, letters[0].id).await, ChangeOutcome::Done);
        let again = db.store.claim_turns(&claim(1)).await.unwrap();
        assert_eq!(
            (again[0].item.payload.clone(), again[0].attempt),
            (item(1, 1).payload, 1)
        );
        let drop = ChangeKind::DropDead { id: letters[0].id };
        assert_eq!(change(&db.store, drop).await, ChangeOutcome::NotFound);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_forgets_what_is_old_and_nothing_else() {
    each(async |db| {
        let (decision, _, _) = greeting(1, &mut ids(1));
        commit(
            &db.store,
            1,
            1,
            Decision {
                outgoing: Vec::new(),
                ..decision
            },
        )
        .await;
        assert_eq!(db.store.sweep().await.unwrap(), 0);
        db.advance(Duration::from_hours(73)).await;
        assert_eq!(db.store.sweep().await.unwrap(), 1);
        db.store.accept(&[item(2, 2)]).await.unwrap();
        db.advance(Duration::from_hours(31 * 24)).await;
        // The id of update 2 and the lane asleep, not the lane that waits.
        assert_eq!(db.store.sweep().await.unwrap(), 2);
        assert_eq!(db.store.claim_turns(&claim(10)).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_belongs_to_one_bot() {
    each(async |db| {
        let telegram = frontdesk_core::id::Channel::TELEGRAM;
        db.store.adopt(&telegram, BOT).await.unwrap();
        db.store.adopt(&telegram, BOT).await.unwrap();
        let other = db.store.adopt(&telegram, frontdesk_core::id::BotId(8)).await;
        assert!(
            matches!(other, Err(StoreError::OtherBot { found: BOT, .. })),
            "{other:?}"
        );
    })
    .await;
}
