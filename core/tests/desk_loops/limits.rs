use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_core::desk::{DoorSettings, RateSettings, Received};
use frontdesk_core::dialogue::{LimitNotice, LimitWindow};
use frontdesk_core::id::{Channel, UserId};
use frontdesk_core::port::Cache;
use serde_json::json;

use crate::doubles::CacheMode;
use crate::echo::TestDecoder;
use crate::world::{BOT, World, secs};

const HOUR: u64 = 3600;

fn limits(per_hour: u64, per_day: u64) -> DoorSettings {
    DoorSettings {
        rates: RateSettings {
            per_hour,
            per_day,
            commands_per_hour: 2,
        },
        ..DoorSettings::default()
    }
}

fn limited(window: LimitWindow, seconds: u64) -> Received {
    Received::Limited {
        notice: Some(LimitNotice {
            window,
            resets_in_s: seconds,
            from: UserId(7),
        }),
    }
}

const SILENTLY: Received = Received::Limited { notice: None };

#[test]
fn over_the_hour_the_first_brings_a_notice_the_rest_only_count_and_no_day() {
    let mut world = World::new();
    let door = world.door(limits(2, 5));
    let got = world.receive(
        &door,
        &[
            (1, 7, "a"),
            (2, 7, "b"),
            (3, 7, "c"),
            (4, 7, "d"),
            (5, 8, "other"),
        ],
    );
    assert_eq!(
        got.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
        [
            Received::Accepted,
            Received::Accepted,
            limited(LimitWindow::Hour, HOUR),
            SILENTLY,
            Received::Accepted
        ]
    );
    assert_eq!(
        world.process.stats.accepted.get(),
        4,
        "two, the notice, and the other's"
    );
    world.worker();
    world.settle();
    let heard = world.echo.heard.lock().unwrap()[&7].clone();
    assert_eq!(
        heard,
        ["a", "b", "limited Hour 3600 7"],
        "the worker tells the client"
    );
    let rates = door.limits().clone();
    let status = world
        .now(async move { rates.rate_limit_status(BOT, &Channel::TELEGRAM, UserId(7)).await })
        .unwrap();
    assert_eq!(
        (
            status.hour_count,
            status.hour_limit,
            status.day_count,
            status.day_limit
        ),
        (3, 2, 2, 5)
    );
    assert_eq!(
        (status.hour_resets_in, status.day_resets_in),
        (secs(HOUR), secs(24 * HOUR))
    );

    world.pass(secs(HOUR));
    let got = world.receive(&door, &[(6, 7, "e"), (7, 7, "f"), (8, 7, "g")]);
    assert_eq!(got[2], Ok(limited(LimitWindow::Hour, HOUR)));
    world.pass(secs(HOUR));
    let got = world.receive(&door, &[(9, 7, "h"), (10, 7, "i"), (11, 7, "j")]);
    assert_eq!(got[0], Ok(Received::Accepted));
    assert_eq!(got[1], Ok(limited(LimitWindow::Day, 22 * HOUR)));
    assert_eq!(got[2], Ok(limited(LimitWindow::Hour, HOUR)));
}

#[test]
fn repeats_albums_and_others_chats_do_not_count() {
    let mut world = World::new();
    let door = world.door(limits(2, 0));
    let got = world.receive(
        &door,
        &[(1, 7, "a"), (1, 7, "a"), (1, 7, "a"), (2, 7, "b"), (2, 7, "b")],
    );
    assert_eq!(
        got.iter().filter(|got| **got == Ok(Received::Duplicate)).count(),
        3
    );
    let got = world.receive(&door, &[(3, 7, "over"), (2, 7, "b")]);
    assert!(matches!(got[0], Ok(Received::Limited { .. })));
    assert_eq!(got[1], Ok(Received::Duplicate), "what was let in stays in");
    let mut album = Vec::new();
    for id in 10..15 {
        let door = door.clone();
        let body = json!({"update_id": id, "chat": 8, "text": "", "album": "x"})
            .to_string()
            .into_bytes();
        album.push(world.now(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await }));
    }
    assert!(album.iter().all(|got| *got == Ok(Received::Accepted)));
    let group = world.receive(&door, &[(20, -9, "a"), (21, -9, "b"), (22, -9, "c")]);
    assert!(group.iter().all(|got| *got == Ok(Received::Accepted)));
}

#[test]
fn a_person_can_be_asked_for_when_nothing_else_gets_through() {
    let mut world = World::new();
    let door = world.door(limits(1, 0));
    let got = world.receive(
        &door,
        &[
            (1, 7, "a"),
            (2, 7, "b"),
            (3, 7, "/human"),
            (4, 7, "/forget@bot"),
            (5, 7, "/privacy"),
        ],
    );
    assert_eq!(got[1], Ok(limited(LimitWindow::Hour, HOUR)));
    assert_eq!(
        (&got[2], &got[3]),
        (&Ok(Received::Accepted), &Ok(Received::Accepted))
    );
    assert!(matches!(got[4], Ok(Received::Limited { .. })));
}

#[test]
fn the_terminal_and_chats_of_agents_have_no_limit() {
    let mut world = World::new();
    let door = world.door(limits(1, 0));
    for id in 1..5 {
        let (door, body) = (door.clone(), crate::world::body(id, 7, "a"));
        let got = world.now(async move { door.receive(&TestDecoder, BOT, Channel::TERMINAL, body).await });
        assert_eq!(got, Ok(Received::Accepted));
    }
    let cache = world.cache.clone();
    world
        .now(async move {
            let copy = json!({"owner": "agent"});
            cache.memory.set("session:1:telegram:7", &copy, secs(60)).await
        })
        .unwrap();
    let got = world.receive(&door, &[(11, 7, "a"), (12, 7, "b"), (13, 7, "c")]);
    assert!(got.iter().all(|got| *got == Ok(Received::Accepted)));
}

#[test]
fn without_a_cache_everything_passes_and_is_counted() {
    let mut world = World::new();
    let door = world.door(limits(1, 1));
    world.cache.set_mode(CacheMode::Fails);
    let got = world.receive(&door, &[(1, 7, "a"), (2, 7, "b"), (3, 7, "c")]);
    assert!(got.iter().all(|got| *got == Ok(Received::Accepted)));
    let stats = &world.process.stats;
    assert_eq!((stats.cache_failed.get(), stats.cache_skipped.get()), (1, 2));
}

#[test]
fn a_cache_that_hangs_costs_fifty_milliseconds_once() {
    let mut world = World::new();
    let door = world.door(limits(1, 1));
    world.cache.set_mode(CacheMode::Hangs);
    let (first, body) = (door.clone(), crate::world::body(1, 7, "a"));
    let answer = world.ask(async move { first.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await });
    world.pass(Duration::from_millis(49));
    assert!(answer.lock().unwrap().is_none());
    world.pass(Duration::from_millis(1));
    assert_eq!(answer.lock().unwrap().take(), Some(Ok(Received::Accepted)));
    // At once from here on, until the breaker lets one try again.
    assert_eq!(
        world.receive(&door, &[(2, 7, "b"), (3, 7, "c")]),
        [Ok(Received::Accepted), Ok(Received::Accepted)]
    );
    world.cache.set_mode(CacheMode::Works);
    world.pass(secs(1));
    let asked = world.cache.asked.load(Ordering::SeqCst);
    let got = world.receive(&door, &[(4, 7, "d"), (5, 7, "e")]);
    assert_eq!(
        got,
        [Ok(Received::Accepted), Ok(limited(LimitWindow::Hour, HOUR))]
    );
    assert!(world.cache.asked.load(Ordering::SeqCst) > asked);
}
