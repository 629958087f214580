//! Every setting, by name.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name in the environment; the flag is the same in lower case with hyphens.
    pub name: &'static str,
    /// Its value if nobody sets it; empty for none.
    pub default: &'static str,
    /// Whether it is never shown.
    pub secret: bool,
    /// What it means, in one line.
    pub help: &'static str,
}

const fn plain(name: &'static str, default: &'static str, help: &'static str) -> Spec {
    Spec {
        name,
        default,
        secret: false,
        help,
    }
}

const fn secret(name: &'static str, help: &'static str) -> Spec {
    Spec {
        name,
        default: "",
        secret: true,
        help,
    }
}

/// All of them, in the order they are shown.
pub const SETTINGS: &[Spec] = &[
    plain(
        "DATABASE_URL",
        "",
        "sqlite://PATH, postgres://… or postgresql://… (default: sqlite://DATA_DIR/frontdesk.db)",
    ),
    plain("DATABASE_POOL", "8", "database connections of this process"),
    plain(
        "REDIS_URL",
        "",
        "redis://… or rediss://…: a cache shared by several processes; without it each has its own",
    ),
    plain(
        "DATA_DIR",
        "./data",
        "folder of the embedded database and of cache/, where trained knowledge is kept",
    ),
    plain(
        "FILES_URL",
        "",
        "file:///FOLDER, or s3://BUCKET/PREFIX with the usual AWS_* variables (default: file://DATA_DIR/files)",
    ),
    secret(
        "TELEGRAM_BOT_TOKEN",
        "the bot's token; without it only the terminal chat runs",
    ),
    plain(
        "TELEGRAM_API_URL",
        "https://api.telegram.org",
        "root of the Bot API; https unless on this machine",
    ),
    plain(
        "TELEGRAM_FILE_URL",
        "",
        "root of the files that clients send (default: TELEGRAM_API_URL/file)",
    ),
    plain(
        "TELEGRAM_MODE",
        "auto",
        "webhook, polling, or auto: webhook if TELEGRAM_WEBHOOK_SECRET is set",
    ),
    secret(
        "TELEGRAM_WEBHOOK_SECRET",
        "1 to 256 of A-Z a-z 0-9 _ -; required in webhook mode",
    ),
    secret(
        "TELEGRAM_WEBHOOK_SECRET_PREVIOUS",
        "also accepted, while the secret is changed",
    ),
    plain(
        "PUBLIC_URL",
        "",
        "https://… under which Telegram reaches LISTEN_ADDR",
    ),
    secret(
        "LONGCAT_API_KEY",
        "key of the language model; without it the knowledge alone answers",
    ),
    plain(
        "LONGCAT_API_URL",
        "https://api.longcat.chat/openai",
        "root of an OpenAI-style API, with or without /v1; https unless on this machine",
    ),
    plain("LONGCAT_MODEL", "LongCat-2.0", "the model that is asked"),
    plain(
        "LONGCAT_FALLBACK_MODEL",
        "LongCat-2.5-Preview",
        "the model that is asked where that one fails; `off` for none",
    ),
    plain(
        "LLM_DEADLINE",
        "45s",
        "from what a client said to an answer, or to the next best thing",
    ),
    plain(
        "LLM_CONCURRENCY",
        "4",
        "calls of the language model in flight, in this process",
    ),
    plain(
        "LLM_TOKENS_PER_CLIENT_DAY",
        "50000",
        "tokens that answers to one client may use in a day",
    ),
    plain(
        "LLM_TOKENS_PER_DAY",
        "5000000",
        "tokens that answers of the bot may use in a day",
    ),
    plain(
        "LISTEN_ADDR",
        "127.0.0.1:8080",
        "public listener: webhook and health",
    ),
    plain(
        "ADMIN_ADDR",
        "127.0.0.1:8081",
        "private listener: health, metrics and the admin API; `off` for none",
    ),
    secret(
        "ADMIN_TOKEN",
        "token with the role admin, for the first one; without it and without tokens the admin API refuses all",
    ),
    plain(
        "PLAYBOOK",
        "",
        "folder of a playbook; the built-in one without it",
    ),
    plain("AGENTS_CHAT_ID", "", "chat of the agents"),
    plain(
        "SALES_CHAT_ID",
        "",
        "chat that gets lead cards (default: AGENTS_CHAT_ID)",
    ),
    plain(
        "AGENT_TIMEOUT",
        "12h",
        "silence of an agent after which the bot takes the chat back",
    ),
    plain("WORKER_CONCURRENCY", "64", "turns in flight"),
    plain(
        "WORK_LEASE",
        "30s",
        "how long claimed work belongs to a process that says nothing",
    ),
    plain(
        "BACKLOG_LIMIT",
        "1000000",
        "waiting updates above which the door answers 503",
    ),
    plain(
        "RATE_LIMIT_PER_HOUR",
        "60",
        "messages a client may write in an hour",
    ),
    plain(
        "RATE_LIMIT_PER_DAY",
        "500",
        "messages a client may write in a day",
    ),
    plain(
        "SEND_RATE_BOT",
        "30/s",
        "messages of the whole bot; 0 for no limit",
    ),
    plain(
        "SEND_RATE_CHAT",
        "1/s",
        "messages to one private chat; 0 for no limit",
    ),
    plain(
        "SEND_RATE_GROUP",
        "20/min",
        "messages to one group; 0 for no limit",
    ),
    plain("LOG_LEVEL", "info", "error, warning, info or debug"),
    plain("LOG_FORMAT", "auto", "text, json, or auto: text on a terminal"),
    secret(
        "SENTRY_DSN",
        "error monitoring: where errors and panics are told, with ids and without texts",
    ),
    plain(
        "SHUTDOWN_GRACE",
        "25s",
        "how long work in hand may take after the first signal",
    ),
];

/// The flag of a setting: `DATABASE_URL` is `database-url`.
pub fn flag_of(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_look_like_settings() {
        let mut names: Vec<&str> = SETTINGS.iter().map(|spec| spec.name).collect();
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SETTINGS.len());
    }
}
