//! The order of each chat, under load.

use std::time::Duration;

use frontdesk_e2e::Desk;

use crate::crowd::{Crowd, EACH};

crate::on_every_desk!(
    a_hundred_clients_are_answered_in_order,
    90,
    super::a_hundred_clients_are_answered_in_order
);

pub(crate) async fn a_hundred_clients_are_answered_in_order(mut desk: Desk) {
    desk.set("RATE_LIMIT_PER_HOUR", "10000");
    desk.set("RATE_LIMIT_PER_DAY", "10000");
    let crowd = Crowd::new(1000..1100);
    let running = desk.start().await;
    crowd.write(&desk, 0..EACH);
    crowd.answered(&desk, EACH, Duration::from_secs(75)).await;
    let ended = running.stop().await.fine();
    let doubled = crowd.check(&desk, EACH);
    assert!(doubled.is_empty(), "{doubled:#?}");
    assert_eq!(desk.telegram.stats().messages_sent, (crowd.len() * EACH) as u64);
    assert!(!ended.stderr.contains("\"level\":\"error\""), "{}", ended.stderr);
}
