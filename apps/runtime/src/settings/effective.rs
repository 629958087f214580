//! The settings in force: read once, checked together, typed.

use frontdesk_cache_redis::RedisSettings;
use frontdesk_core::desk::{PacingSettings, RateSettings};
use frontdesk_core::id::ChatId;
use frontdesk_core::port::budget::TokenLimits;
use frontdesk_files::{Access, FilesPlace, ObjectFiles};
use frontdesk_longcat::ApiKey;
use frontdesk_telegram::BotToken;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::duration::{duration, rate};
use super::problem::SettingProblems;
use super::secret::Secret;
use super::source::Sources;
use super::spec::{SETTINGS, Spec};

/// Which database.
#[derive(Clone)]
pub enum Database {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A server, by its URL.
    Postgres(Secret),
}

impl Database {
    /// The URL the store is opened with.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(path) => format!("sqlite://{}", path.display()),
            Database::Postgres(url) => url.expose().to_owned(),
        }
    }
}

/// How updates reach the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelegramMode {
    /// Telegram calls.
    Webhook,
    /// The bot asks.
    Polling,
}

/// What belongs to Telegram.
#[derive(Clone)]
pub struct Telegram {
    /// The bot's token.
    pub token: BotToken,
    /// Root of the Bot API.
    pub api_url: String,
    /// Root of its files, if that is elsewhere.
    pub file_url: Option<String>,
    /// How updates arrive.
    pub mode: TelegramMode,
    /// The webhook's secret and the one before, if set.
    pub secrets: Vec<Secret>,
    /// Where Telegram reaches the public listener.
    pub public_url: Option<String>,
}

/// The language model.
#[derive(Clone)]
pub struct Model {
    /// Key of the account.
    pub key: ApiKey,
    /// Root of the API.
    pub api_url: String,
    /// The model that is asked.
    pub name: String,
    /// The model that is asked where that one fails.
    pub fallback: Option<String>,
    /// From what a client said to the answer, or to the next rung.
    pub deadline: Duration,
    /// Calls in flight.
    pub concurrency: usize,
    /// Tokens of a day.
    pub limits: TokenLimits,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
    /// Text on a terminal, else JSON.
    Auto,
}

/// All settings.
#[derive(Clone)]
pub struct Settings {
    /// The folder of the embedded database and of what is cached.
    pub data_dir: PathBuf,
    /// Where files are kept.
    pub files: FilesPlace,
    /// What a bucket is opened with.
    pub files_access: Access,
    /// Which database.
    pub database: Database,
    /// Connections to it.
    pub database_pool: u32,
    /// The shared cache, if there is one.
    pub redis: Option<RedisSettings>,
    /// Telegram, if there is a token.
    pub telegram: Option<Telegram>,
    /// The language model, if there is a key.
    pub model: Option<Model>,
    /// The public listener's address.
    pub listen_addr: SocketAddr,
    /// The private listener's address.
    pub admin_addr: Option<SocketAddr>,
    /// The admin API's bootstrap token.
    pub admin_token: Option<Secret>,
    /// Folder of the playbook; the built-in one without it.
    pub playbook: Option<PathBuf>,
    /// Chat that gets lead cards and hand-over notices.
    pub staff_chat: Option<ChatId>,
    /// Silence of an agent after which the bot takes the chat back.
    pub agent_timeout: Duration,
    /// Turns in flight.
    pub worker_concurrency: usize,
    /// How long claimed work belongs to a silent process.
    pub work_lease: Duration,
    /// Waiting updates above which the door is closed.
    pub backlog_limit: u64,
    /// How much a client may write.
    pub rate: RateSettings,
    /// How fast messages go out.
    pub pacing: PacingSettings,
    /// `error`, `warning`, `info` or `debug`.
    pub log_level: slog::Level,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where errors are told.
    pub sentry_dsn: Option<Secret>,
    /// How long work in hand may take after the first signal.
    pub shutdown_grace: Duration,
}

struct Reader<'a> {
    sources: &'a Sources,
    problems: SettingProblems,
}

impl Reader<'_> {
    fn text(&mut self, name: &str) -> Option<String> {
        let spec: &Spec = SETTINGS.iter().find(|spec| spec.name == name)?;
        self.sources
            .value(spec, &mut self.problems)
            .map(|value| value.text)
    }

    /// Reads a value; a wrong one is a problem and counts as not set.
    fn read<T>(&mut self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            // Only what is no secret is repeated.
            let secret = SETTINGS.iter().any(|spec| spec.name == name && spec.secret);
            let shown = if secret {
                "the value".to_owned()
            } else {
                format!("`{text}`")
            };
            self.problems
                .add(name, format!("{shown} will not do: expected {expected}"));
        }
        value
    }

    fn number<T: FromStr + PartialOrd + Copy>(&mut self, name: &str, at_least: T) -> Option<T> {
        self.read(name, "a whole number of 1 or more", |text| {
            text.parse().ok().filter(|n| *n >= at_least)
        })
    }

    fn duration(&mut self, name: &str) -> Option<Duration> {
        let expected = "a time such as 500ms, 30s, 5m or 12h, above zero";
        self.read(name, expected, |text| {
            duration(text).filter(|time| !time.is_zero())
        })
    }

    fn rate(&mut self, name: &str, unit: &str) -> Option<u32> {
        self.read(
            name,
            &format!("a rate such as 20/{unit}, or 0 for no limit"),
            |text| rate(text, unit),
        )
    }
}

impl Settings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Every problem, each naming its variable and what is expected.
    pub fn read(sources: &Sources) -> Result<Settings, SettingProblems> {
        let mut reader = Reader {
            sources,
            problems: SettingProblems::default(),
        };
        let settings = read_all(&mut reader);
        match settings {
            Some(settings) if reader.problems.0.is_empty() => Ok(settings),
            _ => Err(reader.problems),
        }
    }
}

fn read_all(reader: &mut Reader<'_>) -> Option<Settings> {
    // Everything is read before anything is given up, so that all problems are reported at once.
    let data_dir = PathBuf::from(reader.text("DATA_DIR").unwrap_or_else(|| "./data".to_owned()));
    let files = files(reader, &data_dir);
    let database = database(reader, &data_dir);
    let database_pool = reader.number("DATABASE_POOL", 1_u32);
    let redis = redis(reader);
    let telegram = telegram(reader);
    let model = model(reader);
    let address = "an address such as 127.0.0.1:8080";
    let listen_addr = reader.read("LISTEN_ADDR", address, |text| text.parse().ok());
    let admin_addr = reader.read(
        "ADMIN_ADDR",
        "an address such as 127.0.0.1:8081, or off",
        |text| {
            if text == "off" {
                Some(None)
            } else {
                text.parse().ok().map(Some)
            }
        },
    );
    let admin_token = reader.read("ADMIN_TOKEN", "visible ASCII characters without spaces", |text| {
        let fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fine.then(|| Secret::new(text.to_owned()))
    });
    let playbook = reader.text("PLAYBOOK").map(PathBuf::from);
    let chat = "a chat's number such as -1001234567890";
    let agents_chat = reader.read("AGENTS_CHAT_ID", chat, |text| text.parse().ok().map(ChatId));
    let sales_chat = reader.read("SALES_CHAT_ID", chat, |text| text.parse().ok().map(ChatId));
    let agent_timeout = reader.duration("AGENT_TIMEOUT");
    let worker_concurrency = reader.number("WORKER_CONCURRENCY", 1_usize);
    let work_lease = reader.read("WORK_LEASE", "a time of 1s or more, such as 30s", |text| {
        duration(text).filter(|time| *time >= Duration::from_secs(1))
    });
    let backlog_limit = reader.number("BACKLOG_LIMIT", 1_u64);
    let per_hour = reader.number("RATE_LIMIT_PER_HOUR", 1_u64);
    let per_day = reader.number("RATE_LIMIT_PER_DAY", 1_u64);
    let bot = reader.rate("SEND_RATE_BOT", "s");
    let one_chat = reader.rate("SEND_RATE_CHAT", "s");
    let group = reader.rate("SEND_RATE_GROUP", "min");
    let log_level = reader.read("LOG_LEVEL", "error, warning, info or debug", |text| match text {
        "error" => Some(slog::Level::Error),
        "warning" => Some(slog::Level::Warning),
        "info" => Some(slog::Level::Info),
        "debug" => Some(slog::Level::Debug),
        _ => None,
    });
    let log_format = reader.read("LOG_FORMAT", "text, json or auto", |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        "auto" => Some(LogFormat::Auto),
        _ => None,
    });
    let sentry_dsn = reader.read(
        "SENTRY_DSN",
        "https://KEY@HOST/PROJECT, or http:// for this machine",
        |text| is_dsn(text).then(|| Secret::new(text.to_owned())),
    );
    let shutdown_grace = reader.duration("SHUTDOWN_GRACE");
    let (files, files_access) = files?;
    Some(Settings {
        data_dir,
        files,
        files_access,
        database: database?,
        database_pool: database_pool?,
        redis,
        telegram: match telegram? {
            Reading::Without => None,
            Reading::With(telegram) => Some(telegram),
        },
        model: match model? {
            Reading::Without => None,
            Reading::With(model) => Some(model),
        },
        listen_addr: listen_addr?,
        admin_addr: admin_addr?,
        admin_token,
        playbook,
        staff_chat: sales_chat.or(agents_chat),
        agent_timeout: agent_timeout?,
        worker_concurrency: worker_concurrency?,
        work_lease: work_lease?,
        backlog_limit: backlog_limit?,
        rate: RateSettings {
            per_hour: per_hour?,
            per_day: per_day?,
            ..RateSettings::default()
        },
        pacing: PacingSettings {
            bot_per_second: bot?,
            chat_per_second: one_chat?,
            group_per_minute: group?,
            ..PacingSettings::default()
        },
        log_level: log_level?,
        log_format: log_format?,
        sentry_dsn,
        shutdown_grace: shutdown_grace?,
    })
}

fn files(reader: &mut Reader<'_>, data_dir: &std::path::Path) -> Option<(FilesPlace, Access)> {
    let place = match reader.text("FILES_URL") {
        None => FilesPlace::Folder(data_dir.join("files")),
        Some(text) => match text.parse() {
            Ok(place) => place,
            // Somebody may have put a key into it: it is never repeated.
            Err(error) => {
                let problem = format!("the value will not do: {error}");
                reader.problems.add("FILES_URL", problem);
                return None;
            }
        },
    };
    let access = match &place {
        FilesPlace::Folder(_) => Access::default(),
        FilesPlace::Bucket { .. } => Access::new(reader.sources.s3_variables(&mut reader.problems)),
    };
    match ObjectFiles::check(&place, &access) {
        Ok(()) => Some((place, access)),
        Err(error) => {
            let error = error.to_string();
            let problem = error
                .split_once(": ")
                .map_or(error.as_str(), |(_, problem)| problem);
            reader.problems.add("FILES_URL", problem.to_owned());
            None
        }
    }
}

fn database(reader: &mut Reader<'_>, data_dir: &std::path::Path) -> Option<Database> {
    let expected = "sqlite://PATH, postgres://… or postgresql://…";
    if reader.text("DATABASE_URL").is_none() {
        return Some(Database::Sqlite(data_dir.join("frontdesk.db")));
    }
    // The URL may hold a password: it is never repeated.
    let text = reader.text("DATABASE_URL")?;
    if let Some(path) = text.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
        return Some(Database::Sqlite(PathBuf::from(path)));
    }
    let host = text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"));
    if host.is_some_and(|host| !host.is_empty()) {
        return Some(Database::Postgres(Secret::new(text)));
    }
    reader.problems.add(
        "DATABASE_URL",
        format!("the value will not do: expected {expected}"),
    );
    None
}

fn redis(reader: &mut Reader<'_>) -> Option<RedisSettings> {
    let settings = RedisSettings::new(reader.text("REDIS_URL")?);
    match settings.check() {
        Ok(()) => Some(settings),
        // The URL may hold a password: it is never repeated.
        Err(error) => {
            reader
                .problems
                .add("REDIS_URL", format!("the value will not do: {error}"));
            None
        }
    }
}

/// `None` if something is wrong.
fn model(reader: &mut Reader<'_>) -> Option<Reading<Model>> {
    let key = reader.read("LONGCAT_API_KEY", "a key without blanks", |text| {
        ApiKey::parse(text).ok()
    });
    let wanted = reader.text("LONGCAT_API_KEY").is_some();
    let api_url = reader.read(
        "LONGCAT_API_URL",
        "https://…, or http:// for this machine",
        |text| is_web_root(text).then(|| text.to_owned()),
    );
    let name = reader.text("LONGCAT_MODEL");
    let fallback = reader.text("LONGCAT_FALLBACK_MODEL").filter(|name| name != "off");
    let deadline = reader.read("LLM_DEADLINE", "a time of 5s or more, such as 45s", |text| {
        duration(text).filter(|time| *time >= Duration::from_secs(5))
    });
    let concurrency = reader.number("LLM_CONCURRENCY", 1_usize);
    let per_client = reader.number("LLM_TOKENS_PER_CLIENT_DAY", 1_u64);
    let per_bot = reader.number("LLM_TOKENS_PER_DAY", 1_u64);
    let settings = (api_url?, name?, deadline?, concurrency?, per_client?, per_bot?);
    let (api_url, name, deadline, concurrency, per_client, per_bot) = settings;
    if !wanted {
        return Some(Reading::Without);
    }
    Some(Reading::With(Model {
        key: key?,
        api_url,
        name,
        fallback,
        deadline,
        concurrency,
        limits: TokenLimits { per_client, per_bot },
    }))
}

/// What there is to say about something that needs a key or a token.
enum Reading<T> {
    /// There is none.
    Without,
    /// It is set up.
    With(T),
}

/// `None` if something is wrong.
fn telegram(reader: &mut Reader<'_>) -> Option<Reading<Telegram>> {
    let problems_before = reader.problems.0.len();
    let token = reader.read(
        "TELEGRAM_BOT_TOKEN",
        "a token such as 123456:ABC-DEF…, from @BotFather",
        |text| BotToken::parse(text).ok(),
    );
    let api_url = reader.read(
        "TELEGRAM_API_URL",
        "https://…, or http:// for this machine",
        |text| is_web_root(text).then(|| text.trim_end_matches('/').to_owned()),
    );
    let file_url = reader.read(
        "TELEGRAM_FILE_URL",
        "https://…, or http:// for this machine",
        |text| is_web_root(text).then(|| text.trim_end_matches('/').to_owned()),
    );
    let allowed = |text: &str| {
        (1..=256).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let expected = "1 to 256 of A-Z a-z 0-9 _ -";
    let mut secrets = Vec::new();
    for name in ["TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_SECRET_PREVIOUS"] {
        secrets.extend(reader.read(name, expected, |text| {
            allowed(text).then(|| Secret::new(text.to_owned()))
        }));
    }
    let has_secret = reader.text("TELEGRAM_WEBHOOK_SECRET").is_some();
    let mode = reader.read("TELEGRAM_MODE", "webhook, polling or auto", |text| match text {
        "webhook" => Some(TelegramMode::Webhook),
        "auto" if has_secret => Some(TelegramMode::Webhook),
        "polling" | "auto" => Some(TelegramMode::Polling),
        _ => None,
    });
    if mode == Some(TelegramMode::Webhook) && !has_secret {
        reader.problems.add(
            "TELEGRAM_WEBHOOK_SECRET",
            format!("is needed in webhook mode: expected {expected}"),
        );
    }
    let public_url = reader.read(
        "PUBLIC_URL",
        "https://… without a path, or http:// on this machine",
        |text| is_web_root(text).then(|| text.trim_end_matches('/').to_owned()),
    );
    if reader.problems.0.len() > problems_before {
        return None;
    }
    let Some(token) = token else {
        return Some(Reading::Without);
    };
    Some(Reading::With(Telegram {
        token,
        api_url: api_url?,
        file_url,
        mode: mode?,
        secrets,
        public_url,
    }))
}

/// Whether a text is `https://HOST…`, or `http://HOST…` of this machine. Whoever connects checks more.
fn is_web_root(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .map_or(host, |(name, _)| name);
    let here = name == "localhost" || name == "[::1]" || name.starts_with("127.");
    !name.is_empty() && !host.contains('@') && (scheme == "https" || scheme == "http" && here)
}

/// Whether a text is the root of a web with a key before its host and a project behind it.
fn is_dsn(text: &str) -> bool {
    let Some((scheme, (key, place))) = text
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)))
    else {
        return false;
    };
    let project = place.rsplit_once('/').map_or("", |(_, project)| project);
    let named = !project.is_empty() && project.bytes().all(|b| b.is_ascii_digit());
    !key.is_empty() && named && is_web_root(&format!("{scheme}://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_where_errors_are_told() {
        for (text, fine) in [
            ("https://abc123@o1.ingest.example.com/42", true),
            ("https://abc123@errors.example.com/team/42", true),
            ("http://abc123@127.0.0.1:9000/1", true),
            ("http://abc123@errors.example.com/42", false),
            ("https://errors.example.com/42", false),
            ("https://@errors.example.com/42", false),
            ("https://abc123@errors.example.com", false),
            ("https://abc123@errors.example.com/project", false),
            ("abc123", false),
        ] {
            assert_eq!(is_dsn(text), fine, "{text}");
        }
    }

    #[test]
    fn roots_of_the_web() {
        for (text, fine) in [
            ("https://api.telegram.org", true),
            ("https://api.telegram.org/", true),
            ("http://127.0.0.1:8081", true),
            ("http://localhost", true),
            ("http://[::1]:80", true),
            ("http://example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("https://", false),
            ("ftp://x", false),
            ("api.telegram.org", false),
        ] {
            assert_eq!(is_web_root(text), fine, "{text}");
        }
    }
}
