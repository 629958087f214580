//! What a claim is worth, and for how long.

use std::time::Duration;

use frontdesk_core::dialogue::Decision;
use frontdesk_core::port::store::{CommitOutcome, Release};
use frontdesk_core::work::LaneKind;

use super::parts::{LEASE, lane, only, owner, release_of, text_of};
use super::scene::Scene;

pub(super) async fn an_expired_lease_is_due_again(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let first = scene.take().await;
    scene.outlast_leases().await;
    let second = only(scene.claim(owner(1), 10).await, "lane whose lease ran out");
    // The time of acceptance aside: a harness may let time pass by moving what is stored back.
    assert_eq!(
        (second.item.seq, second.item.payload),
        (first.item.seq, first.item.payload)
    );
    assert!(second.claim.fence > first.claim.fence, "the fence grows");
    assert_eq!(second.claim.owner, owner(1));
}

pub(super) async fn a_stale_commit_writes_nothing(scene: &Scene<'_>) {
    let chat = lane(1);
    scene.say(&chat, "a").await;
    let stale = scene.take().await;
    scene.outlast_leases().await;
    let fresh = scene.take().await;
    let decision = Decision {
        client: Some(scene.client(&chat)),
        outgoing: vec![scene.outgoing(&chat, "late")],
        ..Decision::default()
    };
    let outcome = scene.commit(&stale, decision).await;
    assert_eq!(outcome, CommitOutcome::LeaseLost);
    assert_eq!(scene.load(&chat).await.client, None);
    assert!(scene.sends().await.is_empty());
    scene.done(&fresh).await;
}

pub(super) async fn a_stale_claim_moves_nothing(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let stale = scene.take().await;
    scene.outlast_leases().await;
    let fresh = only(scene.claim(owner(1), 1).await, "lane");
    let release = [release_of(&stale, Duration::ZERO, true)];
    let released = scene.store.release(LaneKind::Turn, &release).await;
    assert_eq!(released.expect("lanes are released"), [false]);
    assert!(scene.due().await.is_empty(), "the lane is still leased");
    let claims = [stale.claim, fresh.claim];
    let renewed = scene.store.renew(LaneKind::Turn, &claims, LEASE).await;
    assert_eq!(renewed.expect("leases are renewed"), [false, true]);
}

pub(super) async fn attempts_are_counted_at_the_claim(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    for attempt in 1..=4 {
        let turn = scene.take().await;
        assert_eq!(turn.attempt, attempt);
        scene.outlast_leases().await;
    }
}

pub(super) async fn attempts_start_anew_with_the_next_item(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    scene.say(&lane(1), "b").await;
    scene.take().await;
    scene.outlast_leases().await;
    let turn = scene.take().await;
    scene.done(&turn).await;
    let next = scene.take().await;
    assert_eq!((text_of(&next).as_str(), next.attempt), ("b", 1));
}

pub(super) async fn a_counted_release_costs_an_attempt(scene: &Scene<'_>) {
    assert_eq!(attempt_after_release(scene, true).await, 2);
}

pub(super) async fn an_uncounted_release_costs_none(scene: &Scene<'_>) {
    assert_eq!(attempt_after_release(scene, false).await, 1);
}

async fn attempt_after_release(scene: &Scene<'_>, counted: bool) -> u32 {
    scene.say(&lane(1), "a").await;
    let turn = scene.take().await;
    let release = [release_of(&turn, Duration::ZERO, counted)];
    let held = scene.store.release(LaneKind::Turn, &release).await;
    assert_eq!(held.expect("lanes are released"), [true]);
    let again = scene.take().await;
    assert_eq!(again.item, turn.item, "the item still waits");
    assert_eq!(
        scene.commit(&turn, Decision::default()).await,
        CommitOutcome::LeaseLost,
        "a claim given back is over"
    );
    again.attempt
}

pub(super) async fn a_release_waits_as_long_as_asked(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    scene.say(&lane(2), "b").await;
    let turns = scene.due().await;
    let releases: Vec<_> = turns
        .iter()
        .map(|turn| {
            let minutes = if text_of(turn) == "a" { 10 } else { 20 };
            release_of(turn, Duration::from_mins(minutes), true)
        })
        .collect();
    let held = scene.store.release(LaneKind::Turn, &releases).await;
    assert_eq!(held.expect("lanes are released"), [true, true]);
    scene.wait(Duration::from_mins(9)).await;
    assert!(scene.due().await.is_empty());
    scene.wait(Duration::from_mins(2)).await;
    assert_eq!(text_of(&scene.take().await), "a");
    scene.wait(Duration::from_mins(10)).await;
    assert!(scene.due().await.iter().any(|turn| text_of(turn) == "b"));
}

pub(super) async fn a_renewed_lease_holds(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let turn = scene.take().await;
    for _ in 0..4 {
        scene.wait(LEASE / 2).await;
        let renewed = scene
            .store
            .renew(LaneKind::Turn, std::slice::from_ref(&turn.claim), LEASE)
            .await;
        assert_eq!(renewed.expect("leases are renewed"), [true]);
    }
    scene.wait(LEASE / 2).await;
    assert!(scene.claim(owner(1), 10).await.is_empty());
    scene.outlast_leases().await;
    assert_eq!(scene.claim(owner(1), 10).await.len(), 1, "but not for ever");
}

pub(super) async fn a_named_lease_has_one_holder(scene: &Scene<'_>) {
    let (mine, other) = (owner(1), owner(2));
    assert!(hold(scene, "poll", mine).await);
    assert!(hold(scene, "poll", mine).await, "its holder may keep it");
    assert!(!hold(scene, "poll", other).await);
    assert!(hold(scene, "sweep", other).await, "another name is another lease");
    let given = scene.store.let_go("poll", other).await;
    given.expect("giving back what one does not hold is fine");
    assert!(!hold(scene, "poll", other).await);
    scene
        .store
        .let_go("poll", mine)
        .await
        .expect("a lease is given back");
    assert!(hold(scene, "poll", other).await);
}

pub(super) async fn a_named_lease_runs_out(scene: &Scene<'_>) {
    let (mine, other) = (owner(1), owner(2));
    assert!(hold(scene, "poll", mine).await);
    scene.wait(LEASE / 2).await;
    assert!(hold(scene, "poll", mine).await);
    scene.wait(LEASE / 2 + Duration::from_secs(10)).await;
    assert!(!hold(scene, "poll", other).await, "it was prolonged");
    scene.outlast_leases().await;
    assert!(hold(scene, "poll", other).await);
    assert!(!hold(scene, "poll", mine).await);
}

async fn hold(scene: &Scene<'_>, name: &str, owner: frontdesk_core::id::OwnerId) -> bool {
    let held = scene.store.hold(name, owner, LEASE).await;
    held.expect("a lease is asked for")
}

pub(super) async fn the_latest_claim_commits_even_late(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let turn = scene.take().await;
    scene.outlast_leases().await;
    scene.done(&turn).await;
    assert!(scene.due().await.is_empty(), "nobody else had claimed it");
}

pub(super) async fn reply_lanes_are_renewed_and_released_too(scene: &Scene<'_>) {
    scene.say(&lane(1), "the turn lane of the same chat").await;
    let turn = scene.take().await;
    scene.done(&turn).await;
    scene.post(scene.outgoing(&lane(1), "a")).await;
    let send = scene.take_send().await;
    for _ in 0..4 {
        scene.wait(LEASE / 2).await;
        let claims = std::slice::from_ref(&send.claim);
        let renewed = scene.store.renew(LaneKind::Reply, claims, LEASE).await;
        assert_eq!(renewed.expect("leases are renewed"), [true]);
        let other = scene.store.renew(LaneKind::Turn, claims, LEASE).await;
        assert_eq!(other.expect("leases are renewed"), [false], "another direction");
    }
    assert!(scene.sends().await.is_empty());
    let release = [Release {
        claim: send.claim,
        after: Duration::from_mins(10),
        counted: false,
    }];
    let released = scene.store.release(LaneKind::Reply, &release).await;
    assert_eq!(released.expect("lanes are released"), [true]);
    scene.wait(Duration::from_mins(9)).await;
    assert!(scene.sends().await.is_empty());
    scene.wait(Duration::from_mins(2)).await;
    assert_eq!(scene.take_send().await.attempt, 1);
}
