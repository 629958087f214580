//! The checks of the clock port.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::Clock;
use frontdesk_core::time::Timestamp;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};

use crate::check::suite;

/// What the kit must know of a clock adapter.
#[async_trait]
pub trait ClockHarness: Sync {
    /// The clock.
    async fn clock(&self) -> Arc<dyn Clock>;

    /// Lets so much time pass by it: a real clock is waited for.
    async fn advance(&self, clock: &dyn Clock, by: Duration);
}

suite!(
    ClockHarness,
    "clock",
    Scene::new,
    [
        time_passes,
        what_is_over_is_not_waited_for,
        a_sleeper_wakes_when_its_time_has_come,
        a_sleeper_does_not_wake_early,
        sleepers_wake_in_any_order_they_were_made,
        a_dropped_sleeper_is_no_bother,
    ]
);

const STEP: Duration = Duration::from_millis(200);

struct Scene<'a> {
    harness: &'a dyn ClockHarness,
    clock: Arc<dyn Clock>,
}

impl<'a> Scene<'a> {
    async fn new(harness: &'a dyn ClockHarness) -> Self {
        let clock = harness.clock().await;
        Scene { harness, clock }
    }

    async fn pass(&self, by: Duration) {
        self.harness.advance(&*self.clock, by).await;
    }

    fn sleep(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        self.clock.sleep_until(at)
    }
}

async fn time_passes(scene: &Scene<'_>) {
    let before = scene.clock.now();
    scene.pass(STEP).await;
    let passed = scene.clock.now().since(before);
    assert!(passed >= STEP * 9 / 10, "{passed:?}");
}

async fn what_is_over_is_not_waited_for(scene: &Scene<'_>) {
    let now = scene.clock.now();
    scene.sleep(now).await;
    scene.sleep(now - Duration::from_hours(24)).await;
    scene.sleep(Timestamp::from_micros(i64::MIN)).await;
}

async fn a_sleeper_wakes_when_its_time_has_come(scene: &Scene<'_>) {
    let at = scene.clock.now() + STEP;
    let ((), ()) = join(scene.sleep(at), scene.pass(STEP + STEP / 4)).await;
    assert!(scene.clock.now() >= at, "not before its time");
}

async fn a_sleeper_does_not_wake_early(scene: &Scene<'_>) {
    let mut sleeper = scene.sleep(scene.clock.now() + Duration::from_hours(24));
    assert_eq!((&mut sleeper).now_or_never(), None);
    scene.pass(STEP).await;
    assert_eq!((&mut sleeper).now_or_never(), None);
    let never = scene.sleep(Timestamp::from_micros(i64::MAX));
    assert_eq!(never.now_or_never(), None);
}

async fn sleepers_wake_in_any_order_they_were_made(scene: &Scene<'_>) {
    let now = scene.clock.now();
    let sleepers = [3, 1, 2, 1].map(|steps| scene.sleep(now + STEP * steps / 3));
    let all = futures_util::future::join_all(sleepers);
    let (woken, ()) = join(all, scene.pass(STEP + STEP / 4)).await;
    assert_eq!(woken.len(), 4);
}

async fn a_dropped_sleeper_is_no_bother(scene: &Scene<'_>) {
    let mut dropped = scene.sleep(scene.clock.now() + STEP / 2);
    assert_eq!((&mut dropped).now_or_never(), None);
    drop(dropped);
    let kept = scene.sleep(scene.clock.now() + STEP / 2);
    let ((), ()) = join(kept, scene.pass(STEP)).await;
}
