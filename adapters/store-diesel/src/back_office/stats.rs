//! Figures of a period: a statement each.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::time::Duration;

use frontdesk_core::port::StoreError;
use frontdesk_core::port::back_office::{ModelFigures, Period, Spread, Stats, StatsStore};

use crate::conn::{Conn, rows};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::sql::Sql;

/// From the client's first message to the first delivery of something said after it.
const FIRST_RESPONSE: &str = "\
    WITH asked AS (SELECT m.conversation_id, min(m.seq) AS seq FROM conversations AS c \
      JOIN messages AS m ON m.conversation_id = c.id \
      WHERE c.created_at >= ? AND c.created_at < ? AND m.sender_type = 'user' GROUP BY m.conversation_id), \
    spans AS (SELECT min(q.created_at) AS began, min(d.created_at) AS ended FROM asked AS a \
      JOIN messages AS q ON q.conversation_id = a.conversation_id AND q.seq = a.seq \
      JOIN messages AS r ON r.conversation_id = a.conversation_id AND r.seq > a.seq \
      JOIN message_deliveries AS d ON d.message_id = r.id AND d.direction = 'out' GROUP BY a.conversation_id)";

/// From asking for a person to the first message of one.
const FIRST_AGENT_RESPONSE: &str = "\
    WITH spans AS (SELECT min(c.escalated_at) AS began, min(m.created_at) AS ended FROM conversations AS c \
      JOIN messages AS m ON m.conversation_id = c.id AND m.sender_type = 'agent' AND m.created_at >= c.escalated_at \
      WHERE c.created_at >= ? AND c.created_at < ? AND c.escalated_at IS NOT NULL GROUP BY c.id)";

#[async_trait]
impl StatsStore for DieselStore {
    async fn stats(&self, period: &Period) -> Result<Stats, StoreError> {
        let mut conn = self.reader().await?;
        measure(&mut conn, period).await.map_err(store_error)
    }
}

/// All but what models did goes by `conversations_opened`, and from there by the keys of each case.
async fn measure(conn: &mut Conn, period: &Period) -> QueryResult<Stats> {
    let counts = Sql::<(BigInt, BigInt, BigInt)>::new(
        "SELECT count(*), count(escalated_at), count(CASE WHEN status IN ('closed', 'archived') THEN 1 END) \
         FROM conversations WHERE created_at >= ? AND created_at < ?",
    );
    let counts = rows!(conn, within(counts, period) => (i64, i64, i64))?;
    let (conversations, escalated, closed) = counts.into_iter().next().unwrap_or_default();
    let scores = Sql::<(Text, BigInt)>::new(
        "SELECT l.lead_score, count(*) FROM conversations AS c JOIN leads AS l ON l.conversation_id = c.id \
         WHERE c.created_at >= ? AND c.created_at < ? GROUP BY l.lead_score",
    );
    let scores = rows!(conn, within(scores, period) => (String, i64))?;
    let stages = Sql::<(Text, BigInt)>::new(
        "SELECT h.to_stage, count(DISTINCT h.lead_id) FROM conversations AS c \
         JOIN leads AS l ON l.conversation_id = c.id JOIN lead_stage_history AS h ON h.lead_id = l.id \
         WHERE c.created_at >= ? AND c.created_at < ? GROUP BY h.to_stage",
    );
    let stages = rows!(conn, within(stages, period) => (String, i64))?;
    Ok(Stats {
        conversations: count(conversations),
        escalated: count(escalated),
        closed: count(closed),
        scores: scores.into_iter().map(|(score, n)| (score, count(n))).collect(),
        stages: stages.into_iter().map(|(stage, n)| (stage, count(n))).collect(),
        first_response: spread(conn, FIRST_RESPONSE, period).await?,
        first_agent_response: spread(conn, FIRST_AGENT_RESPONSE, period).await?,
        models: models(conn, period).await?.into_iter().collect(),
    })
}

/// What models did (index `messages_of_models`).
async fn models(conn: &mut Conn, period: &Period) -> QueryResult<Vec<(String, ModelFigures)>> {
    type Row = (Option<String>, i64, i64, i64, i64);
    let sql = Sql::<(Nullable<Text>, BigInt, BigInt, BigInt, BigInt)>::new(
        "SELECT llm_model, count(*), CAST(coalesce(sum(llm_tokens_in), 0) AS bigint), \
         CAST(coalesce(sum(llm_tokens_out), 0) AS bigint), CAST(coalesce(sum(llm_cost_micros), 0) AS bigint) \
         FROM messages WHERE llm_used AND created_at >= ? AND created_at < ? GROUP BY llm_model",
    );
    let found = rows!(conn, within(sql, period) => Row)?;
    Ok(found
        .into_iter()
        .map(|(model, messages, tokens_in, tokens_out, cost)| {
            let used = ModelFigures {
                messages: count(messages),
                tokens_in: count(tokens_in),
                tokens_out: count(tokens_out),
                cost_micros: count(cost),
            };
            (model.unwrap_or_else(|| "unknown".to_owned()), used)
        })
        .collect())
}

/// The spans that a statement names, in order: only the two that are asked for leave the database.
async fn spread(conn: &mut Conn, spans: &str, period: &Period) -> QueryResult<Spread> {
    let micros = match conn {
        Conn::Postgres(_) => "CAST(EXTRACT(epoch FROM (ended - began)) * 1000000 AS bigint)",
        // SQLite knows milliseconds.
        Conn::Sqlite(_) => {
            "CAST(round((julianday(ended) - julianday(began)) * 86400000.0) AS INTEGER) * 1000"
        }
    };
    let sql = Sql::<(BigInt, BigInt, BigInt)>::new(format!(
        "{spans}, ranked AS (SELECT {micros} AS took, row_number() OVER (ORDER BY {micros}) AS place, \
         count(*) OVER () AS total FROM spans) \
         SELECT took, place, total FROM ranked \
         WHERE place IN ((total * 50 + 99) / 100, (total * 95 + 99) / 100) ORDER BY place",
    ));
    let found = rows!(conn, within(sql, period) => (i64, i64, i64))?;
    let time = |row: Option<&(i64, i64, i64)>| {
        row.map_or(Duration::ZERO, |(took, _, _)| Duration::from_micros(count(*took)))
    };
    Ok(Spread {
        count: found.first().map_or(0, |(_, _, total)| count(*total)),
        median: time(found.first()),
        p95: time(found.last()),
    })
}

fn within<ST>(sql: Sql<ST>, period: &Period) -> Sql<ST> {
    sql.at(period.from).at(period.to)
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
