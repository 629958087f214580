//! A clock that stands still until it is told to move.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use frontdesk_core::port::Clock;
use frontdesk_core::time::Timestamp;
use futures_util::future::BoxFuture;

use crate::lock;

/// Simulated time: moves only when [`advance`](SimulatedClock::advance) is called. Clones share it.
///
/// Sleepers are woken in the order of the time they wait for; those of one time in the order in
/// which they began to wait.
#[derive(Clone, Debug)]
pub struct SimulatedClock {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    began: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl SimulatedClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        SimulatedClock {
            inner: Arc::new(Mutex::new(Inner {
                now,
                began: 0,
                sleepers: BTreeMap::new(),
            })),
        }
    }

    /// Moves time on and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        let to = lock(&self.inner).now + by;
        self.set(to);
    }

    /// Sets the time, backwards too, and wakes whoever waited for it.
    pub fn set(&self, to: Timestamp) {
        for waker in self.move_to(to) {
            waker.wake();
        }
    }

    /// When the next sleeper is to be woken: a simulation that has nothing else to do jumps there.
    pub fn next_wake(&self) -> Option<Timestamp> {
        lock(&self.inner).sleepers.keys().next().map(|(at, _)| *at)
    }

    fn move_to(&self, to: Timestamp) -> Vec<Waker> {
        let mut inner = lock(&self.inner);
        inner.now = to;
        let waiting_on = inner.sleepers.split_off(&(to, u64::MAX));
        let due = std::mem::replace(&mut inner.sleepers, waiting_on);
        due.into_values().collect()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        lock(&self.inner).now
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(Sleep {
            inner: Arc::clone(&self.inner),
            at,
            began: None,
        })
    }
}

struct Sleep {
    inner: Arc<Mutex<Inner>>,
    at: Timestamp,
    began: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.inner);
        let mut inner = lock(&shared);
        if inner.now >= self.at {
            return Poll::Ready(());
        }
        let began = *self.began.get_or_insert_with(|| {
            inner.began += 1;
            inner.began
        });
        inner.sleepers.insert((self.at, began), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(began) = self.began {
            lock(&self.inner).sleepers.remove(&(self.at, began));
        }
    }
}
