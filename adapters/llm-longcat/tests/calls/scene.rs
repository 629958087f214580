//! A model in front of a fake server, and what it is heard to say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use frontdesk_core::id::{BotId, ClientId};
use frontdesk_core::port::llm::{
    Account, ModelAnswer, ModelRequest, PartialAnswer, PromptPart, Role, Unheard,
};
use frontdesk_core::port::{LanguageModel, ModelError};
use frontdesk_fake_llm::{Config, Effect, FakeLlm, Fault};
use frontdesk_longcat::{ApiKey, Limits, LongCatModel, LongCatSettings};
use uuid::Uuid;

pub const KEY: &str = "ak_0123456789-secret-of-the-account";
pub const MODEL: &str = "LongCat-2.0";
/// What no error may repeat.
pub const QUESTION: &str = "What does Xanthippe's audit cost?";

/// Long enough for a busy machine; nothing waits for it when all is well.
pub const SOON: Duration = Duration::from_secs(20);
/// How long a test of a time-out lets the model wait: long enough for the request to arrive.
pub const SHORT: Duration = Duration::from_millis(500);

pub struct Scene {
    pub llm: FakeLlm,
    pub log: KeptLog,
    pub settings: LongCatSettings,
}

impl Scene {
    pub async fn start() -> Scene {
        let config = Config {
            key: KEY.to_owned(),
            context_tokens: 100,
            ..Config::default()
        };
        let llm = FakeLlm::start(config).await.unwrap();
        let key = ApiKey::parse(KEY).ok().unwrap();
        let mut settings = LongCatSettings::new(key, MODEL);
        settings.api_url = llm.api_url();
        settings.limits = Limits {
            connect: SOON,
            plain_total: SOON,
            first_token: SOON,
            idle: SOON,
            stream_total: SOON,
        };
        Scene {
            llm,
            log: KeptLog::default(),
            settings,
        }
    }

    pub fn model(&self) -> LongCatModel {
        let log = slog::Logger::root(self.log.clone(), slog::o!());
        LongCatModel::new(self.settings.clone(), log).unwrap()
    }

    /// Asks once; whatever is said of an error is searched for the key and the prompt.
    pub async fn ask(&self, stream: bool) -> Result<ModelAnswer, ModelError> {
        let answer = self.model().answer(request(stream), Arc::new(Unheard)).await;
        answer.map_err(|error| self.checked(error))
    }

    /// What becomes of a call that this effect hits.
    pub async fn hit(&self, effect: Effect, stream: bool) -> Result<ModelAnswer, ModelError> {
        let id = self.llm.fault(Fault::once(effect));
        let answer = self.ask(stream).await;
        let hit = self
            .llm
            .faults()
            .iter()
            .any(|fault| fault.id == id && fault.hit == 1);
        assert!(hit, "the fault hits");
        self.llm.clear_faults();
        answer
    }

    /// Searches an error, its causes and the log.
    pub fn checked(&self, error: ModelError) -> ModelError {
        let mut texts = format!("{error} {error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            texts = format!("{texts} {inner} {inner:?}");
            cause = inner.source();
        }
        texts.push_str(&self.log.0.lock().unwrap());
        for secret in [KEY, QUESTION, "Xanthippe", "Persona of the desk"] {
            assert!(!texts.contains(secret), "{texts}");
        }
        error
    }
}

pub fn request(stream: bool) -> ModelRequest {
    let part = |role, text: &str| PromptPart {
        role,
        text: text.to_owned(),
    };
    ModelRequest {
        parts: vec![
            part(Role::System, "Persona of the desk"),
            part(Role::User, "Hello"),
            part(Role::Assistant, "Здравствуйте 👋"),
            part(Role::User, QUESTION),
        ],
        tools: Vec::new(),
        max_tokens: 700,
        deadline: SOON,
        stream,
        account: Account {
            bot_id: BotId(1),
            client_id: ClientId(Uuid::nil()),
        },
    }
}

/// Keeps what is heard.
#[derive(Debug, Default)]
pub struct Heard(pub Mutex<Vec<String>>);

impl Heard {
    pub fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }
}

impl PartialAnswer for Heard {
    fn more(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }

    fn restart(&self) {
        panic!("one attempt is made");
    }
}

/// A log that is kept as text.
#[derive(Clone, Default)]
pub struct KeptLog(pub Arc<Mutex<String>>);

impl slog::Drain for KeptLog {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &slog::Record<'_>, _values: &slog::OwnedKVList) -> Result<(), slog::Never> {
        struct Fields<'a>(&'a mut String);
        impl slog::Serializer for Fields<'_> {
            fn emit_arguments(&mut self, key: slog::Key, value: &std::fmt::Arguments<'_>) -> slog::Result {
                use std::fmt::Write;
                Ok(write!(self.0, " {key}={value}")?)
            }
        }
        let mut kept = self.0.lock().unwrap();
        kept.push_str(&record.msg().to_string());
        slog::KV::serialize(&record.kv(), record, &mut Fields(&mut kept)).unwrap();
        kept.push('\n');
        Ok(())
    }
}
