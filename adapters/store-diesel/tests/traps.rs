//! Two sessions on Postgres, step by step: the traps of queues in a database, each with the naive SQL
//! that falls into it where that is cheap to show, and the store that does not.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::port::store::*;
use std::time::Duration;
use tokio::task::JoinHandle;

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

/// Waits until some session of this database waits for a lock.
async fn somebody_waits(watch: &mut AsyncPgConnection) {
    for _ in 0..400 {
        let waiting: Count = diesel::sql_query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .get_result(watch)
        .await
        .unwrap();
        if waiting.count > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits for a lock");
}

fn background(url: &str, sql: &str) -> JoinHandle<()> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    tokio::spawn(async move { connect(&url).await.batch_execute(&sql).await.unwrap() })
}

async fn ready_at(conn: &mut AsyncPgConnection) -> Option<String> {
    diesel::sql_query("SELECT ready_at::text AS text FROM lanes WHERE chat_id = 1")
        .get_result::<Value>(conn)
        .await
        .unwrap()
        .text
}

/// An accept that another session holds open: item and lane are written, not committed.
const ACCEPT: &str = "INSERT INTO inbox (bot_id, channel, chat_id, source, source_version, payload) \
     VALUES (7, 'telegram', 1, 'telegram', 1, 'late'); \
     UPDATE lanes SET pending = pending + 1, ready_at = coalesce(ready_at, now()) WHERE chat_id = 1";

#[tokio::test(flavor = "multi_thread")]
async fn an_item_accepted_while_the_lane_is_given_back_wakes_it() {
    on_postgres(async |db| {
        // Naive: the look into the queue has the snapshot from before the wait.
        let claimed = next_turn(&db.store, 1, 1).await;
        let (mut other, mut watch) = (connect(&db.url).await, connect(&db.url).await);
        db.sql("DELETE FROM inbox").await;
        other.batch_execute(&format!("BEGIN; {ACCEPT}")).await.unwrap();
        let naive = background(
            &db.url,
            "UPDATE lanes SET ready_at = CASE WHEN EXISTS (SELECT 1 FROM inbox i WHERE i.chat_id = lanes.chat_id) \
             THEN now() END WHERE chat_id = 1",
        );
        somebody_waits(&mut watch).await;
        other.batch_execute("COMMIT").await.unwrap();
        naive.await.unwrap();
        assert_eq!(ready_at(&mut watch).await, None, "the naive way is expected to lose the wake-up");
        drop(claimed);

        // Ours: `pending` is read from the row that was waited for.
        db.sql("DELETE FROM inbox; DELETE FROM lanes").await;
        let claimed = next_turn(&db.store, 1, 2).await;
        other.batch_execute(&format!("BEGIN; {ACCEPT}")).await.unwrap();
        let store = db.store.clone();
        let done = tokio::spawn(async move { store.commit(&[turn(&claimed, Decision::default())]).await });
        somebody_waits(&mut watch).await;
        other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(done.await.unwrap().unwrap(), [CommitOutcome::Committed]);
        let next = db.store.claim_turns(&claim(1)).await.unwrap();
        assert_eq!(next[0].item.payload, b"late");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_item_is_never_handed_out() {
    on_postgres(async |db| {
        // The lane is due again (its lease ran out), two items wait, and the first one's worker finishes
        // just now: a claim waiting for the lane must not see the first item.
        let arrange = async || {
            db.sql("DELETE FROM inbox; DELETE FROM lanes; DELETE FROM accepted_updates").await;
            db.store.accept(&[item(1, 1), item(1, 2)]).await.unwrap();
        };
        let finish = "BEGIN; UPDATE lanes SET pending = pending - 1, ready_at = now() - interval '1 second' \
             WHERE chat_id = 1; DELETE FROM inbox WHERE seq = (SELECT min(seq) FROM inbox)";
        let (mut other, mut watch) = (connect(&db.url).await, connect(&db.url).await);

        arrange().await;
        other.batch_execute(finish).await.unwrap();
        let url = db.url.clone();
        let naive = tokio::spawn(async move {
            let mut conn = connect(&url).await;
            diesel::sql_query(
                "UPDATE lanes SET fence = fence + 1 WHERE chat_id = 1 AND ready_at <= now() RETURNING (SELECT \
                 convert_from(payload, 'UTF8') FROM inbox i WHERE i.chat_id = lanes.chat_id ORDER BY seq LIMIT 1) AS text",
            )
            .get_result::<Value>(&mut conn)
            .await
            .unwrap()
        });
        somebody_waits(&mut watch).await;
        other.batch_execute("COMMIT").await.unwrap();
        let stale = naive.await.unwrap();
        assert_eq!(stale.text.unwrap().as_bytes(), item(1, 1).payload, "the naive way is expected to hand out a finished item");

        arrange().await;
        other.batch_execute(finish).await.unwrap();
        // SKIP LOCKED passes the lane over; once free, the head is the second item.
        assert!(db.store.claim_turns(&claim(1)).await.unwrap().is_empty());
        other.batch_execute("COMMIT").await.unwrap();
        let claimed = db.store.claim_turns(&claim(1)).await.unwrap();
        assert_eq!(claimed[0].item.payload, item(1, 2).payload);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_accept_the_same_update_at_once_one_does() {
    on_postgres(async |db| {
        let (mut other, mut watch) = (connect(&db.url).await, connect(&db.url).await);
        for (end, expected) in [("COMMIT", Accepted::Duplicate), ("ROLLBACK", Accepted::New)] {
            db.sql("DELETE FROM accepted_updates").await;
            other
                .batch_execute("BEGIN; INSERT INTO accepted_updates (bot_id, update_id) VALUES (7, 1)")
                .await
                .unwrap();
            let store = db.store.clone();
            let accept = tokio::spawn(async move { store.accept(&[item(1, 1)]).await });
            somebody_waits(&mut watch).await;
            other.batch_execute(end).await.unwrap();
            assert_eq!(accept.await.unwrap().unwrap(), [expected], "after {end}");
        }
        // For real: many at once, each update once.
        db.sql("DELETE FROM accepted_updates; DELETE FROM inbox; DELETE FROM lanes")
            .await;
        let rounds = (0..8).map(|start| {
            let store = db.store.clone();
            tokio::spawn(async move {
                let items: Vec<_> = (0..40)
                    .map(|n| (n * 7 + start * 5) % 40)
                    .map(|n| item(n % 5, n))
                    .collect();
                store
                    .accept(&items)
                    .await
                    .unwrap()
                    .iter()
                    .filter(|one| **one == Accepted::New)
                    .count()
            })
        });
        let mut new = 0;
        for round in rounds.collect::<Vec<_>>() {
            new += round.await.unwrap();
        }
        assert_eq!(new, 40);
        assert_eq!(db.store.depth().await.unwrap().turns.waiting, 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_that_waits_for_its_heir_writes_nothing() {
    on_postgres(async |db| {
        let zombie = next_turn(&db.store, 1, 1).await;
        let (mut other, mut watch) = (connect(&db.url).await, connect(&db.url).await);
        other
            .batch_execute(
                "BEGIN; UPDATE lanes SET fence = fence + 1, owner = gen_random_uuid() WHERE chat_id = 1",
            )
            .await
            .unwrap();
        let (decision, _, _) = greeting(1, &mut ids(1));
        let store = db.store.clone();
        let commit = tokio::spawn(async move { store.commit(&[turn(&zombie, decision)]).await });
        somebody_waits(&mut watch).await;
        other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(commit.await.unwrap().unwrap(), [CommitOutcome::LeaseLost]);
        assert_eq!(
            TurnStore::load(&db.store, &[lane(1)]).await.unwrap(),
            [Snapshot::default()]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_locked_in_one_order_never_deadlock() {
    on_postgres(async |db| {
        // Naive: two sessions, two lanes, opposite orders.
        db.store.accept(&[item(1, 1), item(2, 2)]).await.unwrap();
        let touch = |chat: i64| format!("UPDATE lanes SET updated_at = now() WHERE chat_id = {chat}");
        let (mut a, mut b) = (connect(&db.url).await, connect(&db.url).await);
        a.batch_execute(&format!("BEGIN; {}", touch(1))).await.unwrap();
        b.batch_execute(&format!("BEGIN; {}", touch(2))).await.unwrap();
        let (a_then, b_then) = (touch(2), touch(1));
        let (first, second) = tokio::join!(a.batch_execute(&a_then), b.batch_execute(&b_then));
        let why = first.err().or(second.err()).unwrap().to_string();
        assert!(why.contains("deadlock"), "{why}");
        drop((a, b));

        // Ours: slices over the same lanes in opposite orders, while turns of them are committed.
        db.sql("DELETE FROM inbox; DELETE FROM lanes; DELETE FROM accepted_updates").await;
        let mut tasks = Vec::new();
        for worker in 0..4_i64 {
            let store = db.store.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..30_i64 {
                    let mut chats: Vec<i64> = (0..12).collect();
                    if worker % 2 == 0 {
                        chats.reverse();
                    }
                    let first = worker * 1_000 + round * 12;
                    let items: Vec<_> = chats.iter().zip(first..).map(|(chat, n)| item(*chat, n)).collect();
                    store.accept(&items).await.unwrap();
                    let claimed = store.claim_turns(&claim_as(u128::from(worker.unsigned_abs()) + 1, 6)).await.unwrap();
                    let turns: Vec<_> = claimed
                        .iter()
                        .rev()
                        .map(|claimed| {
                            // Every turn also answers in chats that others answer in.
                            let key = |chat: i64| format!("{chat}:{}", claimed.item.seq);
                            let outgoing = chats.iter().map(|chat| send(*chat, &key(*chat), None)).collect();
                            turn(claimed, Decision { outgoing, ..Decision::default() })
                        })
                        .collect();
                    let done = store.commit(&turns).await.unwrap();
                    assert!(done.iter().all(|done| *done == CommitOutcome::Committed));
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut watch = connect(&db.url).await;
        let drift: Count = diesel::sql_query("SELECT count(*) FROM lanes l WHERE pending <> (SELECT count(*) FROM inbox i WHERE l.kind = 'turn' \
             AND i.chat_id = l.chat_id) + (SELECT count(*) FROM outbox o WHERE l.kind = 'reply' AND o.chat_id = l.chat_id)",
        )
        .get_result(&mut watch)
        .await
        .unwrap();
        assert_eq!(drift.count, 0, "lanes count what waits in them");
    })
    .await;
}
