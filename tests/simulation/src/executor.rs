//! The scheduler: of all futures that can go on, chance says which one does.
//!
//! Futures belong to groups. A group is killed by dropping its futures, which is what `kill -9` does to
//! a process, and frozen by not polling them, which is what a stopped machine does.

use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::chance::Chance;

/// Futures that live and die together.
pub(crate) type Group = u64;

/// The group of what is not part of a process.
pub(crate) const WORLD: Group = 0;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Order {
    Start(Group, BoxFuture<'static, ()>),
    Kill(Group),
    Freeze(Group),
    Thaw(Group),
}

/// What futures ask of the executor that runs them. Carried out after each poll, in order.
#[derive(Clone, Default)]
pub(crate) struct Orders {
    waiting: Arc<Mutex<Vec<Order>>>,
}

impl Orders {
    fn give(&self, order: Order) {
        lock(&self.waiting).push(order);
    }

    pub(crate) fn start(&self, group: Group, future: impl Future<Output = ()> + Send + 'static) {
        self.give(Order::Start(group, Box::pin(future)));
    }

    pub(crate) fn kill(&self, group: Group) {
        self.give(Order::Kill(group));
    }

    pub(crate) fn freeze(&self, group: Group) {
        self.give(Order::Freeze(group));
    }

    pub(crate) fn thaw(&self, group: Group) {
        self.give(Order::Thaw(group));
    }
}

type Ready = Arc<Mutex<Vec<u64>>>;

struct TaskWaker {
    task: u64,
    queued: AtomicBool,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            lock(&self.ready).push(self.task);
        }
    }
}

struct Task {
    group: Group,
    future: BoxFuture<'static, ()>,
    waker: Arc<TaskWaker>,
}

/// Runs futures one poll at a time.
pub(crate) struct Executor {
    chance: Chance,
    orders: Orders,
    ready: Ready,
    tasks: BTreeMap<u64, Task>,
    next_task: u64,
    frozen: BTreeSet<Group>,
    /// Tasks of frozen groups that were woken meanwhile.
    held: Vec<(Group, u64)>,
    /// How many polls there were.
    pub(crate) polls: u64,
}

impl Executor {
    pub(crate) fn new(seed: u64) -> (Executor, Orders) {
        let orders = Orders::default();
        let executor = Executor {
            chance: Chance::new(seed),
            orders: orders.clone(),
            ready: Ready::default(),
            tasks: BTreeMap::new(),
            next_task: 0,
            frozen: BTreeSet::new(),
            held: Vec::new(),
            polls: 0,
        };
        (executor, orders)
    }

    /// Polls one of the futures that can go on; false if none can.
    pub(crate) fn step(&mut self) -> bool {
        self.obey();
        while let Some(id) = self.draw() {
            let Some(task) = self.tasks.get_mut(&id) else {
                continue;
            };
            if self.frozen.contains(&task.group) {
                self.held.push((task.group, id));
                continue;
            }
            self.polls += 1;
            task.waker.queued.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&task.waker));
            if task.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
                drop(self.tasks.remove(&id));
            }
            self.obey();
            return true;
        }
        false
    }

    fn draw(&self) -> Option<u64> {
        let mut ready = lock(&self.ready);
        if ready.is_empty() {
            return None;
        }
        let at = self.chance.place(ready.len());
        Some(ready.swap_remove(at))
    }

    fn obey(&mut self) {
        loop {
            let orders = std::mem::take(&mut *lock(&self.orders.waiting));
            if orders.is_empty() {
                return;
            }
            for order in orders {
                match order {
                    Order::Start(group, future) => self.start(group, future),
                    Order::Kill(group) => self.kill(group),
                    Order::Freeze(group) => {
                        self.frozen.insert(group);
                    }
                    Order::Thaw(group) => self.thaw(group),
                }
            }
        }
    }

    fn start(&mut self, group: Group, future: BoxFuture<'static, ()>) {
        let id = self.next_task;
        self.next_task += 1;
        let waker = Arc::new(TaskWaker {
            task: id,
            queued: AtomicBool::new(true),
            ready: Arc::clone(&self.ready),
        });
        self.tasks.insert(id, Task { group, future, waker });
        lock(&self.ready).push(id);
    }

    fn kill(&mut self, group: Group) {
        let ids: Vec<u64> = self
            .tasks
            .iter()
            .filter(|(_, task)| task.group == group)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            drop(self.tasks.remove(&id));
        }
        self.thaw(group);
    }

    fn thaw(&mut self, group: Group) {
        if !self.frozen.remove(&group) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        let (awake, held): (Vec<_>, Vec<_>) = held.into_iter().partition(|(of, _)| *of == group);
        self.held = held;
        lock(&self.ready).extend(awake.into_iter().map(|(_, id)| id));
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Futures that wait to be started hold the orders themselves.
        loop {
            self.tasks.clear();
            let orders = std::mem::take(&mut *lock(&self.orders.waiting));
            if orders.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontdesk_core::desk::Wake as Signal;

    /// Which of ten futures went on first, second, …
    fn order(seed: u64) -> Vec<u32> {
        let (mut executor, orders) = Executor::new(seed);
        let went = Arc::new(Mutex::new(Vec::new()));
        for number in 0..10 {
            let went = Arc::clone(&went);
            orders.start(WORLD, async move { lock(&went).push(number) });
        }
        while executor.step() {}
        lock(&went).clone()
    }

    #[test]
    fn a_seed_has_one_order_and_another_seed_another() {
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn a_killed_group_is_dropped_and_a_frozen_one_goes_on_later() {
        let (mut executor, orders) = Executor::new(1);
        let (signal, seen) = (Signal::new(), Arc::new(Mutex::new(Vec::new())));
        for group in [1, 2, 3] {
            let (seen, mut ear) = (Arc::clone(&seen), signal.listen());
            orders.start(group, async move {
                ear.wait().await;
                lock(&seen).push(group);
            });
        }
        while executor.step() {}
        orders.kill(1);
        orders.freeze(2);
        signal.notify();
        while executor.step() {}
        assert_eq!(*lock(&seen), [3]);
        orders.thaw(2);
        while executor.step() {}
        assert_eq!(*lock(&seen), [3, 2]);
    }
}
