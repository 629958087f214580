//! A demo client's chat: events decided one after another, under a time of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audit::NewAuditEntry;
use crate::conversation::{
    Conversation, Message, PendingAnswer, Person, ReadState, SenderType, SessionState,
};
use crate::dialogue::{
    AgentAction, AgentPost, ChatKind, ConversationWrite, Decide as _, Decision, Event, ModelOutcome,
    ModelReport, Occasion, Rules, TIMER_JOB, TimerFired, Update, UpdateKind,
};
use crate::id::{ConversationId, Ids};
use crate::lead::{Lead, StageChange};
use crate::playbook::{Locale, Playbook};
use crate::port::IdSource;
use crate::port::messenger::{Action, Button, Keyboard};
use crate::port::store::Snapshot;
use crate::time::Timestamp;
use crate::work::{JobChange, LaneKey};

/// A chat, and all that was decided in it so far.
pub(super) struct Chat<'a> {
    rules: &'a Rules,
    ids: &'a dyn IdSource,
    lane: LaneKey,
    person: Person,
    now: Timestamp,
    snapshot: Snapshot,
    timers: BTreeMap<String, (Timestamp, TimerFired)>,
    buttons: Vec<Button>,
    cases: Vec<Conversation>,
    messages: Vec<Message>,
    leads: BTreeMap<ConversationId, Lead>,
    stage_changes: Vec<StageChange>,
    audit: Vec<NewAuditEntry>,
}

impl<'a> Chat<'a> {
    pub fn new(
        rules: &'a Rules,
        ids: &'a dyn IdSource,
        lane: LaneKey,
        person: Person,
        now: Timestamp,
    ) -> Self {
        Chat {
            rules,
            ids,
            lane,
            person,
            now,
            snapshot: Snapshot::default(),
            timers: BTreeMap::new(),
            buttons: Vec::new(),
            cases: Vec::new(),
            messages: Vec::new(),
            leads: BTreeMap::new(),
            stage_changes: Vec::new(),
            audit: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn playbook(&self) -> &'a Playbook {
        self.rules.playbook()
    }

    /// The open case.
    pub fn case(&self) -> Option<&Conversation> {
        self.snapshot.conversation.as_ref()
    }

    /// The lead of the open case.
    pub fn lead(&self) -> Option<&Lead> {
        self.snapshot.lead.as_ref()
    }

    /// The locale the client is spoken to in.
    pub fn locale(&self) -> Locale {
        let playbook = self.playbook();
        let client = self.snapshot.client.as_ref();
        let tag = client.and_then(|client| client.language.as_deref());
        let tag = tag.or(self.person.language.as_deref());
        let spoken = tag.and_then(|tag| playbook.locale_for(tag));
        spoken.unwrap_or(&playbook.default_locale).clone()
    }

    /// Time passes; what falls due is done.
    pub fn pass(&mut self, by: Duration) {
        self.rest_until(self.now + by);
    }

    /// Time passes until then.
    pub fn rest_until(&mut self, until: Timestamp) {
        loop {
            let next = self.timers.iter().min_by_key(|(_, (due, _))| *due);
            let Some((key, due)) = next
                .map(|(key, (due, _))| (key.clone(), *due))
                .filter(|(_, due)| *due <= until)
            else {
                break;
            };
            if let Some((_, fired)) = self.timers.remove(&key) {
                self.now = self.now.max(due);
                self.happens(&Event::Timer(fired));
            }
        }
        self.now = self.now.max(until);
    }

    /// The client does something.
    pub fn does(&mut self, what: UpdateKind) {
        let update = Update {
            chat: self.lane.chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: self.person.clone(),
            channel_message_id: None,
            at: self.now,
            what,
        };
        self.happens(&Event::Update(Box::new(update)));
    }

    /// The client writes.
    pub fn says(&mut self, text: &str) {
        self.does(UpdateKind::Text {
            text: text.to_owned(),
        });
    }

    /// The client taps the button that has this text of the playbook; one that is not there is typed.
    pub fn taps(&mut self, key: &str) {
        let label = self.playbook().texts.get(&self.locale(), key, &[]);
        match self.buttons.iter().find(|button| button.label == label) {
            Some(button) => {
                let data = button.data.clone();
                self.does(UpdateKind::Tap {
                    tap_id: String::new(),
                    data,
                });
            }
            None => self.says(&label),
        }
    }

    /// An agent does something.
    pub fn agent(&mut self, name: &str, action: AgentAction) {
        self.happens(&Event::Agent(AgentPost {
            agent_id: None,
            agent_name: name.to_owned(),
            action,
        }));
    }

    /// Whether the model is being asked.
    pub fn waits_for_model(&self) -> bool {
        self.pending().is_some()
    }

    /// The model comes back with this.
    pub fn model(&mut self, outcome: ModelOutcome) {
        if let (Some(pending), Some(case)) = (self.pending(), self.case()) {
            let report = ModelReport {
                conversation_id: case.id,
                asked: pending.asked,
                knowledge_version: None,
                outcome,
            };
            self.happens(&Event::Model(report));
        }
    }

    fn pending(&self) -> Option<PendingAnswer> {
        match SessionState::read(self.snapshot.session.as_ref(), self.now) {
            ReadState::Known(state) => state.pending,
            ReadState::Fresh | ReadState::Unreadable(_) => None,
        }
    }

    /// What the client wrote last.
    pub fn last_heard(&self) -> Option<&Message> {
        let client = |message: &&Message| message.sender_type == SenderType::User;
        self.messages.iter().rev().find(client)
    }

    /// Every lead there is, with what happens to it beside the chat.
    pub fn sales(&mut self) -> (&mut BTreeMap<ConversationId, Lead>, Beside<'_>) {
        let beside = Beside {
            stage_changes: &mut self.stage_changes,
            audit: &mut self.audit,
        };
        (&mut self.leads, beside)
    }

    fn happens(&mut self, event: &Event) {
        let occasion = Occasion {
            lane: &self.lane,
            snapshot: &self.snapshot,
            now: self.now,
            ids: Ids::new(self.now, self.ids.entropy()),
        };
        let decision = self.rules.decide(occasion, event);
        self.snapshot.follow(&decision);
        self.keep(decision);
    }

    fn keep(&mut self, decision: Decision) {
        for write in decision.conversations {
            let mut row = write.row;
            row.version += 1;
            match self.cases.iter_mut().find(|case| case.id == row.id) {
                Some(case) => *case = row,
                None => self.cases.push(row),
            }
        }
        self.messages.extend(decision.messages);
        if let Some(lead) = decision.lead {
            self.leads.insert(lead.conversation_id, lead);
        }
        self.stage_changes.extend(decision.stage_changes);
        self.audit.extend(decision.audit);
        for change in decision.jobs {
            match change {
                JobChange::Start(job) if job.kind == TIMER_JOB => {
                    if let (Some(key), Ok(fired)) = (job.unique_key, serde_json::from_value(job.payload)) {
                        self.timers.insert(key, (self.now + job.run_in, fired));
                    }
                }
                // What runs beside the chat is played by whoever plays the client.
                JobChange::Start(_) => {}
                JobChange::Cancel { unique_key } => {
                    self.timers.remove(&unique_key);
                }
            }
        }
        let shown: Vec<Button> = decision
            .outgoing
            .into_iter()
            .filter(|call| call.lane == self.lane)
            .flat_map(|call| {
                if let Action::Send {
                    keyboard: Some(Keyboard::Inline(rows)),
                    ..
                } = call.action
                {
                    rows.concat()
                } else {
                    Vec::new()
                }
            })
            .collect();
        if !shown.is_empty() {
            self.buttons = shown;
        }
    }

    /// All of it in one decision. Of several leads the newest is kept: a decision has one.
    pub fn into_decision(mut self) -> Decision {
        let lead = self.leads.pop_last().map(|(_, lead)| lead);
        let its = lead.as_ref().map(|lead| lead.id);
        self.stage_changes.retain(|change| Some(change.lead_id) == its);
        Decision {
            client: self.snapshot.client,
            conversations: self
                .cases
                .into_iter()
                .map(|mut row| {
                    // The commit counts one up.
                    row.version -= 1;
                    ConversationWrite { row, is_new: true }
                })
                .collect(),
            messages: self.messages,
            lead,
            stage_changes: self.stage_changes,
            session: self.snapshot.session,
            audit: self.audit,
            playbook_version: self.rules.playbook().version.clone().into(),
            ..Decision::default()
        }
    }
}

/// What happens beside a chat.
pub(super) struct Beside<'c> {
    pub stage_changes: &'c mut Vec<StageChange>,
    pub audit: &'c mut Vec<NewAuditEntry>,
}
