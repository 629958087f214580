//! Accepted once, kept as received.

use std::slice::from_ref;
use std::time::Duration;

use frontdesk_core::id::{BotId, ChatId};
use frontdesk_core::port::store::Accepted;
use futures_util::future::join_all;

use super::scene::{BOT, Scene, item, lane};

pub(super) async fn an_update_is_accepted_once_in_a_slice(scene: &Scene<'_>) {
    let chat = lane(1);
    let slice = [
        item(&chat, Some(1), "one"),
        item(&chat, Some(2), "two"),
        item(&chat, Some(1), "one"),
    ];
    let accepted = scene.accept(&slice).await;
    assert_eq!(accepted, [Accepted::New, Accepted::New, Accepted::Duplicate]);
    assert_eq!(scene.drain().await, ["one", "two"]);
}

pub(super) async fn an_update_is_accepted_once_later(scene: &Scene<'_>) {
    let update = scene.update(&lane(1), "one");
    assert_eq!(scene.accept(from_ref(&update)).await, [Accepted::New]);
    assert_eq!(scene.accept(from_ref(&update)).await, [Accepted::Duplicate]);
    assert_eq!(scene.drain().await, ["one"]);
    assert_eq!(scene.accept(&[update]).await, [Accepted::Duplicate]);
    assert!(scene.due().await.is_empty(), "a duplicate wakes nothing");
}

pub(super) async fn an_update_is_remembered_for_three_days(scene: &Scene<'_>) {
    let update = scene.update(&lane(1), "one");
    scene.accept(from_ref(&update)).await;
    scene.drain().await;
    scene.wait(Duration::from_hours(71)).await;
    scene.store.sweep().await.expect("the store sweeps");
    assert_eq!(scene.accept(&[update]).await, [Accepted::Duplicate]);
}

pub(super) async fn an_update_is_accepted_once_by_concurrent_callers(scene: &Scene<'_>) {
    let update = [scene.update(&lane(1), "one")];
    let answers = join_all((0..8).map(|_| scene.accept(&update))).await;
    let new = answers
        .iter()
        .filter(|answer| **answer == [Accepted::New])
        .count();
    assert_eq!(new, 1, "{answers:?}");
    assert_eq!(scene.drain().await, ["one"]);
}

pub(super) async fn an_update_of_another_bot_is_another(scene: &Scene<'_>) {
    let mut other = lane(1);
    other.bot_id = BotId(BOT.0 + 1);
    let slice = [item(&lane(1), Some(1), "ours"), item(&other, Some(1), "theirs")];
    assert_eq!(scene.accept(&slice).await, [Accepted::New, Accepted::New]);
}

pub(super) async fn what_the_desk_reports_is_always_new(scene: &Scene<'_>) {
    let report = item(&lane(1), None, "due");
    let accepted = scene.accept(&[report.clone(), report]).await;
    assert_eq!(accepted, [Accepted::New, Accepted::New]);
    assert_eq!(scene.drain().await, ["due", "due"]);
}

pub(super) async fn payloads_come_back_byte_for_byte(scene: &Scene<'_>) {
    let long = (0..512 * 1024).map(|at: u32| at.to_le_bytes()[1]).collect();
    let payloads: [Vec<u8>; 5] = [
        vec![],
        b"a\0b".to_vec(),
        vec![0xff, 0xfe, 0xc3, 0x28],
        "Ωμέγα 👩‍👩‍👧 \u{202e}".as_bytes().to_vec(),
        long,
    ];
    for payload in payloads {
        let mut update = scene.update(&lane(1), "");
        update.payload.clone_from(&payload);
        scene.accept(&[update]).await;
        let turn = scene.take().await;
        assert!(
            turn.item.payload == payload,
            "a payload of {} bytes",
            payload.len()
        );
        scene.done(&turn).await;
    }
}

pub(super) async fn an_item_comes_back_as_it_was_accepted(scene: &Scene<'_>) {
    for chat in [ChatId(1 << 52), ChatId(-1_001_234_567_890), ChatId(0)] {
        let mut update = scene.update(&lane(chat.0), "text");
        "quelle_Ω".clone_into(&mut update.source);
        update.source_version = 17;
        let before = scene.now();
        scene.accept(from_ref(&update)).await;
        let turn = scene.take().await;
        assert_eq!(turn.claim.lane, update.lane);
        assert_eq!(turn.claim.owner, scene.owner);
        assert_eq!(
            (&turn.item.source, turn.item.source_version),
            (&update.source, 17)
        );
        let minute = Duration::from_mins(1);
        let received = turn.item.received_at;
        assert!(
            before - minute < received && received < scene.now() + minute,
            "{received}"
        );
        scene.done(&turn).await;
    }
}

pub(super) async fn a_long_slice_is_accepted(scene: &Scene<'_>) {
    assert_eq!(scene.accept(&[]).await, []);
    let slice: Vec<_> = (0..600)
        .map(|at| scene.update(&lane(at % 3), &at.to_string()))
        .collect();
    let accepted = scene.accept(&slice).await;
    assert_eq!(accepted, vec![Accepted::New; 600]);
    let again = scene.accept(&slice).await;
    assert_eq!(again, vec![Accepted::Duplicate; 600]);
}
