//! The soft stop: claim nothing more, finish what is in hand, give the rest back.
//!
//! The hard stop is dropping a loop's future: leases run out, and nothing is lost then either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::wake::Wake;

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    wake: Wake,
}

/// Asks the loops that hold the [`Stop`] to end. Dropping it asks nothing.
#[derive(Clone, Debug)]
pub struct StopHandle {
    shared: Arc<Shared>,
}

/// What a loop asks whether it is to end. Clones are the same signal.
#[derive(Clone, Debug)]
pub struct Stop {
    shared: Arc<Shared>,
}

impl StopHandle {
    /// A signal and the one who gives it.
    pub fn new() -> (StopHandle, Stop) {
        let shared = Arc::new(Shared::default());
        (
            StopHandle {
                shared: Arc::clone(&shared),
            },
            Stop { shared },
        )
    }

    /// Asks to stop; for ever.
    pub fn stop(&self) {
        self.shared.requested.store(true, Ordering::Release);
        self.shared.wake.notify();
    }
}

impl Stop {
    /// Whether to stop.
    pub fn is_requested(&self) -> bool {
        self.shared.requested.load(Ordering::Acquire)
    }

    /// Completes once to stop.
    pub async fn requested(&self) {
        let mut listener = self.shared.wake.listen();
        while !self.is_requested() {
            listener.wait().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_stop_is_for_ever_and_for_all() {
        let (handle, stop) = StopHandle::new();
        let other = stop.clone();
        assert!(stop.requested().now_or_never().is_none());
        handle.stop();
        assert!(stop.is_requested());
        assert!(stop.requested().now_or_never().is_some());
        assert!(other.requested().now_or_never().is_some());
    }
}
