//! Order within a chat, none between chats, and every lane claimed by one.

use std::collections::BTreeSet;
use std::time::Duration;

use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::store::Claim;
use frontdesk_core::work::LaneKind;
use futures_util::future::join_all;

use super::scene::{BOT, LEASE, Scene, claim_of, lane, owner, release_of, text_of};

pub(super) async fn a_lane_keeps_the_order_across_slices(scene: &Scene<'_>) {
    let chat = lane(1);
    let mut said = Vec::new();
    for slice in 0..4 {
        let texts: Vec<String> = (0..5).map(|at| format!("{slice}.{at}")).collect();
        let slice: Vec<_> = texts.iter().map(|text| scene.update(&chat, text)).collect();
        scene.accept(&slice).await;
        said.extend(texts);
    }
    let mut last = i64::MIN;
    for text in said {
        let turn = scene.take().await;
        assert_eq!(text_of(&turn), text);
        assert!(turn.item.seq > last, "places grow");
        last = turn.item.seq;
        scene.done(&turn).await;
    }
}

pub(super) async fn lanes_are_claimed_side_by_side(scene: &Scene<'_>) {
    let slice: Vec<_> = (0..10)
        .flat_map(|chat| [scene.update(&lane(chat), "a"), scene.update(&lane(chat), "b")])
        .collect();
    scene.accept(&slice).await;
    let turns = scene.due().await;
    let lanes: BTreeSet<_> = turns.iter().map(|turn| &turn.claim.lane).collect();
    assert_eq!((turns.len(), lanes.len()), (10, 10), "each chat once");
    assert!(
        turns.iter().all(|turn| text_of(turn) == "a"),
        "the oldest of each"
    );
}

pub(super) async fn a_claimed_lane_is_not_claimed_again(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    scene.take().await;
    assert!(scene.due().await.is_empty(), "not by the same owner");
    assert!(scene.claim(owner(1), 10).await.is_empty(), "nor by another");
    scene.say(&lane(1), "b").await;
    assert!(
        scene.due().await.is_empty(),
        "accepting more leaves the lease alone"
    );
    scene.wait(LEASE / 2).await;
    assert!(scene.due().await.is_empty(), "the lease holds");
}

pub(super) async fn concurrent_claimers_share_no_lane(scene: &Scene<'_>) {
    let slice: Vec<_> = (0..40).map(|chat| scene.update(&lane(chat), "a")).collect();
    scene.accept(&slice).await;
    let claims = (1..=8).map(|number| scene.claim(owner(number), 5));
    let claimed: Vec<_> = join_all(claims).await.into_iter().flatten().collect();
    let lanes: BTreeSet<_> = claimed.iter().map(|turn| &turn.claim.lane).collect();
    assert_eq!(lanes.len(), claimed.len(), "no lane twice");
    let rest = scene.due().await;
    assert_eq!(claimed.len() + rest.len(), 40, "and none left out");
}

pub(super) async fn the_lane_that_waits_longest_comes_first(scene: &Scene<'_>) {
    for chat in [5, 2, 9, 1] {
        scene.say(&lane(chat), &chat.to_string()).await;
        scene.wait(Duration::from_secs(2)).await;
    }
    let mut order = Vec::new();
    for number in 0..4 {
        order.extend(scene.claim(owner(number), 1).await.iter().map(text_of));
    }
    assert_eq!(order, ["5", "2", "9", "1"]);
}

pub(super) async fn only_the_desks_asked_for_are_claimed(scene: &Scene<'_>) {
    let ours = lane(1);
    let mut bot = lane(1);
    bot.bot_id = BotId(BOT.0 + 1);
    let mut channel = lane(1);
    channel.channel = Channel::new("пейджер");
    for lane in [&ours, &bot, &channel] {
        let text = format!("{}/{}", lane.bot_id, lane.channel);
        scene.say(lane, &text).await;
    }
    assert_eq!(scene.take().await.claim.lane, ours);
    let desks = vec![
        (bot.bot_id, bot.channel.clone()),
        (channel.bot_id, channel.channel.clone()),
    ];
    let claim = Claim {
        desks,
        ..claim_of(scene.owner, 10)
    };
    let rest = scene.store.claim_turns(&claim).await.expect("turns are claimed");
    let lanes: BTreeSet<_> = rest.into_iter().map(|turn| turn.claim.lane).collect();
    assert_eq!(lanes, BTreeSet::from([bot, channel]));
}

pub(super) async fn the_limit_is_kept(scene: &Scene<'_>) {
    for chat in 0..5 {
        scene.say(&lane(chat), "a").await;
    }
    assert_eq!(scene.claim(scene.owner, 0).await.len(), 0);
    assert_eq!(scene.claim(scene.owner, 2).await.len(), 2);
    assert_eq!(scene.claim(scene.owner, 100).await.len(), 3);
}

pub(super) async fn a_lane_is_ready_again_while_more_waits(scene: &Scene<'_>) {
    let chat = lane(1);
    let slice = ["a", "b", "c"].map(|text| scene.update(&chat, text));
    scene.accept(&slice).await;
    for text in ["a", "b", "c"] {
        let turns = scene.due().await;
        assert_eq!(turns.iter().map(text_of).collect::<Vec<_>>(), [text]);
        scene.done(&turns[0]).await;
    }
}

pub(super) async fn what_arrives_during_a_turn_is_not_lost(scene: &Scene<'_>) {
    let chat = lane(1);
    scene.say(&chat, "first").await;
    let turn = scene.take().await;
    scene.say(&chat, "meanwhile").await;
    scene.done(&turn).await;
    let turns = scene.due().await;
    assert_eq!(turns.iter().map(text_of).collect::<Vec<_>>(), ["meanwhile"]);
}

pub(super) async fn a_lane_sleeps_when_nothing_waits(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let turn = scene.take().await;
    scene.done(&turn).await;
    scene.wait(Duration::from_hours(1)).await;
    assert!(scene.due().await.is_empty());
    scene.say(&lane(1), "b").await;
    assert_eq!(text_of(&scene.take().await), "b");
}

pub(super) async fn accepting_leaves_a_back_off_alone(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let turn = scene.take().await;
    let release = [release_of(&turn, Duration::from_mins(10), true)];
    let held = scene.store.release(LaneKind::Turn, &release).await;
    assert_eq!(held.expect("a lane is released"), [true]);
    scene.say(&lane(1), "b").await;
    assert!(scene.due().await.is_empty());
    scene.wait(Duration::from_mins(11)).await;
    assert_eq!(text_of(&scene.take().await), "a");
}
