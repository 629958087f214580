//! Calls: intended before they are made, in order, once, twice only after a cut, and withheld from a
//! chat that a person took.

use frontdesk_core::conversation::{Message, Owner, SenderType};
use frontdesk_core::id::ConversationId;
use frontdesk_core::port::messenger::{Action, OutboundCall};
use frontdesk_core::port::store::{BeginSend, Claim, FinishSend, SendIntent};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{Author, ClaimedSend, LaneKey, LaneKind, Outgoing, Repeat, SendOutcome};

use super::Record;
use crate::executor::Group;

/// One decided call.
#[derive(Debug)]
pub(super) struct Sending {
    pub lane: LaneKey,
    author: Author,
    epoch: i64,
    case: Option<ConversationId>,
    repeat: Repeat,
    /// Its place among the calls of its lane.
    place: usize,
    intents: Vec<Intent>,
    /// How often the messenger acted.
    pub acts: u32,
    pub end: Option<&'static str>,
}

#[derive(Debug)]
struct Intent {
    by: Group,
    /// When its lane was claimed.
    claimed_at: Timestamp,
    /// The messenger acted on it.
    used: bool,
    /// The store knows that nothing was sent.
    known: bool,
    /// The messenger's answer was lost, or came too late.
    unheard: bool,
}

/// The calls of one lane.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// In the order in which they were decided.
    marks: Vec<String>,
    /// All before this place are done with.
    done: usize,
    /// The furthest place of one that was made.
    furthest: usize,
}

/// By what a call is known at both ends: each message carries its key, each tap has an id of its own.
pub(crate) fn mark_of(action: &Action) -> Option<&str> {
    match action {
        Action::Send { content, .. } => {
            let (_, marked) = content.text.rsplit_once('⟦')?;
            marked.strip_suffix('⟧')
        }
        Action::AnswerTap { tap_id, .. } => Some(tap_id),
        Action::Typing | Action::Draft { .. } => None,
    }
}

impl Record {
    /// A call was decided.
    pub(super) fn decide_call(&mut self, outgoing: &Outgoing, messages: &[Message]) {
        let Some(mark) = mark_of(&outgoing.action) else {
            return;
        };
        if self.calls.contains_key(mark) {
            return;
        }
        let carried = messages
            .iter()
            .find(|message| Some(message.id) == outgoing.message_id);
        let order = self.decided.entry(outgoing.lane.clone()).or_default();
        let sending = Sending {
            lane: outgoing.lane.clone(),
            author: outgoing.author.clone(),
            epoch: outgoing.owner_epoch,
            case: carried.map(|message| message.conversation_id),
            repeat: outgoing.repeat.clone(),
            place: order.marks.len(),
            intents: Vec::new(),
            acts: 0,
            end: carried
                .filter(|message| message.sender_type == SenderType::Note)
                .map(|_| "note"),
        };
        order.marks.push(mark.to_owned());
        self.calls.insert(mark.to_owned(), sending);
        self.count("calls decided");
    }

    pub(crate) fn claimed_sends(&mut self, sends: &[ClaimedSend], asked: &Claim, now: Timestamp) {
        for send in sends {
            self.claimed(&LaneKind::Reply, &send.claim, asked, now);
        }
    }

    /// An intent was asked for. `mark` is the call's.
    pub(crate) fn begun(
        &mut self,
        begin: &BeginSend,
        mark: &str,
        intent: SendIntent,
        by: Group,
        now: Timestamp,
    ) {
        let chat = Some(begin.claim.lane.chat);
        let ends = matches!(intent, SendIntent::Withheld | SendIntent::Parked);
        if intent != SendIntent::LeaseLost {
            self.written(&LaneKind::Reply, &begin.claim, ends, now, "an intent");
        }
        let claimed_at = self.claimed_at(&begin.claim.lane).unwrap_or(now);
        let Some(sending) = self.calls.get_mut(mark) else {
            return self.broken(now, chat, "a call was begun that nobody decided");
        };
        match intent {
            SendIntent::LeaseLost => return,
            SendIntent::Withheld => {
                sending.end = Some("withheld");
                return self.count("messages withheld");
            }
            SendIntent::Parked => {
                sending.end = Some("parked");
                let cuts = sending.intents.len();
                if cuts < 2 && sending.repeat != Repeat::Never {
                    self.broken(now, chat, "a call was parked after a single try");
                }
                return self.count("calls parked");
            }
            SendIntent::Go => {}
        }
        let late = sending.author == Author::Bot
            && sending
                .case
                .and_then(|case| self.cases.get(&case))
                .is_some_and(|case| case.owner == Owner::Agent && sending.epoch < case.epoch);
        let last = sending
            .intents
            .last()
            .map(|last| (last.by, last.claimed_at, last.known || last.unheard));
        sending.intents.push(Intent {
            by,
            claimed_at,
            used: false,
            known: false,
            unheard: false,
        });
        if late {
            self.broken(
                now,
                chat,
                "a message of the bot goes to a chat that a person has taken",
            );
        }
        if let Some((by, at, false)) = last
            && !self.had_trouble(by, at)
        {
            self.broken(now, chat, "a call is repeated, and nothing was cut");
        }
    }

    /// The messenger acts on a call.
    pub(crate) fn acted(&mut self, call: &OutboundCall, by: Group, now: Timestamp) {
        let chat = Some(call.chat);
        if let Action::Send { content, .. } = &call.action
            && call.chat.0 > 0
            && content.text.contains(crate::people::NOTE)
        {
            self.broken(now, chat, "a note left");
        }
        let Some(mark) = mark_of(&call.action) else {
            return self.count("cosmetic calls");
        };
        self.count("calls made");
        let Some(sending) = self.calls.get_mut(mark) else {
            return self.broken(now, chat, "a call was made that nobody decided");
        };
        sending.acts += 1;
        let acts = sending.acts;
        let open = sending
            .intents
            .iter_mut()
            .rfind(|intent| intent.by == by && !intent.used);
        let intended = open.is_some();
        if let Some(intent) = open {
            intent.used = true;
        }
        let (end, harmless) = (sending.end, sending.repeat == Repeat::Free);
        let (lane, place) = (sending.lane.clone(), sending.place);
        if !intended {
            self.broken(now, chat, "a call was made without an intent");
        }
        if acts == 2 && !harmless {
            self.count("replies sent twice");
        }
        if acts > 2 && !harmless {
            self.broken(now, chat, "a reply was sent three times");
        }
        if end == Some("note") {
            self.broken(now, chat, "a note left");
        }
        if acts == 1 && end.is_none() && self.is_out_of_order(&lane, place) {
            self.broken(now, chat, "a reply went out of order");
        }
    }

    /// Whether a call at this place of a lane, made for the first time, comes before an earlier or after
    /// a later one. What has ended without having been made keeps nobody waiting.
    fn is_out_of_order(&mut self, lane: &LaneKey, place: usize) -> bool {
        let Some(order) = self.decided.get_mut(lane) else {
            return false;
        };
        let overtaken = order.furthest > place;
        order.furthest = order.furthest.max(place);
        let is_done = |mark: &String| {
            let sending = self.calls.get(mark);
            sending.is_none_or(|sending| sending.acts > 0 || sending.end.is_some())
        };
        while order.marks.get(order.done).is_some_and(is_done) {
            order.done += 1;
        }
        overtaken || order.done < place
    }

    /// The answer to a call that was made is lost, or comes too late.
    pub(crate) fn unheard(&mut self, call: &OutboundCall, by: Group) {
        let sending = mark_of(&call.action).and_then(|mark| self.calls.get_mut(mark));
        let intents = sending.into_iter().flat_map(|sending| &mut sending.intents);
        for intent in intents.filter(|intent| intent.by == by) {
            intent.unheard = true;
        }
    }

    /// An outcome was written. `mark` is the call's.
    pub(crate) fn finished(&mut self, finish: &FinishSend, mark: &str, now: Timestamp) {
        self.written(&LaneKind::Reply, &finish.claim, true, now, "an outcome");
        let chat = Some(finish.claim.lane.chat);
        let Some(sending) = self.calls.get_mut(mark) else {
            return self.broken(now, chat, "a call was finished that nobody decided");
        };
        match &finish.outcome {
            SendOutcome::Sent { .. } => {
                sending.end = Some("sent");
                if sending.acts == 0 {
                    self.broken(now, chat, "a call is said to be sent that was not made");
                }
            }
            SendOutcome::Refused { .. } => {
                sending.end = Some("refused");
                self.count("calls refused");
            }
            SendOutcome::NotSent { .. } | SendOutcome::NotBefore { .. } => {
                if let Some(last) = sending.intents.last_mut() {
                    last.known = true;
                }
                self.count("calls put off");
            }
            SendOutcome::Unknown { .. } => self.count("calls of unknown outcome"),
        }
    }
}
