//! Rough figures of the back office's lists over 100,000 cases, for whoever changes them or their indexes:
//! `FRONTDESK_TEST_POSTGRES=… cargo run --release -p frontdesk-store-diesel --example lists`.
//! Of the cases 1 % is open, 1 % of those waits for a person, a third has a lead; each has four messages.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Fixture, each};
use frontdesk_core::conversation::{ConversationStatus, Owner};
use frontdesk_core::id::{ConversationId, LeadId};
use frontdesk_core::lead::{LeadScore, LeadStage};
use frontdesk_core::port::back_office::{
    ConversationQuery, ConversationStore as _, LeadQuery, LeadStore as _, Paging, Period, StatsStore as _,
};
use std::time::Instant;

const CASES: usize = 100_000;

/// The statements that fill the tables. `{…}` stands for what the databases write differently.
const FILL: [&str; 5] = [
    "INSERT INTO clients (id, bot_id, channel, user_id, chat_id, reachable, created_at, updated_at) \
     SELECT {c}, 7, 'telegram', n, n, {true}, {at}, {at} FROM numbers",
    "INSERT INTO conversations (id, channel, client_id, version, status, lead_score, escalated_at, owner, \
     owner_epoch, last_seq, created_at, updated_at) SELECT {d}, 'telegram', {c}, 1, \
     CASE WHEN n % 10000 = 0 THEN 'escalated' WHEN n % 100 = 0 THEN 'active' ELSE 'closed' END, \
     CASE WHEN n % 1000 = 3 THEN 'hot' WHEN n % 3 = 0 THEN 'cold' END, \
     CASE WHEN n % 10000 = 0 THEN {at} END, CASE WHEN n % 10000 = 0 THEN 'queue' ELSE 'bot' END, \
     1, 4, {at}, {at} FROM numbers",
    "INSERT INTO leads (id, conversation_id, lead_score, score_points, score_reasons, lead_source, lead_stage, \
     fields, form, created_at, updated_at) SELECT {e}, {d}, CASE WHEN n % 1000 = 3 THEN 'hot' ELSE 'cold' END, 5, \
     '[]', 'telegram_bot', CASE WHEN n % 999 = 0 THEN 'won' ELSE 'new' END, '{}', \
     '{\"v\":1,\"phase\":\"paused\",\"field\":\"\",\"correcting\":false,\"question\":0,\"skipped\":[]}', {at}, {at} \
     FROM numbers WHERE n % 3 = 0",
    "INSERT INTO messages (id, conversation_id, sender_type, seq, content, content_type, created_at, updated_at) \
     SELECT {m}, {d}, CASE WHEN k % 2 = 1 THEN 'user' ELSE 'bot' END, k, 'a text of usual length', 'text', {at}, {at} \
     FROM numbers, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) AS places",
    "INSERT INTO message_deliveries (message_id, part, bot_id, channel, chat_id, direction, channel_message_id) \
     SELECT id, 0, 7, 'telegram', 1, 'out', row_number() OVER () FROM messages WHERE sender_type = 'bot'",
];

fn statement(text: &str, postgres: bool) -> String {
    // Ids that grow with `n`, in the form of UUID v7; the digit says of what.
    let id = |digit: char| {
        if postgres {
            format!("('01999999-9999-7999-{digit}900-' || lpad(to_hex(n), 12, '0'))::uuid")
        } else {
            format!("('01999999-9999-7999-{digit}900-' || printf('%012x', n))")
        }
    };
    let message = if postgres {
        "(lpad(to_hex(n), 8, '0') || '-9999-7999-8999-' || lpad(to_hex(k), 12, '0'))::uuid"
    } else {
        "(printf('%08x', n) || '-9999-7999-8999-' || printf('%012x', k))"
    };
    let (numbers, at, yes) = if postgres {
        (
            format!("WITH numbers AS (SELECT n FROM generate_series(1, {CASES}) AS n) "),
            "(now() - n * interval '10 minutes')",
            "true",
        )
    } else {
        (
            format!(
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {CASES}) "
            ),
            "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-' || (n * 10) || ' minutes')",
            "1",
        )
    };
    let text = text
        .replace("{true}", yes)
        .replace("{at}", at)
        .replace("{m}", message)
        .replace("{c}", &id('8'))
        .replace("{d}", &id('9'))
        .replace("{e}", &id('a'));
    // The insert goes first in both databases; its WITH belongs to the SELECT.
    match text.find(" SELECT ") {
        Some(at) => format!("{} {numbers}{}", &text[..at], &text[at + 1..]),
        None => text,
    }
}

async fn fill(db: &Fixture) {
    for text in FILL {
        let began = Instant::now();
        db.sql(&statement(text, db.is_postgres())).await;
        eprintln!("  filled in {:?}", began.elapsed());
    }
    db.sql("ANALYZE").await;
}

/// The slowest and the middle of 20.
async fn measure<T>(what: &str, list: impl AsyncFn() -> Vec<T>) {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..20 {
        let began = Instant::now();
        found = list().await.len();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    eprintln!(
        "  {what}: {found} rows, median {:?}, slowest {:?}",
        times[10], times[19]
    );
}

#[tokio::main]
async fn main() {
    each(async |db| {
        eprintln!("postgres {}:", db.is_postgres());
        fill(db).await;
        let store = &db.store;
        let all = ConversationQuery::newest(200);
        let somewhere = ConversationId(uuid_of(CASES / 2));
        let queries = [
            ("all cases", all.clone()),
            (
                "from the middle",
                ConversationQuery {
                    page: Paging {
                        before: Some(somewhere),
                        limit: 200,
                    },
                    ..all.clone()
                },
            ),
            (
                "closed",
                ConversationQuery {
                    status: Some(ConversationStatus::Closed),
                    ..all.clone()
                },
            ),
            (
                "active",
                ConversationQuery {
                    status: Some(ConversationStatus::Active),
                    ..all.clone()
                },
            ),
            (
                "in the queue",
                ConversationQuery {
                    owner: Some(Owner::Queue),
                    ..all.clone()
                },
            ),
            (
                "an agent's (none)",
                ConversationQuery {
                    owner: Some(Owner::Agent),
                    ..all.clone()
                },
            ),
            (
                "hot",
                ConversationQuery {
                    lead_score: Some(LeadScore::Hot),
                    ..all.clone()
                },
            ),
            (
                "closed, the bot's and warm (none)",
                ConversationQuery {
                    status: Some(ConversationStatus::Closed),
                    owner: Some(Owner::Bot),
                    lead_score: Some(LeadScore::Warm),
                    ..all.clone()
                },
            ),
            (
                "closed and the queue's (none)",
                ConversationQuery {
                    status: Some(ConversationStatus::Closed),
                    owner: Some(Owner::Queue),
                    ..all.clone()
                },
            ),
            (
                "the bot's, active and cold",
                ConversationQuery {
                    status: Some(ConversationStatus::Active),
                    owner: Some(Owner::Bot),
                    lead_score: Some(LeadScore::Cold),
                    ..all.clone()
                },
            ),
        ];
        for (what, query) in &queries {
            measure(what, async || store.conversations(query).await.unwrap()).await;
        }
        let leads = |stage, score| LeadQuery {
            stage,
            score,
            page: Paging::<LeadId>::first(200),
        };
        for (what, query) in [
            ("all leads", leads(None, None)),
            ("won leads", leads(Some(LeadStage::Won), None)),
            (
                "won and hot leads",
                leads(Some(LeadStage::Won), Some(LeadScore::Hot)),
            ),
            (
                "new and warm leads (none)",
                leads(Some(LeadStage::New), Some(LeadScore::Warm)),
            ),
        ] {
            measure(what, async || store.leads(&query).await.unwrap()).await;
        }
        for (what, days) in [("figures of 30 days", 30), ("figures of two years", 730)] {
            let to = now();
            let period = Period {
                from: to - std::time::Duration::from_hours(24 * days),
                to,
            };
            let began = Instant::now();
            let stats = store.stats(&period).await;
            eprintln!(
                "  {what}: {:?} in {:?}",
                stats.map(|stats| stats.conversations),
                began.elapsed()
            );
        }
    })
    .await;
}

fn uuid_of(n: usize) -> uuid::Uuid {
    format!("01999999-9999-7999-9900-{n:012x}").parse().unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement of what runs on the machine's own clock"
)]
fn now() -> frontdesk_core::time::Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    frontdesk_core::time::Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}
