use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::desk::{Door, DoorSettings, Poller, PollerError, PollerParts, Process};
use frontdesk_core::id::{Channel, UpdateId};
use frontdesk_core::port::messenger::UpdateSource;
use frontdesk_core::port::{Clock, MessengerError};
use frontdesk_memory::SimulatedClock;

use crate::echo::TestDecoder;
use crate::world::{BOT, World, body, secs};

/// Gives updates as Telegram does: again and again until they are confirmed.
#[derive(Debug)]
struct Source {
    clock: SimulatedClock,
    waiting: Mutex<VecDeque<(UpdateId, Vec<u8>)>>,
    asked: Mutex<Vec<Option<UpdateId>>>,
    errors: Mutex<VecDeque<MessengerError>>,
}

impl Source {
    fn new(world: &World, ids: impl IntoIterator<Item = i64>) -> Arc<Source> {
        let updates = ids
            .into_iter()
            .map(|id| (UpdateId(id), body(id, 5, &format!("{id}"))));
        Arc::new(Source {
            clock: world.clock.clone(),
            waiting: Mutex::new(updates.collect()),
            asked: Mutex::default(),
            errors: Mutex::default(),
        })
    }
}

#[async_trait]
impl UpdateSource for Source {
    async fn next_updates(
        &self,
        confirmed: Option<UpdateId>,
        wait: Duration,
    ) -> Result<Vec<Vec<u8>>, MessengerError> {
        self.asked.lock().unwrap().push(confirmed);
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        let bodies: Vec<_> = {
            let mut waiting = self.waiting.lock().unwrap();
            if let Some(confirmed) = confirmed {
                waiting.retain(|(id, _)| *id > confirmed);
            }
            waiting.iter().take(2).map(|(_, body)| body.clone()).collect()
        };
        if bodies.is_empty() {
            self.clock.sleep_until(self.clock.now() + wait).await;
        }
        Ok(bodies)
    }
}

fn poller(process: &Process, door: &Door, source: &Arc<Source>) -> Poller {
    Poller::new(PollerParts {
        process: process.clone(),
        door: door.clone(),
        source: source.clone(),
        decoder: Arc::new(TestDecoder),
        bot: BOT,
        channel: Channel::TELEGRAM,
        wait: secs(25),
    })
}

fn heard(world: &World) -> Vec<String> {
    world
        .echo
        .heard
        .lock()
        .unwrap()
        .get(&5)
        .cloned()
        .unwrap_or_default()
}

#[test]
fn the_offset_moves_only_after_the_commit() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.worker();
    let source = Source::new(&world, 1..=5);
    let polling = poller(&world.process, &door, &source);
    world.store.gate.close();
    let stop = world.stop.clone();
    let ended = world.ask(async move { polling.run(stop).await });
    assert_eq!(*source.asked.lock().unwrap(), [None], "waits for the commit");
    world.store.gate.open();
    world.settle();
    let asked = source.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [None, Some(UpdateId(2)), Some(UpdateId(4)), Some(UpdateId(5))]
    );
    assert_eq!(heard(&world), ["1", "2", "3", "4", "5"]);
    world.stop();
    assert_eq!(ended.lock().unwrap().take(), Some(Ok(())));
}

#[test]
fn an_outage_moves_no_offset_and_loses_nothing() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    world.worker();
    let source = Source::new(&world, 1..=3);
    source
        .errors
        .lock()
        .unwrap()
        .push_back(MessengerError::Unreachable("down".into()));
    let polling = poller(&world.process, &door, &source);
    let stop = world.stop.clone();
    world.ask(async move { polling.run(stop).await });
    world.store.down.store(true, Ordering::SeqCst);
    world.pass(secs(20));
    assert!(source.asked.lock().unwrap().iter().all(Option::is_none));
    assert!(source.asked.lock().unwrap().len() < 40, "no busy loop");
    world.store.down.store(false, Ordering::SeqCst);
    world.pass(secs(60));
    assert_eq!(heard(&world), ["1", "2", "3"]);
}

#[test]
fn one_process_polls_and_the_other_takes_over() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    let (one, two) = (Source::new(&world, []), Source::new(&world, []));
    let first = poller(&world.process, &door, &one);
    let second = poller(&world.new_process(8), &door, &two);
    let stop = world.stop.clone();
    let id = world.spawn(async move { drop(first.run(stop).await) });
    world.settle();
    let stop = world.stop.clone();
    world.spawn(async move { drop(second.run(stop).await) });
    world.pass(secs(300));
    assert!(one.asked.lock().unwrap().len() > 5);
    assert!(two.asked.lock().unwrap().is_empty());
    world.kill(id);
    world.pass(secs(60));
    assert!(!two.asked.lock().unwrap().is_empty());
}

#[test]
fn a_webhook_elsewhere_ends_it() {
    let mut world = World::new();
    let door = world.door(DoorSettings::default());
    let source = Source::new(&world, []);
    source
        .errors
        .lock()
        .unwrap()
        .push_back(MessengerError::Rejected("a webhook is active".into()));
    let polling = poller(&world.process, &door, &source);
    let stop = world.stop.clone();
    let ended = world.now(async move { polling.run(stop).await });
    assert!(matches!(
        ended,
        Err(PollerError::DeliveredElsewhere { bot: BOT, .. })
    ));
}
