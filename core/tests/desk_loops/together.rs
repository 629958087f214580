//! Limits under many requests at once, and while the cache is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use frontdesk_core::desk::{Door, DoorError, DoorSettings, RateSettings, Received};
use frontdesk_core::dialogue::{LimitNotice, LimitWindow};
use frontdesk_core::id::{Channel, UserId};
use serde_json::json;

use crate::doubles::CacheMode;
use crate::echo::TestDecoder;
use crate::world::{BOT, World, body, secs};

type Answer = Arc<Mutex<Option<Result<Received, DoorError>>>>;

fn limits(per_hour: u64) -> DoorSettings {
    DoorSettings {
        rates: RateSettings {
            per_hour,
            per_day: 0,
            commands_per_hour: 0,
        },
        ..DoorSettings::default()
    }
}

fn ask(world: &mut World, door: &Door, body: Vec<u8>) -> Answer {
    let door = door.clone();
    world.ask(async move { door.receive(&TestDecoder, BOT, Channel::TELEGRAM, body).await })
}

fn told(answer: &Answer) -> Option<Result<Received, DoorError>> {
    answer.lock().unwrap().clone()
}

fn batches(world: &World) -> Vec<usize> {
    std::mem::take(&mut *world.cache.batches.lock().unwrap())
}

const SILENTLY: Received = Received::Limited { notice: None };

fn limited(seconds: u64) -> Received {
    Received::Limited {
        notice: Some(LimitNotice {
            window: LimitWindow::Hour,
            resets_in_s: seconds,
            from: UserId(7),
        }),
    }
}

#[test]
fn what_comes_together_is_counted_in_few_calls_and_alone_nobody_waits() {
    let mut world = World::new();
    let door = world.door(limits(60));
    world.receive(&door, &[(1, 7, "alone"), (2, 7, "and again")]);
    assert_eq!(batches(&world), [1, 1]);
    world.cache.gate.close();
    let answers: Vec<Answer> = (10..74)
        .map(|id| ask(&mut world, &door, body(id, id, "a")))
        .collect();
    assert!(answers.iter().all(|answer| told(answer).is_none()));
    world.cache.gate.open();
    world.settle();
    assert!(
        answers
            .iter()
            .all(|answer| told(answer) == Some(Ok(Received::Accepted)))
    );
    assert_eq!(batches(&world), [1, 63]);
}

#[test]
fn a_call_is_of_a_bounded_size() {
    let mut world = World::new();
    let door = world.door(limits(60));
    world.cache.gate.close();
    let answers: Vec<Answer> = (0..700)
        .map(|id| ask(&mut world, &door, body(id, id + 1, "a")))
        .collect();
    world.cache.gate.open();
    world.settle();
    assert!(
        answers
            .iter()
            .all(|answer| told(answer) == Some(Ok(Received::Accepted)))
    );
    assert_eq!(batches(&world), [1, 256, 256, 187]);
}

#[test]
fn whoever_gives_up_leaves_the_others_their_answers() {
    let mut world = World::new();
    let door = world.door(limits(2));
    world.cache.gate.close();
    let answers: Vec<Answer> = (0..6)
        .map(|id| ask(&mut world, &door, body(id, 7, "a")))
        .collect();
    // Loops are numbered as they come; the door's writer was the first.
    world.kill(1);
    world.kill(3);
    world.cache.gate.open();
    world.settle();
    let told: Vec<_> = answers.iter().map(told).collect();
    assert_eq!((&told[0], &told[2]), (&None, &None), "gave up");
    assert_eq!(told[1], Some(Ok(Received::Accepted)), "the second that counted");
    for answer in [&told[3], &told[4], &told[5]] {
        assert!(matches!(answer, Some(Ok(Received::Limited { .. }))), "{answer:?}");
    }
}

#[test]
fn two_hundred_at_once_are_limited_exactly_with_one_notice() {
    let mut world = World::new();
    let door = world.door(limits(60));
    world.cache.gate.close();
    let answers: Vec<Answer> = (1..=200)
        .map(|id| ask(&mut world, &door, body(id, 7, "a")))
        .collect();
    world.cache.gate.open();
    world.settle();
    let count = |wanted: &Received| {
        let is = |answer: &&Answer| told(answer) == Some(Ok(wanted.clone()));
        answers.iter().filter(is).count()
    };
    assert_eq!(
        (
            count(&Received::Accepted),
            count(&limited(3600)),
            count(&SILENTLY)
        ),
        (60, 1, 139)
    );
    assert_eq!(world.process.stats.accepted.get(), 61);
}

#[test]
fn what_was_turned_away_is_so_again_when_it_is_repeated() {
    let mut world = World::new();
    let door = world.door(limits(1));
    let got = world.receive(
        &door,
        &[
            (1, 7, "in"),
            (2, 7, "over"),
            (3, 7, "over"),
            (3, 7, "over"),
            (3, 7, "over"),
            (1, 7, "in"),
        ],
    );
    let got: Vec<Received> = got.into_iter().map(Result::unwrap).collect();
    assert_eq!(got[..2], [Received::Accepted, limited(3600)]);
    assert_eq!(got[2..5], [SILENTLY, SILENTLY, SILENTLY]);
    assert_eq!(got[5], Received::Duplicate, "what was let in stays in");
}

#[test]
fn a_notice_that_could_not_be_kept_comes_again_with_its_update_and_is_kept_once() {
    let mut world = World::new();
    let door = world.door(limits(1));
    world.receive(&door, &[(1, 7, "in")]);
    world.store.down.store(true, std::sync::atomic::Ordering::SeqCst);
    let failed = world.receive(&door, &[(2, 7, "over")]).remove(0);
    assert!(matches!(failed, Err(DoorError::Unavailable { .. })), "{failed:?}");
    world.store.down.store(false, std::sync::atomic::Ordering::SeqCst);
    let got = world.receive(&door, &[(3, 7, "over"), (2, 7, "over"), (2, 7, "over")]);
    assert_eq!(
        got,
        [Ok(SILENTLY), Ok(limited(3600)), Ok(limited(3600))],
        "the teller tells, nobody else"
    );
    assert_eq!(world.process.stats.accepted.get(), 2, "the notice once");
    world.worker();
    world.settle();
    let heard = world.echo.heard.lock().unwrap()[&7].clone();
    assert_eq!(heard, ["in", "limited Hour 3600 7"]);
}

#[test]
fn an_album_is_let_in_or_turned_away_as_a_whole() {
    let mut world = World::new();
    let door = world.door(limits(1));
    let photo = |id: i64, album: &str| {
        json!({"update_id": id, "chat": 7, "text": "", "album": album})
            .to_string()
            .into_bytes()
    };
    let mut got = Vec::new();
    for (id, album) in [
        (1, "in"),
        (2, "over"),
        (3, "in"),
        (4, "over"),
        (3, "in"),
        (4, "over"),
    ] {
        got.push(told(&ask(&mut world, &door, photo(id, album))).unwrap().unwrap());
    }
    assert_eq!(
        got,
        [
            Received::Accepted,
            limited(3600),
            Received::Accepted,
            SILENTLY,
            Received::Duplicate,
            SILENTLY
        ]
    );
}

#[test]
fn a_cache_that_hangs_is_waited_for_once_and_by_nobody_who_comes_later() {
    let mut world = World::new();
    let door = world.door(limits(1));
    world.cache.set_mode(CacheMode::Hangs);
    let answers: Vec<Answer> = (0..64)
        .map(|id| ask(&mut world, &door, body(id, id + 1, "a")))
        .collect();
    world.pass(Duration::from_millis(49));
    assert!(answers.iter().all(|answer| told(answer).is_none()));
    world.pass(Duration::from_millis(1));
    assert!(
        answers
            .iter()
            .all(|answer| told(answer) == Some(Ok(Received::Accepted)))
    );
    // Ten minutes on, with a try every second: all of them are answered at once.
    for id in 1_000..7_000 {
        world.pass(Duration::from_millis(100));
        assert_eq!(world.receive(&door, &[(id, id, "a")]), [Ok(Received::Accepted)]);
    }
    let tries = world.process.stats.cache_failed.get();
    assert!((400..=700).contains(&tries), "{tries}");
    world.cache.set_mode(CacheMode::Works);
    world.pass(secs(2));
    let got = world.receive(&door, &[(1, 7, "a"), (2, 7, "b"), (3, 7, "c"), (4, 7, "d")]);
    assert_eq!(got[3], Ok(SILENTLY), "limits hold again: {got:?}");
}
