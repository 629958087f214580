//! One turn: what is known, as it changes while the event is decided, and what is said.

use std::borrow::Cow;

use crate::conversation::{
    AttachmentWrite, Client, ContentType, Conversation, ConversationStatus, LastHeard, Message, ModelUse,
    Owner, Person, ReadState, SenderType, Session, SessionState,
};
use crate::id::{AgentId, ChannelMessageId, Ids, MessageId};
use crate::lead::{Lead, LeadScore, StageChange};
use crate::playbook::{Locale, Playbook, Script};
use crate::port::messenger::{Action, Button, Keyboard};
use crate::text::{MESSAGE_ENTITIES, MESSAGE_UNITS, RichText, clip, markdown, split, split_rich};
use crate::time::Timestamp;
use crate::work::{Author, JobChange, LaneKey, Outgoing, Repeat};

use super::rules::Rules;
use super::{ConversationWrite, Decision, Fact, Occasion, card, nudges, timers};

/// One turn under way. Everything a command or a skill can do is a method of it.
#[derive(Debug)]
pub struct Turn<'a> {
    pub(super) rules: &'a Rules,
    pub(super) lane: &'a LaneKey,
    pub(super) now: Timestamp,
    pub(super) ids: Ids,
    pub(super) client: Client,
    pub(super) conversation: Conversation,
    pub(super) state: SessionState,
    pub(super) lead: Option<Lead>,
    /// The client's message this turn is about.
    pub(super) heard: Option<MessageId>,
    /// Earlier messages that are answered together with it.
    pub(super) along: Vec<MessageId>,
    conversation_is_new: bool,
    lead_changed: bool,
    session: Option<Session>,
    out: Decision,
}

/// What a said message is, besides its text.
pub(super) struct Saying {
    pub sender: SenderType,
    pub agent: Option<AgentId>,
    pub author: Author,
    pub intent: Option<(String, f64)>,
    pub llm: Option<ModelUse>,
    /// What it is based on, where that is not the knowledge in force.
    pub knowledge_version: Option<String>,
    /// Whether the text is Markdown; if not, it is shown as it stands.
    pub markdown: bool,
    pub keyboard: Option<Keyboard>,
}

impl Saying {
    pub(super) fn bot(keyboard: Option<Keyboard>) -> Self {
        Saying {
            sender: SenderType::Bot,
            agent: None,
            author: Author::Bot,
            intent: None,
            llm: None,
            knowledge_version: None,
            markdown: false,
            keyboard,
        }
    }
}

impl<'a> Turn<'a> {
    /// Begins a turn of a client who may be new, opening a case if there is none.
    pub(super) fn begin(rules: &'a Rules, occasion: Occasion<'a>, person: &Person) -> Turn<'a> {
        let Occasion {
            lane,
            snapshot,
            now,
            mut ids,
        } = occasion;
        let mut client = snapshot.client.clone().unwrap_or_else(|| {
            Client::new(
                &mut ids,
                lane.bot_id,
                lane.channel.clone(),
                lane.chat,
                person,
                now,
            )
        });
        client.refresh_names(person);
        if client.language.is_none() {
            let spoken = person
                .language
                .as_deref()
                .and_then(|tag| rules.playbook.locale_for(tag));
            client.language = spoken.map(ToString::to_string);
        }
        Turn::with_client(
            rules,
            Occasion {
                lane,
                snapshot,
                now,
                ids,
            },
            client,
        )
    }

    /// Begins a turn about a client who is known; `None` if nobody is.
    pub(super) fn about_known(rules: &'a Rules, occasion: Occasion<'a>) -> Option<Turn<'a>> {
        let client = occasion.snapshot.client.clone()?;
        Some(Turn::with_client(rules, occasion, client))
    }

    fn with_client(rules: &'a Rules, occasion: Occasion<'a>, client: Client) -> Turn<'a> {
        let Occasion {
            lane,
            snapshot,
            now,
            mut ids,
        } = occasion;
        let open = snapshot.conversation.clone().filter(Conversation::is_open);
        let is_new = open.is_none();
        let conversation =
            open.unwrap_or_else(|| Conversation::open(&mut ids, lane.channel.clone(), client.id, now));
        let lead = snapshot
            .lead
            .clone()
            .filter(|lead| lead.conversation_id == conversation.id);
        let mut turn = Turn {
            rules,
            lane,
            now,
            ids,
            client,
            conversation,
            state: SessionState::default(),
            lead,
            heard: None,
            along: Vec::new(),
            conversation_is_new: is_new,
            lead_changed: false,
            session: snapshot.session.clone(),
            out: Decision::default(),
        };
        if is_new {
            turn.fact("conversation_opened", vec![]);
            timers::start_idle(&mut turn);
        }
        turn
    }

    /// Takes over the dialogue's state. Says whether it had to be parked because this build cannot
    /// read it.
    pub(super) fn recall(&mut self) -> bool {
        match SessionState::read(self.session.as_ref(), self.now) {
            ReadState::Known(state) => self.state = state,
            ReadState::Fresh => {}
            ReadState::Unreadable(parked) => {
                if let serde_json::Value::Object(metadata) = &mut self.conversation.metadata {
                    metadata.insert("parked_session".to_owned(), parked);
                }
                self.fact("session_parked", vec![]);
                return true;
            }
        }
        false
    }

    /// The playbook in force.
    pub fn playbook(&self) -> &'a Playbook {
        self.rules.playbook()
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The case.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The lead of the case.
    pub fn lead(&self) -> Option<&Lead> {
        self.lead.as_ref()
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The locale the client is spoken to in.
    pub fn locale(&self) -> Locale {
        let chosen = self
            .client
            .language
            .as_deref()
            .and_then(|tag| self.playbook().locale_for(tag));
        chosen.unwrap_or(&self.playbook().default_locale).clone()
    }

    /// A text of the playbook in the client's locale.
    pub fn text(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.playbook().texts.get(&self.locale(), key, args)
    }

    /// A text of the playbook in the staff's locale.
    pub(super) fn staff_text(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.playbook()
            .texts
            .get(&self.playbook().default_locale, key, args)
    }

    /// A button whose label is a text of the playbook.
    pub fn button(&self, key: &str, data: impl Into<String>) -> Button {
        Button {
            label: clip(&self.text(key, &[]), 60).to_owned(),
            data: data.into(),
        }
    }

    /// Speaks the language of what was said, if it is clearly another one that the playbook speaks.
    ///
    /// A single word in Latin letters is no sign (names and products are written so everywhere), nor
    /// is anything that answers the form.
    pub(super) fn adopt_locale(&mut self, text: &str) {
        let current = self.locale();
        let Some(script) = Script::of(text).filter(|script| *script != current.script()) else {
            return;
        };
        let form_runs = self.lead.as_ref().is_some_and(|lead| lead.form.is_running());
        if script == Script::Latin && (form_runs || text.split_whitespace().count() < 3) {
            return;
        }
        if let Some(other) = self
            .playbook()
            .locales
            .iter()
            .find(|locale| locale.script() == script)
        {
            self.client.language = Some(other.to_string());
        }
    }

    /// Records what the client said.
    pub(super) fn record(
        &mut self,
        content: &str,
        content_type: ContentType,
        channel_message_id: Option<ChannelMessageId>,
        metadata: serde_json::Value,
    ) {
        let id = MessageId(self.ids.next_uuid());
        self.heard = Some(id);
        self.state.last_heard = channel_message_id.map(|channel_message_id| LastHeard {
            channel_message_id,
            message: id,
        });
        self.conversation.last_message_at = Some(self.now);
        self.out.messages.push(Message {
            id,
            conversation_id: self.conversation.id,
            sender_type: SenderType::User,
            sender_id: None,
            content: content.to_owned(),
            content_type,
            intent: None,
            intent_score: None,
            reply_to: None,
            llm: None,
            knowledge_version: None,
            channel_message_id,
            metadata,
            created_at: self.now,
        });
    }

    /// What is said from now on answers this message.
    pub(super) fn answers(&mut self, message: Option<MessageId>) {
        self.heard = message;
    }

    /// It answers these, too.
    pub(super) fn answers_along(&mut self, messages: Vec<MessageId>) {
        self.along = messages;
    }

    /// Writes a file's row.
    pub(super) fn attach(&mut self, write: AttachmentWrite) {
        self.out.attachments.push(write);
    }

    /// Says a text of the playbook.
    pub fn say(&mut self, key: &str, args: &[(&str, &str)]) {
        let text = self.text(key, args);
        self.say_text(&text, None);
    }

    /// Says a text with a keyboard under it.
    pub fn say_text(&mut self, text: &str, keyboard: Option<Keyboard>) {
        self.say_as(text, Saying::bot(keyboard));
    }

    /// Says a text, with all that can be said of it. Long texts go out in parts, the keyboard under
    /// the last one.
    pub(super) fn say_as(&mut self, text: &str, saying: Saying) {
        let rich = if saying.markdown {
            markdown(text.trim())
        } else {
            RichText::plain(text.trim())
        };
        if rich.text.trim().is_empty() {
            return;
        }
        let id = MessageId(self.ids.next_uuid());
        self.conversation.last_message_at = Some(self.now);
        let leaves = saying.sender != SenderType::Note;
        let (intent, intent_score) = saying.intent.unzip();
        self.out.messages.push(Message {
            id,
            conversation_id: self.conversation.id,
            sender_type: saying.sender,
            sender_id: saying.agent,
            content: rich.text.clone(),
            content_type: ContentType::Text,
            intent,
            intent_score,
            reply_to: self.heard,
            llm: saying.llm,
            knowledge_version: Some(
                saying
                    .knowledge_version
                    .unwrap_or_else(|| self.playbook().knowledge_version.clone()),
            ),
            channel_message_id: None,
            metadata: serde_json::json!({}),
            created_at: self.now,
        });
        if !leaves {
            return;
        }
        let parts = split_rich(&rich, MESSAGE_UNITS, MESSAGE_ENTITIES);
        let last = parts.len();
        let mut keyboard = saying.keyboard;
        for (at, part) in parts.into_iter().enumerate() {
            let keyboard = if at + 1 == last { keyboard.take() } else { None };
            self.out.outgoing.push(Outgoing {
                lane: self.lane.clone(),
                thread: None,
                dedupe_key: format!("{id}:{at}"),
                message_id: Some(id),
                part: u16::try_from(at).unwrap_or(u16::MAX),
                author: saying.author.clone(),
                owner_epoch: 0,
                action: Action::Send {
                    content: part,
                    keyboard,
                },
                repeat: Repeat::Once,
            });
        }
    }

    /// Leaves an internal note: it never leaves.
    pub(super) fn note(&mut self, text: &str, agent: Option<AgentId>) {
        let id = MessageId(self.ids.next_uuid());
        self.out.messages.push(Message {
            id,
            conversation_id: self.conversation.id,
            sender_type: SenderType::Note,
            sender_id: agent,
            content: text.to_owned(),
            content_type: ContentType::Text,
            intent: None,
            intent_score: None,
            reply_to: None,
            llm: None,
            knowledge_version: None,
            channel_message_id: None,
            metadata: serde_json::json!({}),
            created_at: self.now,
        });
    }

    /// Answers a tap, with a short text if there is one to say.
    pub(super) fn answer_tap(&mut self, tap_id: &str, text: Option<String>) {
        let key = self.ids.next_uuid();
        let text = text.map(|text| clip(&text, 200).to_owned());
        let action = Action::AnswerTap {
            tap_id: tap_id.to_owned(),
            text,
        };
        self.call(self.lane.clone(), format!("tap:{key}"), action, Repeat::Free);
        // It goes ahead of what the tap led to: a spinner that turns while a text is paced out looks
        // broken, and a tap can only be answered for minutes.
        self.out.outgoing.rotate_right(1);
    }

    /// Tells the staff, if they have a chat.
    pub(super) fn tell_staff(&mut self, text: &str) {
        let Some(staff) = self.rules.staff_chat(self.lane).cloned() else {
            return;
        };
        let key = self.ids.next_uuid();
        for (at, part) in split(text.trim(), MESSAGE_UNITS).into_iter().enumerate() {
            let action = Action::Send {
                content: RichText::plain(part),
                keyboard: None,
            };
            self.call(staff.clone(), format!("staff:{key}:{at}"), action, Repeat::Once);
        }
    }

    fn call(&mut self, lane: LaneKey, dedupe_key: String, action: Action, repeat: Repeat) {
        self.out.outgoing.push(Outgoing {
            lane,
            thread: None,
            dedupe_key,
            message_id: None,
            part: 0,
            author: Author::Desk,
            owner_epoch: 0,
            action,
            repeat,
        });
    }

    /// Starts or cancels a job.
    pub(super) fn job(&mut self, change: JobChange) {
        self.out.jobs.push(change);
    }

    /// Something worth a log line; never texts or names.
    pub fn fact(&mut self, what: &'static str, fields: Vec<(&'static str, String)>) {
        self.out.facts.push(Fact { what, fields });
    }

    /// Changes status and owner. A pair that cannot be is a mistake in the rules: it is logged, and
    /// the case stays as it is.
    pub(super) fn hand_to(&mut self, status: ConversationStatus, owner: Owner) {
        if let Err(illegal) = self.conversation.hand_to(status, owner, self.now) {
            self.fact("ownership_refused", vec![("why", illegal.to_string())]);
        }
    }

    /// The lead of the case, made if there is none.
    pub(super) fn lead_mut(&mut self) -> &mut Lead {
        self.lead_changed = true;
        let lead = match self.lead.take() {
            Some(lead) => lead,
            None => self.new_lead(),
        };
        self.lead.insert(lead)
    }

    fn new_lead(&mut self) -> Lead {
        let bot = || format!("{}_bot", self.lane.channel);
        let source = self.client.source.clone().unwrap_or_else(bot);
        let lead = Lead::new(&mut self.ids, self.conversation.id, source, self.now);
        self.out.stage_changes.push(StageChange {
            lead_id: lead.id,
            from: None,
            to: lead.lead_stage.clone(),
            by: "desk".to_owned(),
            reason: None,
            at: self.now,
        });
        self.fact("lead_created", vec![("lead_id", lead.id.to_string())]);
        lead
    }

    /// Scores the lead anew, and tells the staff if it became hot.
    pub(super) fn rescore(&mut self) {
        let Some(lead) = &mut self.lead else { return };
        let score = self.rules.playbook.rubric.score(lead);
        let became_hot = score.score == LeadScore::Hot && lead.lead_score != LeadScore::Hot;
        lead.lead_score = score.score.clone();
        lead.score_points = score.points;
        lead.score_reasons = score.reasons;
        lead.rubric_version = Some(self.rules.playbook.rubric.version.clone());
        self.conversation.lead_score = Some(score.score.clone());
        self.lead_changed = true;
        let fields = vec![
            ("lead_score", score.score.to_string()),
            ("score_points", score.points.to_string()),
        ];
        self.fact("lead_scored", fields);
        if became_hot {
            card::send(self, "card-title-hot");
        }
    }

    /// The decision.
    pub(super) fn finish(mut self) -> Decision {
        nudges::settle(&mut self);
        self.client.updated_at = self.now;
        self.conversation.updated_at = self.now;
        // What the bot says carries the epoch as it stands at the end: its own words about a change
        // of owner are not fenced by that change.
        for call in &mut self.out.outgoing {
            call.owner_epoch = self.conversation.owner_epoch;
        }
        if let Some(lead) = &mut self.lead {
            lead.updated_at = self.now;
        }
        let conversation_id = self.conversation.id.to_string();
        for fact in &mut self.out.facts {
            fact.fields.push(("conversation_id", conversation_id.clone()));
        }
        self.out.playbook_version = Cow::Owned(self.playbook().version.clone());
        self.out.session = Some(Session {
            client_id: self.client.id,
            state: self.state.write(),
            expires_at: self.now + Session::TTL,
            version: self.session.as_ref().map_or(0, |session| session.version) + 1,
        });
        self.out.client = Some(self.client);
        self.out.conversations = vec![ConversationWrite {
            row: self.conversation,
            is_new: self.conversation_is_new,
        }];
        self.out.lead = if self.lead_changed { self.lead } else { None };
        self.out
    }
}
