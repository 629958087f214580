//! What the loops tell whoever watches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_core::desk::{DoorSettings, PacingSettings};
use frontdesk_core::port::metrics::{Counter, Histogram, Reading};
use frontdesk_memory::RecordingMetrics;

use crate::world::{World, secs};

fn watched() -> (World, Arc<RecordingMetrics>) {
    let mut world = World::new();
    let metrics = Arc::new(RecordingMetrics::default());
    world.process = world.process.clone().with_metrics(metrics.clone());
    (world, metrics)
}

fn reading(world: &World, counter: Counter, label: (&'static str, &'static str)) -> Option<u64> {
    let readings = world.process.stats.readings();
    readings.into_iter().find_map(|reading| match reading {
        Reading::Counter(found, labels, stands) if found == counter && labels.contains(&label) => {
            Some(stands)
        }
        Reading::Counter(..) | Reading::Gauge(..) => None,
    })
}

#[test]
fn a_reply_is_timed_from_the_acceptance_of_what_it_answers() {
    let (mut world, metrics) = watched();
    let door = world.door(DoorSettings::default());
    world.receive(&door, &[(1, 5, "a")]);
    assert_eq!(metrics.observed(Histogram::AcceptSeconds, &[]), [0.0]);
    // Nobody decides for ten seconds, then nobody sends for twenty.
    world.pass(secs(10));
    let worker = world.worker();
    world.settle();
    world.kill(worker);
    let turns = metrics.observed(Histogram::TurnSeconds, &[("kind", "text")]);
    assert_eq!(turns, [0.0], "waiting for the claim is not in it");
    world.pass(secs(20));
    world.sender(PacingSettings::OFF);
    world.settle();
    let replies = metrics.observed(Histogram::ReplySeconds, &[]);
    assert_eq!(replies.len(), 1);
    assert!((replies[0] - 30.0).abs() < 0.5, "{replies:?}");
}

#[test]
fn an_update_that_is_turned_away_is_not_timed() {
    let (mut world, metrics) = watched();
    let door = world.door(DoorSettings::default());
    world.store.down.store(true, Ordering::SeqCst);
    let received = world.receive(&door, &[(1, 5, "a")]);
    assert!(received[0].is_err());
    assert!(metrics.observed(Histogram::AcceptSeconds, &[]).is_empty());
    assert_eq!(reading(&world, Counter::Updates, ("result", "refused")), Some(1));
    let calls = metrics.observed(Histogram::StoreSeconds, &[("op", "accept")]);
    assert_eq!(calls.len(), 1, "a call that failed took its time too");
}

#[test]
fn what_was_counted_is_read_by_name() {
    let (mut world, _) = watched();
    let door = world.door(DoorSettings::default());
    world.receive(&door, &[(1, 5, "a"), (1, 5, "a"), (2, 5, "b")]);
    world.worker();
    world.sender(PacingSettings::OFF);
    world.pass(Duration::from_secs(5));
    for (counter, label, expected) in [
        (Counter::Updates, ("result", "accepted"), 2),
        (Counter::Updates, ("result", "duplicate"), 1),
        (Counter::Updates, ("result", "dead"), 0),
        (Counter::Work, ("queue", "turn"), 2),
        (Counter::Sends, ("result", "sent"), 2),
    ] {
        assert_eq!(
            reading(&world, counter, label),
            Some(expected),
            "{counter:?} {label:?}"
        );
    }
}
