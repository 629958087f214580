use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use frontdesk_core::desk::{DoorSettings, JobFailure, JobKind, JobRunner, JobSettings, TimerKind, Upkeep};
use frontdesk_core::dialogue::{Event, TIMER_JOB, TimerFired};
use frontdesk_core::id::{ConversationId, JobId};
use frontdesk_core::work::{ClaimedJob, JobChange, NewJob};
use uuid::Uuid;

use crate::world::{World, lane, secs};

#[derive(Debug, Default)]
struct Flaky {
    runs: AtomicU32,
}

#[async_trait]
impl JobKind for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn version(&self) -> i32 {
        1
    }

    async fn run(&self, job: &ClaimedJob) -> Result<Option<Event>, JobFailure> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        let why = "not yet".to_owned();
        match job.payload.as_str() {
            Some("panics") => panic!("as asked"),
            Some("never") => Err(JobFailure::Never { why }),
            _ if run < 3 => Err(JobFailure::Again { why, after: None }),
            _ => Ok(None),
        }
    }
}

fn start(world: &mut World, job: NewJob) {
    world.echo.jobs.lock().unwrap().push_back(JobChange::Start(job));
    let door = world.door(DoorSettings::default());
    world.worker();
    world.receive(&door, &[(1, 5, "start")]);
}

fn run(world: &mut World, kinds: Vec<Arc<dyn JobKind>>) {
    let runner = JobRunner::new(world.process.clone(), kinds, JobSettings::default());
    let stop = world.stop.clone();
    world.spawn(async move { runner.run(stop).await });
    world.settle();
}

fn flaky(payload: &str) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(1)),
        kind: "flaky".into(),
        version: 1,
        conversation_id: None,
        lane: lane(5),
        payload: payload.into(),
        run_in: secs(0),
        priority: 0,
        unique_key: None,
    }
}

#[test]
fn a_timer_comes_back_as_an_event_of_its_chat() {
    let mut world = World::new();
    run(&mut world, vec![Arc::new(TimerKind)]);
    let fired = TimerFired::IdleCase {
        conversation_id: ConversationId(Uuid::from_u128(9)),
    };
    let job = NewJob {
        kind: TIMER_JOB.into(),
        payload: serde_json::to_value(&fired).unwrap(),
        run_in: secs(60),
        ..flaky("")
    };
    start(&mut world, job);
    world.pass(secs(59));
    assert_eq!(world.echo.heard.lock().unwrap()[&5].len(), 1);
    world.pass(secs(4));
    let heard = world.echo.heard.lock().unwrap()[&5].clone();
    assert_eq!(heard.len(), 2);
    assert!(heard[1].starts_with("timer IdleCase"));
}

#[test]
fn a_job_that_fails_is_tried_again() {
    let mut world = World::new();
    let kind = Arc::new(Flaky::default());
    run(&mut world, vec![kind.clone()]);
    start(&mut world, flaky("works in the end"));
    world.pass(secs(60));
    assert_eq!(kind.runs.load(Ordering::SeqCst), 4);
    let stats = &world.process.stats;
    assert_eq!((stats.jobs.get(), stats.jobs_failed.get()), (1, 3));
    assert!(world.dead().is_empty());
}

#[test]
fn a_job_that_panics_is_given_up_after_eight_runs() {
    let mut world = World::new();
    let kind = Arc::new(Flaky::default());
    run(&mut world, vec![kind.clone()]);
    start(&mut world, flaky("panics"));
    world.pass(secs(900));
    assert_eq!(kind.runs.load(Ordering::SeqCst), 8);
    assert_eq!(world.dead()[0].why, "it panicked");
}

#[test]
fn a_job_that_will_never_work_is_given_up_at_once_and_unknown_kinds_are_left_alone() {
    let mut world = World::new();
    let kind = Arc::new(Flaky::default());
    run(&mut world, vec![Arc::new(TimerKind)]);
    start(&mut world, flaky("never"));
    world.pass(secs(60));
    assert!(world.dead().is_empty());
    run(&mut world, vec![kind.clone()]);
    assert_eq!(kind.runs.load(Ordering::SeqCst), 1);
    assert_eq!(world.dead()[0].why, "not yet");
}

#[test]
fn upkeep_samples_and_sweeps_and_outlives_an_outage() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.receive(&door, &[(1, 5, "waits")]);
    let upkeep = Upkeep::new(world.process.clone());
    let stop = world.stop.clone();
    let id = world.spawn(async move { upkeep.run(stop).await });
    world.settle();
    assert_eq!(world.process.stats.depth().unwrap().turns.waiting, 1);
    world.store.down.store(true, Ordering::SeqCst);
    world.pass(secs(120));
    world.store.down.store(false, Ordering::SeqCst);
    world.receive(&door, &[(2, 5, "waits")]);
    world.pass(secs(100));
    assert_eq!(world.process.stats.depth().unwrap().turns.waiting, 2);
    assert!(world.store.sweeps.load(Ordering::SeqCst) >= 1);
    world.stop();
    assert!(!world.is_running(id));
}
