//! A wake-up within one process: work has come, look now rather than at the next poll.
//!
//! It is a courtesy. Polling is the truth: a wake-up may be missing (work of another process) or
//! needless, and nothing may rely on it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

#[derive(Debug, Default)]
struct Shared {
    generation: u64,
    next_listener: u64,
    waiting: BTreeMap<u64, Waker>,
}

/// Wakes everyone who listens. Clones are the same signal.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    shared: Arc<Mutex<Shared>>,
}

/// One who listens. Hears every [`Wake::notify`] since it was made or last woke, so nothing is
/// lost between looking for work and waiting for it.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Mutex<Shared>>,
    id: u64,
    heard: u64,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake {
    /// A signal that nobody has given yet.
    pub fn new() -> Self {
        Wake::default()
    }

    /// Wakes everyone who listens. Several signals before one looks are one.
    pub fn notify(&self) {
        let waiting = {
            let mut shared = lock(&self.shared);
            shared.generation = shared.generation.wrapping_add(1);
            std::mem::take(&mut shared.waiting)
        };
        for waker in waiting.into_values() {
            waker.wake();
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        let mut shared = lock(&self.shared);
        let id = shared.next_listener;
        shared.next_listener += 1;
        Listener {
            shared: Arc::clone(&self.shared),
            id,
            heard: shared.generation,
        }
    }

    /// Waits for the next signal from now on. A loop that looks for work between its waits keeps a
    /// [`Listener`] instead.
    pub async fn wait(&self) {
        self.listen().wait().await;
    }
}

impl Listener {
    /// Completes at once if a signal was given since the last time; else with the next one.
    /// Dropping the future loses nothing.
    pub async fn wait(&mut self) {
        poll_fn(|cx| {
            let mut shared = lock(&self.shared);
            if shared.generation == self.heard {
                shared.waiting.insert(self.id, cx.waker().clone());
                Poll::Pending
            } else {
                self.heard = shared.generation;
                shared.waiting.remove(&self.id);
                Poll::Ready(())
            }
        })
        .await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.shared).waiting.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_signal_between_looking_and_waiting_is_heard_once_by_each() {
        let wake = Wake::new();
        let (mut one, mut other) = (wake.listen(), wake.listen());
        assert!(one.wait().now_or_never().is_none());
        wake.notify();
        wake.notify();
        assert!(one.wait().now_or_never().is_some());
        assert!(one.wait().now_or_never().is_none());
        assert!(other.wait().now_or_never().is_some());
        assert!(wake.wait().now_or_never().is_none(), "listens from now on");
    }

    #[test]
    fn waits_given_up_leave_nothing_behind() {
        let wake = Wake::new();
        let mut listener = wake.listen();
        for _ in 0..100 {
            assert!(listener.wait().now_or_never().is_none());
        }
        assert_eq!(lock(&wake.shared).waiting.len(), 1);
        drop(listener);
        assert!(lock(&wake.shared).waiting.is_empty());
    }
}
