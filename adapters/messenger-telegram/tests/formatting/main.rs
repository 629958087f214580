//! Thousands of texts as models write them, through Markdown, splitting and the messenger to a fake that
//! checks lengths and entities as Telegram does: it refuses none, and the clients read what was written.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;

use std::sync::Arc;
use std::time::Duration;

use frontdesk_core::id::ChatId;
use frontdesk_core::port::messenger::{Action, Messenger, OutboundCall};
use frontdesk_core::text::{MESSAGE_UNITS, RichText, markdown, split_rich};
use frontdesk_fake_telegram::{Config, FakeTelegram};
use frontdesk_telegram::{BotToken, TelegramClient, TelegramMessenger, TelegramSettings};

use crate::model::{Model, Written};

const TEXTS: u64 = 5_000;
const SENDERS: u64 = 8;
const FIRST_CHAT: i64 = 1_000;

fn chat_of(number: u64) -> i64 {
    FIRST_CHAT + i64::try_from(number).unwrap()
}

async fn send(messenger: &TelegramMessenger, chat: i64, content: RichText) {
    let call = OutboundCall {
        chat: ChatId(chat),
        thread: None,
        action: Action::Send {
            content,
            keyboard: None,
        },
    };
    let sent = messenger.call(&call).await;
    assert!(sent.is_ok(), "{sent:?}: {call:?}");
}

/// Fails with where they differ: some are as long as a book's page.
fn same(left: &str, right: &str, number: u64) {
    let at = left
        .chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right)
        .count();
    let tail = |text: &str| {
        text.chars()
            .skip(at.saturating_sub(20))
            .take(80)
            .collect::<String>()
    };
    assert!(
        left == right,
        "text {number}: {:?} is not {:?}",
        tail(left),
        tail(right)
    );
}

/// What is neither markup nor blank.
fn words(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace() && *c != '•')
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_a_model_may_write_arrives_as_it_was_written() {
    let config = Config {
        open_chats: true,
        ..Config::default()
    };
    let telegram = FakeTelegram::start(config).await.unwrap();
    let mut settings = TelegramSettings::new(BotToken::parse(telegram.token()).ok().unwrap());
    settings.api_url = telegram.url();
    settings.call_timeout = Duration::from_secs(20);
    let client = TelegramClient::new(settings, slog::Logger::root(slog::Discard, slog::o!())).unwrap();
    let messenger = Arc::new(TelegramMessenger::new(client));

    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let messenger = Arc::clone(&messenger);
        senders.spawn(async move {
            for number in (sender..TEXTS).step_by(usize::try_from(SENDERS).unwrap()) {
                let written = Model::of(number).writes();
                let rich = markdown(&written.source);
                for part in split_rich(&rich, MESSAGE_UNITS, 100) {
                    send(&messenger, chat_of(number), part).await;
                }
            }
        });
    }
    senders.join_all().await;

    let refused: Vec<_> = telegram
        .calls()
        .into_iter()
        .filter(|call| call.outcome.status != Some(200))
        .collect();
    assert_eq!(refused.len(), 0, "{:?}", refused.first());
    let (mut messages, mut entities, mut longest) = (0, 0, 0);
    for number in 0..TEXTS {
        let Written { source, plain } = Model::of(number).writes();
        let seen = telegram.bot_messages(chat_of(number));
        let joined: String = seen.iter().map(|message| message.text.as_str()).collect();
        if let Some(plain) = plain {
            same(&joined, &plain, number);
        } else {
            same(&joined, &markdown(&source).text, number);
            same(&words(&joined), &words(&source), number);
        }
        let count = |message: &frontdesk_fake_telegram::Seen| {
            let entities = message.message.get("entities").and_then(|all| all.as_array());
            entities.map_or(0, Vec::len)
        };
        messages += seen.len();
        entities += seen.iter().map(count).sum::<usize>();
        longest = longest.max(source.chars().count());
    }
    // The texts were worth it: long ones, split ones, formatted ones.
    assert!(
        messages > 5_150 && entities > 50_000,
        "{messages} messages, {entities} entities"
    );
    assert!(longest >= 20_000, "{longest}");
    assert_eq!(telegram.violations(), Vec::<String>::new());
}
