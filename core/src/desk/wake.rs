//! A wake-up within one process: work has come, look now rather than at the next poll.
//!
//! It is a courtesy. Polling is the truth: a wake-up may be missing (work of another process) or
//! needless, and nothing may rely on it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug, Default)]
struct Shared {
    /// Signals given, whoever gave them.
    generation: u64,
    /// Signals given in this process.
    here: u64,
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
    /// Deaf to what is relayed.
    here_only: bool,
}

impl Shared {
    fn given(&self, here_only: bool) -> u64 {
        if here_only { self.here } else { self.generation }
    }
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
        self.give(true);
    }

    /// Passes on a signal that another process gave: those who [listen here](Wake::listen_here) do
    /// not hear it, so that it does not go round between processes.
    pub fn relay(&self) {
        self.give(false);
    }

    fn give(&self, is_ours: bool) {
        let waiting = {
            let mut shared = lock(&self.shared);
            shared.generation = shared.generation.wrapping_add(1);
            if is_ours {
                shared.here = shared.here.wrapping_add(1);
            }
            std::mem::take(&mut shared.waiting)
        };
        for waker in waiting.into_values() {
            waker.wake();
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        self.ear(false)
    }

    /// Listens from now on to signals given in this process only.
    pub fn listen_here(&self) -> Listener {
        self.ear(true)
    }

    fn ear(&self, here_only: bool) -> Listener {
        let mut shared = lock(&self.shared);
        let id = shared.next_listener;
        shared.next_listener += 1;
        Listener {
            shared: Arc::clone(&self.shared),
            id,
            heard: shared.given(here_only),
            here_only,
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
        poll_fn(|cx| self.poll_wait(cx)).await;
    }

    /// One look of [`wait`](Listener::wait).
    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.shared);
        let given = shared.given(self.here_only);
        if given == self.heard {
            shared.waiting.insert(self.id, cx.waker().clone());
            Poll::Pending
        } else {
            self.heard = given;
            shared.waiting.remove(&self.id);
            Poll::Ready(())
        }
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
    fn what_is_relayed_is_heard_by_all_but_those_who_listen_here() {
        let wake = Wake::new();
        let (mut one, mut here) = (wake.listen(), wake.listen_here());
        wake.relay();
        assert!(one.wait().now_or_never().is_some());
        assert!(here.wait().now_or_never().is_none());
        wake.notify();
        assert!(one.wait().now_or_never().is_some());
        assert!(here.wait().now_or_never().is_some());
        assert!(here.wait().now_or_never().is_none());
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
