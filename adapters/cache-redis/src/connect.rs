//! Connecting, and the pool.

use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::{ManageConnection, Pool};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError};
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where the cache is and how it is asked.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://…` for TLS with the roots of
    /// the system.
    pub url: String,
    /// Stands before every key and topic; empty for none. For several desks on one database.
    pub prefix: String,
    /// Connections at most, those of subscriptions aside.
    pub connections: u32,
    /// How long connecting may take.
    pub connect_limit: Duration,
    /// How long an answer may take.
    pub answer_limit: Duration,
}

impl RedisSettings {
    /// Settings for a URL, everything else as is usual.
    pub fn new(url: impl Into<String>) -> Self {
        RedisSettings {
            url: url.into(),
            prefix: String::new(),
            connections: 4,
            connect_limit: Duration::from_secs(1),
            answer_limit: Duration::from_millis(500),
        }
    }

    /// Whether a cache can be made by them, without asking anybody.
    ///
    /// # Errors
    /// [`OpenError`] if not.
    pub fn check(&self) -> Result<(), OpenError> {
        target(self).map(drop)
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("url", &"***")
            .field("prefix", &self.prefix)
            .field("connections", &self.connections)
            .field("connect_limit", &self.connect_limit)
            .field("answer_limit", &self.answer_limit)
            .finish()
    }
}

/// Why a cache cannot be made. That it cannot be reached is none: it may come and go.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none of Redis.
    #[error("expected redis://HOST[:PORT][/DATABASE] or rediss://…: {why}")]
    BadUrl {
        /// What is wrong with it, without repeating it.
        why: &'static str,
    },
}

/// Reads the URL; says what is wrong with it without repeating it.
pub(crate) fn target(settings: &RedisSettings) -> Result<ConnectionInfo, OpenError> {
    let bad = |why| OpenError::BadUrl { why };
    let scheme = settings.url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("redis" | "rediss")) {
        return Err(bad("it begins with neither"));
    }
    // The error's own text may hold parts of the URL.
    let info = settings
        .url
        .as_str()
        .into_connection_info()
        .map_err(|_| bad("the rest of it cannot be read"))?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err(bad("a certificate that is not checked is none"));
    }
    Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) connection: MultiplexedConnection,
    /// Which outage it was made after.
    made_after: u64,
    /// A call was begun and its answer has not been heard.
    pub(crate) is_spent: bool,
}

/// A connection nobody used for so long is closed, before a server or a firewall does it unheard.
const IDLE: Duration = Duration::from_mins(4);

/// Makes connections and knows which of them to trust.
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    inner: RedisConnectionManager,
    limits: Limits,
    /// Counts the connections that broke. What was connected before the last one did is not
    /// trusted: a server that went away took all of them with it, and each would fail a call.
    outages: Arc<AtomicU64>,
    pub(crate) refusals: Refusals,
}

/// Why the last connection could not be made: the pool itself only says that there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals(Arc<Mutex<Option<RedisError>>>);

impl Refusals {
    fn note(&self, refused: Option<RedisError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Why there is no connection.
    pub(crate) fn why(&self) -> RedisError {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.unwrap_or_else(|| (ErrorKind::Io, "no connection in time").into())
    }
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    connect: Duration,
    answer: Duration,
}

impl Manager {
    pub(crate) fn new(target: ConnectionInfo, settings: &RedisSettings) -> Result<Self, OpenError> {
        if let ConnectionAddr::TcpTls { .. } = target.addr() {
            // The client takes the process's provider. Where there is one already, that one.
            let _there_is_one = rustls::crypto::ring::default_provider().install_default();
        }
        let inner = RedisConnectionManager::new(target).map_err(|_| OpenError::BadUrl {
            why: "the rest of it cannot be used",
        })?;
        Ok(Manager {
            inner,
            limits: Limits {
                connect: settings.connect_limit,
                answer: settings.answer_limit,
            },
            outages: Arc::default(),
            refusals: Refusals::default(),
        })
    }

    /// A pool that connects when a connection is needed: a cache that is away keeps nobody from
    /// starting.
    pub(crate) fn pool(&self, settings: &RedisSettings) -> Pool<Manager> {
        Pool::builder()
            .max_size(settings.connections.max(1))
            // A little longer than connecting may take, so that its own error is the one told.
            .connection_timeout(settings.connect_limit + settings.answer_limit)
            .retry_connection(false)
            .idle_timeout(Some(IDLE))
            .test_on_check_out(true)
            .build_unchecked(self.clone())
    }
}

impl ManageConnection for Manager {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        let made_after = self.outages.load(Ordering::Acquire);
        let connected = within(self.limits.connect, self.inner.connect()).await;
        self.refusals.note(connected.as_ref().err().cloned());
        let mut connection = connected?;
        connection.set_response_timeout(self.limits.answer);
        Ok(Link {
            connection,
            made_after,
            is_spent: false,
        })
    }

    /// Asks nobody: what the server has to say comes with the next answer, without a round trip more.
    fn is_valid(&self, link: &mut Link) -> impl Future<Output = Result<(), RedisError>> + Send {
        let valid = if link.made_after == self.outages.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err((ErrorKind::Io, "connected before the last outage").into())
        };
        std::future::ready(valid)
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        if link.is_spent {
            self.outages.fetch_add(1, Ordering::AcqRel);
        }
        link.is_spent
    }
}

/// A call to Redis that ends in time.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, RedisError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer,
        Err(_) => Err((ErrorKind::Io, "no answer in time").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_never_repeated() {
        for (url, fine) in [
            ("redis://127.0.0.1", true),
            ("redis://127.0.0.1:7000/3", true),
            ("redis://user:very-secret@cache.example:7000", true),
            ("redis://:very-secret@cache.example", true),
            ("rediss://cache.example", true),
            ("rediss://:very-secret@cache.example#insecure", false),
            ("redis://:very-secret@cache.example/very-secret", false),
            ("redis://:very-secret@cache.example:very-secret", false),
            ("redis://", false),
            ("unix:///very-secret", false),
            ("http://very-secret", false),
            ("very-secret", false),
        ] {
            let settings = RedisSettings::new(url);
            let read = target(&settings);
            assert_eq!(read.is_ok(), fine, "{url}");
            let told = format!("{settings:?} {read:?}");
            assert!(!told.contains("very-secret"), "{told}");
            if let Err(error) = read {
                assert!(!error.to_string().contains("very-secret"), "{error}");
            }
        }
    }
}
