//! Counts that are asked for together become one call: what comes while a call is under way goes
//! with the next one. Alone and idle, nobody waits.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::port::cache::{CountUp, Counted};

use super::guarded::GuardedCache;

/// At most so many groups go in one call.
const GROUPS: usize = 256;

/// Counts through one cache. Clones share their calls.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    cache: GuardedCache,
    /// The call that was begun last, or waits for the one before it.
    last: Arc<Mutex<Option<Batch>>>,
}

/// The answers of a call; `None` if it went on without the cache.
type Answers = Option<Arc<Vec<Vec<Counted>>>>;

/// Whoever waits for its answer drives it, so that it goes on whoever of them gives up.
type Call = Shared<BoxFuture<'static, Answers>>;

/// The groups of a call; `None` once it is under way.
type Groups = Arc<Mutex<Option<Vec<Vec<CountUp>>>>>;

#[derive(Debug)]
struct Batch {
    groups: Groups,
    call: Call,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub(super) fn new(cache: GuardedCache) -> Self {
        Tally {
            cache,
            last: Arc::default(),
        }
    }

    /// The cache it counts in.
    pub(super) fn cache(&self) -> &GuardedCache {
        &self.cache
    }

    /// See [`Cache::count`](crate::port::Cache::count); `None` means to go on without.
    pub(super) async fn count(&self, group: Vec<CountUp>) -> Option<Vec<Counted>> {
        if self.cache.is_resting() {
            // Nobody waits for a cache that is left alone, for the call of another neither.
            return self.cache.count(group).await;
        }
        let (call, at) = self.join(group);
        call.await?.get(at).cloned()
    }

    /// Puts a group into the next call; says which place it has there.
    fn join(&self, group: Vec<CountUp>) -> (Call, usize) {
        let mut last = lock(&self.last);
        if let Some(batch) = last.as_ref()
            && let Some(groups) = lock(&batch.groups).as_mut()
            && groups.len() < GROUPS
        {
            groups.push(group);
            return (batch.call.clone(), groups.len() - 1);
        }
        let before = last.take().map(|batch| batch.call);
        let groups: Groups = Arc::new(Mutex::new(Some(vec![group])));
        let call = run(self.cache.clone(), Arc::clone(&groups), before)
            .boxed()
            .shared();
        *last = Some(Batch {
            groups,
            call: call.clone(),
        });
        (call, 0)
    }
}

/// Waits for the call before, then counts what has come together meanwhile.
async fn run(cache: GuardedCache, groups: Groups, before: Option<Call>) -> Answers {
    if let Some(before) = before {
        before.await;
    }
    let groups = lock(&groups).take()?;
    cache.count_all(groups).await.map(Arc::new)
}
