//! The checks of the cache port.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::cache::{CountUp, Counted, Heard};
use frontdesk_core::port::{Cache, CacheError, Subscription};
use futures_util::future::{Either, join_all, select};
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
        a_counter_above_its_limit_stays_as_it_is,
        counters_after_an_exceeded_one_are_left_alone,
        a_counter_may_stand_in_a_group_twice,
        groups_of_a_batch_are_counted_in_order,
        groups_of_a_batch_leave_each_other_alone,
        every_counter_of_a_batch_has_its_window,
        concurrent_counts_are_all_counted,
        concurrent_counts_stop_at_the_limit,
        concurrent_batches_keep_their_groups_together,
        counters_and_values_are_not_mixed_up,
        every_subscriber_hears_its_topics_and_no_other,
        nothing_is_heard_of_before_the_subscription,
        messages_come_in_order_and_unchanged,
        publishers_wait_for_nobody,
    ]
);

/// Long enough to look at it, short enough to wait for it.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_mins(10);
/// What is published is heard within this time, or not at all.
const AMPLE: Duration = Duration::from_secs(20);

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

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Vec<Vec<u64>> {
        let counted = self.cache.count_all(batch).await.expect("a batch is counted");
        let counts = |group: Vec<Counted>| group.into_iter().map(|counted| counted.count).collect();
        counted.into_iter().map(counts).collect()
    }

    async fn counted(&self, key: &str) -> Option<Counted> {
        self.cache.counted(key).await.expect("a counter is read")
    }

    async fn publish(&self, topic: &str, message: &str) {
        let published = self.cache.publish(topic, message).await;
        published.expect("a message is published");
    }

    async fn subscribe(&self, topics: &[&str]) -> Box<dyn Subscription> {
        let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let subscribed = self.cache.subscribe(&topics).await;
        subscribed.expect("topics are subscribed to")
    }

    /// What is heard next, if anything is within a time that is ample for it.
    async fn hear(&self, subscription: &mut dyn Subscription) -> Option<Heard> {
        match select(pin!(subscription.next()), pin!(self.wait(AMPLE))).await {
            Either::Left((heard, _)) => heard,
            Either::Right(_) => None,
        }
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
    let (longest, other) = ("k".repeat(512), "k".repeat(511) + "l");
    let keys = [
        "session:7:telegram:-100",
        "ключ Ω 👩‍👩‍👧",
        "a b\n*?[x]{y}",
        longest.as_str(),
        other.as_str(),
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

async fn a_counter_above_its_limit_stays_as_it_is(scene: &Scene<'_>) {
    for expected in [1, 2, 3] {
        assert_eq!(scene.count(&[up("k", 9)]).await, [expected]);
    }
    assert_eq!(scene.count(&[up("k", 1), up("next", 9)]).await, [3, 0]);
    assert_eq!(
        scene.count(&[up("k", 2), up("next", 9)]).await,
        [3, 0],
        "one above its limit is above it too"
    );
    assert_eq!(scene.count(&[up("k", 9), up("next", 9)]).await, [4, 1]);
}

async fn counters_after_an_exceeded_one_are_left_alone(scene: &Scene<'_>) {
    let all = [up("a", 9), up("b", 1), up("c", 9), up("d", 9)];
    assert_eq!(scene.count(&all[..3]).await, [1, 1, 1]);
    assert_eq!(scene.count(&all).await, [2, 2, 1, 0], "reported as they stand");
    assert_eq!(scene.count(&all).await, [3, 2, 1, 0]);
    assert_eq!(scene.counted("d").await, None);
}

async fn a_counter_may_stand_in_a_group_twice(scene: &Scene<'_>) {
    // How the desk remembers what became of an update: 1 was turned away, 3 was let in.
    let group = [up("seen", 1), up("hour", 1), up("seen", 9), up("seen", 9)];
    assert_eq!(scene.count(&group).await, [1, 1, 2, 3]);
    assert_eq!(scene.count(&group).await, [3, 1, 3, 3], "seen before, and let in");
    let other = [up("other", 1), up("hour", 1), up("other", 9), up("other", 9)];
    assert_eq!(scene.count(&other).await, [1, 2, 1, 1]);
    assert_eq!(
        scene.count(&other).await,
        [2, 2, 2, 2],
        "seen before, and turned away"
    );
}

async fn groups_of_a_batch_are_counted_in_order(scene: &Scene<'_>) {
    assert_eq!(scene.count_all(&[]).await, Vec::<Vec<u64>>::new());
    let batch = [
        vec![up("a", 9)],
        vec![],
        vec![up("a", 9), up("b", 9)],
        vec![up("b", 9), up("a", 9)],
    ];
    assert_eq!(
        scene.count_all(&batch).await,
        [vec![1], vec![], vec![2, 1], vec![2, 3]]
    );
    assert_eq!(
        scene.count_all(&batch[..1]).await,
        [[4]],
        "a batch goes on where the last one ended"
    );
}

async fn groups_of_a_batch_leave_each_other_alone(scene: &Scene<'_>) {
    let group = |name: &str| vec![up(name, 1), up(&format!("{name} after"), 9)];
    scene.count(&group("full")).await;
    let batch = [group("one"), group("full"), group("two"), group("full")];
    assert_eq!(
        scene.count_all(&batch).await,
        [[1, 1], [2, 1], [1, 1], [2, 1]],
        "what is exceeded in one group is not in the next"
    );
}

async fn every_counter_of_a_batch_has_its_window(scene: &Scene<'_>) {
    let short = |key: &str| CountUp {
        window: SHORT,
        ..up(key, 9)
    };
    let batch = [vec![short("a"), up("b", 9)], vec![up("c", 9), short("d")]];
    let counted = scene.cache.count_all(&batch).await.expect("a batch is counted");
    for (up, counted) in batch.iter().flatten().zip(counted.into_iter().flatten()) {
        let left = counted.resets_in;
        assert!(left <= up.window && left > up.window / 2, "{up:?}: {left:?}");
    }
    scene.wait(SHORT + SHORT / 4).await;
    for (key, expected) in [("a", None), ("b", Some(1)), ("c", Some(1)), ("d", None)] {
        let left = scene.counted(key).await.map(|counted| counted.count);
        assert_eq!(left, expected, "{key}");
    }
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

async fn concurrent_batches_keep_their_groups_together(scene: &Scene<'_>) {
    let batch = [vec![up("a", 1_000), up("b", 1_000)], vec![up("a", 1_000)]];
    let answers = join_all((0..20).map(|_| scene.count_all(&batch))).await;
    let mut seen = Vec::new();
    for answer in answers {
        let (first, second) = (&answer[0], &answer[1]);
        assert!(second[0] > first[0], "{answer:?}");
        seen.extend([first[0], second[0]]);
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=40).collect::<Vec<_>>(), "each count once");
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
    for value in [json!(7), json!(-7), json!("7"), json!(7.5), json!({"7": 7})] {
        scene.set("k", value, LONG).await;
        assert_eq!(scene.counted("k").await, None, "a value is no counter");
        assert_eq!(scene.count(&[up("k", 9)]).await, [1], "it gives way to one");
    }
}

fn heard(topic: &str, message: &str) -> Heard {
    Heard {
        topic: topic.to_owned(),
        message: message.to_owned(),
    }
}

async fn every_subscriber_hears_its_topics_and_no_other(scene: &Scene<'_>) {
    scene.publish("a", "nobody listens").await;
    let mut both = scene.subscribe(&["a", "b"]).await;
    let mut one = scene.subscribe(&["b"]).await;
    scene.publish("a", "1").await;
    scene.publish("c", "2").await;
    scene.publish("b", "3").await;
    assert_eq!(scene.hear(&mut *both).await, Some(heard("a", "1")));
    assert_eq!(scene.hear(&mut *both).await, Some(heard("b", "3")));
    assert_eq!(scene.hear(&mut *one).await, Some(heard("b", "3")));
    drop(both);
    scene.publish("b", "4").await;
    assert_eq!(scene.hear(&mut *one).await, Some(heard("b", "4")));
}

async fn nothing_is_heard_of_before_the_subscription(scene: &Scene<'_>) {
    scene.publish("a", "before").await;
    let mut first = scene.subscribe(&["a"]).await;
    scene.publish("a", "between").await;
    let mut second = scene.subscribe(&["a"]).await;
    scene.publish("a", "after").await;
    assert_eq!(scene.hear(&mut *first).await, Some(heard("a", "between")));
    assert_eq!(scene.hear(&mut *first).await, Some(heard("a", "after")));
    assert_eq!(scene.hear(&mut *second).await, Some(heard("a", "after")));
}

async fn messages_come_in_order_and_unchanged(scene: &Scene<'_>) {
    let topic = "тема Ω 👩‍👩‍👧 *?[x]";
    let mut subscription = scene.subscribe(&[topic]).await;
    let messages = ["", "1", "a b\n\"\\ Ω", &"x".repeat(64 * 1024), "1"];
    for message in messages {
        scene.publish(topic, message).await;
    }
    for message in messages {
        assert!(scene.hear(&mut *subscription).await == Some(heard(topic, message)));
    }
}

async fn publishers_wait_for_nobody(scene: &Scene<'_>) {
    let mut slow = scene.subscribe(&["a"]).await;
    for number in 0..2_000 {
        scene.publish("a", &number.to_string()).await;
    }
    let mut last = None;
    for _ in 0..10 {
        let next = scene.hear(&mut *slow).await.expect("some of it is heard");
        let number: u32 = next.message.parse().expect("a number");
        assert!(
            last < Some(number),
            "{last:?} before {number}: once, and in order"
        );
        last = Some(number);
    }
}
