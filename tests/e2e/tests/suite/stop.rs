//! SIGTERM in the middle of work.

use std::time::{Duration, Instant};

use frontdesk_e2e::Desk;
use frontdesk_fake_telegram::{Effect, Fault};

use crate::crowd::{Crowd, EACH};

crate::on_every_desk!(
    stopped_under_load_it_drains_and_loses_nothing,
    60,
    super::stopped_under_load_it_drains_and_loses_nothing
);

pub(crate) async fn stopped_under_load_it_drains_and_loses_nothing(mut desk: Desk) {
    // The default lease: what was not given back would come back too late for this test.
    desk.telegram
        .fault(Fault::new(Effect::Slow { seconds: 0.02 }).method("sendMessage"));
    let crowd = Crowd::new(300..320);
    let running = desk.start().await;
    crowd.write(&desk, 0..EACH);
    let under_way = desk
        .telegram
        .wait_until("work under way", Duration::from_secs(20), |telegram| {
            (telegram.calls_of("sendMessage").len() >= 40).then_some(())
        })
        .await;
    assert!(under_way.is_ok(), "{under_way:?}");
    let asked = Instant::now();
    let ended = running.stop().await.fine();
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    assert!(ended.stderr.contains("frontdesk has stopped"), "{ended:#?}");
    assert!(!ended.stderr.contains("the grace is over"), "{ended:#?}");

    let running = desk.start().await;
    crowd.answered(&desk, EACH, Duration::from_secs(20)).await;
    running.stop().await.fine();
    let doubled = crowd.check(&desk, EACH);
    assert!(doubled.is_empty(), "a stop cuts nothing: {doubled:#?}");
    assert_eq!(desk.telegram.stats().messages_cut, 0);
}
