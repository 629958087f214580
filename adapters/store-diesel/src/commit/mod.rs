//! Committing turns: a slice in one transaction if all goes well, else each by itself, so that a bad
//! turn never fails its neighbours.

mod dialogue;
mod jobs;
mod messages;
pub(crate) mod outgoing;

use async_trait::async_trait;
use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::BigInt;
use slog::warn;
use std::collections::HashMap;

use frontdesk_core::conversation::Conversation;
use frontdesk_core::id::ConversationId;
use frontdesk_core::port::store::{
    Claim, CommitOutcome, Snapshot, StoreError, TurnCommit, TurnEnd, TurnStore,
};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedTurn, LaneKey, LaneKind};

use crate::back_office::audit;
use crate::conn::{Conn, Durability, rows};
use crate::dead;
use crate::error::store_error;
use crate::lanes::{self, Changes};
use crate::load;
use crate::open::DieselStore;
use crate::sql::{Column, Sql};
use crate::types::{At, Moment};

pub(crate) use jobs::start;

#[async_trait]
impl TurnStore for DieselStore {
    async fn claim_turns(&self, claim: &Claim) -> Result<Vec<ClaimedTurn>, StoreError> {
        self.take_turns(claim).await
    }

    async fn load(&self, lanes: &[LaneKey]) -> Result<Vec<Snapshot>, StoreError> {
        let mut conn = self.reader().await?;
        load::snapshots(&mut conn, lanes).await.map_err(store_error)
    }

    async fn load_case(&self, case: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let mut conn = self.reader().await?;
        load::case(&mut conn, case).await.map_err(store_error)
    }

    async fn commit(&self, turns: &[TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<&TurnCommit> = turns.iter().collect();
        match self.write(&all).await {
            Ok(outcomes) => Ok(outcomes),
            Err(Stop::Conflict) if turns.len() == 1 => Ok(vec![CommitOutcome::Conflict]),
            Err(Stop::ItemGone) if turns.len() == 1 => Ok(vec![CommitOutcome::LeaseLost]),
            Err(Stop::Store(error)) if turns.len() == 1 || error.is_transient() => Err(error),
            Err(_) => self.one_by_one(&all).await,
        }
    }
}

/// Why a transaction of turns was given up. Nothing of it is written.
enum Stop {
    /// The database said no.
    Store(StoreError),
    /// A conversation changed since it was read.
    Conflict,
    /// A lane is held, but its item is gone.
    ItemGone,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Store(store_error(error))
    }
}

impl DieselStore {
    /// Each turn in a transaction of its own. One that is refused answers `Conflict`: the caller tries
    /// it again, alone, and learns why.
    async fn one_by_one(&self, turns: &[&TurnCommit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(turns.len());
        for turn in turns {
            let outcome = match self.write(std::slice::from_ref(turn)).await {
                Ok(outcome) => outcome.first().copied().unwrap_or(CommitOutcome::LeaseLost),
                Err(Stop::Conflict) => CommitOutcome::Conflict,
                Err(Stop::ItemGone) => CommitOutcome::LeaseLost,
                Err(Stop::Store(error)) if error.is_transient() => return Err(error),
                Err(Stop::Store(error)) => {
                    warn!(self.log(), "turn refused in a slice of several"; "error" => %error);
                    CommitOutcome::Conflict
                }
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn write(&self, turns: &[&TurnCommit]) -> Result<Vec<CommitOutcome>, Stop> {
        let mut conn = self.transaction(Durability::Full).await.map_err(Stop::Store)?;
        match write_all(&mut conn, turns).await {
            Ok(outcomes) => Ok(conn.end(Ok(outcomes)).await?),
            Err(stop) => {
                conn.roll_back().await;
                Err(stop)
            }
        }
    }
}

/// Writes turns in the open transaction: first what is locked in a fixed order (lanes of turns, then of
/// replies), then rows that only the chat's own turn writes.
async fn write_all(conn: &mut Conn, turns: &[&TurnCommit]) -> Result<Vec<CommitOutcome>, Stop> {
    let claims: Vec<_> = turns.iter().map(|turn| &turn.claim).collect();
    let held = lanes::give_back(conn, &LaneKind::Turn, claims.into_iter(), Changes::ItemDone).await?;
    // A lane can be given back once; a second turn of it in the slice comes too late.
    let mut left = held;
    let written: Vec<bool> = turns.iter().map(|turn| left.remove(&turn.claim)).collect();
    let ours: Vec<&TurnCommit> = turns
        .iter()
        .zip(&written)
        .filter_map(|(turn, written)| written.then_some(*turn))
        .collect();
    if !ours.is_empty() {
        let accepted = end_items(conn, &ours).await?;
        outgoing::post(conn, &ours, &accepted).await?;
        dialogue::write(conn, &ours).await?;
        jobs::change(conn, &ours).await?;
        // Last: whoever appends keeps all others from appending until the commit.
        let entries: Vec<_> = ours.iter().flat_map(|turn| &turn.decision.audit).collect();
        audit::append(conn, &entries).await?;
    }
    Ok(written
        .into_iter()
        .map(|written| {
            if written {
                CommitOutcome::Committed
            } else {
                CommitOutcome::LeaseLost
            }
        })
        .collect())
}

/// Takes the items out of the inbox, those that could not be decided to the dead letters. Says when
/// each was accepted.
async fn end_items(conn: &mut Conn, turns: &[&TurnCommit]) -> Result<HashMap<i64, Timestamp>, Stop> {
    for turn in turns {
        if let TurnEnd::Dead { why } = &turn.end {
            dead::bury_turn(conn, &turn.claim.lane, turn.seq, why).await?;
        }
    }
    let mut columns = lanes::key_columns(turns.iter().map(|turn| &turn.claim.lane));
    columns.push(("seq", Column::Ints(turns.iter().map(|turn| turn.seq).collect())));
    let sql = Sql::<(BigInt, Moment)>::new(
        "DELETE FROM inbox WHERE (seq, bot_id, channel, chat_id) IN \
         (SELECT t.seq, t.bot_id, t.channel, t.chat_id FROM ?) RETURNING seq, received_at",
    )
    .table("t", columns);
    let ended: QueryResult<Vec<(i64, At)>> = rows!(conn, sql => (i64, At));
    let ended: HashMap<i64, Timestamp> = ended?.into_iter().map(|(seq, at)| (seq, at.0)).collect();
    if turns.iter().all(|turn| ended.contains_key(&turn.seq)) {
        Ok(ended)
    } else {
        Err(Stop::ItemGone)
    }
}
