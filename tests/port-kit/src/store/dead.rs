//! What was given up is listed, and can be tried again.

use std::time::Duration;

use frontdesk_core::dialogue::Decision;
use frontdesk_core::port::back_office::{ChangeKind, ChangeOutcome, DeadLetter, DeadQueue, Paging};
use frontdesk_core::port::store::{CommitOutcome, JobEnd, SendIntent, TurnEnd};
use frontdesk_core::work::SendOutcome;

use super::parts::{commit_of, lane, only, text_of};
use super::scene::Scene;

pub(super) async fn a_dead_turn_is_listed_and_does_not_block_its_chat(scene: &Scene<'_>) {
    scene.say(&lane(1), "poison").await;
    scene.say(&lane(1), "next").await;
    let decision = Decision {
        outgoing: vec![scene.outgoing(&lane(1), "something went wrong")],
        ..Decision::default()
    };
    kill_turn(scene, decision).await;
    let letter = only(letters(scene).await, "dead letter");
    assert_eq!(
        (
            &letter.queue,
            &letter.lane,
            letter.what.as_str(),
            letter.why.as_str()
        ),
        (&DeadQueue::Turn, &lane(1), "kit", "made no sense")
    );
    assert_eq!(text_of(&scene.take().await), "next");
    assert_eq!(
        scene.deliver().await,
        "something went wrong",
        "its decision is written"
    );
}

pub(super) async fn a_dead_job_is_listed(scene: &Scene<'_>) {
    kill_job(scene).await;
    let letter = only(letters(scene).await, "dead letter");
    assert_eq!(
        (
            &letter.queue,
            &letter.lane,
            letter.what.as_str(),
            letter.why.as_str()
        ),
        (&DeadQueue::Job, &lane(1), "a", "gave up")
    );
    scene.outlast_leases().await;
    assert!(scene.jobs(10).await.is_empty());
}

pub(super) async fn dead_letters_are_listed_newest_first(scene: &Scene<'_>) {
    scene.say(&lane(1), "poison").await;
    kill_turn(scene, Decision::default()).await;
    scene.wait(Duration::from_secs(2)).await;
    kill_job(scene).await;
    scene.wait(Duration::from_secs(2)).await;
    kill_call(scene).await;
    let queues: Vec<_> = letters(scene)
        .await
        .into_iter()
        .map(|letter| letter.queue)
        .collect();
    assert_eq!(queues, [DeadQueue::Reply, DeadQueue::Job, DeadQueue::Turn]);
    let newest = scene
        .store
        .dead_letters(&Paging::first(1))
        .await
        .expect("dead letters are listed");
    assert_eq!(only(newest, "dead letter").queue, DeadQueue::Reply);
}

pub(super) async fn a_dead_turn_is_retried_at_the_end_of_its_lane(scene: &Scene<'_>) {
    let mut poison = scene.update(&lane(1), "");
    poison.payload = vec![0, 0xff, 7];
    scene.accept(&[poison.clone()]).await;
    scene.take().await;
    scene.outlast_leases().await;
    kill_turn(scene, Decision::default()).await;
    scene.say(&lane(1), "waits already").await;
    retry(scene).await;
    let first = scene.take().await;
    assert_eq!(text_of(&first), "waits already");
    scene.done(&first).await;
    let second = scene.take().await;
    assert_eq!(second.item.payload, poison.payload);
    assert_eq!(
        (
            second.item.source.as_str(),
            second.item.source_version,
            second.attempt
        ),
        ("kit", 1, 1)
    );
}

pub(super) async fn a_dead_call_is_retried_as_new(scene: &Scene<'_>) {
    let outgoing = kill_call(scene).await;
    retry(scene).await;
    let send = scene.take_send().await;
    assert_eq!(send.item.outgoing, outgoing);
    assert_eq!(
        (send.attempt, send.item.tries, send.item.in_flight),
        (1, 0, false)
    );
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
}

pub(super) async fn a_dead_job_is_retried_as_new(scene: &Scene<'_>) {
    kill_job(scene).await;
    retry(scene).await;
    let job = scene.take_job().await;
    assert_eq!((job.kind.as_str(), job.attempt), ("a", 1));
    assert_eq!(job.payload, serde_json::json!({"kind": "a"}));
    assert!(scene.end(&job, JobEnd::Done { report: None }).await);
}

pub(super) async fn a_dropped_letter_is_gone(scene: &Scene<'_>) {
    scene.say(&lane(1), "poison").await;
    kill_turn(scene, Decision::default()).await;
    let id = only(letters(scene).await, "dead letter").id;
    assert_eq!(
        scene.change(ChangeKind::DropDead { id }).await,
        ChangeOutcome::Done
    );
    assert_eq!(
        scene.change(ChangeKind::DropDead { id }).await,
        ChangeOutcome::NotFound
    );
    assert_eq!(
        scene.change(ChangeKind::RetryDead { id }).await,
        ChangeOutcome::NotFound
    );
    assert!(scene.due().await.is_empty());
}

async fn letters(scene: &Scene<'_>) -> Vec<DeadLetter> {
    let letters = scene.store.dead_letters(&Paging::first(10)).await;
    letters.expect("dead letters are listed")
}

async fn retry(scene: &Scene<'_>) {
    let id = only(letters(scene).await, "dead letter").id;
    assert_eq!(
        scene.change(ChangeKind::RetryDead { id }).await,
        ChangeOutcome::Done
    );
    assert_eq!(
        scene.change(ChangeKind::RetryDead { id }).await,
        ChangeOutcome::NotFound
    );
    assert_eq!(letters(scene).await, []);
}

async fn kill_turn(scene: &Scene<'_>, decision: Decision) {
    let turn = scene.take().await;
    let mut commit = commit_of(&turn, decision);
    commit.end = TurnEnd::Dead {
        why: "made no sense".to_owned(),
    };
    let outcomes = scene.store.commit(&[commit]).await.expect("a turn is committed");
    assert_eq!(outcomes, [CommitOutcome::Committed]);
}

async fn kill_job(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    let job = scene.take_job().await;
    let why = "gave up".to_owned();
    assert!(scene.end(&job, JobEnd::Dead { why }).await);
}

async fn kill_call(scene: &Scene<'_>) -> frontdesk_core::work::Outgoing {
    let outgoing = scene.outgoing(&lane(1), "a");
    scene.post(outgoing.clone()).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    let refused = SendOutcome::Refused {
        why: "no".to_owned(),
        chat_gone: false,
    };
    assert!(scene.finish(&send, refused).await);
    outgoing
}
