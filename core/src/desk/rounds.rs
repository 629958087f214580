//! Work that takes its time, many pieces at once: claim what there are free slots for, run it
//! concurrently, write down what became of it in slices that form by themselves.

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;

use crate::port::store::StoreError;

use super::process::{Process, Rhythm};
use super::stop::Stop;
use super::wake::{Listener, Wake};

/// What one look for work brought.
pub(super) struct Found<T> {
    /// What is to be run.
    pub(super) tasks: Vec<T>,
    /// Whether there may be more at once.
    pub(super) more: bool,
    /// When to look again if there is no more, if that is known.
    pub(super) again_in: Option<Duration>,
}

/// A kind of work.
#[async_trait]
pub(super) trait Rounds: Send + Sync {
    /// A claimed piece of work.
    type Task: Send;
    /// What became of it.
    type Done: Send;

    /// Claims at most `slots` pieces.
    async fn look(&self, slots: usize) -> Result<Found<Self::Task>, StoreError>;

    /// Does one.
    async fn run(&self, task: Self::Task) -> Self::Done;

    /// Writes down what became of some. Persists by itself.
    async fn finish(&self, done: Vec<Self::Done>);
}

/// What the loop waits for.
enum Step<R: Rounds> {
    Looked(Result<Found<R::Task>, StoreError>),
    Ran(Box<R::Done>),
    Finished(usize),
    Rested(Listener, bool),
}

/// Runs rounds of `work` with `slots` pieces in hand at most, until asked to stop; then claims
/// nothing more and ends once what is in hand is done and written down.
pub(super) async fn run_rounds<R: Rounds>(
    work: &R,
    what: &'static str,
    process: &Process,
    wake: &Wake,
    slots: usize,
    stop: &Stop,
) {
    let mut steps: FuturesUnordered<BoxFuture<'_, Step<R>>> = FuturesUnordered::new();
    let mut rhythm = Rhythm::new(what);
    let mut listener = Some(wake.listen());
    let mut done: Vec<R::Done> = Vec::new();
    let (mut in_hand, mut looking, mut finishing) = (0_usize, false, false);
    // How long to rest before the next look; none means to look at once.
    let mut rest: Option<Duration> = None;
    loop {
        if !done.is_empty() && !finishing {
            finishing = true;
            let some = std::mem::take(&mut done);
            steps.push(Box::pin(async move {
                let count = some.len();
                work.finish(some).await;
                Step::Finished(count)
            }));
        }
        let stopping = stop.is_requested();
        if stopping && in_hand == 0 && !looking {
            return;
        }
        let free = slots.saturating_sub(in_hand);
        if !stopping && !looking && free > 0 {
            match rest {
                None => {
                    looking = true;
                    steps.push(Box::pin(async move { Step::Looked(work.look(free).await) }));
                }
                Some(wait) => {
                    // While a rest is under way its listener is taken, and no second one begins.
                    if let Some(mut ear) = listener.take() {
                        steps.push(Box::pin(async move {
                            let woken = process.rest(wait, &mut ear, stop).await;
                            Step::Rested(ear, woken)
                        }));
                    }
                }
            }
        }
        match steps.next().await {
            // Nothing is under way: every slot is free again at the next turn of the loop.
            None => {}
            Some(Step::Looked(Ok(found))) => {
                looking = false;
                rhythm.answered(process);
                rest = if found.more {
                    rhythm.busy();
                    None
                } else {
                    Some(found.again_in.unwrap_or_else(|| rhythm.nothing(process)))
                };
                in_hand += found.tasks.len();
                for task in found.tasks {
                    steps.push(Box::pin(async move { Step::Ran(Box::new(work.run(task).await)) }));
                }
            }
            Some(Step::Looked(Err(error))) => {
                looking = false;
                rest = Some(rhythm.failed(process, &error));
            }
            Some(Step::Ran(one)) => done.push(*one),
            Some(Step::Finished(count)) => {
                finishing = false;
                in_hand -= count;
                // A lane that was released may have more.
                rest = None;
            }
            Some(Step::Rested(ear, woken)) => {
                listener = Some(ear);
                rest = None;
                if woken {
                    rhythm.busy();
                }
            }
        }
    }
}
