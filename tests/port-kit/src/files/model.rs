//! Random operations on the adapter and on the memory adapter give equal results.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::{Clock, FileStorage, FilesError, StagedFile};
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryFiles, SimulatedClock};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{FilesHarness, pattern};

/// How many operations are played in one case, at most.
const OPERATIONS: usize = 40;
/// How often a failing case is cut down, at most.
const SHRINKS: usize = 200;
/// How many files are open at a time.
const SLOTS: usize = 3;

/// Few, so that they meet: folders, files beside them, and what is no key.
const KEYS: [&str; 9] = ["a", "a/b", "a/b/c", "a/bc", "a-b", "b/a", "b/ab", "b.", "no key"];
const PREFIXES: [&str; 6] = ["a", "a/", "a/b", "b/a", "b", "/"];

#[derive(Clone, Debug)]
enum Op {
    Stage(usize),
    Write(usize, usize),
    Keep(usize, &'static str),
    Abandon(usize),
    Drop(usize),
    Put(&'static str, usize),
    Get(&'static str),
    List(Option<&'static str>, usize),
    Delete(&'static str),
    DeletePrefix(&'static str),
    /// So many times ten seconds.
    Age(u64),
    /// What is older than so many times ten seconds, and five.
    Sweep(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..SLOTS;
    let key = || select(&KEYS[..]);
    let len = || prop_oneof![Just(0_usize), 1..500_usize, Just(70_000_usize)];
    prop_oneof![
        4 => slot().prop_map(Op::Stage),
        5 => (slot(), len()).prop_map(|(slot, len)| Op::Write(slot, len)),
        5 => (slot(), key()).prop_map(|(slot, key)| Op::Keep(slot, key)),
        1 => slot().prop_map(Op::Abandon),
        1 => slot().prop_map(Op::Drop),
        3 => (key(), len()).prop_map(|(key, len)| Op::Put(key, len)),
        3 => key().prop_map(Op::Get),
        3 => (prop::option::of(key()), 0..4_usize).prop_map(|(after, limit)| Op::List(after, limit)),
        2 => key().prop_map(Op::Delete),
        1 => select(&PREFIXES[..]).prop_map(Op::DeletePrefix),
        2 => (1..4_u64).prop_map(Op::Age),
        2 => (0..4_u64).prop_map(Op::Sweep),
    ]
}

/// Plays `cases` random sequences of operations on the harness's storage and on the memory adapter,
/// and panics with the shortest sequence it finds after which the two disagree.
///
/// Always plays the same sequences. The future is not `Send`: run it where it is made.
pub async fn model_based(harness: &dyn FilesHarness, cases: usize) {
    let mut runner = TestRunner::deterministic();
    for case in 0..cases {
        let mut tree = vec(op(), 1..OPERATIONS)
            .new_tree(&mut runner)
            .expect("operations are drawn");
        let Err(mut why) = compare(harness, &tree.current()).await else {
            continue;
        };
        let mut shortest = tree.current();
        for _ in 0..SHRINKS {
            if !tree.simplify() {
                break;
            }
            match compare(harness, &tree.current()).await {
                Err(still) => {
                    why = still;
                    shortest = tree.current();
                }
                Ok(()) => {
                    if !tree.complicate() {
                        break;
                    }
                }
            }
        }
        panic!("case {case}: file storage is not like the memory adapter: {why}\nafter {shortest:#?}");
    }
}

async fn compare(harness: &dyn FilesHarness, ops: &[Op]) -> Result<(), String> {
    let model = Model(SimulatedClock::at(harness.now().await));
    let all_staged = harness.held_back() == 0;
    let mut adapter = Player::new(harness, all_staged).await;
    let mut memory = Player::new(&model, all_staged).await;
    for (at, op) in ops.iter().enumerate() {
        let got = adapter.play(at, op).await;
        let expected = memory.play(at, op).await;
        if got != expected {
            return Err(format!("operation {at}, {op:?}\n  gave {got}\n  for  {expected}"));
        }
    }
    let (got, expected) = (adapter.all().await, memory.all().await);
    if got == expected {
        Ok(())
    } else {
        Err(format!("at the end there is {got}\n  and not {expected}"))
    }
}

/// The memory adapter.
struct Model(SimulatedClock);

#[async_trait]
impl FilesHarness for Model {
    async fn fresh(&self) -> Arc<dyn FileStorage> {
        Arc::new(MemoryFiles::new(Arc::new(self.0.clone())))
    }

    async fn age(&self, _: &dyn FileStorage, by: Duration) {
        self.0.advance(by);
    }

    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

struct Open {
    staged: Box<dyn StagedFile>,
    age: Duration,
}

/// Plays operations, and says what came of each.
struct Player<'a> {
    harness: &'a dyn FilesHarness,
    files: Arc<dyn FileStorage>,
    open: [Option<Open>; SLOTS],
    /// Whether every staged file is one that can be swept, so that their number can be compared.
    all_staged: bool,
}

impl<'a> Player<'a> {
    async fn new(harness: &'a dyn FilesHarness, all_staged: bool) -> Self {
        Player {
            harness,
            files: harness.fresh().await,
            open: [None, None, None],
            all_staged,
        }
    }

    async fn play(&mut self, at: usize, op: &Op) -> String {
        match *op {
            Op::Stage(slot) => match self.files.stage().await {
                Ok(staged) => {
                    let age = Duration::ZERO;
                    self.open[slot] = Some(Open { staged, age });
                    "staged".to_owned()
                }
                Err(error) => told(Err::<(), _>(error)),
            },
            Op::Write(slot, len) => match &mut self.open[slot] {
                Some(open) => told(open.staged.write(&pattern(len, at)).await),
                None => "nothing open".to_owned(),
            },
            Op::Keep(slot, key) => match self.open[slot].take() {
                Some(open) => told(open.staged.keep(key).await),
                None => "nothing open".to_owned(),
            },
            Op::Abandon(slot) => match self.open[slot].take() {
                Some(open) => told(open.staged.abandon().await),
                None => "nothing open".to_owned(),
            },
            Op::Drop(slot) => {
                self.open[slot] = None;
                String::new()
            }
            Op::Put(key, len) => told(self.files.put(key, pattern(len, at)).await),
            Op::Get(key) => {
                let size = self
                    .files
                    .head(key)
                    .await
                    .map(|head| head.map(|head| head.size_bytes));
                let bytes = self.files.get(key).await;
                format!("{} {}", told(size), told(bytes.map(|bytes| bytes.map(digest))))
            }
            Op::List(after, limit) => {
                let after = after.map(str::to_owned);
                let listed = self.files.list(after, limit).await;
                told(listed.map(|heads| heads.into_iter().map(|head| head.key).collect::<Vec<_>>()))
            }
            Op::Delete(key) => told(self.files.delete(key).await),
            Op::DeletePrefix(prefix) => told(self.files.delete_prefix(prefix).await),
            Op::Age(tens) => {
                let by = Duration::from_secs(10 * tens);
                self.harness.age(&*self.files, by).await;
                self.open.iter_mut().flatten().for_each(|open| open.age += by);
                String::new()
            }
            Op::Sweep(tens) => {
                let older_than = Duration::from_secs(10 * tens + 5);
                // What may become of one that is swept while it is open has a check of its own.
                for open in &mut self.open {
                    if open.as_ref().is_some_and(|open| open.age > older_than) {
                        *open = None;
                    }
                }
                let swept = self.files.sweep_staged(older_than).await;
                told(swept.map(|swept| self.all_staged.then_some(swept)))
            }
        }
    }

    /// Everything that is kept.
    async fn all(&self) -> String {
        let heads = self.files.list(None, 100).await.expect("files are listed");
        let mut all = String::new();
        for head in heads {
            let bytes = self.files.get(&head.key).await.expect("bytes are read");
            all = format!("{all}{} {} {:?}\n", head.key, head.size_bytes, bytes.map(digest));
        }
        all
    }
}

/// What came of it: what it gave, or the kind of error.
fn told<T: std::fmt::Debug>(outcome: Result<T, FilesError>) -> String {
    match outcome {
        Ok(gave) => format!("{gave:?}"),
        Err(FilesError::Unavailable(_)) => "unavailable".to_owned(),
        Err(FilesError::Full) => "full".to_owned(),
        Err(FilesError::BadKey(key)) => format!("bad key {key}"),
    }
}

/// A number that tells bytes from others (FNV-1a).
#[expect(clippy::needless_pass_by_value, reason = "the form that map wants")]
fn digest(bytes: Vec<u8>) -> (usize, u64) {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (bytes.len(), hash)
}
