use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_core::desk::{DoorError, DoorSettings, Received};
use frontdesk_core::dialogue::{AgentAction, AgentPost, Event};
use frontdesk_core::id::{Channel, UpdateId};
use frontdesk_core::port::store::{Depth, WorkDepth};

use crate::echo::TestDecoder;
use crate::world::{BOT, World, body, lane, secs};

fn unavailable() -> DoorError {
    DoorError::Unavailable { retry_after: secs(2) }
}

fn busy() -> DoorError {
    DoorError::Busy { retry_after: secs(2) }
}

#[test]
fn an_update_is_accepted_once_and_nonsense_never() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    assert_eq!(
        world.receive(&door, &[(1, 5, "a"), (1, 5, "a"), (2, 5, "b")]),
        [
            Ok(Received::Accepted),
            Ok(Received::Duplicate),
            Ok(Received::Accepted)
        ]
    );
    let nonsense = door.clone();
    let refused = world.now(async move {
        nonsense
            .receive(&TestDecoder, BOT, Channel::TELEGRAM, b"{}".to_vec())
            .await
    });
    assert!(matches!(refused, Err(DoorError::NotAnUpdate(_))));
    let stats = &world.process.stats;
    assert_eq!(
        (
            stats.accepted.get(),
            stats.duplicates.get(),
            stats.not_updates.get()
        ),
        (2, 1, 1)
    );
}

#[test]
fn slices_form_by_themselves_and_a_lone_request_waits_for_nobody() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.receive(&door, &[(1, 5, "alone")]);
    world.store.gate.close();
    let mut answers = Vec::new();
    for id in 2..600 {
        let (door, body) = (door.clone(), body(id, id, "together"));
        answers
            .push(world.ask(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await }));
    }
    assert!(
        answers.iter().all(|answer| answer.lock().unwrap().is_none()),
        "not before the commit"
    );
    world.store.gate.open();
    world.settle();
    assert!(
        answers
            .iter()
            .all(|answer| *answer.lock().unwrap() == Some(Ok(Received::Accepted)))
    );
    assert_eq!(*world.store.slices.lock().unwrap(), [1, 1, 256, 256, 85]);
}

#[test]
fn a_bad_row_fails_itself_alone() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.store.gate.close();
    let mut answers = Vec::new();
    for (id, text) in [(1, "first"), (2, "a"), (3, "REFUSED"), (4, "b")] {
        let (door, body) = (door.clone(), body(id, 5, text));
        answers
            .push(world.ask(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await }));
    }
    world.store.gate.open();
    world.settle();
    let answers: Vec<_> = answers
        .iter()
        .map(|answer| answer.lock().unwrap().take().unwrap())
        .collect();
    assert_eq!(answers[0], Ok(Received::Accepted));
    assert_eq!(answers[1], Ok(Received::Accepted));
    assert!(matches!(answers[2], Err(DoorError::Refused(_))));
    assert_eq!(answers[3], Ok(Received::Accepted));
}

#[test]
fn without_a_store_all_are_turned_away_and_may_come_again() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.store.down.store(true, Ordering::SeqCst);
    assert_eq!(
        world.receive(&door, &[(1, 5, "a"), (2, 6, "b")]),
        [Err(unavailable()), Err(unavailable())]
    );
    world.store.down.store(false, Ordering::SeqCst);
    assert_eq!(world.receive(&door, &[(1, 5, "a")]), [Ok(Received::Accepted)]);
}

#[test]
fn too_much_that_waits_is_busy_and_counts_nothing() {
    let mut world = World::new();
    let settings = DoorSettings {
        queue: 2,
        backlog: 10,
        ..DoorSettings::default()
    };
    let door = world.door(settings);
    world.store.gate.close();
    for id in 1..=3 {
        let (door, body) = (door.clone(), body(id, id, "waits"));
        world.ask(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await });
    }
    let asked = world.cache.asked.load(Ordering::SeqCst);
    assert_eq!(world.receive(&door, &[(4, 4, "no room")]), [Err(busy())]);
    assert_eq!(world.cache.asked.load(Ordering::SeqCst), asked);
    world.store.gate.open();
    assert_eq!(world.receive(&door, &[(4, 4, "room")]), [Ok(Received::Accepted)]);
    let turns = Depth {
        waiting: 11,
        oldest: secs(1),
    };
    world.process.stats.set_depth(WorkDepth {
        turns,
        ..WorkDepth::default()
    });
    assert_eq!(world.receive(&door, &[(5, 4, "backlog")]), [Err(busy())]);
}

#[test]
fn a_stopped_writer_writes_what_waits_and_closes_the_door() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.store.gate.close();
    let mut answers = Vec::new();
    for id in 1..=3 {
        let (door, body) = (door.clone(), body(id, 5, "in time"));
        answers
            .push(world.ask(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await }));
    }
    world.stop();
    world.store.gate.open();
    world.settle();
    assert!(
        answers
            .iter()
            .all(|answer| *answer.lock().unwrap() == Some(Ok(Received::Accepted)))
    );
    assert_eq!(world.receive(&door, &[(9, 5, "late")]), [Err(unavailable())]);
}

#[test]
fn updates_that_come_together_keep_their_order() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.worker();
    let bodies = vec![
        body(1, 5, "one"),
        b"nonsense".to_vec(),
        body(2, 5, "two"),
        body(3, 6, "three"),
    ];
    let together = door.clone();
    let received = world
        .now(async move {
            together
                .receive_all(&TestDecoder, BOT, &Channel::TELEGRAM, bodies)
                .await
        })
        .unwrap();
    let ids: Vec<_> = received.iter().map(|update| update.update_id).collect();
    assert_eq!(
        ids,
        [Some(UpdateId(1)), None, Some(UpdateId(2)), Some(UpdateId(3))]
    );
    let good: Vec<_> = received
        .iter()
        .map(|update| update.outcome == Ok(Received::Accepted))
        .collect();
    assert_eq!(good, [true, false, true, true]);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.echo.heard.lock().unwrap()[&5], ["one", "two"]);
}

#[test]
fn what_the_desk_reports_is_decided_like_the_rest() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.worker();
    let event = Event::Agent(AgentPost {
        agent_id: None,
        agent_name: "Ann".into(),
        action: AgentAction::HandBack,
    });
    assert_eq!(
        world.now(async move { door.report(lane(5), &event).await }),
        Ok(())
    );
    assert_eq!(world.echo.heard.lock().unwrap()[&5], ["agent HandBack"]);
}
