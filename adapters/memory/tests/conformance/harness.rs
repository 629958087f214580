//! A memory store as the kit wants it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::Clock;
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryStore, SimulatedClock};
use frontdesk_port_kit::store::{KitStore, StoreHarness};

/// Where simulated time begins.
pub fn start() -> SimulatedClock {
    SimulatedClock::at(Timestamp::from_seconds(1_800_000_000))
}

/// Memory stores of one kind.
pub struct Memory {
    clock: SimulatedClock,
    make: Box<dyn Fn(Arc<dyn Clock>) -> MemoryStore + Send + Sync>,
}

impl Memory {
    pub fn new(make: impl Fn(Arc<dyn Clock>) -> MemoryStore + Send + Sync + 'static) -> Self {
        Memory {
            clock: start(),
            make: Box::new(make),
        }
    }
}

#[async_trait]
impl StoreHarness for Memory {
    async fn fresh(&self) -> Arc<dyn KitStore> {
        Arc::new((self.make)(Arc::new(self.clock.clone())))
    }

    async fn advance(&self, _: &dyn KitStore, by: Duration) {
        self.clock.advance(by);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Lets the others of the same task have their turn.
pub async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|cx| {
        if given {
            return std::task::Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
