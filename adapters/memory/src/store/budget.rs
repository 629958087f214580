//! Token budgets of clients and bots, by day.

use std::collections::BTreeMap;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::{BotId, ClientId, ReservationId};
use frontdesk_core::port::StoreError;
use frontdesk_core::port::budget::{
    BudgetStore, Reserved, Settlement, TokenBudget, TokenCount, TokenReservation, TokenUse,
};
use frontdesk_core::port::llm::Account;
use frontdesk_core::time::{Day, Timestamp};

use super::{Fault, MemoryStore, State};

/// How long a day's budget is kept.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// Whose budget, and of which day; no client is the whole bot.
type Key = (BotId, Option<ClientId>, Day);

/// What was counted, and since when.
#[derive(Debug)]
struct Row {
    count: TokenCount,
    since: Timestamp,
}

/// A reservation that holds.
#[derive(Debug)]
struct Held {
    account: Account,
    day: Day,
    tokens: u64,
    until: Timestamp,
}

/// All budgets.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    rows: BTreeMap<Key, Row>,
    held: BTreeMap<ReservationId, Held>,
}

impl Budgets {
    fn count(&self, key: Key) -> TokenCount {
        self.rows.get(&key).map(|row| row.count).unwrap_or_default()
    }

    fn change(&mut self, key: Key, now: Timestamp, change: impl Fn(&mut TokenCount)) {
        let row = self.rows.entry(key).or_insert(Row {
            count: TokenCount::default(),
            since: now,
        });
        change(&mut row.count);
    }

    /// Ends a reservation; false if it does not hold.
    fn settle(&mut self, id: ReservationId, usage: TokenUse, now: Timestamp) -> bool {
        let Some(held) = self.held.remove(&id) else {
            return false;
        };
        for key in keys(held.account, held.day) {
            self.change(key, now, |count| {
                count.reserved = count.reserved.saturating_sub(held.tokens);
                match usage {
                    TokenUse::Reported(usage) => count.used = count.used.saturating_add(usage.total()),
                    TokenUse::Unknown => count.estimated = count.estimated.saturating_add(held.tokens),
                    TokenUse::Nothing => {}
                }
            });
        }
        true
    }
}

fn keys(account: Account, day: Day) -> [Key; 2] {
    [
        (account.bot_id, Some(account.client_id), day),
        (account.bot_id, None, day),
    ]
}

#[async_trait]
impl BudgetStore for MemoryStore {
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError> {
        if self.lock().has(Fault::LimitReadThenWritten) {
            let refused = self.lock().refusal(reservation);
            give_way().await;
            let (mut state, now) = self.now();
            return Ok(refused.unwrap_or_else(|| state.set_aside(reservation, now)));
        }
        let (mut state, now) = self.now();
        if state.budgets.held.contains_key(&reservation.id) || state.has(Fault::NothingReserved) {
            return Ok(Reserved::Granted);
        }
        Ok(match state.refusal(reservation) {
            Some(refused) => {
                if refused == Reserved::BotLimit && state.has(Fault::RefusedHalfReserved) {
                    let [client, _] = keys(reservation.account, reservation.day);
                    let half = |count: &mut TokenCount| count.reserved += reservation.tokens;
                    state.budgets.change(client, now, half);
                }
                refused
            }
            None => state.set_aside(reservation, now),
        })
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        Ok(settlements
            .iter()
            .map(|settlement| state.settle(settlement, now))
            .collect())
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        let state = self.lock();
        let [client, bot] = keys(account, day).map(|key| state.budgets.count(key));
        Ok(TokenBudget { client, bot })
    }
}

/// Lets others run once.
async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl State {
    /// Which limit does not take these tokens.
    fn refusal(&self, asked: &TokenReservation) -> Option<Reserved> {
        let limits = [
            (asked.limits.per_client, Reserved::ClientLimit),
            (asked.limits.per_bot, Reserved::BotLimit),
        ];
        let mut limited = keys(asked.account, asked.day).into_iter().zip(limits);
        limited
            .find(|(key, (limit, _))| self.counted(*key).saturating_add(asked.tokens) > *limit)
            .map(|(_, (_, refused))| refused)
    }

    fn set_aside(&mut self, asked: &TokenReservation, now: Timestamp) -> Reserved {
        for key in keys(asked.account, asked.day) {
            self.budgets.change(key, now, |count| {
                count.reserved = count.reserved.saturating_add(asked.tokens);
            });
        }
        self.budgets.held.insert(
            asked.id,
            Held {
                account: asked.account,
                day: asked.day,
                tokens: asked.tokens,
                until: now + asked.lease,
            },
        );
        Reserved::Granted
    }

    /// What counts against the limit of this budget.
    fn counted(&self, key: Key) -> u64 {
        if !self.has(Fault::LimitOfAllDays) {
            return self.budgets.count(key).total();
        }
        let (bot, client, _) = key;
        let same = |other: &Key| other.0 == bot && other.1 == client;
        let rows = self.budgets.rows.iter().filter(|(key, _)| same(key));
        rows.map(|(_, row)| row.count.total()).sum()
    }

    fn settle(&mut self, settlement: &Settlement, now: Timestamp) -> bool {
        let usage = match settlement.usage {
            TokenUse::Unknown if self.has(Fault::UnknownUseForgotten) => TokenUse::Nothing,
            TokenUse::Reported(_) if self.has(Fault::SettleLost) => TokenUse::Nothing,
            usage => usage,
        };
        self.budgets.settle(settlement.id, usage, now)
    }

    /// Ends reservations whose lease ran out, and forgets old days; says how many of both.
    pub(super) fn sweep_budgets(&mut self, now: Timestamp, most: usize) -> usize {
        let expire = !self.has(Fault::ReservationsNeverExpire);
        let budgets = &mut self.budgets;
        let over: Vec<_> = budgets
            .held
            .iter()
            .filter(|(_, held)| expire && held.until <= now)
            .map(|(id, _)| *id)
            .take(most)
            .collect();
        for id in &over {
            budgets.settle(*id, TokenUse::Unknown, now);
        }
        let old: Vec<_> = budgets
            .rows
            .iter()
            .filter(|(_, row)| row.count.reserved == 0 && row.since < now - KEPT)
            .map(|(key, _)| *key)
            .take(most)
            .collect();
        for key in &old {
            budgets.rows.remove(key);
        }
        over.len() + old.len()
    }
}
