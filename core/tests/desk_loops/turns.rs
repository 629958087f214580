use std::sync::atomic::Ordering;

use frontdesk_core::desk::{DoorSettings, RateSettings};
use frontdesk_core::dialogue::Event;
use frontdesk_core::id::Channel;
use frontdesk_core::port::Cache;
use frontdesk_core::port::store::{InboxStore, SendStore, UpkeepStore};
use frontdesk_core::work::{LaneKind, NewInboxItem};

use crate::world::{BOT, World, lane, secs};

fn open() -> DoorSettings {
    DoorSettings {
        rates: RateSettings {
            per_hour: 0,
            per_day: 0,
            commands_per_hour: 0,
        },
        ..DoorSettings::default()
    }
}

fn heard(world: &World, chat: i64) -> Vec<String> {
    world
        .echo
        .heard
        .lock()
        .unwrap()
        .get(&chat)
        .cloned()
        .unwrap_or_default()
}

#[test]
fn chats_keep_their_order_and_share_slices() {
    let mut world = World::new();
    let door = world.door(open());
    let mut id = 0;
    for round in 0..5 {
        for chat in 1..=20 {
            id += 1;
            world.receive(&door, &[(id, chat, &format!("{round}"))]);
        }
    }
    world.worker();
    world.worker();
    world.settle();
    for chat in 1..=20 {
        assert_eq!(heard(&world, chat), ["0", "1", "2", "3", "4"]);
    }
    assert_eq!(world.process.stats.turns.get(), 100);
    assert!(
        world.store.commits.load(Ordering::SeqCst) <= 10,
        "twenty chats a slice"
    );
}

#[test]
fn a_new_update_wakes_the_worker_and_idle_polling_is_rare() {
    let mut world = World::new();
    let door = world.door(open());
    world.worker();
    world.pass(secs(60));
    world.receive(&door, &[(1, 5, "now")]);
    assert_eq!(heard(&world, 5), ["now"], "without time passing");
    // What another process accepted is found by polling.
    let store = world.store.clone();
    world
        .now(async move {
            let item = NewInboxItem {
                lane: lane(6),
                update_id: None,
                source: "test".into(),
                source_version: 1,
                payload: crate::world::body(2, 6, "quiet"),
            };
            store.memory.accept(&[item]).await
        })
        .unwrap();
    assert!(heard(&world, 6).is_empty());
    world.pass(secs(2));
    assert_eq!(heard(&world, 6), ["quiet"]);
}

#[test]
fn a_decision_that_panics_is_tried_five_times_then_given_up_and_the_chat_goes_on() {
    let mut world = World::new();
    let door = world.door(open());
    world.worker();
    world.receive(&door, &[(1, 5, "panic"), (2, 5, "next"), (3, 6, "other")]);
    assert_eq!(heard(&world, 6), ["other"], "nobody else waits");
    assert_eq!(heard(&world, 5), ["panic"]);
    world.pass(secs(120));
    assert_eq!(
        heard(&world, 5),
        ["panic", "panic", "panic", "panic", "panic", "next"]
    );
    let dead = world.dead();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].why, "gave up after 5 attempts");
    assert_eq!(world.process.stats.panics.get(), 5);
    world.sender(frontdesk_core::desk::PacingSettings::OFF);
    world.settle();
    let said: Vec<_> = world
        .said()
        .into_iter()
        .filter(|(chat, _)| *chat == 5)
        .map(|(_, text)| text)
        .collect();
    assert_eq!(said, ["sorry", "next"]);
}

#[test]
fn a_turn_the_store_refuses_fails_alone() {
    let mut world = World::new();
    let door = world.door(open());
    world.receive(&door, &[(1, 5, "refused"), (2, 5, "next"), (3, 6, "other")]);
    world.worker();
    world.settle();
    assert_eq!(world.process.stats.turns.get(), 1);
    assert_eq!(heard(&world, 6).len(), 1);
    world.pass(secs(120));
    assert_eq!(heard(&world, 5).last().unwrap(), "next");
    assert_eq!(world.dead().len(), 1);
}

#[test]
fn what_cannot_be_understood_is_a_dead_letter_with_an_apology_to_clients_only() {
    let mut world = World::new();
    let door = world.door(open());
    world.worker();
    world.sender(frontdesk_core::desk::PacingSettings::OFF);
    world.receive(
        &door,
        &[
            (1, 5, "undecodable"),
            (2, 6, "client"),
            (3, 6, "undecodable"),
            (4, 6, "next"),
        ],
    );
    assert_eq!(world.dead().len(), 2);
    let said: Vec<_> = world.said();
    assert_eq!(
        said,
        [(6, "client".into()), (6, "sorry".into()), (6, "next".into())]
    );
}

#[test]
fn an_item_of_a_newer_build_waits_uncounted() {
    let mut world = World::new();
    world.worker();
    let store = world.store.clone();
    world
        .now(async move {
            let item = |lane, source: &str, version| NewInboxItem {
                lane,
                update_id: None,
                source: source.into(),
                source_version: version,
                payload: b"?".to_vec(),
            };
            let items = [
                item(lane(5), "test", 2),
                item(lane(6), "carrier-pigeon", 1),
                item(lane(7), Event::DESK_SOURCE, Event::DESK_VERSION + 1),
            ];
            store.memory.accept(&items).await
        })
        .unwrap();
    world.pass(secs(3600));
    assert!(world.dead().is_empty());
    let store = world.store.clone();
    assert_eq!(
        world
            .now(async move { store.depth().await })
            .unwrap()
            .turns
            .waiting,
        3
    );
}

#[test]
fn a_conflict_is_decided_again_and_a_lost_answer_is_not() {
    let mut world = World::new();
    let door = world.door(open());
    world.store.conflicts.store(2, Ordering::SeqCst);
    world.worker();
    world.receive(&door, &[(1, 5, "again")]);
    world.pass(secs(5));
    assert_eq!(heard(&world, 5).len(), 3);
    assert_eq!(world.process.stats.conflicts.get(), 2);
    world.store.unheard_commits.store(1, Ordering::SeqCst);
    world.receive(&door, &[(2, 5, "once")]);
    world.pass(secs(60));
    assert_eq!(heard(&world, 5).len(), 4);
    let store = world.store.clone();
    let claim = frontdesk_core::port::store::Claim {
        desks: vec![(BOT, Channel::TELEGRAM)],
        owner: world.process.owner,
        limit: 10,
        lease: secs(1),
    };
    assert_eq!(
        world
            .now(async move { store.claim_sends(&claim).await })
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        world
            .now({
                let store = world.store.clone();
                async move { store.depth().await }
            })
            .unwrap()
            .replies
            .waiting,
        2,
        "each answered once"
    );
}

#[test]
fn an_outage_is_waited_out_without_a_busy_loop() {
    let mut world = World::new();
    let door = world.door(open());
    world.receive(&door, &[(1, 5, "after")]);
    world.store.down.store(true, Ordering::SeqCst);
    world.worker();
    world.pass(secs(300));
    world.store.down.store(false, Ordering::SeqCst);
    world.pass(secs(20));
    assert_eq!(heard(&world, 5), ["after"]);
}

#[test]
fn a_chat_that_cannot_be_read_keeps_nobody_else_waiting() {
    let mut world = World::new();
    let door = world.door(open());
    world.receive(&door, &[(1, 666, "x"), (2, 5, "fine")]);
    world.worker();
    world.settle();
    assert_eq!(heard(&world, 5), ["fine"]);
    world.pass(secs(120));
    assert_eq!(world.dead().len(), 1);
}

#[test]
fn a_killer_drags_no_innocents_along() {
    let mut world = World::new();
    let door = world.door(open());
    let mut id = 0;
    for chat in 1..=10 {
        for text in ["one", if chat == 4 { "kill" } else { "two" }, "three"] {
            id += 1;
            world.receive(&door, &[(id, chat, text)]);
        }
    }
    for start in 0..12 {
        let process = world.new_process(100 + start);
        let worker = world.worker_of(process);
        for _ in 0..40 {
            world.pass(secs(1));
            if world.store.killed.swap(false, Ordering::SeqCst) {
                break;
            }
        }
        world.kill(worker);
        world.pass(secs(31));
    }
    let dead = world.dead();
    assert_eq!(dead.iter().map(|dead| dead.lane.chat.0).collect::<Vec<_>>(), [4]);
    for chat in 1..=10 {
        assert_eq!(heard(&world, chat).last().unwrap(), "three", "chat {chat}");
    }
    let store = world.store.clone();
    assert_eq!(
        world
            .now(async move { store.depth().await })
            .unwrap()
            .turns
            .waiting,
        0
    );
}

#[test]
fn one_suspect_at_a_time_and_the_others_wait_uncounted() {
    let mut world = World::new();
    let door = world.door(open());
    for chat in 1..=6 {
        world.receive(&door, &[(chat, chat, "panic")]);
    }
    world.worker();
    world.worker();
    world.pass(secs(300));
    assert_eq!(world.dead().len(), 6);
    for chat in 1..=6 {
        assert_eq!(heard(&world, chat).len(), 5, "parking costs no attempt");
    }
    assert!(world.process.stats.parked.get() > 0);
}

#[test]
fn the_session_is_copied_into_the_cache() {
    let mut world = World::new();
    let door = world.door(open());
    world.worker();
    world.receive(&door, &[(1, 5, "client")]);
    let cache = world.cache.clone();
    let copy = world
        .now(async move { cache.memory.get("session:1:telegram:5").await })
        .unwrap()
        .unwrap();
    assert_eq!(copy["session"]["version"], 1);
    assert!(copy["owner"].is_null());
}

#[test]
fn a_stop_finishes_what_is_in_hand_and_claims_nothing_more() {
    let mut world = World::new();
    let door = world.door(open());
    let worker = world.worker();
    world.receive(&door, &[(1, 5, "before")]);
    world.stop();
    assert!(!world.is_running(worker));
    assert_eq!(world.process.hands.count(&LaneKind::Turn), 0);
    assert_eq!(heard(&world, 5), ["before"]);
}
