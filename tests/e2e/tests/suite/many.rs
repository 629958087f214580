//! One `frontdesk-webhook` and two `frontdesk-worker` on one Postgres hold what one process holds, and
//! go on while each of them is killed or stopped in the middle of work.

use std::time::Duration;

use frontdesk_e2e::{Desk, PATIENCE, Program, Running, http};
use frontdesk_fake_telegram::{Effect, Fault};

use crate::conversation::Client;
use crate::crowd::{Crowd, EACH};
use crate::power_cut::{LEASE, doubled_only_where_cut};
use crate::{admin, conversation, duplicates, hostile, order, power_cut, stop};

/// One test body in many processes, told of updates and asking for them.
macro_rules! in_many {
    ($name:ident, $seconds:expr, $body:path) => {
        mod $name {
            in_many!(one, webhook, Webhook, $seconds, $body);
            in_many!(one, polling, Polling, $seconds, $body);
        }
    };
    (one, $name:ident, $mode:ident, $seconds:expr, $body:path) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            use frontdesk_e2e::{Backend, Desk, Mode};
            $crate::within_seconds($seconds, async {
                if let Some(desk) = Desk::new(Backend::Postgres, Mode::$mode).await {
                    $body(desk.in_many()).await;
                }
            })
            .await;
        }
    };
}

in_many!(
    a_client_is_served,
    120,
    crate::many::conversation::a_client_is_served
);
in_many!(
    a_hundred_clients_are_answered_in_order,
    120,
    crate::many::order::a_hundred_clients_are_answered_in_order
);
in_many!(
    each_update_acts_once,
    90,
    crate::many::duplicates::each_update_acts_once
);
in_many!(
    all_killed_at_once_nothing_is_lost,
    120,
    crate::many::power_cut::killed_in_the_middle_nothing_is_lost
);
in_many!(
    all_stopped_at_once_they_drain,
    90,
    crate::many::stop::stopped_under_load_it_drains_and_loses_nothing
);
in_many!(each_is_killed_in_turn, 120, crate::many::each_is_killed);
in_many!(each_is_stopped_in_turn, 120, crate::many::each_is_stopped);
in_many!(
    each_tells_its_own_figures,
    60,
    crate::many::each_tells_its_figures
);
in_many!(
    a_case_is_closed_by_a_process_of_its_own,
    90,
    crate::many::admin::close_from_elsewhere
);

in_many!(
    a_flushed_cache_loses_nothing_but_counts,
    60,
    crate::many::a_flushed_cache_loses_nothing
);

mod strangers_and_odd_updates {
    in_many!(one, webhook, Webhook, 90, crate::many::hostile::holds);
}

/// What is ended while the others go on, and what clients write meanwhile: so many messages each by
/// then, and so many sends under way.
const ROUNDS: [(Who, usize, usize); 3] = [
    (Who::Intake, 4, 30),
    (Who::Worker(0), 7, 45),
    (Who::Worker(1), EACH, 15),
];

#[derive(Clone, Copy)]
enum Who {
    Intake,
    Worker(usize),
}

impl Who {
    /// Takes the process out and puts a new one in its place once `end` is done with it.
    async fn replaced<F: Future<Output = ()>>(
        self,
        desk: &mut Desk,
        running: &mut Running,
        end: impl FnOnce(Program) -> F,
    ) {
        match self {
            // The new one is there before the old one ends, as in a rolling upgrade.
            Who::Intake => {
                let (program, address) = desk.start_intake().await;
                running.address = address;
                end(std::mem::replace(&mut running.program, program)).await;
            }
            Who::Worker(place) => {
                end(running.workers.remove(place).program).await;
                running.workers.insert(place, desk.start_worker().await);
            }
        }
    }
}

/// Waits until so many sends more are made.
async fn under_way(desk: &Desk, sends: usize) {
    let before = desk.telegram.calls_of("sendMessage").len();
    let sent = desk
        .telegram
        .wait_until("enough sends", Duration::from_secs(30), |telegram| {
            (telegram.calls_of("sendMessage").len() >= before + sends).then_some(())
        })
        .await;
    assert!(sent.is_ok(), "{sent:?}");
}

pub(crate) async fn each_is_killed(mut desk: Desk) {
    desk.set("WORK_LEASE", LEASE);
    desk.telegram
        .fault(Fault::new(Effect::Slow { seconds: 0.05 }).method("sendMessage"));
    let crowd = Crowd::new(400..430);
    let (mut kills, mut written) = (Vec::new(), 0);
    let mut running = desk.start().await;
    for (who, until, sends) in ROUNDS {
        crowd.write(&desk, written..until);
        written = until;
        under_way(&desk, sends).await;
        who.replaced(&mut desk, &mut running, Program::kill).await;
        kills.push(desk.telegram.calls().last().map_or(0, |call| call.counter));
        crowd.answered(&desk, until, Duration::from_secs(30)).await;
        running.idle().await;
    }
    running.stop().await.fine();
    doubled_only_where_cut(&desk, &crowd, &kills);
    assert_eq!(desk.dead_letters().await, Vec::<serde_json::Value>::new());
}

pub(crate) async fn each_is_stopped(mut desk: Desk) {
    desk.telegram
        .fault(Fault::new(Effect::Slow { seconds: 0.02 }).method("sendMessage"));
    let crowd = Crowd::new(500..530);
    let mut written = 0;
    let mut running = desk.start().await;
    for (who, until, sends) in ROUNDS {
        crowd.write(&desk, written..until);
        written = until;
        under_way(&desk, sends).await;
        who.replaced(&mut desk, &mut running, stopped).await;
        crowd.answered(&desk, until, Duration::from_secs(30)).await;
    }
    running.stop().await.fine();
    let doubled = crowd.check(&desk, EACH);
    assert!(doubled.is_empty(), "a stop cuts nothing: {doubled:#?}");
    assert_eq!(desk.telegram.stats().messages_cut, 0);
    assert_eq!(desk.dead_letters().await, Vec::<serde_json::Value>::new());
}

/// SIGTERM: it drains and exits with 0, in time.
async fn stopped(program: Program) {
    program.terminate();
    let ended = program.wait(PATIENCE).await.fine();
    assert!(ended.stderr.contains("frontdesk has stopped"), "{ended:#?}");
    assert!(!ended.stderr.contains("the grace is over"), "{ended:#?}");
}

pub(crate) async fn each_tells_its_figures(mut desk: Desk) {
    let running = desk.start().await;
    let mut ann = Client::new(&desk, 61);
    ann.says("/start").await;
    ann.says("how much is a devops audit?").await;
    running.idle().await;
    // The public listener has no figures.
    assert_eq!(
        http::request(&running.address, "GET", "/metrics").await.status,
        404
    );
    let mut pages = Vec::new();
    for worker in &running.workers {
        let answer = http::request(&worker.address, "GET", "/metrics").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            answer.headers["content-type"].starts_with("text/plain; version=0.0.4"),
            "{answer:?}"
        );
        pages.push(answer.body);
    }
    let sum = |series: &str| pages.iter().map(|page| figure(page, series)).sum::<f64>();
    for (series, expected) in [
        ("frontdesk_turn_seconds_count{kind=\"text\"}", 2.0),
        ("frontdesk_work_total{queue=\"turn\",result=\"done\"}", 2.0),
        ("frontdesk_sends_total{result=\"sent\"}", 2.0),
        ("frontdesk_reply_seconds_count", 2.0),
        ("frontdesk_work_waiting{queue=\"turn\"}", 0.0),
        // One case, seen by both.
        ("frontdesk_conversations_open{owner=\"bot\"}", 2.0),
    ] {
        assert!((sum(series) - expected).abs() < 0.01, "{series}: {pages:#?}");
    }
    assert!(sum("frontdesk_reply_seconds_sum") > 0.0, "{pages:#?}");
    for page in &pages {
        assert!(page.contains("program=\"frontdesk-worker\""), "{page}");
        assert!(!page.contains("61\""), "no chat in a label: {page}");
        // A worker has no door.
        assert!(
            figure(page, "frontdesk_accept_seconds_count").abs() < 0.01,
            "{page}"
        );
    }
    running.stop().await.fine();
}

/// A figure on a page; 0 if the page has no such series.
fn figure(page: &str, series: &str) -> f64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| {
        value
            .parse()
            .unwrap_or_else(|error| panic!("{series} {value}: {error}"))
    })
}

/// A database of Redis of this test's own: the others count in theirs.
const OWN: u8 = 9;

/// Redis, where there is one, is emptied in the middle of a form: the form goes on where it was.
pub(crate) async fn a_flushed_cache_loses_nothing(mut desk: Desk) {
    let Some(redis) = desk.setting("REDIS_URL").map(str::to_owned) else {
        println!("SKIPPED: no Redis to empty");
        return;
    };
    desk.set("REDIS_URL", &format!("{redis}/{OWN}"));
    let running = desk.start().await;
    let mut ann = Client::new(&desk, 71);
    ann.says("/start").await;
    desk.telegram.user_text(71, "/quote");
    ann.hears("(1/8)").await;
    desk.telegram.user_text(71, "cloud migration");
    ann.hears("(2/8)").await;
    flush(&redis, OWN).await;
    desk.telegram.user_text(71, "Forty services want to move.");
    ann.hears("(3/8)").await;
    flush(&redis, OWN).await;
    desk.telegram.user_text(71, "how much is a devops audit?");
    ann.hears("audit").await;
    ann.hears("(3/8)").await;
    running.stop().await.fine();
}

/// Empties one database of a Redis.
async fn flush(redis: &str, database: u8) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = redis.trim_start_matches("redis://").trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("reaching Redis");
    let command = format!("SELECT {database}\r\nFLUSHDB\r\n");
    stream.write_all(command.as_bytes()).await.expect("asking Redis");
    let mut answer = [0_u8; 10];
    stream.read_exact(&mut answer).await.expect("an answer of Redis");
    assert_eq!(&answer, b"+OK\r\n+OK\r\n");
}
