//! Whose the database is, how much waits, what is forgotten.

use std::time::Duration;

use frontdesk_core::conversation::{Conversation, ConversationStatus, Owner, Session};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::store::{Accepted, Depth};
use frontdesk_core::work::{LaneKey, LaneKind, NewJob};
use serde_json::json;

use super::parts::{BOT, LEASE, changed, lane, release_of, text_of};
use super::scene::Scene;

const DAY: Duration = Duration::from_hours(24);

pub(super) async fn a_database_belongs_to_one_bot(scene: &Scene<'_>) {
    let adopt = |channel: Channel, bot| async move { scene.store.adopt(&channel, bot).await };
    for _ in 0..2 {
        adopt(Channel::TELEGRAM, BOT).await.expect("the database is ours");
    }
    let other = BotId(BOT.0 + 1);
    match adopt(Channel::TELEGRAM, other).await {
        Err(StoreError::OtherBot {
            channel,
            found,
            wanted,
        }) => {
            assert_eq!((channel, found, wanted), (Channel::TELEGRAM, BOT, other));
        }
        answer => panic!("another bot is refused: {answer:?}"),
    }
    adopt(Channel::TELEGRAM, BOT)
        .await
        .expect("the database is still ours");
}

pub(super) async fn depth_counts_what_waits(scene: &Scene<'_>) {
    let depth = || async { scene.store.depth().await.expect("the depth is read") };
    assert_eq!(depth().await, frontdesk_core::port::store::WorkDepth::default());
    let decision = Decision {
        outgoing: vec![scene.outgoing(&lane(1), "a"), scene.outgoing(&lane(1), "b")],
        ..Decision::default()
    };
    scene.decide(&lane(1), decision).await;
    scene.start(scene.job(&lane(2), "a")).await;
    let later = NewJob {
        run_in: DAY,
        ..scene.job(&lane(2), "a")
    };
    scene.start(later).await;
    for text in ["a", "b", "c"] {
        scene.say(&lane(3), text).await;
    }
    scene.wait(Duration::from_secs(100)).await;
    let waits = depth().await;
    for (depth, waiting) in [(waits.turns, 3), (waits.replies, 2), (waits.jobs, 1)] {
        assert_eq!(depth.waiting, waiting, "{waits:?}");
        let Depth { oldest, .. } = depth;
        assert!(
            (Duration::from_secs(99)..LEASE * 3).contains(&oldest),
            "{waits:?}"
        );
    }
    scene.due().await;
    scene.sends().await;
    let leased = depth().await;
    assert_eq!(
        (leased.turns.waiting, leased.replies.waiting),
        (3, 2),
        "what is leased waits"
    );
}

pub(super) async fn open_cases_are_counted_by_owner(scene: &Scene<'_>) {
    let open = || async {
        let counted = scene.store.open_conversations().await;
        counted.expect("open cases are counted")
    };
    let of = |counted: &[(Owner, u64)], owner: &Owner| {
        let found = counted.iter().filter(|(known, _)| known == owner);
        found.map(|(_, count)| *count).collect::<Vec<u64>>()
    };
    assert_eq!(open().await.iter().map(|(_, count)| count).sum::<u64>(), 0);
    scene.case(&lane(1)).await;
    scene.case(&lane(2)).await;
    let waiting = scene.case(&lane(3)).await;
    let done = scene.case(&lane(4)).await;
    let escalated = Conversation {
        status: ConversationStatus::Escalated,
        owner: Owner::Queue,
        ..waiting.conversation
    };
    let closed = Conversation {
        status: ConversationStatus::Closed,
        ..done.conversation
    };
    for (chat, row) in [(3, escalated), (4, closed)] {
        let decision = Decision {
            conversations: vec![changed(row)],
            ..Decision::default()
        };
        scene.decide(&lane(chat), decision).await;
    }
    let counted = open().await;
    assert_eq!(of(&counted, &Owner::Bot), [2], "{counted:?}");
    assert_eq!(of(&counted, &Owner::Queue), [1], "{counted:?}");
    assert!(matches!(of(&counted, &Owner::Agent)[..], [] | [0]), "{counted:?}");
}

pub(super) async fn a_chat_is_idle_when_nothing_waits(scene: &Scene<'_>) {
    let chat = lane(1);
    assert!(idle(scene, &chat).await);
    scene.say(&chat, "a").await;
    assert!(!idle(scene, &chat).await, "an event waits");
    assert!(idle(scene, &lane(2)).await, "elsewhere");
    let turn = scene.take().await;
    assert!(!idle(scene, &chat).await, "an event is being decided");
    scene.done(&turn).await;
    assert!(idle(scene, &chat).await);
    scene.post(scene.outgoing(&chat, "a")).await;
    assert!(!idle(scene, &chat).await, "a call waits");
    scene.deliver().await;
    let timer = NewJob {
        run_in: DAY,
        ..scene.job(&chat, "a")
    };
    scene.start(timer).await;
    assert!(idle(scene, &chat).await, "a timer does not count");
    scene.wait(DAY).await;
    assert!(!idle(scene, &chat).await, "until it is due");
}

pub(super) async fn sweeping_forgets_old_ids_and_sessions(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let session = Session {
        client_id: case.client.id,
        state: json!({"v": 1}),
        expires_at: scene.now() + DAY,
        version: 1,
    };
    let decision = Decision {
        session: Some(session),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let update = scene.update(&lane(2), "a");
    scene.accept(std::slice::from_ref(&update)).await;
    scene.drain().await;
    scene.wait(DAY * 4).await;
    assert!(sweep(scene).await > 0, "the ids went");
    assert_eq!(scene.accept(&[update]).await, [Accepted::New]);
    assert!(scene.load(&case.lane).await.session.is_some(), "not yet");
    scene.drain().await;
    scene.wait(DAY * 5).await;
    assert!(sweep(scene).await > 0, "the session went");
    let left = scene.load(&case.lane).await;
    assert_eq!(left.session, None);
    assert_eq!(left.client, Some(case.client), "and nothing else");
    assert_eq!(left.conversation, Some(case.conversation));
    scene.wait(DAY * 31).await;
    sweep(scene).await;
    assert_eq!(sweep(scene).await, 0, "there is an end to it");
}

pub(super) async fn sweeping_leaves_alone_what_waits(scene: &Scene<'_>) {
    scene.say(&lane(1), "in a back-off").await;
    let turn = scene.take().await;
    let release = [release_of(&turn, DAY * 60, true)];
    let held = scene.store.release(LaneKind::Turn, &release).await;
    assert_eq!(held.expect("a lane is released"), [true]);
    scene.say(&lane(2), "due").await;
    scene.wait(DAY * 40).await;
    sweep(scene).await;
    assert_eq!(text_of(&scene.take().await), "due");
    scene.wait(DAY * 21).await;
    let texts: Vec<_> = scene.due().await.iter().map(text_of).collect();
    assert!(texts.contains(&"in a back-off".to_owned()), "{texts:?}");
}

async fn idle(scene: &Scene<'_>, lane: &LaneKey) -> bool {
    let idle = scene.store.is_idle(lane).await;
    idle.expect("a chat is looked at")
}

/// Sweeps until nothing is left to sweep, and says how many rows went.
pub(super) async fn sweep(scene: &Scene<'_>) -> u64 {
    let mut all = 0;
    for _ in 0..100 {
        let gone = scene.store.sweep().await.expect("the store sweeps");
        all += gone;
        if gone == 0 {
            return all;
        }
    }
    panic!("sweeping never ends");
}
