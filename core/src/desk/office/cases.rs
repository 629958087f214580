//! Orders about cases: kept in the client's lane like everything that happens to them.

use std::time::Duration;

use crate::access::Caller;
use crate::conversation::ConversationStatus;
use crate::dialogue::{CaseAction, CaseOrder, Event};
use crate::id::ConversationId;
use crate::port::back_office::Case;
use crate::work::LaneKey;

use super::{BackOffice, OfficeError};

/// How long an order is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon the case is looked at first, and how seldom later.
const SOON: Duration = Duration::from_millis(20);
const SELDOM: Duration = Duration::from_millis(200);

/// What became of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Ordered {
    /// It is done: the case as it is now.
    Done(Box<Case>),
    /// It is kept, and waits for its turn.
    Waiting,
}

impl BackOffice {
    /// Has a case closed or archived, and waits two seconds at most for that. Done already is done.
    ///
    /// # Errors
    /// [`OfficeError::Conflict`] for archiving a case that is open, [`OfficeError::NotNow`] while it
    /// cannot be kept; [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn order(
        &self,
        caller: &Caller,
        id: ConversationId,
        action: CaseAction,
    ) -> Result<Ordered, OfficeError> {
        let case = self.conversation(id).await?;
        if is_done(&case, action) {
            return Ok(Ordered::Done(Box::new(case)));
        }
        if action == CaseAction::Archive && case.conversation.status != ConversationStatus::Closed {
            return Err(OfficeError::Conflict(
                "only a closed case can be archived: close it first",
            ));
        }
        let order = CaseOrder {
            conversation_id: id,
            action,
            actor: caller.actor.to_string(),
        };
        let lane = LaneKey {
            bot_id: case.client.bot_id,
            channel: case.client.channel.clone(),
            chat: case.client.chat_id,
        };
        self.engine()?.door.report(lane, &Event::Case(order)).await?;
        self.outcome(id, action).await
    }

    /// Looks until the order is done, or patience ends.
    async fn outcome(&self, id: ConversationId, action: CaseAction) -> Result<Ordered, OfficeError> {
        let clock = &self.parts.clock;
        let until = clock.now() + PATIENCE;
        let mut pause = SOON;
        loop {
            let case = self.conversation(id).await?;
            if is_done(&case, action) {
                return Ok(Ordered::Done(Box::new(case)));
            }
            let now = clock.now();
            if now >= until {
                return Ok(Ordered::Waiting);
            }
            clock.sleep_until((now + pause).min(until)).await;
            pause = (pause * 2).min(SELDOM);
        }
    }
}

fn is_done(case: &Case, action: CaseAction) -> bool {
    match (&case.conversation.status, action) {
        (ConversationStatus::Archived, _) | (ConversationStatus::Closed, CaseAction::Close) => true,
        (ConversationStatus::Active | ConversationStatus::Escalated | ConversationStatus::Unknown(_), _)
        | (ConversationStatus::Closed, CaseAction::Archive) => false,
    }
}
