//! What is particular to the memory adapters, beyond their ports.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use frontdesk_core::id::{BotId, Channel, ChatId, ClientId, Ids};
use frontdesk_core::port::cache::CountUp;
use frontdesk_core::port::llm::{Account, ModelRequest, Unheard};
use frontdesk_core::port::messenger::{Action, OutboundCall};
use frontdesk_core::port::{Cache, Clock, IdSource, LanguageModel, Messenger, MessengerError, ModelError};
use frontdesk_core::text::RichText;
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryCache, RecordingMessenger, ScriptedCall, ScriptedModel, SeededIds};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use proptest::prelude::*;
use serde_json::json;

use crate::harness::start;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn sleepers_wake_in_the_order_of_their_times_then_of_their_beginnings() {
    let clock = start();
    let now = clock.now();
    let sleepers = FuturesUnordered::new();
    for (name, seconds) in [("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("never", 9)] {
        let sleep = clock.sleep_until(now + SECOND * seconds);
        sleepers.push(async move {
            sleep.await;
            name
        });
    }
    let mut woken = sleepers.ready_chunks(10);
    assert!(futures_util::poll!(woken.next()).is_pending());
    assert_eq!(clock.next_wake(), Some(now + SECOND));
    clock.advance(SECOND * 5);
    assert_eq!(woken.next().await.unwrap_or_default(), ["a", "b1", "b2", "c"]);
    assert_eq!(clock.next_wake(), Some(now + SECOND * 9));
    drop(woken);
    assert_eq!(clock.next_wake(), None, "nobody waits any more");
}

#[test]
fn a_clock_may_be_set_back() {
    let clock = start();
    let before = clock.now();
    clock.set(before - SECOND);
    assert_eq!(clock.now() + SECOND, before);
}

proptest! {
    #[test]
    fn ids_are_the_same_for_a_seed_and_differ_otherwise(seed in any::<u64>(), other in any::<u64>()) {
        let draw = |seed| {
            let ids = SeededIds::new(seed);
            (0..50).map(|_| ids.entropy()).collect::<Vec<_>>()
        };
        let drawn = draw(seed);
        prop_assert_eq!(&drawn, &draw(seed));
        let mut distinct = drawn.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), 50);
        if seed != other {
            prop_assert_ne!(drawn, draw(other));
        }
    }
}

fn hello(chat: i64) -> OutboundCall {
    OutboundCall {
        chat: ChatId(chat),
        thread: None,
        action: Action::Send {
            content: RichText::plain("hello"),
            keyboard: None,
        },
    }
}

#[tokio::test]
async fn a_messenger_counts_ids_and_follows_its_script() {
    let messenger = RecordingMessenger::new(Channel::TERMINAL);
    let id = |sent: Result<frontdesk_core::port::messenger::Sent, MessengerError>| {
        sent.ok().and_then(|sent| sent.channel_message_id).map(|id| id.0)
    };
    assert_eq!(id(messenger.call(&hello(1)).await), Some(1));
    assert_eq!(id(messenger.call(&hello(2)).await), Some(1));
    messenger
        .then_fail(MessengerError::ThreadGone)
        .then(ScriptedCall::WorksUnheard(MessengerError::Unknown("cut".into())));
    assert!(matches!(
        messenger.call(&hello(1)).await,
        Err(MessengerError::ThreadGone)
    ));
    assert!(matches!(
        messenger.call(&hello(1)).await,
        Err(MessengerError::Unknown(_))
    ));
    assert_eq!(
        id(messenger.call(&hello(1)).await),
        Some(3),
        "it had sent the second"
    );
    assert_eq!((messenger.calls().len(), messenger.done().len()), (5, 4));
    assert_eq!(messenger.take_done().len(), 4);
    assert!(messenger.done().is_empty());
    messenger.fail_probe(MessengerError::ThreadGone);
    assert!(messenger.probe().await.is_err());
    assert!(messenger.probe().await.is_ok());
}

#[tokio::test]
async fn a_model_says_what_it_was_told_to_say() {
    let model = ScriptedModel::new();
    model.then_say("two words").then_fail(ModelError::TooLong);
    let ask = || {
        let request = ModelRequest {
            parts: vec![],
            tools: vec![],
            max_tokens: 10,
            deadline: SECOND,
            stream: false,
            account: Account {
                bot_id: BotId(1),
                client_id: ClientId(Ids::new(Timestamp::from_seconds(0), 1).next_uuid()),
            },
        };
        model.answer(request, Arc::new(Unheard))
    };
    let first = ask()
        .await
        .map(|answer| (answer.text, answer.usage.map(|usage| usage.tokens_out)));
    assert!(matches!(first, Ok((text, Some(2))) if text == "two words"));
    assert!(matches!(ask().await, Err(ModelError::TooLong)));
    assert_eq!(model.left(), 0);
    assert!(matches!(ask().await, Err(ModelError::Incomplete { .. })));
    assert_eq!(model.asked().len(), 3);
}

#[tokio::test]
async fn a_full_cache_drops_what_has_expired_then_what_expires_soonest()
-> Result<(), Box<dyn std::error::Error>> {
    let clock = start();
    let cache = MemoryCache::bounded(Arc::new(clock.clone()), 3);
    for (key, seconds) in [("short", 1), ("long", 30), ("middle", 20)] {
        cache.set(key, &json!(key), SECOND * seconds).await?;
    }
    clock.advance(SECOND * 2);
    let window = SECOND * 25;
    let (key, limit) = ("counter".to_owned(), 5);
    cache.count(&[CountUp { key, window, limit }]).await?;
    assert_eq!(cache.len(), 3, "the expired one made room");
    cache.set("new", &json!(1), SECOND * 60).await?;
    assert_eq!(cache.len(), 3);
    assert_eq!(cache.get("middle").await?, None, "it would have expired soonest");
    for _ in 0..10 {
        cache.set("new", &json!(2), SECOND * 60).await?;
    }
    assert!(
        cache.get("long").await?.is_some(),
        "replacing a key needs no room"
    );
    clock.advance(SECOND * 100);
    cache.set("last", &json!(3), SECOND).await?;
    assert_eq!(cache.len(), 1);
    Ok(())
}

#[derive(Debug)]
struct Counting(AtomicUsize);

impl futures_util::task::ArcWake for Counting {
    fn wake_by_ref(counting: &Arc<Self>) {
        counting.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_sleeper_is_woken_once() {
    let clock = start();
    let mut sleep = clock.sleep_until(clock.now() + SECOND);
    let counting = Arc::new(Counting(AtomicUsize::new(0)));
    let waker = futures_util::task::waker(Arc::clone(&counting));
    let mut context = std::task::Context::from_waker(&waker);
    for _ in 0..3 {
        assert!(sleep.as_mut().poll(&mut context).is_pending());
    }
    clock.advance(SECOND * 2);
    clock.advance(SECOND);
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    assert!(sleep.as_mut().poll(&mut context).is_ready());
}
