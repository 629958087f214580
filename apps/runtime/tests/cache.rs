//! The door on a real Redis: limits across processes, and what it costs when Redis is lost.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../../adapters/cache-redis/tests/common/mod.rs"]
mod common;
#[path = "../../../adapters/cache-redis/tests/common/proxy.rs"]
mod proxy;

use common::{redis_server, settings};
use frontdesk_cache_redis::{RedisCache, RedisSettings};
use frontdesk_core::desk::{
    Door, DoorSettings, GuardedCache, Process, RateSettings, Received, Stop, StopHandle,
};
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::Clock;
use frontdesk_memory::{MemoryStore, SimulatedClock};
use frontdesk_runtime::{OsEntropy, SystemClock};
use frontdesk_telegram::TelegramDecoder;
use futures_util::future::join_all;
use proxy::{Proxy, Way};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BOT: BotId = BotId(1);

/// The door of one process over a store that it shares. It waits for Redis by `patience`.
fn door(
    store: &Arc<MemoryStore>,
    redis: &RedisSettings,
    patience: Arc<dyn Clock>,
    stop: Stop,
) -> (Door, Process) {
    let process = Process::new(
        store.clone(),
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
        vec![(BOT, Channel::TELEGRAM)],
        slog::Logger::root(slog::Discard, slog::o!()),
    );
    let redis = RedisCache::open(redis.clone()).unwrap();
    let cache = GuardedCache::new(Arc::new(redis), patience, Arc::clone(&process.stats));
    let settings = DoorSettings {
        rates: RateSettings {
            per_hour: 60,
            ..RateSettings::default()
        },
        ..DoorSettings::default()
    };
    let (door, writer) = Door::new(&process, cache, settings);
    tokio::spawn(writer.run(stop));
    (door, process)
}

async fn receive(door: &Door, id: i64, chat: i64) -> (Received, Duration) {
    let body = json!({"update_id": id, "message": {
        "message_id": id, "date": 1_800_000_000, "text": "hello",
        "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "is_bot": false, "first_name": "A"},
    }});
    let body = body.to_string().into_bytes();
    let began = Instant::now();
    let received = door.receive(&TelegramDecoder, BOT, Channel::TELEGRAM, body).await;
    (received.unwrap(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_at_two_doors_are_limited_exactly_with_one_notice() {
    let Some(server) = redis_server() else { return };
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let (_handle, stop) = StopHandle::new();
    let redis = settings(&server);
    // A clock that stands still waits for ever: a loaded machine is no cache that is away.
    let patience = SimulatedClock::at(SystemClock.now());
    let doors = [
        door(&store, &redis, Arc::new(patience.clone()), stop.clone()),
        door(&store, &redis, Arc::new(patience), stop),
    ];
    let asks = (1..=200).map(|id| {
        let door = doors[usize::try_from(id).unwrap() % 2].0.clone();
        tokio::spawn(async move { receive(&door, id, 7).await.0 })
    });
    let got: Vec<Received> = join_all(asks).await.into_iter().map(Result::unwrap).collect();
    for (_, process) in &doors {
        assert_eq!(process.stats.cache_failed.get(), 0);
    }
    let accepted = got.iter().filter(|got| **got == Received::Accepted).count();
    let notices = got
        .iter()
        .filter(|got| matches!(got, Received::Limited { notice: Some(_) }))
        .count();
    assert_eq!((accepted, notices), (60, 1));
}

/// The time that 99 of 100 took at most.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// Asks steadily for `time`, and says what each took.
async fn steadily(door: &Door, first: i64, time: Duration) -> Vec<Duration> {
    let (began, mut times, mut id) = (Instant::now(), Vec::new(), first);
    while began.elapsed() < time {
        times.push(receive(door, id, id).await.1);
        id += 1;
    }
    times
}

async fn losing_redis_costs_one_wait(way: Way) {
    let Some(server) = redis_server() else { return };
    let proxy = Proxy::before(&server).await;
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let (_handle, stop) = StopHandle::new();
    let (door, process) = door(&store, &settings(&proxy.url), Arc::new(SystemClock), stop);
    let before = p99(steadily(&door, 1, Duration::from_millis(500)).await);
    proxy.set(way);
    // Sixty-four at once find out together.
    let asks = (0..64).map(|id| {
        let door = door.clone();
        tokio::spawn(async move { receive(&door, 1_000_000 + id, 1_000_000 + id).await })
    });
    for answer in join_all(asks).await {
        assert_eq!(answer.unwrap().0, Received::Accepted, "limits let pass");
    }
    assert!(process.stats.cache_failed.get() > 0);
    let after = steadily(&door, 2_000_000, Duration::from_secs(3)).await;
    let (count, after) = (after.len(), p99(after));
    println!("p99 before {before:?}, {way:?} {after:?} of {count}");
    assert!(
        after < before * 3 + GuardedCache::PATIENCE / 2,
        "{before:?}, {after:?}"
    );
    proxy.set(Way::Open);
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut id = 3_000_000;
    while !matches!(receive(&door, id, 9).await.0, Received::Limited { .. }) {
        assert!(Instant::now() < deadline, "limits hold again once Redis is back");
        id += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_was_killed_costs_one_wait_and_limits_hold_again_when_it_is_back() {
    losing_redis_costs_one_wait(Way::Gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_one_wait_and_limits_hold_again_when_it_answers() {
    losing_redis_costs_one_wait(Way::Hung).await;
}
