//! The pace of several processes together.

use std::sync::Arc;

use frontdesk_core::desk::{
    GuardedCache, Pacing, PacingSettings, Process, Sender, SenderParts, SenderSettings,
};
use frontdesk_core::port::Clock;

use crate::doubles::CacheMode;
use crate::sends::waiting;
use crate::world::{BOT, World, lane, secs};

fn shared(world: &World, process: &Process) -> Pacing {
    let cache = GuardedCache::new(
        world.cache.clone(),
        Arc::new(world.clock.clone()),
        process.stats.clone(),
    );
    Pacing::new(PacingSettings::default()).shared_through(cache)
}

/// Senders of so many processes, each with a pace of its own that it shares.
fn senders(world: &mut World, count: u64) {
    for seed in 100..100 + count {
        let process = world.new_process(seed);
        let pacing = shared(world, &process);
        let sender = Sender::new(SenderParts {
            process,
            messengers: vec![(BOT, world.messenger.clone())],
            pacing,
            settings: SenderSettings::default(),
        });
        let stop = world.stop.clone();
        world.spawn(async move { sender.run(stop).await });
    }
    world.settle();
}

#[test]
fn a_bot_sends_no_faster_from_three_processes_than_from_one() {
    let many: Vec<(i64, &str)> = (1..=120).map(|chat| (chat, "x")).collect();
    let mut world = waiting(&many);
    senders(&mut world, 3);
    assert_eq!(world.said().len(), 30);
    for second in 1..=3 {
        world.pass(secs(1));
        let said = world.said().len();
        assert!(said <= 30 * (second + 1), "{said} after {second} s");
    }
    world.pass(secs(10));
    assert_eq!(world.said().len(), 120, "and none is lost");
}

#[test]
fn a_chat_and_a_group_have_one_pace_for_all_processes() {
    for (chat, burst, most) in [(5, 3, 12), (-5, 3, 21)] {
        let some: Vec<(i64, &str)> = (0..30).map(|_| (chat, "x")).collect();
        let mut world = waiting(&some);
        senders(&mut world, 3);
        let at_once = world.said().len();
        assert!(at_once >= burst, "{chat}: {at_once} at once");
        world.pass(secs(if chat > 0 { 9 } else { 50 }));
        let said = world.said().len();
        assert!(said <= most, "{chat}: {said}");
        world.pass(secs(300));
        assert_eq!(world.said().len(), 30, "{chat}");
    }
}

#[test]
fn without_the_cache_each_process_keeps_its_own_pace_and_waits_for_nothing() {
    let many: Vec<(i64, &str)> = (1..=200).map(|chat| (chat, "x")).collect();
    let mut world = waiting(&many);
    world.cache.set_mode(CacheMode::Hangs);
    senders(&mut world, 2);
    assert_eq!(world.said().len(), 0, "the first ones wait");
    world.pass(GuardedCache::PATIENCE);
    let said = world.said().len();
    assert!((30..=64).contains(&said), "{said}");
    world.pass(secs(10));
    assert_eq!(world.said().len(), 200);
}

#[test]
fn what_nobody_misses_goes_only_where_messages_leave_room() {
    let many: Vec<(i64, &str)> = (1..=14).map(|chat| (chat, "x")).collect();
    let mut world = waiting(&many);
    let here = world.new_process(50);
    let pacing = shared(&world, &here);
    let take = |world: &mut World, chat: i64| {
        let (pacing, now) = (pacing.clone(), world.clock.now());
        world.now(async move { pacing.take_cosmetic(&lane(chat), now).await })
    };
    assert!(take(&mut world, 99));
    // Fourteen messages of another process: this one hears of them through the cache only.
    senders(&mut world, 1);
    assert_eq!(world.said().len(), 14);
    assert!(take(&mut world, 99), "half of the room is left");
    let more: Vec<bool> = (0..20).map(|_| take(&mut world, 99)).collect();
    assert!(more.iter().filter(|taken| **taken).count() < 15, "{more:?}");
    world.pass(secs(2));
    assert!(take(&mut world, 99));

    let many: Vec<(i64, &str)> = (1..=30).map(|chat| (chat, "x")).collect();
    let mut world = waiting(&many);
    let here = world.new_process(50);
    let pacing = shared(&world, &here);
    senders(&mut world, 1);
    assert_eq!(world.said().len(), 30);
    let now = world.clock.now();
    let taken = world.now(async move { pacing.take_cosmetic(&lane(99), now).await });
    assert!(!taken, "messages left none");
}
