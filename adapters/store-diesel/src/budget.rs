//! Token budgets: reserved before a call of a model, settled after it.
//!
//! The limit is part of the statement that raises a budget's row, and that row stays locked until the
//! transaction ends: whoever comes next reads what is really left. **Order of locks**: reservations by
//! id, then budgets of clients by bot, client and day, then budgets of bots likewise.

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use frontdesk_core::id::ReservationId;
use frontdesk_core::port::budget::{
    BudgetStore, Reserved, Settlement, TokenBudget, TokenCount, TokenReservation, TokenUse,
};
use frontdesk_core::port::llm::Account;
use frontdesk_core::port::store::StoreError;
use frontdesk_core::time::Day;

use crate::conn::{Conn, Durability, rows};
use crate::error::store_error;
use crate::open::DieselStore;
use crate::sql::{Column, Sql};
use crate::types::{Id, Uuid};

/// No number of tokens is larger, so that sums of some of them fit into the column.
const MOST: i64 = i64::MAX >> 8;
/// How long a day's budget is kept.
const KEPT: Duration = Duration::from_hours(30 * 24);

#[async_trait]
impl BudgetStore for DieselStore {
    async fn reserve_tokens(&self, asked: &TokenReservation) -> Result<Reserved, StoreError> {
        if asked.tokens > asked.limits.per_client {
            return Ok(Reserved::ClientLimit);
        }
        if asked.tokens > asked.limits.per_bot {
            return Ok(Reserved::BotLimit);
        }
        let mut conn = self.transaction(Durability::Full).await?;
        let reserved = reserve(&mut conn, asked).await;
        if let Ok(Reserved::ClientLimit | Reserved::BotLimit) = reserved {
            conn.roll_back().await;
            return reserved.map_err(store_error);
        }
        conn.close(reserved).await
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.transaction(Durability::Full).await?;
        let held = settle(&mut conn, settlements).await;
        let mut held = conn.close(held).await?;
        // What comes twice in one slice ends once.
        Ok(settlements.iter().map(|end| held.remove(&end.id)).collect())
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        let mut conn = self.reader().await?;
        read(&mut conn, account, day).await.map_err(store_error)
    }
}

/// The `client_id` of a bot's own row.
const WHOLE_BOT: uuid::Uuid = uuid::Uuid::nil();

fn tokens_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(MOST).min(MOST)
}

/// To be rolled back unless it is granted.
async fn reserve(conn: &mut Conn, asked: &TokenReservation) -> QueryResult<Reserved> {
    let Account { bot_id, client_id } = asked.account;
    let day = asked.day.to_string();
    let fresh = conn
        .run(
            Sql::new(
                "INSERT INTO token_reservations (id, bot_id, client_id, day, tokens, expires_at, created_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .id(asked.id.0)
            .int(bot_id.0)
            .id(client_id.0)
            .text(day.as_str())
            .int(tokens_of(asked.tokens))
            .after(asked.lease)
            .now(),
        )
        .await?;
    if fresh == 0 {
        return Ok(Reserved::Granted);
    }
    let limits = [
        (client_id.0, asked.limits.per_client, Reserved::ClientLimit),
        (WHOLE_BOT, asked.limits.per_bot, Reserved::BotLimit),
    ];
    for (client, limit, refused) in limits {
        // A first row fits: what is asked for is no more than the limit.
        let raised = conn
            .run(
                Sql::new(
                    "INSERT INTO token_budgets (bot_id, client_id, day, reserved, created_at, updated_at) \
                     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (bot_id, client_id, day) DO UPDATE \
                     SET reserved = token_budgets.reserved + excluded.reserved, updated_at = excluded.updated_at \
                     WHERE token_budgets.used + token_budgets.estimated + token_budgets.reserved \
                     + excluded.reserved <= ?",
                )
                .int(bot_id.0)
                .id(client)
                .text(day.as_str())
                .int(tokens_of(asked.tokens))
                .now()
                .now()
                .int(tokens_of(limit)),
            )
            .await?;
        if raised == 0 {
            return Ok(refused);
        }
    }
    Ok(Reserved::Granted)
}

/// A reservation that ends: id, bot, client, day, tokens.
type Ended = (Id, i64, Id, String, i64);
type EndedRow = (Uuid, BigInt, Uuid, Text, BigInt);

/// Ends reservations, and says which held.
async fn settle(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<HashSet<ReservationId>> {
    let ids = settlements.iter().map(|end| Id(end.id.0)).collect();
    let sql = Sql::<EndedRow>::new(
        "WITH held AS MATERIALIZED (SELECT id FROM token_reservations WHERE id IN ? ORDER BY id ?) \
         DELETE FROM token_reservations WHERE id IN (SELECT id FROM held) \
         RETURNING id, bot_id, client_id, day, tokens",
    )
    .set(Column::Ids(ids))
    .only_postgres("FOR UPDATE");
    let ended = rows!(&mut *conn, sql => Ended)?;
    count(conn, &ended, |id| {
        let end = settlements.iter().find(|end| end.id == id);
        end.map_or(TokenUse::Unknown, |end| end.usage)
    })
    .await?;
    Ok(ended.into_iter().map(|(id, ..)| ReservationId(id.0)).collect())
}

/// Moves the tokens of reservations that ended to where they count, in the order of locks.
async fn count(
    conn: &mut Conn,
    ended: &[Ended],
    usage: impl Fn(ReservationId) -> TokenUse,
) -> QueryResult<()> {
    let mut budgets: BTreeMap<(bool, i64, uuid::Uuid, &str), [i64; 3]> = BTreeMap::new();
    for (id, bot, client, day, tokens) in ended {
        let (used, estimated) = match usage(ReservationId(id.0)) {
            TokenUse::Reported(usage) => (tokens_of(usage.total()), 0),
            TokenUse::Unknown => (0, *tokens),
            TokenUse::Nothing => (0, 0),
        };
        for key in [
            (false, *bot, client.0, day.as_str()),
            (true, *bot, WHOLE_BOT, day),
        ] {
            let sums = budgets.entry(key).or_default();
            for (sum, more) in sums.iter_mut().zip([*tokens, used, estimated]) {
                *sum = sum.saturating_add(more);
            }
        }
    }
    for ((_, bot, client, day), [reserved, used, estimated]) in budgets {
        let sql = Sql::new(
            "UPDATE token_budgets SET reserved = reserved - ?, used = used + ?, estimated = estimated + ?, \
             updated_at = ? WHERE bot_id = ? AND client_id = ? AND day = ?",
        )
        .int(reserved)
        .int(used)
        .int(estimated)
        .now()
        .int(bot)
        .id(client)
        .text(day);
        conn.run(sql).await?;
    }
    Ok(())
}

async fn read(conn: &mut Conn, account: Account, day: Day) -> QueryResult<TokenBudget> {
    let sql = Sql::<(Bool, BigInt, BigInt, BigInt)>::new(
        "SELECT client_id = ?, used, estimated, reserved FROM token_budgets \
         WHERE bot_id = ? AND client_id IN (?, ?) AND day = ?",
    )
    .id(WHOLE_BOT)
    .int(account.bot_id.0)
    .id(account.client_id.0)
    .id(WHOLE_BOT)
    .text(day.to_string());
    let mut budget = TokenBudget::default();
    for (whole_bot, used, estimated, reserved) in rows!(conn, sql => (bool, i64, i64, i64))? {
        let [used, estimated, reserved] =
            [used, estimated, reserved].map(|number| u64::try_from(number).unwrap_or(0));
        let count = TokenCount {
            used,
            estimated,
            reserved,
        };
        if whole_bot {
            budget.bot = count;
        } else {
            budget.client = count;
        }
    }
    Ok(budget)
}

impl DieselStore {
    /// Settles reservations whose lease ran out as estimated (index `token_reservations_expiry`), a
    /// thousand at a time; says how many.
    pub(crate) async fn settle_what_ran_out(&self) -> Result<usize, StoreError> {
        let mut conn = self.transaction(Durability::Lease).await?;
        let settled = async {
            let sql = Sql::<EndedRow>::new(
                "WITH old AS MATERIALIZED (SELECT id FROM token_reservations WHERE expires_at <= ? \
                 ORDER BY expires_at LIMIT 1000 ?) DELETE FROM token_reservations \
                 WHERE id IN (SELECT id FROM old) RETURNING id, bot_id, client_id, day, tokens",
            )
            .now()
            .only_postgres("FOR UPDATE SKIP LOCKED");
            let ended = rows!(&mut conn, sql => Ended)?;
            count(&mut conn, &ended, |_| TokenUse::Unknown).await?;
            Ok(ended.len())
        }
        .await;
        conn.close(settled).await
    }
}

/// Forgets old days (index `token_budgets_age`), a thousand rows at a time.
pub(crate) fn sweep() -> Sql {
    Sql::new(
        "WITH old AS MATERIALIZED (SELECT bot_id, client_id, day FROM token_budgets WHERE created_at < ? \
         AND reserved = 0 ORDER BY created_at LIMIT 1000 ?) DELETE FROM token_budgets \
         WHERE (bot_id, client_id, day) IN (SELECT bot_id, client_id, day FROM old)",
    )
    .ago(KEPT)
    .only_postgres("FOR UPDATE SKIP LOCKED")
}
