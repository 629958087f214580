//! Calls out: claimed, intended, finished.

use async_trait::async_trait;
use frontdesk_core::conversation::Owner;
use frontdesk_core::port::messenger::LimitScope;
use frontdesk_core::port::store::{BeginSend, Claim, FinishSend, SendIntent, SendStore, StoreError};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{Author, ClaimedSend, OutboxItem, Outgoing, Repeat, SendOutcome};

use super::dead::{Dead, DeadItem};
use super::lanes::is_of;
use super::{Delivery, Fault, MemoryStore, State, lease_end};

/// A call that waits.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) outgoing: Outgoing,
    pub(super) tries: u32,
    pub(super) in_flight: bool,
    /// How often its outcome stayed unknown.
    pub(super) unknown: u32,
    pub(super) decided_at: Timestamp,
    /// When what it answers was accepted.
    pub(super) accepted_at: Option<Timestamp>,
}

impl Call {
    pub(super) fn new(outgoing: Outgoing, accepted_at: Option<Timestamp>, now: Timestamp) -> Self {
        Call {
            outgoing,
            tries: 0,
            in_flight: false,
            unknown: 0,
            decided_at: now,
            accepted_at,
        }
    }
}

#[async_trait]
impl SendStore for MemoryStore {
    async fn claim_sends(&self, claim: &Claim) -> Result<Vec<ClaimedSend>, StoreError> {
        let (mut state, now) = self.now();
        let State {
            replies,
            jitter,
            not_before,
            ..
        } = &mut *state;
        not_before.retain(|_, until| *until > now);
        let claimed = replies.claim(
            claim.limit,
            claim.owner,
            now,
            |lane| {
                is_of(&claim.desks, lane) && !not_before.contains_key(&(lane.bot_id, lane.channel.clone()))
            },
            || lease_end(jitter, now, claim.lease),
        );
        Ok(claimed
            .into_iter()
            .map(|claimed| ClaimedSend {
                claim: claimed.claim,
                attempt: claimed.attempt,
                item: OutboxItem {
                    seq: claimed.seq,
                    outgoing: claimed.item.outgoing,
                    tries: claimed.item.tries,
                    in_flight: claimed.item.in_flight,
                    waited: claimed.item.accepted_at.map(|at| now.since(at)),
                },
            })
            .collect())
    }

    async fn begin_sends(&self, sends: &[BeginSend]) -> Result<Vec<SendIntent>, StoreError> {
        let (mut state, now) = self.now();
        Ok(sends.iter().map(|send| state.begin(send, now)).collect())
    }

    async fn finish_sends(&self, sends: &[FinishSend]) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = self.now();
        Ok(sends.iter().map(|send| state.finish(send, now)).collect())
    }
}

impl State {
    /// Puts a call at the end of its lane, unless it was there before.
    pub(super) fn post(&mut self, outgoing: &Outgoing, accepted_at: Timestamp, now: Timestamp) {
        let is_new = self.dedupe_keys.insert(outgoing.dedupe_key.clone());
        if is_new || self.has(Fault::DedupeKeyIgnored) {
            let seq = self.next_number();
            let call = Call::new(outgoing.clone(), Some(accepted_at), now);
            self.replies.push(&outgoing.lane, seq, call, now);
        }
    }

    fn begin(&mut self, send: &BeginSend, now: Timestamp) -> SendIntent {
        let fault = self.fault;
        let Some(call) = self.replies.held(&send.claim, send.seq) else {
            return SendIntent::LeaseLost;
        };
        let call = call.clone();
        if self.is_withheld(&call.outgoing) {
            if let Some(message) = call.outgoing.message_id {
                self.rows.make_note(message);
            }
            self.replies.finish(&send.claim, send.seq, now);
            return SendIntent::Withheld;
        }
        let unknown = call.unknown + u32::from(call.in_flight);
        let parked = match &call.outgoing.repeat {
            Repeat::Free => false,
            Repeat::Once => unknown >= 2 && fault != Some(Fault::UnknownNeverParked),
            // A policy of a newer build: nothing here says that it may be repeated.
            Repeat::Never | Repeat::Unknown(_) => unknown >= 1 && fault != Some(Fault::NeverIsRepeated),
        };
        if parked {
            if let Some(call) = self.replies.finish(&send.claim, send.seq, now) {
                self.bury_call(call, "uncertain", now);
            }
            return SendIntent::Parked;
        }
        if let Some(call) = self.replies.held(&send.claim, send.seq) {
            call.unknown = unknown;
            call.in_flight = true;
            call.tries += 1;
        }
        SendIntent::Go
    }

    /// Whether a person took the chat after the bot decided this.
    fn is_withheld(&self, outgoing: &Outgoing) -> bool {
        if self.has(Fault::OwnerEpochIgnored) {
            return false;
        }
        let case = outgoing.message_id.and_then(|id| self.rows.case_of(id));
        let held_back = outgoing.author == Author::Bot || self.has(Fault::AgentsAreWithheld);
        held_back
            && case.is_some_and(|case| case.owner == Owner::Agent && outgoing.owner_epoch < case.owner_epoch)
    }

    fn finish(&mut self, send: &FinishSend, now: Timestamp) -> bool {
        let (claim, seq) = (&send.claim, send.seq);
        let Some(call) = self.replies.held(claim, seq) else {
            return false;
        };
        match &send.outcome {
            SendOutcome::Sent { channel_message_id } => {
                if let Some(call) = self.replies.finish(claim, seq, now)
                    && let (Some(message_id), Some(id)) = (call.outgoing.message_id, *channel_message_id)
                {
                    self.deliveries.push(Delivery {
                        message_id,
                        part: call.outgoing.part,
                        lane: call.outgoing.lane,
                        channel_message_id: id,
                        at: now,
                    });
                }
            }
            SendOutcome::Refused { why, chat_gone } => {
                if let Some(call) = self.replies.finish(claim, seq, now) {
                    if *chat_gone && !self.has(Fault::ChatGoneIgnored) {
                        self.rows.mark_unreachable(&claim.lane);
                    } else {
                        self.bury_call(call, why, now);
                    }
                }
            }
            SendOutcome::NotSent { after } => {
                call.in_flight = false;
                self.replies.give_back(claim, now, *after, true);
            }
            SendOutcome::NotBefore { after, scope } => {
                call.in_flight = false;
                self.replies.give_back(claim, now, *after, false);
                if *scope == LimitScope::Bot && !self.has(Fault::BotKeepsSending) {
                    let bot = (claim.lane.bot_id, claim.lane.channel.clone());
                    let until = self.not_before.entry(bot).or_insert(now + *after);
                    *until = (*until).max(now + *after);
                }
            }
            SendOutcome::Unknown { after } => {
                call.in_flight = true;
                self.replies.give_back(claim, now, *after, true);
            }
        }
        true
    }

    fn bury_call(&mut self, call: Call, why: &str, now: Timestamp) {
        self.bury(Dead {
            lane: call.outgoing.lane.clone(),
            why: why.to_owned(),
            at: now,
            item: DeadItem::Reply(Box::new(call)),
        });
    }
}
