use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use frontdesk_core::desk::{Heartbeat, PacingSettings};
use frontdesk_core::id::Channel;
use frontdesk_core::port::messenger::{OutboundCall, Sent};
use frontdesk_core::port::{Clock, Messenger, MessengerError};
use frontdesk_core::work::LaneKind;

use crate::doubles::Gate;
use crate::sends::{replies_waiting, texts, waiting};
use crate::world::{World, secs};

/// A messenger that answers when it is let.
#[derive(Debug)]
struct SlowMessenger {
    inner: Arc<frontdesk_memory::RecordingMessenger>,
    gate: Gate,
}

#[async_trait]
impl Messenger for SlowMessenger {
    fn channel(&self) -> Channel {
        self.inner.channel()
    }

    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        self.gate.pass().await;
        self.inner.call(call).await
    }

    async fn probe(&self) -> Result<(), MessengerError> {
        self.inner.probe().await
    }
}

fn slow(world: &World) -> Arc<SlowMessenger> {
    let messenger = Arc::new(SlowMessenger {
        inner: world.messenger.clone(),
        gate: Gate::default(),
    });
    messenger.gate.close();
    messenger
}

#[test]
fn a_stop_finishes_the_calls_under_way_and_leaves_the_rest() {
    let mut world = waiting(&[(5, "a"), (5, "later"), (6, "b")]);
    let messenger = slow(&world);
    let sender = world.sender_with(messenger.clone(), PacingSettings::OFF);
    world.settle();
    assert_eq!(world.process.hands.count(&LaneKind::Reply), 2, "chats at once");
    world.stop();
    assert!(world.is_running(sender));
    messenger.gate.open();
    world.settle();
    assert!(!world.is_running(sender));
    assert_eq!(texts(&world.said()), ["a", "b"]);
    assert_eq!(replies_waiting(&mut world), 1);
}

#[test]
fn the_heartbeat_keeps_a_slow_call_and_outcomes_outlive_an_outage() {
    let mut world = waiting(&[(5, "a")]);
    let heartbeat = Heartbeat::new(world.process.clone());
    let stop = world.stop.clone();
    world.spawn(async move { heartbeat.run(stop).await });
    let messenger = slow(&world);
    world.sender_with(messenger.clone(), PacingSettings::OFF);
    let other = world.new_process(9);
    let rival = frontdesk_core::desk::Sender::new(frontdesk_core::desk::SenderParts {
        process: other,
        messengers: vec![(crate::world::BOT, world.messenger.clone())],
        pacing: frontdesk_core::desk::Pacing::new(PacingSettings::OFF),
        settings: frontdesk_core::desk::SenderSettings::default(),
    });
    world.pass(secs(1));
    let stop = world.stop.clone();
    world.spawn(async move { rival.run(stop).await });
    world.pass(secs(50));
    assert!(world.asked().is_empty(), "nobody else took the lane");
    world.store.down.store(true, Ordering::SeqCst);
    messenger.gate.open();
    world.pass(secs(5));
    world.store.down.store(false, Ordering::SeqCst);
    world.pass(secs(60));
    assert_eq!(texts(&world.said()), ["a"]);
    assert_eq!(replies_waiting(&mut world), 0);
}

#[test]
fn a_call_without_an_end_has_an_unknown_outcome() {
    let mut world = waiting(&[(5, "a")]);
    let messenger = slow(&world);
    world.sender_with(messenger, PacingSettings::OFF);
    let heartbeat = Heartbeat::new(world.process.clone());
    let stop = world.stop.clone();
    world.spawn(async move { heartbeat.run(stop).await });
    let started = world.clock.now();
    world.pass(secs(61));
    assert_eq!(world.clock.now().since(started), secs(61));
    assert_eq!(world.process.stats.uncertain.get(), 1);
}
