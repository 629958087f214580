//! The checks of the cache port.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::{Cache, CacheError};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::check::suite;

/// What the kit must know of a cache adapter.
#[async_trait]
pub trait CacheHarness: Sync {
    /// An empty cache that shares nothing with those given before.
    async fn fresh(&self) -> Arc<dyn Cache>;

    /// Moves the time on by which the cache forgets; a cache with a clock of its own is waited for.
    async fn advance(&self, cache: &dyn Cache, by: Duration);
}

suite!(
    CacheHarness,
    "cache",
    Scene::new,
    [
        a_value_comes_back,
        a_value_is_replaced,
        a_value_is_gone_after_its_time,
        setting_again_begins_a_new_time,
        a_deleted_value_is_gone,
        any_key_will_do,
        a_counter_counts,
        a_counter_is_gone_after_its_window,
        counting_does_not_prolong_the_window,
        a_counter_stops_one_above_its_limit,
        counters_after_an_exceeded_one_are_left_alone,
        concurrent_counts_are_all_counted,
        concurrent_counts_stop_at_the_limit,
        counters_and_values_are_not_mixed_up,
    ]
);

/// Long enough to look at it, short enough to wait for it.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_mins(10);

struct Scene<'a> {
    harness: &'a dyn CacheHarness,
    cache: Arc<dyn Cache>,
}

impl<'a> Scene<'a> {
    async fn new(harness: &'a dyn CacheHarness) -> Self {
        let cache = harness.fresh().await;
        Scene { harness, cache }
    }

    async fn wait(&self, by: Duration) {
        self.harness.advance(&*self.cache, by).await;
    }

    async fn get(&self, key: &str) -> Option<Value> {
        self.cache.get(key).await.expect("a value is read")
    }

    async fn set(&self, key: &str, value: Value, ttl: Duration) {
        let set = self.cache.set(key, &value, ttl).await;
        set.expect("a value is set");
    }

    async fn count(&self, counters: &[CountUp]) -> Vec<u64> {
        let counted = self.cache.count(counters).await.expect("counters are raised");
        counted.into_iter().map(|counted| counted.count).collect()
    }

    async fn counted(&self, key: &str) -> Option<Counted> {
        self.cache.counted(key).await.expect("a counter is read")
    }
}

fn up(key: &str, limit: u64) -> CountUp {
    CountUp {
        key: key.to_owned(),
        window: LONG,
        limit,
    }
}

async fn a_value_comes_back(scene: &Scene<'_>) {
    assert_eq!(scene.get("k").await, None);
    let values = [
        json!(null),
        json!(-1.5),
        json!(9_007_199_254_740_993_i64),
        json!("Ω 👩‍👩‍👧 \" \\ \n"),
        json!({"a": [1, {"б": null}], "": ""}),
        json!("x".repeat(1024 * 1024 - 2)),
    ];
    for value in values {
        scene.set("k", value.clone(), LONG).await;
        assert!(scene.get("k").await == Some(value));
    }
}

async fn a_value_is_replaced(scene: &Scene<'_>) {
    scene.set("k", json!(1), LONG).await;
    scene.set("other", json!(2), LONG).await;
    scene.set("k", json!(3), LONG).await;
    assert_eq!(
        (scene.get("k").await, scene.get("other").await),
        (Some(json!(3)), Some(json!(2)))
    );
}

async fn a_value_is_gone_after_its_time(scene: &Scene<'_>) {
    scene.set("short", json!(1), SHORT).await;
    scene.set("long", json!(2), LONG).await;
    assert_eq!(scene.get("short").await, Some(json!(1)));
    scene.wait(SHORT + SHORT / 4).await;
    assert_eq!(
        (scene.get("short").await, scene.get("long").await),
        (None, Some(json!(2)))
    );
}

async fn setting_again_begins_a_new_time(scene: &Scene<'_>) {
    scene.set("k", json!(1), SHORT).await;
    scene.set("k", json!(2), LONG).await;
    scene.wait(SHORT * 2).await;
    assert_eq!(scene.get("k").await, Some(json!(2)));
}

async fn a_deleted_value_is_gone(scene: &Scene<'_>) {
    let delete = || scene.cache.delete("k");
    delete().await.expect("deleting what is not there is fine");
    scene.set("k", json!(1), LONG).await;
    delete().await.expect("a value is deleted");
    assert_eq!(scene.get("k").await, None);
    scene.count(&[up("k", 5)]).await;
    delete().await.expect("a counter is deleted");
    assert_eq!(scene.counted("k").await, None);
}

async fn any_key_will_do(scene: &Scene<'_>) {
    let longest = "k".repeat(512);
    let keys = [
        "session:7:telegram:-100",
        "ключ Ω 👩‍👩‍👧",
        "a b\n*?[x]{y}",
        longest.as_str(),
    ];
    for (at, key) in keys.iter().enumerate() {
        scene.set(key, json!(at), LONG).await;
    }
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(scene.get(key).await, Some(json!(at)), "{key}");
    }
}

async fn a_counter_counts(scene: &Scene<'_>) {
    assert_eq!(scene.counted("a").await, None);
    assert_eq!(scene.count(&[up("a", 9), up("b", 9)]).await, [1, 1]);
    assert_eq!(scene.count(&[up("b", 9)]).await, [2]);
    assert_eq!(scene.count(&[up("a", 9), up("b", 9)]).await, [2, 3]);
    let counted = scene.counted("b").await.expect("the counter is there");
    assert_eq!(counted.count, 3, "looking does not count");
    assert!(
        counted.resets_in <= LONG && counted.resets_in > LONG / 2,
        "{counted:?}"
    );
    assert_eq!(scene.count(&[]).await, [0_u64; 0]);
}

async fn a_counter_is_gone_after_its_window(scene: &Scene<'_>) {
    let short = CountUp {
        window: SHORT,
        ..up("k", 9)
    };
    assert_eq!(scene.count(std::slice::from_ref(&short)).await, [1]);
    scene.wait(SHORT + SHORT / 4).await;
    assert_eq!(scene.counted("k").await, None);
    assert_eq!(scene.count(&[short]).await, [1]);
}

async fn counting_does_not_prolong_the_window(scene: &Scene<'_>) {
    let short = [CountUp {
        window: SHORT,
        ..up("k", 9)
    }];
    scene.count(&short).await;
    scene.wait(SHORT * 3 / 4).await;
    scene.count(&short).await;
    scene.wait(SHORT / 2).await;
    assert_eq!(scene.count(&short).await, [1], "a new window");
}

async fn a_counter_stops_one_above_its_limit(scene: &Scene<'_>) {
    for expected in [1, 2, 3, 3, 3] {
        assert_eq!(scene.count(&[up("k", 2)]).await, [expected]);
    }
    assert_eq!(scene.count(&[up("none", 0)]).await, [1]);
    assert_eq!(scene.count(&[up("none", 0)]).await, [1]);
}

async fn counters_after_an_exceeded_one_are_left_alone(scene: &Scene<'_>) {
    let all = [up("a", 9), up("b", 1), up("c", 9), up("d", 9)];
    assert_eq!(scene.count(&all[..3]).await, [1, 1, 1]);
    assert_eq!(scene.count(&all).await, [2, 2, 1, 0], "reported as they stand");
    assert_eq!(scene.count(&all).await, [3, 2, 1, 0]);
    assert_eq!(scene.counted("d").await, None);
}

async fn concurrent_counts_are_all_counted(scene: &Scene<'_>) {
    let counters = [up("a", 1_000), up("b", 1_000)];
    let mut answers = join_all((0..20).map(|_| scene.count(&counters))).await;
    answers.sort_unstable();
    let expected: Vec<_> = (1..=20).map(|count| vec![count, count]).collect();
    assert_eq!(answers, expected, "each sees the others entirely or not at all");
}

async fn concurrent_counts_stop_at_the_limit(scene: &Scene<'_>) {
    let counters = [up("a", 5), up("b", 100)];
    let answers = join_all((0..20).map(|_| scene.count(&counters))).await;
    let passed = answers.iter().filter(|answer| answer[0] <= 5).count();
    assert_eq!(passed, 5);
    let after = scene.counted("b").await.expect("the counter is there");
    assert_eq!(after.count, 5, "only those within the first limit");
}

async fn counters_and_values_are_not_mixed_up(scene: &Scene<'_>) {
    scene.count(&[up("k", 9)]).await;
    let read = scene.cache.get("k").await;
    assert!(
        matches!(read, Err(CacheError::Corrupt { .. })),
        "a counter is no value: {read:?}"
    );
    scene.set("k", json!(7), LONG).await;
    assert_eq!(scene.get("k").await, Some(json!(7)), "a value takes its place");
}
