//! `kill -9` in the middle of everything.

use std::time::Duration;

use frontdesk_e2e::Desk;
use frontdesk_fake_telegram::{Effect, Fault};

use crate::crowd::{Crowd, EACH};

crate::on_every_desk!(
    killed_in_the_middle_nothing_is_lost,
    90,
    super::killed_in_the_middle_nothing_is_lost
);

/// Short, so that what a dead process had in hand is due again soon; longer than a database on a busy
/// machine is silent, since a lease that runs out meanwhile leaves calls open that no kill has cut.
pub(crate) const LEASE: &str = "5s";

/// Calls under way at a time, at most: the sender's slots.
const IN_FLIGHT: u64 = 32;

pub(crate) async fn killed_in_the_middle_nothing_is_lost(mut desk: Desk) {
    desk.set("WORK_LEASE", LEASE);
    // Answers are held back a little, so that a kill meets calls under way, and the fake knows which.
    desk.telegram
        .fault(Fault::new(Effect::Slow { seconds: 0.05 }).method("sendMessage"));
    let crowd = Crowd::new(200..230);
    let mut kills: Vec<u64> = Vec::new();
    let mut written = 0;
    let mut running = desk.start().await;
    // Three power cuts; after each, everybody is served before the next: a call cut twice may be
    // given up, that is another test.
    for (until, sends) in [(4, 30), (7, 45), (EACH, 15)] {
        let before = desk.telegram.calls_of("sendMessage").len();
        crowd.write(&desk, written..until);
        written = until;
        let sent = desk
            .telegram
            .wait_until("enough sends", Duration::from_secs(30), |telegram| {
                (telegram.calls_of("sendMessage").len() >= before + sends).then_some(())
            })
            .await;
        assert!(sent.is_ok(), "{sent:?}");
        running.kill().await;
        kills.push(desk.telegram.calls().last().map_or(0, |call| call.counter));
        running = desk.start().await;
        crowd.answered(&desk, until, Duration::from_secs(30)).await;
        // What was cut is there already; its repeat may still be to come.
        running.idle().await;
    }
    running.stop().await.fine();

    doubled_only_where_cut(&desk, &crowd, &kills);
    assert_eq!(desk.dead_letters().await, Vec::<serde_json::Value>::new());
}

/// Everybody was answered in order, and twice only with calls that were under way at a kill: the
/// number of the last call before each is known.
pub(crate) fn doubled_only_where_cut(desk: &Desk, crowd: &Crowd, kills: &[u64]) {
    let calls = desk.telegram.calls_of("sendMessage");
    for doubled in crowd.check(desk, EACH) {
        let call = calls.iter().find(|call| {
            call.chat_id == Some(doubled.chat) && call.outcome.message_id == Some(doubled.first.message_id)
        });
        let at = call.map_or(0, |call| call.counter);
        // An answer that was read but not yet written down is as open as one that was cut.
        let open = doubled.first.cut || kills.iter().any(|kill| at <= *kill && kill - at <= 2 * IN_FLIGHT);
        assert!(
            open,
            "sent twice though nothing was cut: {doubled:#?} {call:#?} {kills:?}"
        );
    }
}
