//! What is shown while an answer is written.

use frontdesk_core::dialogue::UpdateKind;
use frontdesk_core::id::ChatId;
use frontdesk_core::port::messenger::{
    Action, Capabilities, Messenger, MessengerError, OutboundCall, UpdateDecoder,
};
use frontdesk_core::text::RichText;
use frontdesk_fake_telegram::{Effect, Fault};
use frontdesk_telegram::{TelegramDecoder, TelegramMessenger, TelegramPoller};

use crate::round_trip::{client_of, open_fake};

fn to(chat: i64, action: Action) -> OutboundCall {
    OutboundCall {
        chat: ChatId(chat),
        thread: None,
        action,
    }
}

fn draft(chat: i64, text: &str) -> OutboundCall {
    let text = text.to_owned();
    to(chat, Action::Draft { draft_id: 7, text })
}

const ALL: Capabilities = Capabilities {
    typing: true,
    drafts: true,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_drafts_and_the_answer() {
    let telegram = open_fake().await;
    let messenger = TelegramMessenger::new(client_of(&telegram));
    assert_eq!(messenger.capabilities(), ALL);
    messenger.call(&to(42, Action::Typing)).await.unwrap();
    assert_eq!(telegram.calls_of("sendChatAction")[0].params["action"], "typing");
    let long = "😀".repeat(3_000);
    for text in ["", "The", "The price", &long] {
        messenger.call(&draft(42, text)).await.unwrap();
    }
    let shown: Vec<_> = telegram.drafts(42).into_iter().map(|draft| draft.text).collect();
    assert_eq!(shown[..3], ["", "The", "The price"]);
    // Cut at 4,096 UTF-16 units, not within a character.
    assert_eq!(shown[3], "😀".repeat(2_048));
    let content = RichText::plain("The price is 5.");
    let answer = Action::Send {
        content,
        keyboard: None,
    };
    messenger.call(&to(42, answer)).await.unwrap();
    assert!(telegram.shown_draft(42).is_none());
    assert_eq!(messenger.capabilities(), ALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_know_drafts_is_asked_once() {
    let telegram = open_fake().await;
    telegram.know_drafts(false);
    let messenger = TelegramMessenger::new(client_of(&telegram));
    let copy = messenger.clone();
    for _ in 0..3 {
        let error = messenger.call(&draft(42, "The")).await.unwrap_err();
        assert!(matches!(error, MessengerError::Rejected(_)), "{error:?}");
    }
    assert_eq!(telegram.calls_of("sendMessageDraft").len(), 1);
    let left = Capabilities { drafts: false, ..ALL };
    assert_eq!((messenger.capabilities(), copy.capabilities()), (left, left));
    messenger.call(&to(42, Action::Typing)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_errors_say_nothing_about_drafts() {
    let telegram = open_fake().await;
    let messenger = TelegramMessenger::new(client_of(&telegram));
    let group = messenger.call(&draft(-100, "x")).await.unwrap_err();
    assert!(matches!(group, MessengerError::Rejected(_)), "{group:?}");
    assert_eq!(telegram.calls().len(), 0, "no draft goes to a group");

    telegram.fault(Fault::new(Effect::TooManyRequests { retry_after: 9 }).times(1));
    let limited = messenger.call(&draft(42, "x")).await.unwrap_err();
    assert!(matches!(limited, MessengerError::RateLimited { retry_after, .. } if retry_after.as_secs() == 9));
    telegram.fault(Fault::new(Effect::InternalError).times(1));
    let failed = messenger.call(&draft(42, "x")).await.unwrap_err();
    assert!(matches!(failed, MessengerError::Unknown(_)), "{failed:?}");
    telegram.fault(Fault::new(Effect::CannotParseEntities).times(1));
    let refused = messenger.call(&draft(42, "x")).await.unwrap_err();
    assert!(matches!(refused, MessengerError::BadEntities(_)), "{refused:?}");
    assert_eq!(messenger.capabilities(), ALL);
    messenger.call(&draft(42, "x")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_that_stops_an_answer_says_which() {
    use frontdesk_core::port::messenger::UpdateSource;
    let telegram = open_fake().await;
    let client = client_of(&telegram);
    let messenger = TelegramMessenger::new(client.clone());
    messenger.call(&draft(42, "The")).await.unwrap();
    telegram.stop_draft(42).unwrap();
    let poller = TelegramPoller::new(client);
    let updates = poller
        .next_updates(None, std::time::Duration::from_secs(5))
        .await
        .unwrap();
    let update = TelegramDecoder.decode(&updates[0], 1).unwrap();
    assert_eq!(
        (update.chat, update.what),
        (ChatId(42), UpdateKind::Stopped { draft_id: 7 })
    );
}
