//! What is particular to Redis, beyond the port.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use common::{redis_server, settings};
use frontdesk_cache_redis::{RedisCache, RedisSettings};
use frontdesk_core::port::cache::CountUp;
use frontdesk_core::port::{Cache, CacheError};
use futures_util::future::join_all;
use proxy::{Proxy, Way};
use serde_json::json;
use std::error::Error;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_mins(10);

fn cache(settings: &RedisSettings) -> RedisCache {
    RedisCache::open(settings.clone()).expect("a cache")
}

fn up(key: &str, limit: u64) -> CountUp {
    CountUp {
        key: key.to_owned(),
        window: LONG,
        limit,
    }
}

/// Asks the server itself.
async fn ask<T: redis::FromRedisValue>(server: &str, words: &[&str]) -> T {
    let client = redis::Client::open(server).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut cmd = redis::cmd(words[0]);
    cmd.arg(&words[1..]);
    cmd.query_async(&mut connection).await.unwrap()
}

#[tokio::test]
async fn nothing_is_kept_without_a_time() {
    let Some(server) = redis_server() else { return };
    let settings = settings(&server);
    let redis = cache(&settings);
    redis.set("value", &json!({"a": 1}), LONG).await.unwrap();
    let batch: Vec<_> = (0..50)
        .map(|at| vec![up(&format!("c{at}"), 1), up("all", 9)])
        .collect();
    join_all((0..10).map(|_| redis.count_all(&batch))).await;
    let keys: Vec<String> = ask(&server, &["KEYS", &format!("{}*", settings.prefix)]).await;
    assert_eq!(keys.len(), 52, "{keys:?}");
    for key in keys {
        let left: i64 = ask(&server, &["PTTL", &key]).await;
        assert!(left > 0, "{key}: {left}");
    }
}

#[tokio::test]
async fn a_counter_whose_time_was_taken_away_gets_it_back() {
    let Some(server) = redis_server() else { return };
    let settings = settings(&server);
    let redis = cache(&settings);
    redis.count(&[up("k", 9)]).await.unwrap();
    let name = format!("{}k", settings.prefix);
    let persisted: i64 = ask(&server, &["PERSIST", &name]).await;
    assert_eq!(persisted, 1);
    assert_eq!(
        redis.counted("k").await.unwrap().unwrap().resets_in,
        Duration::ZERO
    );
    let counted = redis.count(&[up("k", 9)]).await.unwrap();
    assert_eq!(counted[0].count, 2);
    assert!(counted[0].resets_in > LONG / 2);
    let left: i64 = ask(&server, &["PTTL", &name]).await;
    assert!(left > 0);
}

#[tokio::test]
async fn values_are_json_that_others_can_read_and_what_others_wrote_is_no_crash() {
    let Some(server) = redis_server() else { return };
    let settings = settings(&server);
    let redis = cache(&settings);
    let name = |key: &str| format!("{}{key}", settings.prefix);
    for value in [json!(7), json!({"owner": "agent"}), json!("text"), json!(null)] {
        redis.set("value", &value, LONG).await.unwrap();
        let text: String = ask(&server, &["GET", &name("value")]).await;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
    let _: () = ask(&server, &["SET", &name("torn"), "{\"a\":"]).await;
    let _: i64 = ask(&server, &["RPUSH", &name("list"), "x"]).await;
    for key in ["torn", "list"] {
        let read = redis.get(key).await;
        assert!(matches!(read, Err(CacheError::Corrupt { .. })), "{key}: {read:?}");
        assert_eq!(redis.counted(key).await.unwrap(), None, "{key}");
        let counted = redis.count(&[up(key, 9)]).await.unwrap();
        assert_eq!(counted[0].count, 1, "{key}: a counter takes its place");
    }
}

#[tokio::test]
async fn a_server_that_forgot_the_script_is_told_again() {
    let Some(server) = redis_server() else { return };
    let redis = cache(&settings(&server));
    for expected in 1..4 {
        let _: () = ask(&server, &["SCRIPT", "FLUSH"]).await;
        assert_eq!(redis.count(&[up("k", 9)]).await.unwrap()[0].count, expected);
    }
}

#[tokio::test]
async fn two_hundred_at_once_are_counted_exactly() {
    let Some(server) = redis_server() else { return };
    let settings = settings(&server);
    let processes: Vec<RedisCache> = (0..4).map(|_| cache(&settings)).collect();
    let group = [up("hour", 60), up("day", 500)];
    let counts = (0..200).map(|at| processes[at % 4].count(&group));
    let mut passed: Vec<u64> = Vec::new();
    for counted in join_all(counts).await {
        let counted = counted.unwrap();
        if counted[0].count <= 60 {
            passed.push(counted[1].count);
        }
    }
    passed.sort_unstable();
    assert_eq!(passed, (1..=60).collect::<Vec<_>>());
}

fn told(error: &CacheError) -> String {
    let mut told = vec![format!("{error} {error:?}")];
    let mut cause = error.source();
    while let Some(next) = cause {
        told.push(format!("{next} {next:?}"));
        cause = next.source();
    }
    told.join(" ")
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let Some(server) = redis_server() else { return };
    let host = server.split_once("://").unwrap().1;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for url in [
        format!("redis://very:secret-word@{host}"),
        format!("redis://:secret-word@{host}"),
        format!("redis://:secret-word@{closed}"),
        format!("rediss://:secret-word@{host}"),
    ] {
        let redis = RedisCache::open(RedisSettings::new(url.as_str())).unwrap();
        let failed = [
            redis.count(&[up("k", 9)]).await.map(drop).unwrap_err(),
            redis.subscribe(&["t".to_owned()]).await.map(drop).unwrap_err(),
        ];
        for error in failed {
            assert!(error.is_transient());
            assert!(
                !told(&error).contains("no connection in time"),
                "the cause is told"
            );
            assert!(!told(&error).contains("secret-word"), "{}", told(&error));
        }
        assert!(!format!("{redis:?}").contains("secret-word"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_costs_one_failure_and_is_found_again() {
    let Some(server) = redis_server() else { return };
    let proxy = Proxy::before(&server).await;
    let redis = cache(&settings(&proxy.url));
    // Several connections, all of which are lost.
    let group = [up("k", 99)];
    for counted in join_all((0..20).map(|_| redis.count(&group))).await {
        counted.unwrap();
    }
    let mut subscription = redis.subscribe(&["t".to_owned()]).await.unwrap();
    proxy.set(Way::Gone);
    assert!(subscription.next().await.is_none(), "a lost connection is told");
    assert!(subscription.next().await.is_none(), "for ever");
    let failed = redis.count(&[up("k", 99)]).await.unwrap_err();
    assert!(matches!(failed, CacheError::Unavailable(_)), "{failed:?}");
    proxy.set(Way::Open);
    assert_eq!(redis.count(&[up("k", 99)]).await.unwrap()[0].count, 21);
    let mut subscription = redis.subscribe(&["t".to_owned()]).await.unwrap();
    redis.publish("t", "again").await.unwrap();
    assert_eq!(subscription.next().await.unwrap().message, "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_not_waited_for() {
    let Some(server) = redis_server() else { return };
    let proxy = Proxy::before(&server).await;
    let redis = cache(&RedisSettings {
        answer_limit: Duration::from_millis(100),
        connect_limit: Duration::from_millis(200),
        ..settings(&proxy.url)
    });
    redis.count(&[up("k", 9)]).await.unwrap();
    proxy.set(Way::Hung);
    for _ in 0..2 {
        let began = Instant::now();
        let failed = redis.count(&[up("k", 9)]).await.unwrap_err();
        assert!(matches!(failed, CacheError::Unavailable(_)), "{failed:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert!(redis.subscribe(&["t".to_owned()]).await.is_err());
    // A call that was given up does not spoil those that come after it.
    proxy.set(Way::Open);
    assert_eq!(redis.count(&[up("k", 9)]).await.unwrap()[0].count, 2);
    drop(tokio::time::timeout(Duration::ZERO, redis.count(&[up("given up", 9)])).await);
    assert_eq!(redis.count(&[up("k", 9)]).await.unwrap()[0].count, 3);
}
