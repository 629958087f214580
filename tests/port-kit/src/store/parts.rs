//! The values that checks are made of.

use std::time::Duration;

use frontdesk_core::conversation::Conversation;
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::{BotId, Channel, ChatId, OwnerId, UpdateId};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::store::{Claim, ClaimJobs, Release, TurnCommit, TurnEnd};
use frontdesk_core::work::{ClaimedSend, ClaimedTurn, LaneKey, NewInboxItem};
use uuid::Uuid;

/// How long the checks lease for. It may last half as long again.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// The bot of the checks.
pub(super) const BOT: BotId = BotId(7_000_000_001);
/// Text in many scripts, with what escapes badly.
pub(super) const TEXT: &str = "Ωμέγα привет 漢字 👩‍👩‍👧 \u{202e}rtl \"quoted\" 'one' back\\slash %_ $1 ?\n\ttail";

pub(super) fn new(row: Conversation) -> ConversationWrite {
    ConversationWrite { row, is_new: true }
}

pub(super) fn changed(row: Conversation) -> ConversationWrite {
    ConversationWrite { row, is_new: false }
}

/// A chat of the checks' bot.
pub(super) fn lane(chat: i64) -> LaneKey {
    LaneKey {
        bot_id: BOT,
        channel: Channel::TELEGRAM,
        chat: ChatId(chat),
    }
}

pub(super) fn owner(number: u128) -> OwnerId {
    OwnerId(Uuid::from_u128(0xf0_0000 + number))
}

pub(super) fn claim_of(owner: OwnerId, limit: usize) -> Claim {
    Claim {
        desks: vec![(BOT, Channel::TELEGRAM)],
        owner,
        limit,
        lease: LEASE,
    }
}

pub(super) fn claim_jobs_of(owner: OwnerId, limit: usize) -> ClaimJobs {
    let Claim { desks, lease, .. } = claim_of(owner, limit);
    ClaimJobs {
        desks,
        kinds: ["a", "b", "c"].map(|kind| (kind.to_owned(), 1)).into(),
        owner,
        limit,
        lease,
    }
}

pub(super) fn release_of(turn: &ClaimedTurn, after: Duration, counted: bool) -> Release {
    Release {
        claim: turn.claim.clone(),
        after,
        counted,
    }
}

pub(super) fn item(lane: &LaneKey, update: Option<i64>, text: &str) -> NewInboxItem {
    NewInboxItem {
        lane: lane.clone(),
        update_id: update.map(UpdateId),
        source: "kit".to_owned(),
        source_version: 1,
        payload: text.as_bytes().to_vec(),
    }
}

pub(super) fn commit_of(turn: &ClaimedTurn, decision: Decision) -> TurnCommit {
    TurnCommit {
        claim: turn.claim.clone(),
        seq: turn.item.seq,
        end: TurnEnd::Done,
        decision,
    }
}

pub(super) fn text_of(turn: &ClaimedTurn) -> String {
    String::from_utf8_lossy(&turn.item.payload).into_owned()
}

/// What a call says.
pub(super) fn said(send: &ClaimedSend) -> String {
    match &send.item.outgoing.action {
        Action::Send { content, .. } => content.text.clone(),
        Action::AnswerTap { tap_id, .. } => tap_id.clone(),
        Action::Typing => "typing".to_owned(),
        Action::Draft { text, .. } => text.clone(),
    }
}

/// The one thing there is.
pub(super) fn only<T>(mut all: Vec<T>, what: &str) -> T {
    assert_eq!(all.len(), 1, "there should be one {what}");
    all.remove(0)
}
