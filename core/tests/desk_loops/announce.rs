use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_core::desk::{
    Announcer, DoorSettings, GuardedCache, Process, Received, TURNS_TOPIC, Wake, WakeListener,
};
use frontdesk_core::port::Cache;

use crate::doubles::CacheMode;
use crate::world::{World, secs};

/// Announces the turns of a process, as one without workers does.
fn announcer(world: &mut World, process: &Process) {
    let cache = GuardedCache::new(
        world.cache.clone(),
        Arc::new(world.clock.clone()),
        process.stats.clone(),
    );
    let turns: Vec<(&'static str, Wake)> = vec![(TURNS_TOPIC, process.wakes.turns.clone())];
    let stop = world.stop.clone();
    let announcer = Announcer::new(process.clone(), cache, turns);
    world.spawn(announcer.run(stop));
}

/// Listens for a process that works.
fn listener(world: &mut World, process: &Process) {
    let listener = WakeListener::new(process.clone(), world.cache.clone(), process.wakes.topics());
    let stop = world.stop.clone();
    world.spawn(listener.run(stop));
    world.settle();
}

/// Counts what is announced on the topic of turns from now on.
fn announced(world: &mut World) -> impl FnMut(&mut World) -> usize + use<> {
    let cache = world.cache.clone();
    let mut ear = world
        .now(async move { cache.memory.subscribe(&[TURNS_TOPIC.to_owned()]).await })
        .unwrap();
    move |world| {
        world.settle();
        let mut count = 0;
        while futures_util::FutureExt::now_or_never(ear.next())
            .flatten()
            .is_some()
        {
            count += 1;
        }
        count
    }
}

#[test]
fn the_first_signal_is_announced_at_once_and_the_rest_every_twenty_milliseconds() {
    let mut world = World::new();
    let process = world.process.clone();
    let mut announced = announced(&mut world);
    announcer(&mut world, &process);
    assert_eq!(announced(&mut world), 0, "nothing to say");
    for _ in 0..3 {
        process.wakes.turns.notify();
        world.settle();
    }
    assert_eq!(announced(&mut world), 1);
    world.pass(Duration::from_millis(19));
    assert_eq!(announced(&mut world), 0);
    world.pass(Duration::from_millis(1));
    assert_eq!(announced(&mut world), 1, "what came meanwhile goes together");
    let mut sum = 0;
    for _ in 0..1_000 {
        process.wakes.turns.notify();
        world.pass(Duration::from_millis(1));
        sum += announced(&mut world);
    }
    assert!((49..=51).contains(&sum), "{sum}");
    world.pass(secs(1));
    announced(&mut world);
    world.pass(secs(60));
    assert_eq!(announced(&mut world), 0, "and nothing is said without need");
}

#[test]
fn what_one_process_accepts_another_decides_at_once() {
    let mut world = World::new();
    let works = world.new_process(9);
    world.worker_of(works.clone());
    listener(&mut world, &works);
    // Idle: it looks every two seconds by itself.
    world.pass(secs(60));
    let accepts = world.process.clone();
    announcer(&mut world, &accepts);
    let door = world.door(DoorSettings::default());
    assert_eq!(world.receive(&door, &[(1, 7, "a")]), [Ok(Received::Accepted)]);
    world.settle();
    assert_eq!(world.echo.heard.lock().unwrap()[&7], ["a"]);
}

#[test]
fn a_signal_does_not_go_round_between_processes() {
    let mut world = World::new();
    let mut announced = announced(&mut world);
    let processes = [world.process.clone(), world.new_process(8), world.new_process(9)];
    for process in &processes {
        announcer(&mut world, process);
        listener(&mut world, process);
    }
    let mut ears: Vec<_> = processes
        .iter()
        .map(|process| process.wakes.turns.listen())
        .collect();
    processes[0].wakes.turns.notify();
    world.pass(secs(5));
    assert_eq!(announced(&mut world), 1);
    for ear in &mut ears {
        assert!(futures_util::FutureExt::now_or_never(ear.wait()).is_some());
        assert!(
            futures_util::FutureExt::now_or_never(ear.wait()).is_none(),
            "once"
        );
    }
}

#[test]
fn without_a_cache_polling_finds_the_work_and_listening_goes_on_when_it_is_back() {
    for mode in [CacheMode::Fails, CacheMode::Hangs] {
        let mut world = World::new();
        let works = world.new_process(9);
        world.cache.set_mode(mode);
        world.worker_of(works.clone());
        listener(&mut world, &works);
        let accepts = world.process.clone();
        announcer(&mut world, &accepts);
        let door = world.door(DoorSettings::default());
        world.pass(secs(600));
        let asked = world.cache.asked.load(Ordering::SeqCst);
        assert!((20..400).contains(&asked), "{asked} tries in ten minutes");
        let (first, body) = (door.clone(), crate::world::body(1, 7, "a"));
        let answer = world.ask(async move {
            first
                .receive(
                    &crate::echo::TestDecoder,
                    crate::world::BOT,
                    frontdesk_core::id::Channel::TELEGRAM,
                    body,
                )
                .await
        });
        world.pass(secs(3));
        assert_eq!(answer.lock().unwrap().take(), Some(Ok(Received::Accepted)));
        assert_eq!(world.echo.heard.lock().unwrap()[&7], ["a"], "by polling");
        world.cache.set_mode(CacheMode::Works);
        // Subscribed again, and the breaker closed.
        world.pass(secs(30));
        world.receive(&door, &[(2, 7, "b")]);
        world.pass(secs(60));
        world.receive(&door, &[(3, 7, "c")]);
        world.settle();
        assert_eq!(world.echo.heard.lock().unwrap()[&7], ["a", "b", "c"], "at once");
    }
}

#[test]
fn they_end_when_asked() {
    let mut world = World::new();
    let process = world.process.clone();
    announcer(&mut world, &process);
    listener(&mut world, &process);
    world.stop();
    assert!(!world.is_running(0) && !world.is_running(1));
}
