//! Telegram repeats itself: beside the first delivery, after it, and after a restart.

use frontdesk_e2e::{Desk, PATIENCE};

use crate::conversation::{Client, texts};

crate::on_every_desk!(each_update_acts_once, 60, super::each_update_acts_once);

const FIRST_UPDATE: i64 = 2_000_001;
const CLIENTS: std::ops::Range<i64> = 100..110;

pub(crate) async fn each_update_acts_once(mut desk: Desk) {
    desk.telegram.deliver_times(3);
    let running = desk.start().await;
    for id in CLIENTS {
        desk.telegram.user_text(id, "/start");
        desk.telegram.user_text(id, "/privacy");
        desk.telegram.user_text(id, "how much is a devops audit?");
    }
    for id in CLIENTS {
        Client::new(&desk, id).hears("EUR 2,500").await;
    }
    answered_once(&desk).await;
    running.stop().await.fine();

    // The same updates again, to a program that never saw them itself.
    let running = desk.start().await;
    let sent = desk.telegram.calls_of("sendMessage").len();
    desk.telegram.restart_update_ids(FIRST_UPDATE);
    for id in CLIENTS {
        for _ in 0..3 {
            desk.telegram.user_text(id, "/start");
        }
    }
    answered_once(&desk).await;
    assert_eq!(
        desk.telegram.calls_of("sendMessage").len(),
        sent,
        "nothing was sent twice"
    );
    running.stop().await.fine();
}

/// Every client got each of the three answers once, in order.
async fn answered_once(desk: &Desk) {
    if let Err(late) = desk.telegram.wait_delivered_all(PATIENCE).await {
        panic!("{late}: {:?}", desk.telegram.stats());
    }
    for id in CLIENTS {
        let messages = desk.telegram.bot_messages(id);
        let texts = texts(&messages);
        let expected = ["Welcome", "/privacy", "EUR 2,500"];
        let fits = |(text, part): (&&str, &str)| text.contains(part);
        assert_eq!(texts.len(), expected.len(), "chat {id}: {texts:?}");
        assert!(texts.iter().zip(expected).all(fits), "chat {id}: {texts:?}");
    }
}
