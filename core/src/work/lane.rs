//! Lanes: one per chat and direction. A lane is claimed, never a single message.

use serde::{Deserialize, Serialize};

use crate::id::{BotId, Channel, ChatId, OwnerId, UpdateId};
use crate::time::Timestamp;

open_enum! {
    /// Direction of a lane.
    LaneKind {
        /// Events waiting to be decided.
        Turn = "turn",
        /// Messages waiting to be sent.
        Reply = "reply",
    }
}

/// A chat, as waiting work knows it. Both directions of a chat have the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// The bot.
    pub bot_id: BotId,
    /// The messenger.
    pub channel: Channel,
    /// The chat.
    pub chat: ChatId,
}

/// Something that happened, to be kept in a chat's lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInboxItem {
    /// The chat whose turn it is.
    pub lane: LaneKey,
    /// The messenger's id of it; `None` for what the desk itself reports (timers, jobs, agents).
    pub update_id: Option<UpdateId>,
    /// Who can read the payload: a decoder's name, or `desk`.
    pub source: String,
    /// In which form the payload is.
    pub source_version: i32,
    /// As it was received; any bytes.
    pub payload: Vec<u8>,
}

/// Something that happened, waiting for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxItem {
    /// Its place: grows within a lane in the order of acceptance.
    pub seq: i64,
    /// Who can read the payload.
    pub source: String,
    /// In which form the payload is.
    pub source_version: i32,
    /// As it was received.
    pub payload: Vec<u8>,
    /// When it was accepted, by the store's clock.
    pub received_at: Timestamp,
}

/// Right to work on one lane, until the lease runs out or somebody else claims it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LaneClaim {
    /// The lane.
    pub lane: LaneKey,
    /// Which claim of it this is; grows with each.
    pub fence: i64,
    /// Whose.
    pub owner: OwnerId,
}

/// A claimed lane and the oldest thing that waits in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedTurn {
    /// The claim.
    pub claim: LaneClaim,
    /// How often this item has been claimed, this time included.
    pub attempt: u32,
    /// What waits.
    pub item: InboxItem,
}
