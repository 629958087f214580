//! A chat without loops, stores or messengers: decisions folded into the next snapshot.
#![expect(
    clippy::unwrap_used,
    reason = "a harness of tests: what fails here fails the test"
)]

use crate::shipped::shipped_files;
use frontdesk_core::conversation::{Conversation, Person};
use frontdesk_core::conversation::{ReadState, SessionState};
use frontdesk_core::dialogue::{
    AgentAction, AgentPost, ChatKind, Decide, Decision, Event, FilesRung, ModelRung, Occasion, Registry,
    Rules, RulesSettings, Update, UpdateKind,
};
use frontdesk_core::id::{BotId, Channel, ChannelMessageId, ChatId, Ids, JobId, UserId};
use frontdesk_core::playbook::{Playbook, PlaybookFiles};
use frontdesk_core::port::messenger::{Action, Keyboard};
use frontdesk_core::port::store::Snapshot;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{JobChange, LaneKey};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The rules of the shipped playbook, trained once.
pub fn shipped_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| rules_of(&shipped_files(), None))
}

/// The same, and files are kept.
pub fn file_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| rules_keeping(&shipped_files(), None, true))
}

/// The same, but next to nothing is sure enough to be answered unasked.
pub fn unsure_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut files = shipped_files();
        let main = files.get_mut("playbook.toml").unwrap();
        *main = main
            .replace("accept = \"auto\"", "accept = 0.9999")
            .replace("offer = \"auto\"", "offer = 0.05");
        rules_of(&files, None)
    })
}

/// The same with a language model and files. The model is asked by a job that these tests play.
pub fn model_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut files = shipped_files();
        files
            .entry("prompts/system.md".to_owned())
            .or_insert_with(|| "You speak for {brand}.".to_owned());
        // Nothing is offered, so that whether the model is asked does not hang on a threshold.
        let main = files.get_mut("playbook.toml").unwrap();
        *main = main
            .replace("accept = \"auto\"", "accept = 0.9")
            .replace("offer = \"auto\"", "offer = 0.9");
        let deadline = Duration::from_secs(45);
        rules_keeping(&files, Some(ModelRung { deadline }), true)
    })
}

/// The shipped playbook with parts of its playbook.toml replaced.
pub fn rules_with(replaced: &[(&str, &str)]) -> Rules {
    let mut files = shipped_files();
    let main = files.get_mut("playbook.toml").unwrap();
    for (part, with) in replaced {
        assert!(main.contains(part), "{part}");
        *main = main.replace(part, with);
    }
    rules_of(&files, None)
}

fn rules_of(files: &PlaybookFiles, model: Option<ModelRung>) -> Rules {
    rules_keeping(files, model, false)
}

fn rules_keeping(files: &PlaybookFiles, model: Option<ModelRung>, keeps_files: bool) -> Rules {
    let playbook = Playbook::parse(files).unwrap_or_else(|problems| panic!("{problems}"));
    let staff = LaneKey {
        bot_id: BotId(0),
        channel: Channel::TERMINAL,
        chat: ChatId(-1),
    };
    let settings = RulesSettings {
        staff_chats: vec![staff],
        model,
        files: keeps_files.then_some(FilesRung { max_bytes: 20 << 20 }),
        ..RulesSettings::default()
    };
    Rules::new(Arc::new(playbook), Registry::standard(), settings)
}

/// One client's chat.
pub struct Chat {
    pub rules: &'static Rules,
    pub lane: LaneKey,
    pub snapshot: Snapshot,
    pub now: Timestamp,
    pub person: Person,
    pub last: Decision,
    pub jobs: Vec<JobChange>,
    turns: u128,
    buttons: Vec<(String, String)>,
}

impl Chat {
    pub fn new() -> Chat {
        Chat {
            rules: shipped_rules(),
            lane: LaneKey {
                bot_id: BotId(0),
                channel: Channel::TERMINAL,
                chat: ChatId(7),
            },
            snapshot: Snapshot::default(),
            // A Monday at noon in Berlin.
            now: "2026-11-23T11:00:00Z".parse().unwrap(),
            person: Person {
                first_name: Some("Ann".into()),
                language: Some("en-GB".into()),
                ..Person::unnamed(UserId(7))
            },
            last: Decision::default(),
            jobs: Vec::new(),
            turns: 0,
            buttons: Vec::new(),
        }
    }

    /// Decides an event and folds the decision into the snapshot, as a store would.
    pub fn event(&mut self, event: &Event) -> &Decision {
        self.turns += 1;
        self.now = self.now + Duration::from_secs(5);
        let occasion = Occasion {
            lane: &self.lane,
            snapshot: &self.snapshot,
            now: self.now,
            ids: Ids::new(self.now, self.turns),
        };
        let decision = self.rules.decide(occasion, event);
        if let Some(client) = &decision.client {
            self.snapshot.client = Some(client.clone());
        }
        for write in &decision.conversations {
            let known = self
                .snapshot
                .conversation
                .as_ref()
                .map(|known| (known.id, known.version));
            if write.is_new {
                assert!(known.is_none(), "a second open case");
            } else {
                assert_eq!(known, Some((write.row.id, write.row.version)), "a stale version");
            }
            let row = Conversation {
                version: write.row.version + 1,
                ..write.row.clone()
            };
            self.snapshot.conversation = row.is_open().then_some(row);
        }
        if let Some(lead) = &decision.lead {
            self.snapshot.lead = Some(lead.clone());
        }
        if self.snapshot.conversation.is_none() {
            self.snapshot.lead = None;
        }
        if let Some(session) = &decision.session {
            self.snapshot.session = Some(session.clone());
        }
        for call in &decision.outgoing {
            if let Action::Send {
                keyboard: Some(Keyboard::Inline(rows)),
                ..
            } = &call.action
            {
                for button in rows.iter().flatten() {
                    assert!((1..=64).contains(&button.data.len()), "{button:?}");
                    self.buttons.push((button.label.clone(), button.data.clone()));
                }
            }
        }
        self.jobs.extend(decision.jobs.clone());
        self.last = decision;
        &self.last
    }

    /// An update of the client's next message.
    pub fn blank_update(&self, what: UpdateKind) -> Update {
        let id = i64::try_from(self.turns).unwrap() + 1;
        Update {
            chat: self.lane.chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: self.person.clone(),
            channel_message_id: Some(ChannelMessageId(id)),
            at: self.now,
            what,
        }
    }

    pub fn update(&mut self, what: UpdateKind) -> String {
        let update = self.blank_update(what);
        self.event(&Event::Update(Box::new(update)));
        self.said()
    }

    fn state(&self) -> SessionState {
        match SessionState::read(self.snapshot.session.as_ref(), self.now) {
            ReadState::Known(state) => state,
            other => panic!("{other:?}"),
        }
    }

    /// The job that asks the model, if one does.
    pub fn asked(&self) -> Option<JobId> {
        self.state().pending.map(|pending| pending.asked)
    }

    /// How many messages the model is being asked about.
    pub fn asked_messages(&self) -> usize {
        self.state().pending.map_or(0, |pending| pending.questions.len())
    }

    /// The client writes; what the client is told comes back.
    pub fn says(&mut self, text: &str) -> String {
        self.update(UpdateKind::Text { text: text.into() })
    }

    /// The client taps the newest button with this label.
    pub fn taps(&mut self, label: &str) -> String {
        let data = self.data_of(label);
        self.taps_data(&data)
    }

    pub fn taps_data(&mut self, data: &str) -> String {
        self.update(UpdateKind::Tap {
            tap_id: "t1".into(),
            data: data.into(),
        })
    }

    pub fn data_of(&self, label: &str) -> String {
        let found = self.buttons.iter().rev().find(|(known, _)| known == label);
        found
            .unwrap_or_else(|| panic!("no button `{label}` in {:?}", self.buttons))
            .1
            .clone()
    }

    pub fn agent(&mut self, action: AgentAction) -> String {
        let post = AgentPost {
            agent_id: None,
            agent_name: "Max".into(),
            action,
        };
        self.event(&Event::Agent(post));
        self.said()
    }

    /// What the client was told by the last decision, messages separated by lines.
    pub fn said(&self) -> String {
        self.sent_to(&self.lane)
    }

    /// What the staff was told by the last decision.
    pub fn staff(&self) -> String {
        self.sent_to(&LaneKey {
            chat: ChatId(-1),
            ..self.lane.clone()
        })
    }

    fn sent_to(&self, lane: &LaneKey) -> String {
        let texts = self
            .last
            .outgoing
            .iter()
            .filter(|call| call.lane == *lane)
            .map(|call| match &call.action {
                Action::Send { content, .. } => content.text.clone(),
                Action::AnswerTap { text, .. } => format!("[toast: {}]", text.as_deref().unwrap_or("")),
                Action::Typing => "[typing]".to_owned(),
                Action::Draft { text, .. } => format!("[draft: {text}]"),
            });
        texts.collect::<Vec<_>>().join("\n")
    }
}
