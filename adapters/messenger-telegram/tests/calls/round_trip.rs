//! Against the stateful fake: what clients do comes in, what is sent is seen.

use std::time::Duration;

use frontdesk_core::dialogue::UpdateKind;
use frontdesk_core::id::ChatId;
use frontdesk_core::port::messenger::{
    Action, Button, Keyboard, Messenger, MessengerError, OutboundCall, UpdateDecoder, UpdateSource,
};
use frontdesk_core::text::RichText;
use frontdesk_fake_telegram::{self as fake, Config, Effect, FakeTelegram, Fault};
use frontdesk_telegram::{
    ALLOWED_UPDATES, BotToken, TelegramClient, TelegramDecoder, TelegramMessenger, TelegramPoller,
    TelegramSettings,
};

pub fn client_of(telegram: &FakeTelegram) -> TelegramClient {
    let mut settings = TelegramSettings::new(BotToken::parse(telegram.token()).ok().unwrap());
    settings.api_url = telegram.url();
    settings.call_timeout = Duration::from_secs(2);
    TelegramClient::new(settings, slog::Logger::root(slog::Discard, slog::o!())).unwrap()
}

/// A fake whose private chats are open.
pub async fn open_fake() -> FakeTelegram {
    let config = Config {
        open_chats: true,
        ..Config::default()
    };
    FakeTelegram::start(config).await.unwrap()
}

fn say(text: &str, keyboard: Option<Keyboard>) -> OutboundCall {
    OutboundCall {
        chat: ChatId(42),
        thread: None,
        action: Action::Send {
            content: RichText::plain(text),
            keyboard,
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_an_answer_and_a_tap() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    let client = client_of(&telegram);
    let (poller, messenger) = (
        TelegramPoller::new(client.clone()),
        TelegramMessenger::new(client),
    );
    messenger.probe().await.unwrap();

    telegram.user_text(42, "/start");
    let first = poller.next_updates(None, Duration::from_secs(5)).await.unwrap();
    let update = TelegramDecoder.decode(&first[0], 1).unwrap();
    assert_eq!(
        (update.chat, update.what),
        (
            ChatId(42),
            UpdateKind::Text {
                text: "/start".to_owned()
            }
        )
    );

    let button = Button {
        label: "Prices".to_owned(),
        data: "k:prices".to_owned(),
    };
    let sent = messenger
        .call(&say("Hello", Some(Keyboard::Inline(vec![vec![button]]))))
        .await
        .unwrap();
    let seen = telegram
        .wait_for_messages(42, 1, Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(seen[0].text, "Hello");
    assert_eq!(sent.channel_message_id.map(|id| id.0), Some(seen[0].message_id));

    telegram.tap(42, &fake::Button::label("Prices")).unwrap();
    let confirmed = TelegramDecoder.peek(&first[0]).unwrap().update_id;
    let second = poller
        .next_updates(Some(confirmed), Duration::from_secs(5))
        .await
        .unwrap();
    let UpdateKind::Tap { tap_id, data } = TelegramDecoder.decode(&second[0], 1).unwrap().what else {
        panic!("no tap")
    };
    assert_eq!(data, "k:prices");
    let answer = Action::AnswerTap { tap_id, text: None };
    messenger
        .call(&OutboundCall {
            action: answer,
            ..say("", None)
        })
        .await
        .unwrap();
    assert_eq!(telegram.callback_answers().len(), 1);
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_after_the_act_is_unknown_and_connections_are_reused() {
    let telegram = open_fake().await;
    let messenger = TelegramMessenger::new(client_of(&telegram));
    for at in 0..5 {
        messenger.call(&say(&at.to_string(), None)).await.unwrap();
    }
    telegram.fault(Fault::new(Effect::DropAfter).times(1));
    let lost = messenger.call(&say("lost", None)).await.unwrap_err();
    assert!(matches!(lost, MessengerError::Unknown(_)), "{lost:?}");
    telegram.fault(Fault::new(Effect::TooManyRequests { retry_after: 86_400 }).times(1));
    let limited = messenger.call(&say("limited", None)).await.unwrap_err();
    assert!(
        matches!(limited, MessengerError::RateLimited { retry_after, .. } if retry_after.as_secs() == 86_400)
    );
    assert_eq!(telegram.bot_messages(42).len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_beside_a_webhook_is_refused_until_it_is_deleted() {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    let client = client_of(&telegram);
    let poller = TelegramPoller::new(client.clone());
    client
        .set_webhook(
            "https://desk.example/webhook/telegram",
            "s3cret",
            &ALLOWED_UPDATES,
            40,
        )
        .await
        .unwrap();
    assert_eq!(
        client.webhook_info().await.unwrap().url,
        "https://desk.example/webhook/telegram"
    );
    let error = poller.next_updates(None, Duration::ZERO).await.unwrap_err();
    assert!(
        matches!(&error, MessengerError::Rejected(text) if text.contains("delete-webhook")),
        "{error:?}"
    );
    client.delete_webhook().await.unwrap();
    assert!(
        poller
            .next_updates(None, Duration::ZERO)
            .await
            .unwrap()
            .is_empty()
    );
}
