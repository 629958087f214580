//! Where log lines go: standard error, as text or as JSON, from our code and from the libraries'.

use slog::{Drain, FnValue, Logger, Record, o};
use std::io::IsTerminal;
use std::time::Duration;

use crate::failure::Failure;
use crate::monitoring::{Monitor, Monitored};
use crate::settings::{LogFormat, Settings};

/// How many lines may wait before the one who logs has to.
const CHANNEL: usize = 16_384;

/// A logger, and what must live as long as it: dropping the guard flushes what is waiting.
pub struct Log {
    /// The root logger.
    pub root: Logger,
    flush: slog_async::AsyncGuard,
    monitor: Option<Monitor>,
}

impl Log {
    /// Starts logging. Lines of libraries that use the `log` crate come along.
    pub fn start(settings: &Settings) -> Log {
        Log::with(settings, None)
    }

    /// Starts logging for a program that serves: its errors are told where the settings say.
    pub fn monitored(settings: &Settings, program: &'static str) -> Result<Log, Failure> {
        let monitor = match &settings.sentry_dsn {
            Some(dsn) => Some(Monitor::start(dsn, program)?),
            None => None,
        };
        Ok(Log::with(settings, monitor))
    }

    /// Ends logging: what waits is written, and told, the latter no longer than `limit`.
    pub fn end(self, limit: Duration) {
        drop(self.root);
        drop(self.flush);
        if let Some(monitor) = self.monitor {
            monitor.flush(limit);
        }
    }

    fn with(settings: &Settings, monitor: Option<Monitor>) -> Log {
        let json = match settings.log_format {
            LogFormat::Json => true,
            LogFormat::Text => false,
            LogFormat::Auto => !std::io::stderr().is_terminal(),
        };
        let (drain, flush) = if json {
            spawn(json_drain())
        } else {
            spawn(text_drain())
        };
        // In front of the queue: behind it a line's words are no longer known to be fixed.
        let drain = Monitored {
            drain,
            monitor: monitor.clone(),
        };
        let root = Logger::root(slog::LevelFilter::new(drain, settings.log_level).fuse(), o!());
        bridge(&root, settings.log_level);
        Log { root, flush, monitor }
    }
}

fn spawn<D>(drain: D) -> (slog::Fuse<slog_async::Async>, slog_async::AsyncGuard)
where
    D: Drain<Err = slog::Never, Ok = ()> + Send + 'static,
{
    let (drain, guard) = slog_async::Async::new(drain)
        .chan_size(CHANNEL)
        // A line lost is a question without an answer later; the one who logs waits instead.
        .overflow_strategy(slog_async::OverflowStrategy::Block)
        .build_with_guard();
    (drain.fuse(), guard)
}

fn json_drain() -> impl Drain<Err = slog::Never, Ok = ()> + Send {
    slog_json::Json::new(std::io::stderr())
        .set_newlines(true)
        .set_flush(true)
        .add_key_value(o!(
            "ts" => FnValue(|_: &Record<'_>| now()),
            "level" => FnValue(|record: &Record<'_>| record.level().as_str().to_lowercase()),
            "msg" => slog::PushFnValue(|record: &Record<'_>, serializer| serializer.emit(record.msg())),
            "target" => FnValue(|record: &Record<'_>| record.module().to_owned()),
        ))
        .build()
        .ignore_res()
}

fn text_drain() -> impl Drain<Err = slog::Never, Ok = ()> + Send {
    let decorator = slog_term::TermDecorator::new().stderr().build();
    slog_term::FullFormat::new(decorator)
        .use_custom_timestamp(|out: &mut dyn std::io::Write| write!(out, "{}", now()))
        .build()
        .ignore_res()
}

fn now() -> String {
    use frontdesk_core::port::Clock as _;
    crate::clock::SystemClock.now().to_string()
}

/// Leads lines of the `log` crate to ours. Only the first logger of a process gets them.
fn bridge(root: &Logger, level: slog::Level) {
    let libraries = root.new(o!("library" => true));
    let level = match level {
        slog::Level::Critical | slog::Level::Error => log::Level::Error,
        // What libraries tell below a warning is theirs, not the operator's.
        slog::Level::Warning | slog::Level::Info => log::Level::Warn,
        slog::Level::Debug | slog::Level::Trace => log::Level::Info,
    };
    let guard = slog_scope::set_global_logger(libraries);
    if slog_stdlog::init_with_level(level).is_ok() {
        guard.cancel_reset();
    }
}
