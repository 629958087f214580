use frontdesk_core::desk::{DoorSettings, PacingSettings, RateSettings};
use frontdesk_core::id::{Channel, ChatId, ThreadId};
use frontdesk_core::port::MessengerError;
use frontdesk_core::port::messenger::{Action, LimitScope};
use frontdesk_core::port::store::{InboxStore, TurnCommit, TurnEnd, TurnStore, UpkeepStore};
use frontdesk_core::text::{Entity, RichText};
use frontdesk_core::work::{Author, LaneKind, NewInboxItem, Outgoing, Repeat};
use frontdesk_memory::ScriptedCall;

use crate::world::{World, body, lane, secs};

/// A world with answers waiting to be sent.
pub fn waiting(texts: &[(i64, &str)]) -> World {
    let mut world = World::new();
    let door = world.door(DoorSettings {
        rates: RateSettings {
            per_hour: 0,
            per_day: 0,
            commands_per_hour: 0,
        },
        ..DoorSettings::default()
    });
    let worker = world.worker();
    for (id, (chat, text)) in (1..).zip(texts) {
        world.receive(&door, &[(id, *chat, text)]);
    }
    world.settle();
    world.kill(worker);
    world
}

pub fn texts(said: &[(i64, String)]) -> Vec<&str> {
    said.iter().map(|(_, text)| text.as_str()).collect()
}

pub fn replies_waiting(world: &mut World) -> u64 {
    let store = world.store.clone();
    world
        .now(async move { store.depth().await })
        .unwrap()
        .replies
        .waiting
}

#[test]
fn answers_go_out_in_order() {
    let mut world = waiting(&[(5, "a"), (6, "x"), (5, "b"), (5, "c")]);
    world.sender(PacingSettings::OFF);
    world.settle();
    let chat: Vec<_> = world.said().into_iter().filter(|(chat, _)| *chat == 5).collect();
    assert_eq!(texts(&chat), ["a", "b", "c"]);
    assert_eq!(world.process.stats.sent.get(), 4);
    assert_eq!(world.process.hands.count(&LaneKind::Reply), 0);
}

#[test]
fn a_messenger_that_cannot_be_reached_is_tried_again_for_ever() {
    let mut world = waiting(&[(5, "a"), (5, "b")]);
    for _ in 0..12 {
        world
            .messenger
            .then_fail(MessengerError::Unreachable("refused".into()));
    }
    world.sender(PacingSettings::OFF);
    world.pass(secs(900));
    assert_eq!(texts(&world.said()), ["a", "b"]);
    assert!(world.dead().is_empty());
    assert_eq!(world.asked().len(), 14);
}

#[test]
fn a_messenger_that_asks_to_wait_is_obeyed_by_chat_and_by_bot() {
    let mut world = waiting(&[(5, "a")]);
    world.messenger.then_fail(MessengerError::RateLimited {
        retry_after: secs(30),
        scope: LimitScope::Chat,
    });
    world.sender(PacingSettings::OFF);
    world.pass(secs(29));
    assert!(world.said().is_empty());
    world.pass(secs(4));
    assert_eq!(texts(&world.said()), ["a"]);

    let mut world = waiting(&[(5, "a"), (6, "b"), (7, "c")]);
    world.messenger.then_fail(MessengerError::RateLimited {
        retry_after: secs(30),
        scope: LimitScope::Bot,
    });
    world.sender(PacingSettings::OFF);
    world.settle();
    let before = world.asked().len();
    world.pass(secs(29));
    assert_eq!(world.asked().len(), before, "the whole bot waits");
    world.pass(secs(5));
    assert_eq!(world.said().len(), 3);
}

#[test]
fn an_unknown_outcome_is_repeated_once_after_the_messenger_answers_then_parked() {
    let lost = || ScriptedCall::WorksUnheard(MessengerError::Unknown("timeout".into()));
    let mut world = waiting(&[(5, "a"), (5, "b")]);
    world.messenger.then(lost()).then(lost());
    for _ in 0..4 {
        world
            .messenger
            .fail_probe(MessengerError::Unreachable("still down".into()));
    }
    world.sender(PacingSettings::OFF);
    world.settle();
    assert_eq!(texts(&world.said()), ["a"]);
    world.pass(secs(600));
    assert_eq!(texts(&world.said()), ["a", "a", "b"], "never three times");
    let dead = world.dead();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].why, "uncertain");
}

#[test]
fn an_outage_parks_nothing() {
    let mut world = waiting(&[(5, "a"), (6, "never:b"), (7, "free:c")]);
    world.messenger.then_fail(MessengerError::Unknown("cut".into()));
    for _ in 0..20 {
        world
            .messenger
            .fail_probe(MessengerError::Unreachable("down".into()));
    }
    world.sender(PacingSettings::OFF);
    world.pass(secs(1800));
    let mut said = world.said();
    said.sort();
    assert_eq!(texts(&said), ["a", "never:b", "free:c"]);
    assert!(world.dead().is_empty());
}

#[test]
fn nothing_is_repeated_while_the_messenger_does_not_answer() {
    let mut world = waiting(&[(5, "a"), (6, "b")]);
    world.messenger.then_fail(MessengerError::Unknown("cut".into()));
    for _ in 0..1000 {
        world
            .messenger
            .fail_probe(MessengerError::Unreachable("down".into()));
    }
    world.sender(PacingSettings::OFF);
    world.pass(secs(300));
    assert_eq!(world.asked().len(), 2, "one try each, and none more");
    assert!(world.dead().is_empty());
    assert_eq!(replies_waiting(&mut world), 1);
}

#[test]
fn repeat_policies_hold() {
    let mut world = waiting(&[(5, "never:a")]);
    world.messenger.then_fail(MessengerError::Unknown("cut".into()));
    world.sender(PacingSettings::OFF);
    world.pass(secs(300));
    assert_eq!(world.asked().len(), 1);
    assert_eq!(world.dead()[0].why, "uncertain");

    let mut world = waiting(&[(5, "free:a")]);
    for _ in 0..6 {
        world.messenger.then_fail(MessengerError::Unknown("cut".into()));
    }
    world.sender(PacingSettings::OFF);
    world.pass(secs(300));
    assert_eq!(world.asked().len(), 7);
    assert!(world.dead().is_empty());
}

#[test]
fn refusals_become_dead_letters_and_the_lane_goes_on() {
    let mut world = waiting(&[(5, "a"), (5, "b"), (6, "c")]);
    world
        .messenger
        .then_fail(MessengerError::Rejected("message is too long".into()));
    world
        .messenger
        .then_fail(MessengerError::ChatGone("blocked".into()));
    world.sender(PacingSettings::OFF);
    world.settle();
    assert_eq!(texts(&world.said()), ["b"]);
    assert_eq!(world.dead().len(), 1, "a chat that is gone leaves none");
    assert_eq!(world.process.stats.refused.get(), 2);
}

/// Has one rich message in a thread wait for chat 5.
fn rich(world: &mut World) {
    let store = world.store.clone();
    let owner = world.process.owner;
    world.now(async move {
        let item = NewInboxItem {
            lane: lane(5),
            update_id: None,
            source: "test".into(),
            source_version: 1,
            payload: body(1, 5, "x"),
        };
        store.memory.accept(&[item]).await.unwrap();
        let claim = frontdesk_core::port::store::Claim {
            desks: vec![(crate::world::BOT, Channel::TELEGRAM)],
            owner,
            limit: 1,
            lease: secs(30),
        };
        let turn = store.memory.claim_turns(&claim).await.unwrap().remove(0);
        let mut decision = frontdesk_core::dialogue::Decision::default();
        decision.outgoing.push(Outgoing {
            lane: lane(5),
            thread: Some(ThreadId(3)),
            dedupe_key: "rich".into(),
            message_id: None,
            part: 0,
            author: Author::Desk,
            owner_epoch: 0,
            action: Action::Send {
                content: RichText {
                    text: "bold".into(),
                    entities: vec![Entity {
                        kind: "bold".into(),
                        offset: 0,
                        length: 4,
                        url: None,
                        language: None,
                    }],
                },
                keyboard: None,
            },
            repeat: Repeat::Once,
        });
        let commit = TurnCommit {
            claim: turn.claim,
            seq: turn.item.seq,
            end: TurnEnd::Done,
            decision,
        };
        store.memory.commit(&[commit]).await.unwrap();
    });
}

#[test]
fn reasons_that_can_be_taken_away_are_within_one_intent() {
    let mut world = World::new();
    rich(&mut world);
    world
        .messenger
        .then_fail(MessengerError::ChatMoved { to: ChatId(-100) });
    world.messenger.then_fail(MessengerError::ThreadGone);
    world
        .messenger
        .then_fail(MessengerError::BadEntities("can't parse".into()));
    world.sender(PacingSettings::OFF);
    world.settle();
    let done = world.messenger.done();
    assert_eq!(done.len(), 1);
    let (call, _) = &done[0];
    assert_eq!((call.chat, call.thread), (ChatId(-100), None));
    assert_eq!(
        call.action,
        Action::Send {
            content: RichText::plain("bold"),
            keyboard: None
        }
    );
}

#[test]
fn courtesy_moves_lanes_and_never_sleeps_in_a_slot() {
    let chat: Vec<(i64, &str)> = (0..8).map(|_| (5, "x")).collect();
    let mut world = waiting(&chat);
    world.sender(PacingSettings::default());
    world.settle();
    assert_eq!(world.said().len(), 3, "the burst");
    assert_eq!(world.process.hands.count(&LaneKind::Reply), 0);
    world.pass(secs(3));
    assert!((4..=6).contains(&world.said().len()));
    world.pass(secs(10));
    assert_eq!(world.said().len(), 8);

    let many: Vec<(i64, &str)> = (1..=90).map(|chat| (chat, "x")).collect();
    let mut world = waiting(&many);
    world.sender(PacingSettings::default());
    world.settle();
    assert_eq!(world.said().len(), 30);
    world.pass(secs(1));
    assert!(world.said().len() <= 61);
    world.pass(secs(4));
    assert_eq!(world.said().len(), 90);
}
