//! Messages waiting to be sent.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::id::{ChannelMessageId, MessageId, ThreadId};
use crate::port::messenger::{Action, LimitScope};

use super::lane::{LaneClaim, LaneKey};

open_enum! {
    /// Who speaks. Decides whether a message may still go when a person owns the chat.
    Author {
        /// The bot: not once a person took the chat after it was decided.
        Bot = "bot",
        /// An agent: always.
        Agent = "agent",
        /// The desk itself (a tap answered, a card to sales): always.
        Desk = "desk",
    }
}

open_enum! {
    /// How often a call may be made whose outcome is unknown.
    Repeat {
        /// Harmless: as often as it takes.
        Free = "free",
        /// Once more; a second unknown outcome parks it.
        Once = "once",
        /// Not at all: the first unknown outcome parks it.
        Never = "never",
    }
}

/// One call to a messenger, decided with a turn and kept until it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The chat it goes to. Calls of one lane go out in the order they were decided.
    pub lane: LaneKey,
    /// The thread within the chat.
    pub thread: Option<ThreadId>,
    /// Committing a second one with the same key changes nothing; remembered for 72 hours at least.
    pub dedupe_key: String,
    /// The message it carries (a part of), if any.
    pub message_id: Option<MessageId>,
    /// Which part of the message, from 0.
    pub part: u16,
    /// Who speaks.
    pub author: Author,
    /// The conversation's owner epoch when it was decided.
    pub owner_epoch: i64,
    /// What to do.
    pub action: Action,
    /// How often an unknown outcome may be repeated.
    pub repeat: Repeat,
}

/// A call that waits in its lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its place in the lane.
    pub seq: i64,
    /// The call.
    pub outgoing: Outgoing,
    /// How often the intent to send it has been committed.
    pub tries: u32,
    /// Whether the last of those had no known outcome.
    pub in_flight: bool,
    /// How long ago, at the claim and by the store's clock, the event that it answers was accepted;
    /// unknown for a call that was put back by hand.
    pub waited: Option<Duration>,
}

/// A claimed lane and the oldest call that waits in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedSend {
    /// The claim.
    pub claim: LaneClaim,
    /// How often this lane has been claimed for this call, this time included.
    pub attempt: u32,
    /// What waits.
    pub item: OutboxItem,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Done. The delivery is recorded if a message carries it.
    Sent {
        /// The messenger's id of the message, if there is one.
        channel_message_id: Option<ChannelMessageId>,
    },
    /// Surely not done; to be tried again after a wait.
    NotSent {
        /// How long to wait.
        after: Duration,
    },
    /// The messenger asked to wait: costs no attempt.
    NotBefore {
        /// How long to wait.
        after: Duration,
        /// Whether the chat has to wait or the whole bot.
        scope: LimitScope,
    },
    /// Refused for good: it becomes a dead letter.
    Refused {
        /// What the messenger said.
        why: String,
        /// Whether nothing will ever arrive in this chat: the client is marked unreachable, and
        /// the call is dropped rather than kept as a dead letter.
        chat_gone: bool,
    },
    /// It may have been done; the call stays in flight and the lane waits.
    Unknown {
        /// How long to wait.
        after: Duration,
    },
}
