//! A kept chat under the rules of today.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::conversation::{
    Client, Message, Owner, PendingAnswer, Person, ReadState, SenderType, SessionState,
};
use crate::dialogue::{
    AgentAction, AgentPost, ChatKind, Decide as _, Decision, Event, FoundField, ModelOutcome, ModelProposals,
    ModelReport, Occasion, Rules, Update, UpdateKind,
};
use crate::id::{Ids, LeadId, MessageId};
use crate::lead::FieldSource;
use crate::playbook::{Locale, Playbook};
use crate::port::messenger::{Action, Keyboard};
use crate::port::store::Snapshot;
use crate::time::Timestamp;
use crate::work::LaneKey;

use super::KeptCase;
use super::moments::{Cause, Moment, moments, update_of};

/// The rules of today, twice: as they are without a model, and with one.
///
/// A turn that waited for the model is decided by the second, any other by the first; unless the first
/// has no answer to what was answered once, and `asks_model` says that the model would be asked now.
#[derive(Clone, Copy, Debug)]
pub struct Ladder<'a> {
    /// Without the model's rung.
    pub without_model: &'a Rules,
    /// The same playbook with it.
    pub with_model: &'a Rules,
    /// Whether there is a model now.
    pub asks_model: bool,
}

/// One thing the bot says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Said {
    /// The model answers; its words are not compared.
    Model,
    /// The desk says something.
    Desk {
        /// The knowledge entry it is the answer of.
        intent: Option<String>,
        /// The words.
        text: String,
    },
}

/// What somebody did, and what the bot said to it: then, and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnAgain {
    /// The place of the message in its case that caused it, if one did.
    pub seq: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// What the client did, in their own words; none if an agent did something.
    pub did: Option<String>,
    /// What was said.
    pub before: Vec<Said>,
    /// What would be said.
    pub after: Vec<Said>,
}

impl TurnAgain {
    /// Whether something else would be said.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// A kept case, decided again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Its turns, in order.
    pub turns: Vec<TurnAgain>,
    /// What stands on the buttons that were shown, by their data.
    pub labels: BTreeMap<String, String>,
    /// The locale in which it began, if the playbook speaks it.
    pub began_in: Option<Locale>,
}

impl Again {
    /// How many turns differ.
    pub fn differing(&self) -> usize {
        self.turns.iter().filter(|turn| turn.differs()).count()
    }
}

/// Decides a kept case again, in the language that explains most of what was said.
pub fn decide_again(ladder: Ladder<'_>, case: &KeptCase) -> Again {
    let playbook = ladder.without_model.playbook();
    let known = case.client.language.as_deref();
    let mut candidates: Vec<&Locale> = playbook.locales.iter().collect();
    candidates.sort_by_key(|locale| Some(locale.as_str()) != known);
    let mut best: Option<Again> = None;
    for locale in candidates {
        let again = Replay::new(ladder, case, locale).run();
        let better = best
            .as_ref()
            .is_none_or(|best| again.differing() < best.differing());
        if better {
            best = Some(again);
        }
        if best.as_ref().is_some_and(|best| best.differing() == 0) {
            break;
        }
    }
    best.unwrap_or_default()
}

struct Replay<'a> {
    ladder: Ladder<'a>,
    case: &'a KeptCase,
    lane: LaneKey,
    person: Person,
    snapshot: Snapshot,
    decided: u128,
    turns: Vec<TurnAgain>,
    labels: BTreeMap<String, String>,
    began_in: Locale,
    /// Which turn each message of the client began.
    turn_of: BTreeMap<MessageId, usize>,
}

impl<'a> Replay<'a> {
    fn new(ladder: Ladder<'a>, case: &'a KeptCase, locale: &Locale) -> Self {
        let client = &case.client;
        let person = Person {
            user_id: client.user_id,
            username: client.username.clone(),
            first_name: client.first_name.clone(),
            last_name: client.last_name.clone(),
            language: Some(locale.to_string()),
            is_bot: false,
        };
        let snapshot = Snapshot {
            client: client_then(case, locale),
            ..Snapshot::default()
        };
        Replay {
            ladder,
            case,
            lane: LaneKey {
                bot_id: client.bot_id,
                channel: client.channel.clone(),
                chat: client.chat_id,
            },
            person,
            snapshot,
            decided: 0,
            turns: Vec::new(),
            labels: BTreeMap::new(),
            began_in: locale.clone(),
            turn_of: BTreeMap::new(),
        }
    }

    fn run(mut self) -> Again {
        let moments = moments(&self.case.messages);
        let answered: Vec<MessageId> = moments.iter().filter_map(Moment::answers).collect();
        for moment in &moments {
            match moment.cause {
                Cause::Client(message) => self.client(moment, message, answered.contains(&message.id)),
                Cause::Agent(message) => {
                    let text = message.content.clone();
                    self.agent(moment.at, AgentAction::Say { text });
                }
                Cause::Note(_) => {}
                Cause::Desk => self.desk(moment),
            }
        }
        Again {
            turns: self.turns,
            labels: self.labels,
            began_in: Some(self.began_in),
        }
    }

    /// The client did something; `answered_later` if another decision answers it.
    fn client(&mut self, moment: &Moment<'_>, message: &Message, answered_later: bool) {
        let Some(what) = update_of(message) else { return };
        let did = match &what {
            UpdateKind::Tap { data, .. } => match self.labels.get(data) {
                Some(label) => format!("[{label}]"),
                None => format!("[{data}]"),
            },
            _ if message.content.is_empty() => format!("({})", message.content_type),
            _ => message.content.clone(),
        };
        let words = matches!(&what, UpdateKind::Text { .. } | UpdateKind::Media(_));
        let bot_speaks = self
            .snapshot
            .conversation
            .as_ref()
            .is_none_or(|case| case.owner != Owner::Agent);
        let superseded = words && bot_speaks && !answered_later && moment.said.is_empty();
        let mut before = said(moment.said.iter().copied());
        if superseded {
            before.push(Said::Model);
        }
        let event = Event::Update(Box::new(Update {
            chat: self.lane.chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: self.person.clone(),
            channel_message_id: None,
            at: moment.at,
            what,
        }));
        let decision = self.by_the_right_rung(moment.at, &event, answered_later || superseded, &before);
        let after = said_now(&decision);
        self.turn_of.insert(message.id, self.turns.len());
        self.turns.push(TurnAgain {
            seq: self.seq(message.id),
            at: moment.at,
            did: Some(did),
            before,
            after,
        });
        self.follow(&decision);
    }

    fn by_the_right_rung(
        &mut self,
        at: Timestamp,
        event: &Event,
        asked_model: bool,
        before: &[Said],
    ) -> Decision {
        let Ladder {
            without_model,
            with_model,
            asks_model,
        } = self.ladder;
        if asked_model {
            return self.decide(with_model, at, event);
        }
        let decision = self.decide(without_model, at, event);
        let missed = decision.facts.iter().any(|fact| fact.what == "question_missed");
        if missed && asks_model && said_now(&decision) != before {
            return self.decide(with_model, at, event);
        }
        decision
    }

    fn agent(&mut self, at: Timestamp, action: AgentAction) -> Decision {
        let event = Event::Agent(AgentPost {
            agent_id: None,
            agent_name: String::new(),
            action,
        });
        let decision = self.decide(self.ladder.without_model, at, &event);
        self.follow(&decision);
        decision
    }

    /// Nobody left a message: what it was, the desk's words tell.
    fn desk(&mut self, moment: &Moment<'_>) {
        let turn = moment.answers().and_then(|id| self.turn_of.get(&id).copied());
        match turn {
            Some(turn) => self.model(moment, turn),
            None => self.agent_without_a_word(moment),
        }
    }

    /// The model came back, with an answer or without.
    fn model(&mut self, moment: &Moment<'_>, turn: usize) {
        let answer = moment
            .said
            .iter()
            .find_map(|message| message.llm.as_ref().map(|llm| (message, llm)));
        let mut before = said(moment.said.iter().copied());
        let mut after = Vec::new();
        let pending = self.pending(moment.at);
        if let (Some(pending), Some(case)) = (&pending, &self.snapshot.conversation) {
            let outcome = match answer {
                Some((message, llm)) => ModelOutcome::Answered {
                    text: message.content.clone(),
                    proposals: self.proposals(moment),
                    llm: llm.clone(),
                },
                None if self.is_a_miss(moment) => ModelOutcome::Refused {
                    why: "kept".to_owned(),
                },
                None => ModelOutcome::Failed {
                    why: "kept".to_owned(),
                },
            };
            let event = Event::Model(ModelReport {
                conversation_id: case.id,
                asked: pending.asked,
                knowledge_version: None,
                outcome,
            });
            let decision = self.decide(self.ladder.with_model, moment.at, &event);
            after = said_now(&decision);
            self.follow(&decision);
        }
        if let Some(turn) = self.turns.get_mut(turn) {
            // That the model was asked is known by now from what came of it.
            if pending.is_some() && turn.after.last() == Some(&Said::Model) {
                turn.after.pop();
            }
            turn.before.append(&mut before);
            turn.after.append(&mut after);
        }
    }

    /// Whether the honest text was the one for an answer that may not be given.
    fn is_a_miss(&self, moment: &Moment<'_>) -> bool {
        let playbook: &Playbook = self.ladder.with_model.playbook();
        moment.said.iter().any(|message| {
            playbook
                .locales
                .iter()
                .any(|locale| playbook.texts.get(locale, "missed", &[]) == message.content)
        })
    }

    /// What the model proposed beside its text, as far as it was done.
    fn proposals(&self, moment: &Moment<'_>) -> ModelProposals {
        let lead = self.case.lead.as_ref();
        let about = moment.answers();
        let fields = lead
            .into_iter()
            .flat_map(|lead| &lead.fields)
            .filter(|(_, value)| value.source == FieldSource::Model && value.message_id == about)
            .filter_map(|(field, value)| {
                Some(FoundField {
                    field: field.clone(),
                    value: value.value.clone(),
                    message_id: value.message_id?,
                    confidence: value.confidence,
                })
            })
            .collect::<Vec<_>>();
        let hand_over = self.case.conversation.escalated_at == Some(moment.at);
        let lead_made = lead.is_some_and(|lead| lead.created_at == moment.at);
        ModelProposals {
            hand_over,
            // Whoever starts the form says more than the model did.
            start_form: lead_made && !hand_over && moment.said.len() > 1,
            fields,
        }
    }

    /// An agent handed the chat back or closed the case, or was silent for too long.
    fn agent_without_a_word(&mut self, moment: &Moment<'_>) {
        let Some(open) = &self.snapshot.conversation else {
            return;
        };
        let action = if self.case.conversation.closed_at == Some(moment.at) {
            AgentAction::Close
        } else if open.owner == Owner::Agent {
            AgentAction::HandBack
        } else {
            return;
        };
        let decision = self.agent(moment.at, action);
        self.turns.push(TurnAgain {
            seq: None,
            at: moment.at,
            did: None,
            before: said(moment.said.iter().copied()),
            after: said_now(&decision),
        });
    }

    fn pending(&self, at: Timestamp) -> Option<PendingAnswer> {
        match SessionState::read(self.snapshot.session.as_ref(), at) {
            ReadState::Known(state) => state.pending,
            ReadState::Fresh | ReadState::Unreadable(_) => None,
        }
    }

    fn seq(&self, id: MessageId) -> Option<i64> {
        let found = self.case.messages.iter().find(|stored| stored.message.id == id);
        found.map(|stored| stored.seq)
    }

    fn decide(&mut self, rules: &Rules, at: Timestamp, event: &Event) -> Decision {
        self.decided += 1;
        let occasion = Occasion {
            lane: &self.lane,
            snapshot: &self.snapshot,
            now: at,
            ids: Ids::new(at, self.decided),
        };
        rules.decide(occasion, event)
    }

    /// Takes the decision over. Case and lead get the ids they had: the buttons that were tapped name
    /// them.
    fn follow(&mut self, decision: &Decision) {
        self.remember_buttons(decision);
        self.snapshot.follow(decision);
        if let Some(open) = &mut self.snapshot.conversation {
            open.id = self.case.conversation.id;
        }
        if let Some(lead) = &mut self.snapshot.lead {
            lead.conversation_id = self.case.conversation.id;
            lead.id = self.case.lead.as_ref().map_or(lead.id, |kept| kept.id);
        }
    }

    fn remember_buttons(&mut self, decision: &Decision) {
        let new = decision.lead.as_ref().map(|lead| tail(lead.id));
        let kept = self.case.lead.as_ref().map(|lead| tail(lead.id));
        for call in decision.outgoing.iter().filter(|call| call.lane == self.lane) {
            let Action::Send {
                keyboard: Some(Keyboard::Inline(rows)),
                ..
            } = &call.action
            else {
                continue;
            };
            for button in rows.iter().flatten() {
                let data = match (&new, &kept) {
                    (Some(new), Some(kept)) => button.data.replace(new, kept),
                    _ => button.data.clone(),
                };
                self.labels.insert(data, button.label.clone());
            }
        }
    }
}

/// The part of a lead's id by which its buttons name it.
fn tail(lead: LeadId) -> String {
    lead.0.simple().to_string().split_off(24)
}

/// The client as the case found them; `None` if they first wrote in it.
fn client_then(case: &KeptCase, locale: &Locale) -> Option<Client> {
    let began = case.conversation.created_at;
    if case.client.created_at >= began {
        return None;
    }
    let mut client = case.client.clone();
    client.language = Some(locale.to_string());
    // Whoever is banned now was not when they were answered.
    client.banned_at = None;
    if client.disclosed_at.is_some_and(|at| at >= began) {
        client.disclosed_at = None;
        client.disclosure_version = None;
    }
    Some(client)
}

fn said<'m>(messages: impl Iterator<Item = &'m Message>) -> Vec<Said> {
    messages
        .filter(|message| message.sender_type == SenderType::Bot)
        .map(|message| match message.llm {
            Some(_) => Said::Model,
            None => Said::Desk {
                intent: message.intent.clone(),
                text: message.content.clone(),
            },
        })
        .collect()
}

fn said_now(decision: &Decision) -> Vec<Said> {
    let mut all = said(decision.messages.iter());
    if decision.facts.iter().any(|fact| fact.what == "model_asked") {
        all.push(Said::Model);
    }
    all
}
