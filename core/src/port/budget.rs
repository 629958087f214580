//! The store's role for token budgets: how much a client and a bot may still ask of language models
//! today.
//!
//! Tokens are **reserved** before a call and **settled** after it, so that calls under way at one
//! time never exceed a limit together. What is counted against a limit is the sum of three numbers:
//!
//! - `used`: what models reported, exactly;
//! - `estimated`: reserved in full for calls that may have been charged and of which nobody knows how
//!   much: cut off, given up, or of a process that died;
//! - `reserved`: for calls under way.
//!
//! A reservation whose lease ran out is settled as estimated by [`UpkeepStore::sweep`]; until then
//! it is reserved. So it never stops counting before its day is over.
//!
//! [`UpkeepStore::sweep`]: crate::port::store::UpkeepStore::sweep

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::time::Duration;

use crate::id::ReservationId;
use crate::port::llm::{Account, Usage};
use crate::port::store::StoreError;
use crate::time::Day;

/// How many tokens may be used on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLimits {
    /// By one client.
    pub per_client: u64,
    /// By all clients of one bot.
    pub per_bot: u64,
}

impl Default for TokenLimits {
    fn default() -> Self {
        TokenLimits {
            per_client: 50_000,
            per_bot: 5_000_000,
        }
    }
}

/// Tokens to be set aside for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenReservation {
    /// Its id, fresh for each call.
    pub id: ReservationId,
    /// Whose budgets.
    pub account: Account,
    /// Of which day.
    pub day: Day,
    /// How many: the most the call can use.
    pub tokens: u64,
    /// The limits it must fit into.
    pub limits: TokenLimits,
    /// For how long, by the store's clock: longer than any call takes.
    pub lease: Duration,
}

/// Whether tokens were set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// They are: make the call, then settle.
    Granted,
    /// They do not fit into the client's limit; nothing is reserved.
    ClientLimit,
    /// They do not fit into the bot's limit; nothing is reserved.
    BotLimit,
}

/// What became of reserved tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// The model reported what it used; this is counted, be it less or more than was reserved.
    Reported(Usage),
    /// It may have used some and did not say: all that was reserved counts as estimated.
    Unknown,
    /// Nothing was charged.
    Nothing,
}

/// The end of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Which.
    pub id: ReservationId,
    /// What became of it.
    pub usage: TokenUse,
}

/// Tokens of one day, by how well they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCount {
    /// As the models reported them.
    pub used: u64,
    /// Counted in full because nobody knows better.
    pub estimated: u64,
    /// Of calls under way.
    pub reserved: u64,
}

impl TokenCount {
    /// What counts against a limit.
    pub fn total(&self) -> u64 {
        self.used
            .saturating_add(self.estimated)
            .saturating_add(self.reserved)
    }
}

/// Tokens of one day, of a client and of the client's bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBudget {
    /// The client's.
    pub client: TokenCount,
    /// The bot's, that client's included.
    pub bot: TokenCount,
}

/// Token budgets.
#[async_trait]
pub trait BudgetStore: Debug + Send + Sync {
    /// Sets tokens aside if they fit into both limits of that day together with all that was used,
    /// estimated and reserved before, and nothing otherwise. However many callers ask at one time,
    /// no limit is exceeded by what is reserved. Where neither fits, the client's limit is named. A
    /// reservation that holds is granted again without being counted twice.
    ///
    /// # Errors
    /// [`StoreError`]: whether they are set aside is unknown. Repeating is safe, and so is settling
    /// what may not have been reserved.
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError>;

    /// Ends reservations, on the day they were made for, and counts what was used. Says for each
    /// whether it still held; if not (it was settled, or its lease ran out and a sweep came), nothing
    /// was counted for it.
    ///
    /// # Errors
    /// [`StoreError`]; repeating is safe.
    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError>;

    /// What was counted on a day.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError>;
}
