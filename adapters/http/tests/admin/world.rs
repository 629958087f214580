//! A private listener with a back office over the memory adapters, and some cases in it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::access::{Caller, Role, TokenHash, TokenSecret};
use frontdesk_core::conversation::{
    Attachment, AttachmentStatus, AttachmentWrite, Client, ContentType, Conversation, ConversationStatus,
    Message, ModelUse, Owner, Person, SenderType,
};
use frontdesk_core::desk::{
    BackOffice, BackOfficeParts, Door, DoorSettings, GuardedCache, NewToken, Process, StopHandle, TokenFor,
};
use frontdesk_core::dialogue::{
    CaseAction, ConversationWrite, Decision, Event, Registry, Rules, RulesInForce, RulesSettings,
};
use frontdesk_core::id::{AttachmentId, BotId, Channel, ChatId, Ids, MessageId, OwnerId, UserId};
use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::playbook::{Playbook, PlaybookFiles};
use frontdesk_core::port::store::{Claim, InboxStore as _, TurnCommit, TurnEnd, TurnStore as _};
use frontdesk_core::port::{Clock as _, FileStorage as _, IdSource as _, NoRandomness, SecretSource};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{ClaimedTurn, LaneKey, NewInboxItem};
use frontdesk_http::{
    AdminApi, HealthCheck, Limits, MetricsPage, PrivateListener, PrivateSettings, Readiness,
};
use frontdesk_port_kit::memory::{MemoryCache, MemoryFiles, MemoryStore, SeededIds, SimulatedClock};
use serde_json::{Value, json};
use slog::{Logger, o};
use tokio::sync::oneshot;

use crate::client::{Answer, Client as Connection, PATIENCE};
use crate::document::Document;

pub const BOT: BotId = BotId(7);
pub const BOOTSTRAP: &str = "bootstrap-token-of-the-tests";

pub struct World {
    pub addr: SocketAddr,
    pub clock: SimulatedClock,
    pub store: Arc<MemoryStore>,
    pub files: MemoryFiles,
    pub office: BackOffice,
    pub document: Document,
    pub viewer: String,
    pub agent: String,
    pub admin: String,
    ids: Arc<SeededIds>,
    _stop: (oneshot::Sender<()>, StopHandle),
}

#[derive(Debug)]
struct Healthy;

#[async_trait]
impl HealthCheck for Healthy {
    async fn ready(&self) -> Readiness {
        Readiness {
            ready: true,
            report: json!({}),
        }
    }
}

#[derive(Debug)]
struct Page;

#[async_trait]
impl MetricsPage for Page {
    async fn page(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Secrets that are the same in every run.
#[derive(Debug)]
struct Secrets(SeededIds);

impl SecretSource for Secrets {
    fn secret(&self) -> Result<[u8; 32], NoRandomness> {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.0.entropy().to_be_bytes());
        bytes[16..].copy_from_slice(&self.0.entropy().to_be_bytes());
        Ok(bytes)
    }
}

impl World {
    /// A desk with three cases: the newest with a lead, the second closed.
    pub async fn open() -> Self {
        let mut world = Self::empty().await;
        for (chat, closed, with_lead) in [(1, false, false), (2, true, false), (3, false, true)] {
            world.case(chat, closed, with_lead).await;
        }
        world.document = Document::of(&world).await;
        world
    }

    async fn empty() -> Self {
        let log = Logger::root(slog::Discard, o!());
        let clock = SimulatedClock::at(Timestamp::from_seconds(1_790_000_000));
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let files = MemoryFiles::new(Arc::new(clock.clone()));
        let ids = Arc::new(SeededIds::new(1));
        let office = BackOffice::new(BackOfficeParts {
            store: store.clone(),
            upkeep: store.clone(),
            files: Some(Arc::new(files.clone())),
            rules: Some(rules()),
            clock: Arc::new(clock.clone()),
            ids: ids.clone(),
            secrets: Arc::new(Secrets(SeededIds::new(2))),
            bootstrap: Some(TokenHash::of(BOOTSTRAP)),
            log: log.clone(),
        });
        let desks = vec![(BOT, Channel::TELEGRAM)];
        let process = Process::new(
            store.clone(),
            Arc::new(clock.clone()),
            ids.clone(),
            desks.clone(),
            log.clone(),
        );
        let cache = Arc::new(MemoryCache::new(Arc::new(clock.clone())));
        let cache = GuardedCache::new(cache, Arc::new(clock.clone()), Arc::clone(&process.stats));
        let (door, writer) = Door::new(&process, cache, DoorSettings::default());
        let (handle, stop) = StopHandle::new();
        tokio::spawn(async move { writer.run(stop).await });
        office.open(door, desks);
        let settings = PrivateSettings {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            limits: Limits::default(),
        };
        let admin = Some(AdminApi::new(office.clone()));
        let listener =
            PrivateListener::bind(settings, Arc::new(Healthy), Arc::new(Page), admin, &log).unwrap();
        let addr = listener.local_addr();
        let (sender, stopped) = oneshot::channel::<()>();
        tokio::spawn(listener.serve(async { stopped.await.unwrap_or(()) }));
        let mut world = World {
            addr,
            clock,
            store,
            files,
            office,
            document: Document(Value::Null),
            viewer: String::new(),
            agent: String::new(),
            admin: String::new(),
            ids,
            _stop: (sender, handle),
        };
        world.viewer = String::from(world.token(Role::Viewer, None).await.expose());
        world.agent = String::from(world.token(Role::Agent, None).await.expose());
        world.admin = String::from(world.token(Role::Admin, None).await.expose());
        world
    }

    pub async fn token(&self, role: Role, expires_at: Option<Timestamp>) -> TokenSecret {
        let new = NewToken {
            name: format!("the {role}"),
            owner: TokenFor::NewAgent(role),
            expires_at,
        };
        let made = self.office.create_token(&Caller::command_line(), new).await;
        made.unwrap().1
    }

    pub async fn case(&self, chat: i64, closed: bool, with_lead: bool) {
        self.clock.advance(Duration::from_secs(1));
        let now = self.clock.now();
        let mut ids = Ids::new(now, self.ids.entropy());
        let person = Person {
            first_name: Some("Zoë".to_owned()),
            ..Person::unnamed(UserId(chat))
        };
        let client = Client::new(&mut ids, BOT, Channel::TELEGRAM, ChatId(chat), &person, now);
        let mut conversation = Conversation::open(&mut ids, Channel::TELEGRAM, client.id, now);
        if closed {
            conversation
                .hand_to(ConversationStatus::Closed, Owner::Bot, now)
                .unwrap();
        }
        let lead = with_lead.then(|| Lead::new(&mut ids, conversation.id, "telegram_bot".into(), now));
        let message = |id, content: &str| Message {
            id: MessageId(id),
            conversation_id: conversation.id,
            sender_type: SenderType::User,
            sender_id: None,
            content: content.to_owned(),
            content_type: ContentType::Text,
            intent: Some("pricing".to_owned()),
            intent_score: Some(0.75),
            reply_to: None,
            llm: (content == "three").then(|| ModelUse {
                model: "LongCat-2.0".to_owned(),
                tokens_in: 900,
                tokens_out: 70,
                latency_ms: 1_200,
                confidence: 0.5,
                cost_micros: None,
            }),
            knowledge_version: None,
            channel_message_id: None,
            metadata: json!({}),
            created_at: now,
        };
        let messages = ["one", "two", "three"].map(|text| message(ids.next_uuid(), text));
        let key = format!("{}/{}", client.id, "a".repeat(64));
        let file = Attachment {
            id: AttachmentId(ids.next_uuid()),
            conversation_id: conversation.id,
            message_id: messages[0].id,
            kind: "document".to_owned(),
            file_name: Some("ein <b>\"Brief\"</b>.html".to_owned()),
            mime_declared: Some("text/html".to_owned()),
            mime_detected: Some("text/plain".to_owned()),
            size_bytes: Some(14),
            sha256: Some("a".repeat(64)),
            storage_key: Some(key.clone()),
            status: AttachmentStatus::Stored,
            refusal: None,
            media_group_id: None,
            created_at: now,
            updated_at: now,
        };
        let waiting = Attachment {
            id: AttachmentId(ids.next_uuid()),
            sha256: None,
            storage_key: None,
            status: AttachmentStatus::Pending,
            ..file.clone()
        };
        self.files.put(&key, b"<script>hello\n".to_vec()).await.unwrap();
        let attachments = [file, waiting].map(|row| AttachmentWrite { row, is_new: true });
        let decision = Decision {
            client: Some(client),
            messages: messages.into(),
            attachments: attachments.into(),
            conversations: vec![ConversationWrite {
                row: conversation,
                is_new: true,
            }],
            stage_changes: lead.iter().map(first_stage).collect(),
            lead,
            ..Decision::default()
        };
        let turn = self.say(chat).await;
        self.commit(&turn, decision, TurnEnd::Done).await;
    }

    /// A dead letter, by its number.
    pub async fn dead_letter(&self) -> i64 {
        let turn = self.say(99).await;
        let end = TurnEnd::Dead {
            why: "made no sense".to_owned(),
        };
        self.commit(&turn, Decision::default(), end).await;
        let letters = self
            .office
            .dead_letters(&frontdesk_core::port::back_office::Paging::first(1))
            .await;
        letters.unwrap().items[0].id
    }

    async fn say(&self, chat: i64) -> ClaimedTurn {
        let item = NewInboxItem {
            lane: LaneKey {
                bot_id: BOT,
                channel: Channel::TELEGRAM,
                chat: ChatId(chat),
            },
            update_id: None,
            source: "test".to_owned(),
            source_version: 1,
            payload: Vec::new(),
        };
        self.store.accept(&[item]).await.unwrap();
        self.claim().await.unwrap()
    }

    async fn claim(&self) -> Option<ClaimedTurn> {
        let claim = Claim {
            desks: vec![(BOT, Channel::TELEGRAM)],
            owner: OwnerId(uuid::Uuid::from_u128(1)),
            limit: 1,
            lease: Duration::from_mins(1),
        };
        self.store.claim_turns(&claim).await.unwrap().pop()
    }

    async fn commit(&self, turn: &ClaimedTurn, decision: Decision, end: TurnEnd) {
        let commit = TurnCommit {
            claim: turn.claim.clone(),
            seq: turn.item.seq,
            end,
            decision,
        };
        self.store.commit(&[commit]).await.unwrap();
    }

    /// Does what a worker does with the order of a case that waits, if one does.
    pub async fn work(&self) {
        let Some(turn) = self.claim().await else { return };
        let Ok(Event::Case(order)) = serde_json::from_slice(&turn.item.payload) else {
            panic!("only orders wait");
        };
        let mut row = self
            .store
            .load_case(order.conversation_id)
            .await
            .unwrap()
            .unwrap();
        let status = match order.action {
            CaseAction::Close => ConversationStatus::Closed,
            CaseAction::Archive => ConversationStatus::Archived,
        };
        row.hand_to(status, Owner::Bot, self.clock.now()).unwrap();
        let decision = Decision {
            conversations: vec![ConversationWrite { row, is_new: false }],
            ..Decision::default()
        };
        self.commit(&turn, decision, TurnEnd::Done).await;
    }

    /// Asks, and holds the answer against the document.
    pub async fn ask(&self, method: &str, path: &str, token: &str, body: Option<&str>) -> Answer {
        let path = format!("/admin/api/v1{path}");
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        let request = match body {
            None => format!("{method} {path} HTTP/1.1\r\nHost: desk\r\n{authorization}\r\n"),
            Some(body) => format!(
                "{method} {path} HTTP/1.1\r\nHost: desk\r\n{authorization}Content-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        };
        self.ask_raw(method, &path, &request).await
    }

    pub async fn ask_raw(&self, method: &str, path: &str, request: &str) -> Answer {
        let mut client = Connection::connect(self.addr).await;
        client.send(request).await;
        let answer = client.answer().await;
        self.document.hold(method, path, &answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, &self.admin, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Asks while time goes on, and a worker works if there is one.
    pub async fn ask_while_time_goes_on(&self, path: &str, worked: bool) -> Answer {
        let asked = self.ask("POST", path, &self.agent, None);
        let time = async {
            loop {
                if worked {
                    self.work().await;
                }
                if let Some(next) = self.clock.next_wake() {
                    self.clock.set(next);
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = asked => answer,
            () = time => unreachable!("time never ends"),
            () = tokio::time::sleep(PATIENCE) => panic!("no answer"),
        }
    }
}

/// The shipped playbook with one entry, which trains at once.
fn rules() -> RulesInForce {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production");
    let mut files = PlaybookFiles::new();
    for name in [
        "playbook.toml",
        "locales/en.ftl",
        "locales/ru.ftl",
        "prompts/system.md",
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        files.insert(name.to_owned(), text);
    }
    let entry = "[[entry]]\nslug = \"hours\"\n\
                 questions.en = [\"When are you open?\"]\nquestions.ru = [\"Когда вы работаете?\"]\n\
                 answer.en = \"From nine to six.\"\nanswer.ru = \"С девяти до шести.\"\n";
    files.insert("knowledge/hours.toml".to_owned(), entry.to_owned());
    let playbook = Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let rules = Rules::new(Arc::new(playbook), Registry::standard(), RulesSettings::default());
    RulesInForce::new(Arc::new(rules))
}

fn first_stage(lead: &Lead) -> StageChange {
    StageChange {
        lead_id: lead.id,
        from: None,
        to: lead.lead_stage.clone(),
        by: "desk".to_owned(),
        reason: None,
        at: lead.created_at,
    }
}
