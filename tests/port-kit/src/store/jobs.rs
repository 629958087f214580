//! Jobs: when they are due, by priority, under a claim.

use std::collections::BTreeSet;
use std::time::Duration;

use frontdesk_core::id::{BotId, JobId};
use frontdesk_core::port::back_office::Paging;
use frontdesk_core::port::store::{FinishJob, JobEnd};
use frontdesk_core::work::{ClaimedJob, JobChange, NewJob};
use futures_util::future::join_all;
use serde_json::json;

use super::parts::{BOT, LEASE, claim_jobs_of, item, lane, owner, text_of};
use super::scene::Scene;

const HOUR: Duration = Duration::from_hours(1);

pub(super) async fn a_job_runs_when_it_is_due(scene: &Scene<'_>) {
    let job = NewJob {
        run_in: HOUR,
        ..scene.job(&lane(1), "a")
    };
    scene.start(job).await;
    assert!(scene.jobs(10).await.is_empty());
    scene.wait(Duration::from_mins(59)).await;
    assert!(scene.jobs(10).await.is_empty());
    scene.wait(Duration::from_mins(2)).await;
    let job = scene.take_job().await;
    assert!(scene.jobs(10).await.is_empty(), "it is leased");
    assert!(scene.end(&job, JobEnd::Done { report: None }).await);
    scene.outlast_leases().await;
    assert!(scene.jobs(10).await.is_empty(), "it is done");
}

pub(super) async fn a_job_comes_back_as_it_was_started(scene: &Scene<'_>) {
    let case = scene.case(&lane(-77)).await;
    let new = NewJob {
        conversation_id: Some(case.conversation.id),
        payload: json!({"text": "Ω \"q\"", "n": [1, 2.5, null]}),
        unique_key: Some("ключ:1".to_owned()),
        ..scene.job(&lane(-77), "a")
    };
    scene.start(new.clone()).await;
    let job = scene.take_job().await;
    assert_eq!(
        (&job.kind, job.version, &job.lane, &job.payload, job.attempt),
        (&new.kind, new.version, &new.lane, &new.payload, 1)
    );
    assert_eq!((job.claim.id, job.claim.owner), (new.id, scene.owner));
}

pub(super) async fn urgent_jobs_come_first_then_those_due_longest(scene: &Scene<'_>) {
    for (name, priority) in [("late", 5), ("first", -5), ("early", 0), ("later", 0)] {
        let job = NewJob {
            priority,
            payload: json!(name),
            ..scene.job(&lane(1), "a")
        };
        scene.start(job).await;
        scene.wait(Duration::from_secs(2)).await;
    }
    let mut order = Vec::new();
    for _ in 0..4 {
        order.extend(scene.jobs(1).await.into_iter().map(|job| job.payload));
    }
    assert_eq!(order, ["first", "early", "later", "late"]);
}

pub(super) async fn unknown_kinds_and_versions_are_left_alone(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "of_tomorrow")).await;
    let newer = NewJob {
        version: 2,
        ..scene.job(&lane(1), "a")
    };
    scene.start(newer).await;
    assert!(scene.jobs(10).await.is_empty());
    let mut claim = claim_jobs_of(owner(1), 10);
    claim.kinds = vec![("of_tomorrow".to_owned(), 1), ("a".to_owned(), 3)];
    let jobs = scene.store.claim_jobs(&claim).await.expect("jobs are claimed");
    let attempts: Vec<_> = jobs.iter().map(|job| job.attempt).collect();
    assert_eq!(attempts, [1, 1], "a newer build finds both untouched");
}

pub(super) async fn only_jobs_of_the_desks_asked_for_are_claimed(scene: &Scene<'_>) {
    let mut other = lane(1);
    other.bot_id = BotId(BOT.0 + 1);
    let jobs = vec![JobChange::Start(scene.job(&other, "a"))];
    scene.change_jobs(&lane(1), jobs).await;
    assert!(scene.jobs(10).await.is_empty());
    let mut claim = claim_jobs_of(owner(1), 10);
    claim.desks = vec![(other.bot_id, other.channel)];
    let jobs = scene.store.claim_jobs(&claim).await.expect("jobs are claimed");
    assert_eq!(jobs.len(), 1);
}

pub(super) async fn concurrent_claimers_share_no_job(scene: &Scene<'_>) {
    let jobs = (0..20).map(|_| JobChange::Start(scene.job(&lane(1), "a")));
    scene.change_jobs(&lane(1), jobs.collect()).await;
    let claims: Vec<_> = (1..=8).map(|number| claim_jobs_of(owner(number), 2)).collect();
    let answers = join_all(claims.iter().map(|claim| scene.store.claim_jobs(claim))).await;
    let claimed: Vec<JobId> = answers
        .into_iter()
        .flat_map(|jobs| jobs.expect("jobs are claimed"))
        .map(|job| job.claim.id)
        .collect();
    let distinct: BTreeSet<_> = claimed.iter().collect();
    assert_eq!(distinct.len(), claimed.len(), "no job twice");
    assert_eq!(claimed.len() + scene.jobs(100).await.len(), 20, "none left out");
}

pub(super) async fn an_expired_job_is_due_again_and_its_claim_is_stale(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    let stale = scene.take_job().await;
    scene.outlast_leases().await;
    let fresh = scene.take_job().await;
    assert_eq!(
        (fresh.claim.id, fresh.attempt),
        (stale.claim.id, stale.attempt + 1)
    );
    assert!(!scene.end(&stale, JobEnd::Done { report: None }).await);
    assert!(scene.end(&fresh, JobEnd::Done { report: None }).await);
    assert!(!scene.end(&fresh, JobEnd::Done { report: None }).await, "once");
}

pub(super) async fn a_job_tried_again_waits(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    for (counted, attempt) in [(true, 1), (false, 2), (true, 2)] {
        let job = scene.take_job().await;
        assert_eq!(job.attempt, attempt);
        let after = HOUR;
        assert!(scene.end(&job, JobEnd::Again { after, counted }).await);
        scene.outlast_leases().await;
        assert!(scene.jobs(10).await.is_empty());
        scene.wait(HOUR).await;
    }
    assert_eq!(scene.take_job().await.attempt, 3);
}

pub(super) async fn a_report_is_accepted_with_the_end_of_its_job(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    let job = scene.take_job().await;
    assert!(scene.end(&job, reports("found")).await);
    let turn = scene.take().await;
    assert_eq!((text_of(&turn).as_str(), &turn.claim.lane), ("found", &lane(1)));
}

pub(super) async fn a_lost_claim_reports_nothing(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    let stale = scene.take_job().await;
    scene.outlast_leases().await;
    let fresh = scene.take_job().await;
    assert!(!scene.end(&stale, reports("stale")).await);
    assert!(scene.due().await.is_empty(), "nothing was written");
    assert!(!scene.end(&stale, JobEnd::Dead { why: "no".to_owned() }).await);
    let letters = scene.store.dead_letters(&Paging::first(10)).await;
    assert_eq!(letters.expect("dead letters are listed"), []);
    assert!(scene.end(&fresh, reports("fresh")).await);
    assert_eq!(text_of(&scene.take().await), "fresh");
}

pub(super) async fn a_newer_job_takes_the_place_of_the_older(scene: &Scene<'_>) {
    scene.start(keyed(scene, "older", Duration::ZERO)).await;
    scene.start(keyed(scene, "newer", HOUR)).await;
    let another = NewJob {
        unique_key: Some("another".to_owned()),
        ..keyed(scene, "another", Duration::ZERO)
    };
    scene.start(another).await;
    assert_eq!(payload(&scene.take_job().await), "another");
    scene.wait(HOUR).await;
    let jobs = scene.jobs(10).await;
    let newer: Vec<_> = jobs
        .iter()
        .map(payload)
        .filter(|payload| payload != "another")
        .collect();
    assert_eq!(newer, ["newer"]);
}

pub(super) async fn a_superseded_job_cannot_be_finished(scene: &Scene<'_>) {
    scene.start(keyed(scene, "older", Duration::ZERO)).await;
    let older = scene.take_job().await;
    scene.start(keyed(scene, "newer", Duration::ZERO)).await;
    assert!(!scene.end(&older, reports("late")).await);
    assert!(scene.due().await.is_empty(), "nothing was written");
    let newer = scene.take_job().await;
    assert_eq!((payload(&newer).as_str(), newer.attempt), ("newer", 1));
    assert!(!scene.end(&older, JobEnd::Done { report: None }).await);
    assert!(scene.end(&newer, JobEnd::Done { report: None }).await);
    scene.start(keyed(scene, "after", Duration::ZERO)).await;
    assert_eq!(payload(&scene.take_job().await), "after", "the key is free again");
}

pub(super) async fn a_cancelled_job_is_gone(scene: &Scene<'_>) {
    let cancel = || JobChange::Cancel {
        unique_key: "key".to_owned(),
    };
    scene.change_jobs(&lane(1), vec![cancel()]).await;
    let jobs = vec![
        JobChange::Start(keyed(scene, "cancelled at once", Duration::ZERO)),
        cancel(),
    ];
    scene.change_jobs(&lane(1), jobs).await;
    assert!(scene.jobs(10).await.is_empty());
    scene
        .start(keyed(scene, "cancelled while it runs", Duration::ZERO))
        .await;
    let running = scene.take_job().await;
    scene.change_jobs(&lane(1), vec![cancel()]).await;
    assert!(!scene.end(&running, reports("late")).await);
    scene.outlast_leases().await;
    assert!(scene.jobs(10).await.is_empty());
    assert!(scene.due().await.is_empty());
}

pub(super) async fn a_renewed_job_holds(scene: &Scene<'_>) {
    scene.start(scene.job(&lane(1), "a")).await;
    let job = scene.take_job().await;
    for _ in 0..3 {
        scene.wait(LEASE * 2 / 3).await;
        assert!(renewed(scene, &job).await);
        assert!(scene.jobs(10).await.is_empty(), "it is still leased");
    }
    scene.outlast_leases().await;
    let fresh = scene.take_job().await;
    assert!(!renewed(scene, &job).await, "another has it");
    assert!(renewed(scene, &fresh).await);
    assert!(scene.end(&fresh, JobEnd::Done { report: None }).await);
    assert!(!renewed(scene, &fresh).await, "it is done");
}

pub(super) async fn a_superseded_or_cancelled_job_is_not_renewed(scene: &Scene<'_>) {
    scene.start(keyed(scene, "older", Duration::ZERO)).await;
    let older = scene.take_job().await;
    assert!(renewed(scene, &older).await);
    scene.start(keyed(scene, "newer", Duration::ZERO)).await;
    assert!(!renewed(scene, &older).await);
    let newer = scene.take_job().await;
    let cancel = JobChange::Cancel {
        unique_key: "key".to_owned(),
    };
    scene.change_jobs(&lane(1), vec![cancel]).await;
    assert!(!renewed(scene, &newer).await);
}

async fn renewed(scene: &Scene<'_>, job: &ClaimedJob) -> bool {
    let renewed = scene
        .store
        .renew_jobs(std::slice::from_ref(&job.claim), LEASE)
        .await;
    renewed.expect("leases are renewed") == [true]
}

fn keyed(scene: &Scene<'_>, name: &str, run_in: Duration) -> NewJob {
    NewJob {
        payload: json!(name),
        run_in,
        unique_key: Some("key".to_owned()),
        ..scene.job(&lane(1), "a")
    }
}

fn payload(job: &ClaimedJob) -> String {
    job.payload.as_str().unwrap_or("no text").to_owned()
}

fn reports(text: &str) -> JobEnd {
    JobEnd::Done {
        report: Some(item(&lane(1), None, text)),
    }
}

pub(super) async fn jobs_are_ended_one_by_one(scene: &Scene<'_>) {
    let jobs = (0..3).map(|_| JobChange::Start(scene.job(&lane(1), "a")));
    scene.change_jobs(&lane(1), jobs.collect()).await;
    let mut jobs = scene.jobs(10).await;
    jobs[1].claim.fence -= 1;
    let known = scene.update(&lane(2), "known");
    scene.accept(std::slice::from_ref(&known)).await;
    let finishes: Vec<_> = jobs
        .into_iter()
        .map(|job| FinishJob {
            claim: job.claim,
            end: JobEnd::Done {
                report: Some(known.clone()),
            },
        })
        .collect();
    let held = scene.store.finish_jobs(&finishes).await;
    assert_eq!(held.expect("jobs are ended"), [true, false, true]);
    assert_eq!(scene.drain().await, ["known"], "a known report ends its job too");
    scene.outlast_leases().await;
    assert_eq!(scene.jobs(10).await.len(), 1, "the one whose claim was lost");
}
