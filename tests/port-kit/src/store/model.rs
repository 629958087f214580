//! Random operations on the adapter and on the memory adapter give equal results.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::Clock;
use frontdesk_core::time::Timestamp;
use frontdesk_memory::{MemoryStore, SimulatedClock};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::play::{Op, Player, op};
use super::scene::Scene;
use super::{KitStore, StoreHarness};

/// How many operations are played in one case, at most.
const OPERATIONS: usize = 60;
/// How often a failing case is cut down, at most.
const SHRINKS: usize = 300;

/// Plays `cases` random sequences of operations on the harness's store and on the memory adapter,
/// and panics with the shortest sequence it finds after which the two disagree.
///
/// Always plays the same sequences. The future is not `Send`: run it where it is made.
pub async fn model_based(harness: &dyn StoreHarness, cases: usize) {
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
        panic!("case {case}: the store is not like the memory adapter: {why}\nafter {shortest:#?}");
    }
}

async fn compare(harness: &dyn StoreHarness, ops: &[Op]) -> Result<(), String> {
    let model = Model(SimulatedClock::at(harness.now()));
    let mut adapter = Player::new(Scene::new(harness).await);
    let mut memory = Player::new(Scene::new(&model).await);
    for (at, op) in ops.iter().enumerate() {
        let got = adapter.play(at, op).await;
        let expected = memory.play(at, op).await;
        if got != expected {
            return Err(format!("operation {at}, {op:?}\n  gave {got}\n  for  {expected}"));
        }
    }
    let (got, expected) = (adapter.picture().await, memory.picture().await);
    if got == expected {
        Ok(())
    } else {
        Err(format!("in the end\n  it holds {got}\n  for      {expected}"))
    }
}

/// The memory adapter, with a clock of its own.
struct Model(SimulatedClock);

#[async_trait]
impl StoreHarness for Model {
    async fn fresh(&self) -> Arc<dyn KitStore> {
        Arc::new(MemoryStore::new(Arc::new(self.0.clone())))
    }

    async fn advance(&self, _: &dyn KitStore, by: Duration) {
        self.0.advance(by);
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }
}
