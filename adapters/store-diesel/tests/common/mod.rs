//! Databases for tests: SQLite always, Postgres if `FRONTDESK_TEST_POSTGRES` names a server where
//! databases may be created.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]
#![expect(dead_code, reason = "each test binary uses a part of this")]

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use frontdesk_core::audit::NewAuditEntry;
use frontdesk_core::conversation::{Client, ContentType, Conversation, Message, Person, SenderType};
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::{
    BotId, Channel, ChannelMessageId, ChatId, Ids, MessageId, OwnerId, UpdateId, UserId,
};
use frontdesk_core::port::back_office::{Change, ChangeKind, ChangeOutcome, ChangeStore as _};
use frontdesk_core::port::messenger::Action;
use frontdesk_core::port::store::{
    BeginSend, Claim, CommitOutcome, InboxStore, SendIntent, SendStore, TurnCommit, TurnEnd, TurnStore,
};
use frontdesk_core::text::RichText;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{Author, ClaimedSend, ClaimedTurn, LaneKey, NewInboxItem, Outgoing, Repeat};
use frontdesk_store_diesel::{DieselStore, StoreSettings, migrate};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;

pub const BOT: BotId = BotId(7);
pub const LEASE: Duration = Duration::from_secs(30);

pub fn log() -> slog::Logger {
    slog::Logger::root(slog::Discard, slog::o!())
}

/// A store on a fresh database, and the database.
pub struct Fixture {
    pub store: DieselStore,
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    postgres: Option<String>,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The Postgres server to test with; says so if there is none, and fails where that is not allowed.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test is given, it is given in the environment"
)]
pub fn postgres_server() -> Option<String> {
    match std::env::var("FRONTDESK_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "FRONTDESK_TEST_POSTGRES must be set in CI"
            );
            // Written past the capture of the test runner: what is skipped must be seen.
            let note = "SKIPPED: Postgres part (FRONTDESK_TEST_POSTGRES is not set)";
            drop(std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("{note}\n"),
            ));
            None
        }
    }
}

/// The same server, another database.
pub fn database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let scheme = base.find("://").unwrap() + 3;
    let host_end = base[scheme..].find('/').map_or(base.len(), |at| scheme + at);
    format!("{}/{name}?{query}", &base[..host_end])
        .trim_end_matches('?')
        .to_owned()
}

pub async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .expect("Postgres for tests")
}

async fn admin(server: &str, sql: &str) {
    connect(server).await.batch_execute(sql).await.expect(sql);
}

/// A fresh, empty database on the server.
pub async fn empty_database(server: &str) -> String {
    let name = format!(
        "fd_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    admin(server, &format!("DROP DATABASE IF EXISTS {name}")).await;
    admin(server, &format!("CREATE DATABASE {name}")).await;
    name
}

pub async fn drop_database(server: &str, name: &str) {
    admin(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
}

/// A migrated database to copy. Named for its migrations, so that every test program uses the same.
async fn template(server: &str) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    for text in migration_texts("postgres").values() {
        text.hash(&mut hasher);
    }
    let name = format!("fd_template_{:x}", hasher.finish());
    let mut conn = connect(server).await;
    conn.batch_execute("SELECT pg_advisory_lock(76)").await.unwrap();
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    let there: Count = diesel::sql_query(count).get_result(&mut conn).await.unwrap();
    if there.count == 0 {
        let raw = empty_database(server).await;
        migrate::up(&database(server, &raw)).await.unwrap();
        let rename = format!("ALTER DATABASE {raw} RENAME TO {name}");
        conn.batch_execute(&rename).await.unwrap();
    }
    name
}

#[derive(diesel::QueryableByName)]
pub struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub count: i64,
}

/// Every migration file of a database, by folder and name.
pub fn migration_texts(database: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(database);
    let mut texts = BTreeMap::new();
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let (folder, name) = (folder.file_name(), file.file_name());
            let name = format!("{}/{}", folder.to_string_lossy(), name.to_string_lossy());
            texts.insert(name, std::fs::read_to_string(file.path()).unwrap());
        }
    }
    texts
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("desk.db").display());
        let store = DieselStore::open(&settings(&url), log()).await.unwrap();
        Fixture {
            store,
            url,
            _folder: Some(folder),
            postgres: None,
        }
    }

    pub async fn postgres(server: &str) -> Self {
        let template = TEMPLATE.get_or_init(|| template(server)).await;
        let name = format!(
            "fd_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        admin(server, &format!("DROP DATABASE IF EXISTS {name}")).await;
        admin(server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let url = database(server, &name);
        let store = DieselStore::open(&settings(&url), log()).await.unwrap();
        Fixture {
            store,
            url,
            _folder: None,
            postgres: Some(name),
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Runs SQL beside the store.
    pub async fn sql(&self, sql: &str) {
        if self.is_postgres() {
            connect(&self.url).await.batch_execute(sql).await.expect(sql);
        } else {
            let path = self.url.trim_start_matches("sqlite://").to_owned();
            let sql = sql.to_owned();
            tokio::task::spawn_blocking(move || {
                use diesel::Connection;
                use diesel::connection::SimpleConnection;
                let mut conn = diesel::sqlite::SqliteConnection::establish(&path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                conn.batch_execute(&sql).expect(&sql);
            })
            .await
            .unwrap();
        }
    }

    /// Lets time pass, by moving back every time the store schedules by.
    pub async fn advance(&self, by: Duration) {
        let columns = [
            ("lanes", "ready_at"),
            ("lanes", "updated_at"),
            ("inbox", "received_at"),
            ("outbox", "created_at"),
            ("accepted_updates", "created_at"),
            ("jobs", "run_at"),
            ("leases", "until"),
            ("not_before", "until"),
            ("sessions", "expires_at"),
            ("token_budgets", "created_at"),
            ("token_reservations", "expires_at"),
        ];
        let seconds = by.as_secs_f64();
        for (table, column) in columns {
            let back = if self.is_postgres() {
                format!("{column} - interval '1 second' * {seconds}")
            } else {
                format!(
                    "strftime('%Y-%m-%dT%H:%M:%f', {column}, '-{seconds} seconds') || substr({column}, 24)"
                )
            };
            self.sql(&format!(
                "UPDATE {table} SET {column} = {back} WHERE {column} IS NOT NULL"
            ))
            .await;
        }
    }

    pub async fn close(self) {
        let name = self.postgres.clone();
        drop(self);
        if let (Some(name), Some(server)) = (name, postgres_server()) {
            drop_database(&server, &name).await;
        }
    }
}

fn settings(url: &str) -> StoreSettings {
    StoreSettings {
        url: url.to_owned(),
        pool: 4,
        engine: true,
        migrate: true,
    }
}

/// Runs a test on SQLite, and on Postgres if there is one.
pub async fn each(test: impl AsyncFn(&Fixture)) {
    let fixture = Fixture::sqlite().await;
    test(&fixture).await;
    fixture.close().await;
    if let Some(server) = postgres_server() {
        let fixture = Fixture::postgres(&server).await;
        test(&fixture).await;
        fixture.close().await;
    }
}

/// Runs a test on Postgres only: what it is about does not exist in SQLite.
pub async fn on_postgres(test: impl AsyncFn(&Fixture)) {
    if let Some(server) = postgres_server() {
        let fixture = Fixture::postgres(&server).await;
        test(&fixture).await;
        fixture.close().await;
    }
}

pub fn lane(chat: i64) -> LaneKey {
    LaneKey {
        bot_id: BOT,
        channel: Channel::TELEGRAM,
        chat: ChatId(chat),
    }
}

pub fn item(chat: i64, update: i64) -> NewInboxItem {
    NewInboxItem {
        lane: lane(chat),
        update_id: Some(UpdateId(update)),
        source: "telegram".into(),
        source_version: 1,
        payload: format!("{{\"update\":{update}}}").into_bytes(),
    }
}

pub fn owner(number: u128) -> OwnerId {
    OwnerId(uuid::Uuid::from_u128(number))
}

pub fn claim(limit: usize) -> Claim {
    claim_as(1, limit)
}

pub fn claim_as(number: u128, limit: usize) -> Claim {
    Claim {
        desks: vec![(BOT, Channel::TELEGRAM)],
        owner: owner(number),
        limit,
        lease: LEASE,
    }
}

pub fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_123_456)
}

pub fn ids(seed: u128) -> Ids {
    Ids::new(now(), seed)
}

/// A client with an open case, as decided when they first write.
pub fn first_contact(chat: i64, ids: &mut Ids) -> (Client, Conversation) {
    let client = Client::new(
        ids,
        BOT,
        Channel::TELEGRAM,
        ChatId(chat),
        &Person::unnamed(UserId(chat)),
        now(),
    );
    let case = Conversation::open(ids, Channel::TELEGRAM, client.id, now());
    (client, case)
}

pub fn message(case: &Conversation, sender: SenderType, text: &str, ids: &mut Ids) -> Message {
    Message {
        id: MessageId(ids.next_uuid()),
        conversation_id: case.id,
        sender_type: sender,
        sender_id: None,
        content: text.into(),
        content_type: ContentType::Text,
        intent: None,
        intent_score: None,
        reply_to: None,
        llm: None,
        knowledge_version: None,
        channel_message_id: None,
        metadata: serde_json::json!({}),
        created_at: now(),
    }
}

pub fn send(chat: i64, key: &str, message: Option<MessageId>) -> Outgoing {
    Outgoing {
        lane: lane(chat),
        thread: None,
        dedupe_key: key.into(),
        message_id: message,
        part: 0,
        author: Author::Bot,
        owner_epoch: 0,
        action: Action::Send {
            content: RichText::plain("hello"),
            keyboard: None,
        },
        repeat: Repeat::Once,
    }
}

/// The decision of a first contact: client, case, a question and an answer that goes out.
pub fn greeting(chat: i64, ids: &mut Ids) -> (Decision, Client, Conversation) {
    let (client, case) = first_contact(chat, ids);
    let mut question = message(&case, SenderType::User, "привет 👩‍👩‍👧 ?", ids);
    question.channel_message_id = Some(ChannelMessageId(1));
    let answer = message(&case, SenderType::Bot, "hello", ids);
    let key = format!("{}:0", answer.id);
    let decision = Decision {
        client: Some(client.clone()),
        conversations: vec![ConversationWrite {
            row: case.clone(),
            is_new: true,
        }],
        outgoing: vec![send(chat, &key, Some(answer.id))],
        messages: vec![question, answer],
        ..Decision::default()
    };
    (decision, client, case)
}

pub fn turn(claimed: &ClaimedTurn, decision: Decision) -> TurnCommit {
    TurnCommit {
        claim: claimed.claim.clone(),
        seq: claimed.item.seq,
        end: TurnEnd::Done,
        decision,
    }
}

/// Puts a dead letter back.
pub async fn retry_dead(store: &DieselStore, id: i64) -> ChangeOutcome {
    change(store, ChangeKind::RetryDead { id }).await
}

/// Makes a change of the back office.
pub async fn change(store: &DieselStore, what: ChangeKind) -> ChangeOutcome {
    let audit = NewAuditEntry {
        at: now(),
        actor: "test".into(),
        action: "test.change".into(),
        subject: "test:1".into(),
        detail: BTreeMap::new(),
    };
    store.change(&Change { what, audit }).await.unwrap()
}

/// Accepts an update of a chat and claims its turn.
pub async fn next_turn(store: &DieselStore, chat: i64, update: i64) -> ClaimedTurn {
    store.accept(&[item(chat, update)]).await.unwrap();
    let claimed = store.claim_turns(&claim(100)).await.unwrap();
    assert_eq!(claimed.len(), 1, "one lane is due");
    claimed.into_iter().next().unwrap()
}

/// Accepts, claims and commits.
pub async fn commit(store: &DieselStore, chat: i64, update: i64, decision: Decision) {
    let claimed = next_turn(store, chat, update).await;
    let outcome = store.commit(&[turn(&claimed, decision)]).await.unwrap();
    assert_eq!(outcome, [CommitOutcome::Committed]);
}

pub async fn next_send(store: &DieselStore) -> ClaimedSend {
    let claimed = store.claim_sends(&claim(100)).await.unwrap();
    assert_eq!(claimed.len(), 1, "one reply lane is due");
    claimed.into_iter().next().unwrap()
}

pub async fn begin(store: &DieselStore, send: &ClaimedSend) -> SendIntent {
    let begin = BeginSend {
        claim: send.claim.clone(),
        seq: send.item.seq,
    };
    store.begin_sends(&[begin]).await.unwrap()[0]
}
