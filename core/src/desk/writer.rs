//! Writes what the door receives, in slices that form by themselves: what arrives while a slice is
//! being written is the next one. Alone and idle, a request waits for nobody.
//!
//! One slice is under way at a time: two could carry items of one chat past each other.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::port::store::{Accepted, StoreError};
use crate::work::NewInboxItem;

use super::process::Process;
use super::stop::Stop;

/// Why one row was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowError {
    /// The store did not answer.
    Unavailable,
    /// The store will never take it.
    Refused(String),
}

/// What became of one row.
pub(super) type Row = Result<Accepted, RowError>;

/// Items to be written one after another, and who waits for them.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) items: Vec<NewInboxItem>,
    pub(super) answer: oneshot::Sender<Vec<Row>>,
}

#[derive(Debug, Default)]
struct Waiting {
    requests: VecDeque<Request>,
    items: usize,
    closed: bool,
}

/// What waits to be written.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    waiting: Mutex<Waiting>,
    writer: AtomicWaker,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Queue {
            capacity,
            waiting: Mutex::default(),
            writer: AtomicWaker::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request in, unless too much waits or nobody writes any more.
    pub(super) fn push(&self, request: Request) -> bool {
        {
            let mut waiting = self.lock();
            if waiting.closed || waiting.items >= self.capacity {
                return false;
            }
            waiting.items += request.items.len();
            waiting.requests.push_back(request);
        }
        self.writer.wake();
        true
    }

    pub(super) fn is_full(&self) -> bool {
        self.lock().items >= self.capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Requests of up to `slice` items together; one that is larger comes alone.
    fn take(&self, slice: usize) -> Vec<Request> {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        let mut items = 0;
        while let Some(next) = waiting.requests.front().map(|request| request.items.len()) {
            if items > 0 && items + next > slice {
                break;
            }
            items += next;
            taken.extend(waiting.requests.pop_front());
        }
        waiting.items -= items;
        taken
    }

    /// The next requests, once there are some.
    async fn next(&self, slice: usize) -> Vec<Request> {
        poll_fn(|cx| {
            self.writer.register(cx.waker());
            let taken = self.take(slice);
            if taken.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(taken)
            }
        })
        .await
    }

    /// Takes nothing in any more, if nothing waits.
    fn close_if_empty(&self) -> bool {
        let mut waiting = self.lock();
        waiting.closed = waiting.closed || waiting.requests.is_empty();
        waiting.closed
    }

    /// Takes nothing in any more and forgets what waits: it is answered "unavailable".
    fn close(&self) {
        let forgotten = {
            let mut waiting = self.lock();
            waiting.closed = true;
            waiting.items = 0;
            std::mem::take(&mut waiting.requests)
        };
        drop(forgotten);
    }
}

/// The loop that writes what a door receives. Dropping it closes the door.
#[derive(Debug)]
pub struct DoorWriter {
    process: Process,
    queue: Arc<Queue>,
    slice: usize,
    failing: bool,
}

impl DoorWriter {
    pub(super) fn new(process: Process, queue: Arc<Queue>, slice: usize) -> Self {
        DoorWriter {
            process,
            queue,
            slice: slice.max(1),
            failing: false,
        }
    }

    /// Writes until asked to stop and nothing waits any more; then the door is closed. Ask once
    /// nobody brings anything to the door.
    pub async fn run(mut self, stop: Stop) {
        let queue = Arc::clone(&self.queue);
        loop {
            let requests = if stop.is_requested() {
                if queue.close_if_empty() {
                    return;
                }
                queue.take(self.slice)
            } else {
                match select(pin!(queue.next(self.slice)), pin!(stop.requested())).await {
                    Either::Left((requests, _)) => requests,
                    Either::Right(_) => continue,
                }
            };
            self.write(requests).await;
        }
    }

    /// Writes one slice and answers each request.
    async fn write(&mut self, requests: Vec<Request>) {
        let mut items = Vec::new();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push((request.items.len(), request.answer));
            items.extend(request.items);
        }
        let rows = self.rows(&items).await;
        let new = rows.iter().filter(|row| **row == Ok(Accepted::New)).count();
        let stats = &self.process.stats;
        stats.slices.up();
        stats.accepted.add(new);
        stats
            .duplicates
            .add(rows.iter().filter(|row| **row == Ok(Accepted::Duplicate)).count());
        stats.unavailable.add(
            rows.iter()
                .filter(|row| **row == Err(RowError::Unavailable))
                .count(),
        );
        stats.door_refused.add(
            rows.iter()
                .filter(|row| matches!(row, Err(RowError::Refused(_))))
                .count(),
        );
        let mut rows = rows.into_iter();
        for (count, answer) in answers {
            // Nobody waits any more: the items are kept all the same, and come again as duplicates.
            let _gone = answer.send(rows.by_ref().take(count).collect());
        }
        if new > 0 {
            self.process.wakes.turns.notify();
        }
    }

    /// Has a slice accepted; row by row if it is refused as a whole, so that one bad row fails
    /// itself alone.
    async fn rows(&mut self, items: &[NewInboxItem]) -> Vec<Row> {
        let store = Arc::clone(&self.process.store);
        match store.accept(items).await {
            Ok(accepted) => {
                self.answered();
                return accepted.into_iter().map(Ok).collect();
            }
            Err(error) if error.is_transient() => {
                self.failed(&error);
                return vec![Err(RowError::Unavailable); items.len()];
            }
            Err(error) if items.len() == 1 => return vec![self.refused(&error)],
            Err(_) => {}
        }
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let row = match store.accept(std::slice::from_ref(item)).await {
                Ok(accepted) => accepted.first().copied().ok_or(RowError::Unavailable),
                Err(error) if error.is_transient() => {
                    self.failed(&error);
                    // What follows must not overtake it.
                    break;
                }
                Err(error) => self.refused(&error),
            };
            rows.push(row);
        }
        rows.resize(items.len(), Err(RowError::Unavailable));
        rows
    }

    fn refused(&self, error: &StoreError) -> Row {
        slog::error!(self.process.log, "an item was refused at the door"; "error" => %error);
        Err(RowError::Refused(error.to_string()))
    }

    /// Logged once per outage.
    fn failed(&mut self, error: &StoreError) {
        if !self.failing {
            slog::error!(self.process.log, "nothing can be accepted"; "error" => %error);
        }
        self.failing = true;
    }

    fn answered(&mut self) {
        if self.failing {
            slog::info!(self.process.log, "accepting again");
        }
        self.failing = false;
    }
}

impl Drop for DoorWriter {
    fn drop(&mut self) {
        self.queue.close();
    }
}
