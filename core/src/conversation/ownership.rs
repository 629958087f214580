//! One case of one client, and who may speak in it.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Channel, ClientId, ConversationId, Ids, ThreadId};
use crate::lead::LeadScore;
use crate::time::Timestamp;

open_enum! {
    /// Where a case stands.
    ConversationStatus {
        /// The bot speaks with the client.
        Active = "active",
        /// A person was asked for, or speaks.
        Escalated = "escalated",
        /// Done; writing again opens a new case.
        Closed = "closed",
        /// Done and put away.
        Archived = "archived",
    }
}

open_enum! {
    /// Who may speak to the client.
    Owner {
        /// The bot.
        Bot = "bot",
        /// Nobody yet: the case waits for a person, the bot goes on answering from knowledge.
        Queue = "queue",
        /// An agent; the bot is silent.
        Agent = "agent",
    }
}

/// A pair of status and owner that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a conversation cannot be {status} with owner {owner}")]
pub struct IllegalOwnership {
    /// The status asked for.
    pub status: ConversationStatus,
    /// The owner asked for.
    pub owner: Owner,
}

/// One row per case. A client has many over time, at most one open (active or escalated).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The desk's id.
    pub id: ConversationId,
    /// The messenger.
    pub channel: Channel,
    /// Whose case it is.
    pub client_id: ClientId,
    /// Counts the commits of this row; a commit names the version it read.
    pub version: i64,
    /// Where the case stands.
    pub status: ConversationStatus,
    /// Score of its lead, null without one.
    pub lead_score: Option<LeadScore>,
    /// When the client, the bot or an agent last said something.
    pub last_message_at: Option<Timestamp>,
    /// When a person was first asked for.
    pub escalated_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The agent who claimed it.
    pub escalated_to_agent_id: Option<AgentId>,
    /// Who may speak.
    pub owner: Owner,
    /// Grows at each change of owner and at closing; fences answers decided before it.
    pub owner_epoch: i64,
    /// Forum topic of the agents' group.
    pub agents_topic_id: Option<ThreadId>,
    /// Whatever else belongs to the case; an object.
    pub metadata: serde_json::Value,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

impl Conversation {
    /// A new case with the bot as owner.
    pub fn open(ids: &mut Ids, channel: Channel, client_id: ClientId, now: Timestamp) -> Self {
        Conversation {
            id: ConversationId(ids.next_uuid()),
            channel,
            client_id,
            version: 0,
            status: ConversationStatus::Active,
            lead_score: None,
            last_message_at: None,
            escalated_at: None,
            closed_at: None,
            escalated_to_agent_id: None,
            owner: Owner::Bot,
            owner_epoch: 0,
            agents_topic_id: None,
            metadata: serde_json::json!({}),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it is the client's open case.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status,
            ConversationStatus::Active | ConversationStatus::Escalated
        )
    }

    /// Changes status and owner together. The epoch grows if the owner changes or the case closes.
    ///
    /// # Errors
    /// [`IllegalOwnership`] for any pair but active–bot, escalated–queue, escalated–agent,
    /// closed–bot and archived–bot; nothing is changed then.
    pub fn hand_to(
        &mut self,
        status: ConversationStatus,
        owner: Owner,
        now: Timestamp,
    ) -> Result<(), IllegalOwnership> {
        if !legal(&status, &owner) {
            return Err(IllegalOwnership { status, owner });
        }
        let closes = self.is_open() && status == ConversationStatus::Closed;
        if owner != self.owner || closes {
            self.owner_epoch += 1;
        }
        match status {
            ConversationStatus::Escalated => self.escalated_at = self.escalated_at.or(Some(now)),
            ConversationStatus::Closed => self.closed_at = Some(now),
            ConversationStatus::Active | ConversationStatus::Archived | ConversationStatus::Unknown(_) => {}
        }
        if owner != Owner::Agent {
            self.escalated_to_agent_id = None;
        }
        self.status = status;
        self.owner = owner;
        Ok(())
    }
}

fn legal(status: &ConversationStatus, owner: &Owner) -> bool {
    match status {
        ConversationStatus::Active | ConversationStatus::Closed | ConversationStatus::Archived => {
            *owner == Owner::Bot
        }
        ConversationStatus::Escalated => matches!(owner, Owner::Queue | Owner::Agent),
        ConversationStatus::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_five_pairs_are_legal_and_the_epoch_grows_at_each_change_of_owner() {
        let now = Timestamp::from_seconds(1);
        let mut ids = Ids::new(now, 1);
        let client = ClientId(ids.next_uuid());
        let fresh = Conversation::open(&mut ids, Channel::TERMINAL, client, now);
        let mut allowed = Vec::new();
        for status in ConversationStatus::KNOWN {
            for owner in Owner::KNOWN {
                let mut case = fresh.clone();
                let before = case.clone();
                match case.hand_to(status.clone(), owner.clone(), now) {
                    Ok(()) => allowed.push(format!("{status}-{owner}-{}", case.owner_epoch)),
                    Err(_) => assert_eq!(case, before),
                }
            }
        }
        assert_eq!(
            allowed,
            [
                "active-bot-0",
                "escalated-queue-1",
                "escalated-agent-1",
                "closed-bot-1",
                "archived-bot-0"
            ]
        );
    }
}
