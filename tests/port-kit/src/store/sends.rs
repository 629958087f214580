//! Calls out: in order, once, and what becomes of them.

use std::time::Duration;

use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{ChannelMessageId, ThreadId};
use frontdesk_core::port::back_office::{DeadLetter, DeadQueue, Paging};
use frontdesk_core::port::messenger::{Action, Button, Keyboard, LimitScope};
use frontdesk_core::port::store::{BeginSend, CommitOutcome, FinishSend, SendIntent};
use frontdesk_core::text::{Entity, RichText};
use frontdesk_core::work::{Author, Outgoing, Repeat, SendOutcome};

use super::parts::{lane, said};
use super::scene::Scene;

const WAIT: Duration = Duration::from_mins(10);

pub(super) async fn a_call_comes_back_as_it_was_decided(scene: &Scene<'_>) {
    let button = Button {
        label: "Да 👍".to_owned(),
        data: "y:1".to_owned(),
    };
    let content = RichText {
        text: "Ωμέγα\n\"жирный\"".to_owned(),
        entities: vec![Entity {
            kind: "text_link".to_owned(),
            offset: 1,
            length: 2,
            url: Some("https://example.com/?a=1&b=2".to_owned()),
            language: None,
        }],
    };
    let keyboard = Some(Keyboard::Inline(vec![
        vec![button.clone(), button.clone()],
        vec![],
    ]));
    let first = Outgoing {
        thread: Some(ThreadId(-5)),
        part: 3,
        owner_epoch: 9,
        repeat: Repeat::Never,
        action: Action::Send { content, keyboard },
        ..scene.outgoing(&lane(-1_001_234_567_890), "")
    };
    let second = Outgoing {
        author: Author::Desk,
        repeat: Repeat::Free,
        action: Action::AnswerTap {
            tap_id: "1".repeat(60),
            text: Some("ок".to_owned()),
        },
        ..scene.outgoing(&lane(-1_001_234_567_890), "")
    };
    for outgoing in [first, second] {
        scene.post(outgoing.clone()).await;
        let send = scene.take_send().await;
        assert_eq!(send.item.outgoing, outgoing);
        assert_eq!(send.claim.lane, outgoing.lane);
        assert_eq!(
            (send.attempt, send.item.tries, send.item.in_flight),
            (1, 0, false)
        );
        assert_eq!(scene.begin(&send).await, SendIntent::Go);
        assert!(scene.finish(&send, sent()).await);
    }
}

pub(super) async fn a_call_knows_how_long_its_cause_waits(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    scene.wait(WAIT).await;
    let turn = scene.take().await;
    let decision = Decision {
        outgoing: vec![scene.outgoing(&lane(1), "a")],
        ..Decision::default()
    };
    assert_eq!(scene.commit(&turn, decision).await, CommitOutcome::Committed);
    let waited = scene.take_send().await.item.waited;
    let waited = waited.expect("it is known when its cause was accepted");
    let about = WAIT.saturating_sub(Duration::from_secs(1))..WAIT + Duration::from_mins(5);
    assert!(about.contains(&waited), "{waited:?}");
}

pub(super) async fn calls_go_out_in_the_order_decided(scene: &Scene<'_>) {
    let (here, there) = (lane(1), lane(2));
    for turn in ["1", "2"] {
        let outgoing = |lane, part: &str| scene.outgoing(lane, &format!("{turn}{part}"));
        let decision = Decision {
            outgoing: vec![
                outgoing(&here, "a"),
                outgoing(&here, "b"),
                outgoing(&there, "x"),
                outgoing(&here, "c"),
            ],
            ..Decision::default()
        };
        scene.decide(&here, decision).await;
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let sends = scene.sends().await;
        assert!(sends.len() <= 2, "one of a chat at a time");
        for send in sends {
            assert_eq!(scene.begin(&send).await, SendIntent::Go);
            assert!(scene.finish(&send, sent()).await);
            if send.claim.lane == here {
                order.push(said(&send));
            }
        }
    }
    assert_eq!(order, ["1a", "1b", "1c", "2a", "2b", "2c"]);
    assert!(scene.sends().await.is_empty());
}

pub(super) async fn a_dedupe_key_is_sent_once(scene: &Scene<'_>) {
    let outgoing = scene.outgoing(&lane(1), "once");
    let decision = Decision {
        outgoing: vec![outgoing.clone(), outgoing.clone()],
        ..Decision::default()
    };
    scene.decide(&lane(1), decision).await;
    scene.post(outgoing.clone()).await;
    assert_eq!(scene.deliver().await, "once");
    assert!(scene.sends().await.is_empty(), "committed twice, sent once");
    scene.post(outgoing).await;
    assert!(scene.sends().await.is_empty(), "not again once it is sent");
}

pub(super) async fn a_call_that_was_not_sent_waits(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    assert!(scene.finish(&send, SendOutcome::NotSent { after: WAIT }).await);
    assert!(
        !scene.finish(&send, SendOutcome::NotSent { after: WAIT }).await,
        "once"
    );
    assert!(scene.sends().await.is_empty());
    scene.wait(WAIT).await;
    let again = scene.take_send().await;
    assert_eq!(
        (again.attempt, again.item.tries, again.item.in_flight),
        (2, 1, false)
    );
}

pub(super) async fn a_limit_of_the_chat_costs_no_attempt(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    for _ in 0..3 {
        let send = scene.take_send().await;
        assert_eq!(send.attempt, 1);
        assert_eq!(scene.begin(&send).await, SendIntent::Go);
        assert!(scene.finish(&send, limit(LimitScope::Chat)).await);
        assert!(scene.sends().await.is_empty());
        scene.wait(WAIT).await;
    }
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    assert!(scene.finish(&send, limit(LimitScope::Chat)).await);
    scene.post(scene.outgoing(&lane(2), "b")).await;
    assert_eq!(scene.deliver().await, "b", "another chat goes on");
}

pub(super) async fn a_limit_of_the_bot_stops_the_bot(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    scene.post(scene.outgoing(&lane(2), "b")).await;
    let sends = scene.sends().await;
    for send in &sends {
        assert_eq!(scene.begin(send).await, SendIntent::Go);
    }
    assert!(scene.finish(&sends[0], limit(LimitScope::Bot)).await);
    assert!(
        scene
            .finish(
                &sends[1],
                SendOutcome::NotSent {
                    after: Duration::ZERO
                }
            )
            .await
    );
    scene.post(scene.outgoing(&lane(3), "c")).await;
    assert!(scene.sends().await.is_empty(), "no chat of the bot");
    scene.wait(WAIT + Duration::from_secs(1)).await;
    assert_eq!(scene.sends().await.len(), 3, "and then all of them");
}

pub(super) async fn a_refused_call_becomes_a_dead_letter(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.post(scene.outgoing(&lane(1), "secret text")).await;
    scene.post(scene.outgoing(&lane(1), "next")).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    assert!(scene.finish(&send, refused(false)).await);
    let letter = only_letter(scene).await;
    assert_eq!(
        (&letter.queue, &letter.lane, letter.why.as_str()),
        (&DeadQueue::Reply, &lane(1), "no")
    );
    assert!(!letter.what.contains("secret"), "never the content");
    assert_eq!(scene.deliver().await, "next", "the lane goes on");
    assert_eq!(scene.load(&lane(1)).await.client, Some(case.client));
}

pub(super) async fn a_gone_chat_marks_the_client(scene: &Scene<'_>) {
    let other = scene.case(&lane(2)).await;
    scene.case(&lane(1)).await;
    scene.post(scene.outgoing(&lane(1), "a")).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    assert!(scene.finish(&send, refused(true)).await);
    let client = scene.load(&lane(1)).await.client.expect("the client is there");
    assert!(!client.reachable);
    assert_eq!(letters(scene).await, [], "dropped, not kept");
    assert!(scene.sends().await.is_empty());
    assert_eq!(scene.load(&lane(2)).await.client, Some(other.client));
}

pub(super) async fn a_second_unknown_outcome_parks(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    scene.post(scene.outgoing(&lane(1), "b")).await;
    for tries in 1..=2 {
        let send = scene.take_send().await;
        assert_eq!((send.item.tries, send.item.in_flight), (tries - 1, tries > 1));
        assert_eq!(scene.begin(&send).await, SendIntent::Go);
        assert!(scene.finish(&send, SendOutcome::Unknown { after: WAIT }).await);
        assert!(scene.sends().await.is_empty(), "the lane waits");
        scene.wait(WAIT).await;
    }
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Parked);
    assert!(!scene.finish(&send, sent()).await, "its lane is released");
    let letter = only_letter(scene).await;
    assert!(letter.why.contains("uncertain"), "{}", letter.why);
    assert_eq!(scene.deliver().await, "b", "the lane goes on");
}

pub(super) async fn a_crash_in_flight_is_an_unknown_outcome(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    for attempt in 1..=2 {
        let send = scene.take_send().await;
        assert_eq!((send.attempt, send.item.in_flight), (attempt, attempt > 1));
        assert_eq!(scene.begin(&send).await, SendIntent::Go);
        scene.outlast_leases().await;
    }
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Parked);
}

pub(super) async fn a_call_that_may_never_be_repeated_is_parked(scene: &Scene<'_>) {
    let outgoing = Outgoing {
        repeat: Repeat::Never,
        ..scene.outgoing(&lane(1), "a")
    };
    scene.post(outgoing).await;
    fail_unknown(scene).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Parked);
    only_letter(scene).await;
}

pub(super) async fn a_harmless_call_is_repeated_for_ever(scene: &Scene<'_>) {
    let outgoing = Outgoing {
        repeat: Repeat::Free,
        ..scene.outgoing(&lane(1), "a")
    };
    scene.post(outgoing).await;
    for _ in 0..6 {
        fail_unknown(scene).await;
    }
    assert_eq!(scene.deliver().await, "a");
}

pub(super) async fn a_known_failure_is_no_unknown_outcome(scene: &Scene<'_>) {
    let outgoing = Outgoing {
        repeat: Repeat::Never,
        ..scene.outgoing(&lane(1), "a")
    };
    scene.post(outgoing).await;
    let zero = Duration::ZERO;
    let scope = LimitScope::Chat;
    for outcome in [
        SendOutcome::NotSent { after: zero },
        SendOutcome::NotBefore { after: zero, scope },
    ] {
        let send = scene.take_send().await;
        assert_eq!(scene.begin(&send).await, SendIntent::Go);
        assert!(scene.finish(&send, outcome).await);
    }
    assert_eq!(scene.deliver().await, "a");
}

pub(super) async fn a_stale_sender_does_nothing(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    let stale = scene.take_send().await;
    scene.outlast_leases().await;
    let fresh = scene.take_send().await;
    assert_eq!(fresh.attempt, 2);
    assert_eq!(scene.begin(&stale).await, SendIntent::LeaseLost);
    assert!(!scene.finish(&stale, sent()).await);
    assert_eq!(scene.begin(&fresh).await, SendIntent::Go);
    let id = Some(ChannelMessageId(5));
    let sent_as = SendOutcome::Sent {
        channel_message_id: id,
    };
    assert!(scene.finish(&fresh, sent_as.clone()).await);
    assert!(!scene.finish(&fresh, sent_as).await, "once");
    assert_eq!(scene.begin(&fresh).await, SendIntent::LeaseLost);
}

async fn fail_unknown(scene: &Scene<'_>) {
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    let outcome = SendOutcome::Unknown {
        after: Duration::ZERO,
    };
    assert!(scene.finish(&send, outcome).await);
}

fn sent() -> SendOutcome {
    SendOutcome::Sent {
        channel_message_id: None,
    }
}

fn limit(scope: LimitScope) -> SendOutcome {
    SendOutcome::NotBefore { after: WAIT, scope }
}

fn refused(chat_gone: bool) -> SendOutcome {
    SendOutcome::Refused {
        why: "no".to_owned(),
        chat_gone,
    }
}

async fn letters(scene: &Scene<'_>) -> Vec<DeadLetter> {
    let letters = scene.store.dead_letters(&Paging::first(10)).await;
    letters.expect("dead letters are listed")
}

async fn only_letter(scene: &Scene<'_>) -> DeadLetter {
    super::parts::only(letters(scene).await, "dead letter")
}

pub(super) async fn unknown_outcomes_add_up(scene: &Scene<'_>) {
    scene.post(scene.outgoing(&lane(1), "a")).await;
    fail_unknown(scene).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    let after = Duration::ZERO;
    assert!(scene.finish(&send, SendOutcome::NotSent { after }).await);
    fail_unknown(scene).await;
    let send = scene.take_send().await;
    assert_eq!(send.item.tries, 3);
    assert_eq!(scene.begin(&send).await, SendIntent::Parked);
}

pub(super) async fn senders_are_answered_one_by_one(scene: &Scene<'_>) {
    for chat in 1..=3 {
        scene.post(scene.outgoing(&lane(chat), "a")).await;
    }
    let mut sends = scene.sends().await;
    assert_eq!(sends.len(), 3);
    sends[1].claim.fence -= 1;
    let begins: Vec<_> = sends
        .iter()
        .map(|send| BeginSend {
            claim: send.claim.clone(),
            seq: send.item.seq,
        })
        .collect();
    let intents = scene.store.begin_sends(&begins).await;
    let intents = intents.expect("intents are committed");
    assert_eq!(intents, [SendIntent::Go, SendIntent::LeaseLost, SendIntent::Go]);
    let finishes: Vec<_> = begins
        .into_iter()
        .map(|begin| FinishSend {
            claim: begin.claim,
            seq: begin.seq,
            outcome: sent(),
        })
        .collect();
    let held = scene.store.finish_sends(&finishes).await;
    assert_eq!(held.expect("outcomes are committed"), [true, false, true]);
}
