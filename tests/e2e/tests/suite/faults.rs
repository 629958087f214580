//! Telegram refuses, limits, hangs and breaks off.

use std::time::Duration;

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE};
use frontdesk_fake_telegram::{Call, Effect, Fault};

use crate::conversation::{Client, assert_says, texts};
use crate::within_seconds;

const ANN: i64 = 51;
const BOB: i64 = 52;

/// A desk, and Ann's and Bob's chats greeted.
async fn greeted(backend: Backend) -> Option<(Desk, frontdesk_e2e::Running)> {
    let mut desk = Desk::new(backend, Mode::Webhook).await?;
    desk.set("WORK_LEASE", "3s");
    let running = desk.start().await;
    for client in [ANN, BOB] {
        Client::new(&desk, client).says("/start").await;
    }
    Some((desk, running))
}

/// What became of the messages sent to a chat, greeting aside.
fn sends(desk: &Desk, chat: i64) -> Vec<Call> {
    let calls = desk.telegram.calls_of("sendMessage").into_iter();
    calls.filter(|call| call.chat_id == Some(chat)).skip(1).collect()
}

/// Waits for the reply after the greeting, and gives every message of the bot in the chat.
async fn replies(desk: &Desk, chat: i64, text: &str, count: usize) -> Vec<String> {
    let seen = desk
        .telegram
        .wait_until(text, PATIENCE, |telegram| {
            let seen = telegram.bot_messages(chat);
            let there = seen.iter().filter(|message| message.text.contains(text)).count();
            (there >= count).then_some(seen)
        })
        .await;
    match seen {
        Ok(seen) => texts(&seen).into_iter().map(str::to_owned).collect(),
        Err(late) => panic!("{late}: {:#?}", desk.telegram.calls_of("sendMessage")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_waited_for_and_costs_nothing() {
    within_seconds(40, async {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let Some((desk, running)) = greeted(backend).await else {
                continue;
            };
            let limited = Effect::TooManyRequests { retry_after: 1 };
            // More often than an update has attempts.
            desk.telegram
                .fault(Fault::new(limited).method("sendMessage").chat(ANN).times(6));
            desk.telegram.user_text(ANN, "/help");
            // Another chat does not wait for it.
            desk.telegram.user_text(BOB, "/help");
            replies(&desk, BOB, "Ask me anything", 1).await;
            assert!(desk.telegram.bot_messages(ANN).len() < 2, "Ann is still limited");
            assert_eq!(replies(&desk, ANN, "Ask me anything", 1).await.len(), 2);
            let calls = sends(&desk, ANN);
            let statuses: Vec<Option<u16>> = calls.iter().map(|call| call.outcome.status).collect();
            assert_eq!(statuses.len(), 7, "{statuses:?}");
            for pair in calls.windows(2) {
                let waited = Duration::from_millis(pair[1].at - pair[0].at);
                assert!(waited >= Duration::from_secs(1), "asked again after {waited:?}");
            }
            assert!(desk.dead_letters().await.is_empty());
            running.stop().await.fine();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definite_refusal_is_final_and_the_chat_goes_on() {
    within_seconds(40, async {
        let Some((desk, running)) = greeted(Backend::Sqlite).await else {
            return;
        };
        desk.telegram.fault(
            Fault::new(Effect::Blocked)
                .method("sendMessage")
                .chat(ANN)
                .times(1),
        );
        desk.telegram.user_text(ANN, "/help");
        desk.telegram.user_text(ANN, "/privacy");
        let seen = replies(&desk, ANN, "/privacy", 1).await;
        assert!(
            !seen.iter().any(|text| text.contains("Ask me anything")),
            "{seen:?}"
        );
        assert_eq!(sends(&desk, ANN).len(), 2, "a refused message is not tried again");
        // Text that Telegram cannot read as marked up goes out plain, once.
        desk.telegram.fault(
            Fault::new(Effect::CannotParseEntities)
                .method("sendMessage")
                .chat(BOB)
                .times(1),
        );
        desk.telegram.user_text(BOB, "/help");
        assert_eq!(replies(&desk, BOB, "Ask me anything", 1).await.len(), 2);
        running.stop().await.fine();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_sent_is_sent_once_more_at_most() {
    within_seconds(60, async {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let Some((desk, running)) = greeted(backend).await else {
                continue;
            };
            // Each of these leaves open whether the message went out; it comes once more, and only once.
            let unknown = [
                (Effect::BadGateway, 1),
                (Effect::InternalError, 1),
                (Effect::DropBefore, 1),
                (Effect::DropAfter, 2),
            ];
            for (round, (effect, expected)) in unknown.into_iter().enumerate() {
                let chat = 60 + i64::try_from(round).unwrap_or(0);
                Client::new(&desk, chat).says("/start").await;
                desk.telegram.fault(
                    Fault::new(effect.clone())
                        .method("sendMessage")
                        .chat(chat)
                        .times(1),
                );
                desk.telegram.user_text(chat, "/help");
                desk.telegram.user_text(chat, "/privacy");
                let seen = replies(&desk, chat, "We keep what you write", 1).await;
                let copies = seen
                    .iter()
                    .filter(|text| text.contains("Ask me anything"))
                    .count();
                assert_eq!(copies, expected, "{effect:?}: {seen:?}");
                assert_eq!(sends(&desk, chat).len(), 3, "{effect:?}");
            }
            // Cut twice: given up, visible, and the next answer comes.
            let cut = Fault::new(Effect::DropAfter).method("sendMessage").chat(BOB);
            desk.telegram.fault(cut.times(2));
            desk.telegram.user_text(BOB, "/help");
            desk.telegram.user_text(BOB, "/privacy");
            let seen = replies(&desk, BOB, "We keep what you write", 1).await;
            let copies = seen
                .iter()
                .filter(|text| text.contains("Ask me anything"))
                .count();
            assert_eq!(copies, 2, "never three times: {seen:?}");
            let letters = desk.dead_letters().await;
            assert_eq!(letters.len(), 1, "{letters:#?}");
            assert_eq!(letters[0]["lane"]["chat"], BOB);
            running.stop().await.fine();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_telegram_parks_nothing() {
    within_seconds(60, async {
        let Some((desk, running)) = greeted(Backend::Sqlite).await else {
            return;
        };
        // Everything fails, getMe too: the one repeat waits until it does not.
        let outage = desk.telegram.fault(Fault::new(Effect::BadGateway));
        for _ in 0..3 {
            desk.telegram.user_text(ANN, "/help");
        }
        let failed = desk
            .telegram
            .wait_until("probes", PATIENCE, |telegram| {
                (telegram.calls_of("getMe").len() >= 3).then_some(())
            })
            .await;
        assert!(
            failed.is_ok(),
            "{failed:?}: {:?}",
            desk.telegram.calls_of("getMe")
        );
        assert_eq!(
            sends(&desk, ANN).len(),
            1,
            "one message was tried once: {:#?}",
            sends(&desk, ANN)
        );
        desk.telegram.clear_fault(outage);
        assert_eq!(replies(&desk, ANN, "Ask me anything", 3).await.len(), 4);
        assert!(desk.dead_letters().await.is_empty());
        running.stop().await.fine();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_hangs_holds_up_nobody_else() {
    within_seconds(60, async {
        let Some((desk, running)) = greeted(Backend::Sqlite).await else {
            return;
        };
        desk.telegram.fault(
            Fault::new(Effect::Hang { seconds: 5.0 })
                .method("sendMessage")
                .chat(ANN)
                .times(1),
        );
        desk.telegram.user_text(ANN, "/help");
        let mut bob = Client::new(&desk, BOB);
        bob.next("his greeting").await;
        assert_says(&bob.says("/help").await, "Ask me anything");
        assert_eq!(desk.telegram.bot_messages(ANN).len(), 1, "Ann still waits");
        // The lease is shorter than the hang: it was kept alive meanwhile, so nobody sent beside it.
        assert_eq!(replies(&desk, ANN, "Ask me anything", 1).await.len(), 2);
        assert_eq!(sends(&desk, ANN).len(), 2);
        running.stop().await.fine();
    })
    .await;
}
