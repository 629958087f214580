//! The cache.

use async_trait::async_trait;
use bb8_redis::bb8::{Pool, RunError};
use frontdesk_core::port::cache::{CountUp, Counted};
use frontdesk_core::port::{Cache, CacheError, Subscription};
use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, RedisError};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::{Manager, OpenError, RedisSettings, Refusals, target};
use crate::count::{CountScript, millis};
use crate::subscription;

/// A cache on Redis. Clones share its connections.
#[derive(Clone)]
pub struct RedisCache {
    settings: RedisSettings,
    pool: Pool<Manager>,
    refusals: Refusals,
    client: Client,
    script: Arc<CountScript>,
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// No answer, or a refusal of the server that may pass: loading, read only, out of memory.
fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CacheError {
    CacheError::Unavailable(error.into())
}

fn corrupt(key: &str, why: &str) -> CacheError {
    CacheError::Corrupt {
        key: key.to_owned(),
        why: why.to_owned(),
    }
}

impl RedisCache {
    /// A cache by its settings. Connects when it is first asked; call it on a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`] if the URL will not do.
    pub fn open(settings: RedisSettings) -> Result<Self, OpenError> {
        let target = target(&settings)?;
        let client = Client::open(target.clone()).map_err(|_| OpenError::BadUrl {
            why: "the rest of it cannot be used",
        })?;
        let manager = Manager::new(target, &settings)?;
        Ok(RedisCache {
            pool: manager.pool(&settings),
            refusals: manager.refusals,
            client,
            script: Arc::new(CountScript::new()),
            settings,
        })
    }

    /// A key or topic as Redis has it.
    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.settings.prefix)
    }

    /// Makes a call on a connection of its own.
    async fn call<T>(
        &self,
        make: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, RedisError> {
        let mut link = self.pool.get().await.map_err(|error| match error {
            RunError::User(error) => error,
            RunError::TimedOut => self.refusals.why(),
        })?;
        // Dropped before it is answered, it stays spent.
        link.is_spent = true;
        let answer = make(&mut link.connection).await;
        link.is_spent = answer.as_ref().is_err_and(is_broken);
        answer
    }

    async fn ask<T: FromRedisValue>(&self, cmd: &redis::Cmd) -> Result<T, RedisError> {
        self.call(async |connection| cmd.query_async(connection).await)
            .await
    }
}

/// Whether an error is of the connection, rather than the server's answer.
fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// Whether a text is a counter. A number that is a value is stored with a space before it, which
/// JSON allows and Redis does not count.
fn is_counter(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let held: Result<Option<Vec<u8>>, RedisError> = self.ask(redis::cmd("GET").arg(self.name(key))).await;
        match held {
            Ok(None) => Ok(None),
            Ok(Some(text)) if is_counter(&text) => Err(corrupt(key, "a counter")),
            Ok(Some(text)) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| corrupt(key, &format!("no JSON: {error}"))),
            Err(error) if is_wrong_type(&error) => Err(corrupt(key, "neither a value nor a counter")),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn set(&self, key: &str, value: &Value, ttl: Duration) -> Result<(), CacheError> {
        let mut text = value.to_string();
        if value.is_number() {
            text.insert(0, ' ');
        }
        let mut cmd = redis::cmd("SET");
        cmd.arg(self.name(key)).arg(text).arg("PX").arg(millis(ttl));
        self.ask::<()>(&cmd).await.map_err(unavailable)
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        let mut cmd = redis::cmd("DEL");
        self.ask::<()>(cmd.arg(self.name(key))).await.map_err(unavailable)
    }

    async fn count_all(&self, batch: &[Vec<CountUp>]) -> Result<Vec<Vec<Counted>>, CacheError> {
        if batch.iter().all(Vec::is_empty) {
            return Ok(vec![Vec::new(); batch.len()]);
        }
        let prefix = &self.settings.prefix;
        self.call(async |connection| self.script.run(connection, prefix, batch).await)
            .await
            .map_err(unavailable)
    }

    async fn counted(&self, key: &str) -> Result<Option<Counted>, CacheError> {
        let name = self.name(key);
        let mut both = redis::pipe();
        both.atomic().get(&name).pttl(&name);
        let held: Result<(Option<Vec<u8>>, i64), RedisError> = self
            .call(async |connection| both.query_async(connection).await)
            .await;
        let (text, left) = match held {
            Ok(held) => held,
            Err(error) if is_wrong_type(&error) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let count = text
            .filter(|text| is_counter(text))
            .and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        Ok(count.map(|count| Counted {
            count,
            // One without a time gets it back at its next count.
            resets_in: Duration::from_millis(u64::try_from(left).unwrap_or(0)),
        }))
    }

    async fn publish(&self, topic: &str, message: &str) -> Result<(), CacheError> {
        let mut cmd = redis::cmd("PUBLISH");
        self.ask::<()>(cmd.arg(self.name(topic)).arg(message))
            .await
            .map_err(unavailable)
    }

    async fn subscribe(&self, topics: &[String]) -> Result<Box<dyn Subscription>, CacheError> {
        let names = topics.iter().map(|topic| self.name(topic)).collect();
        let limit = self.settings.connect_limit;
        subscription::begin(&self.client, limit, names, self.settings.prefix.len())
            .await
            .map_err(unavailable)
    }
}

fn is_wrong_type(error: &RedisError) -> bool {
    let of_several = error.clone().into_server_errors();
    error.code() == Some("WRONGTYPE")
        || of_several.is_some_and(|errors| errors.iter().any(|(_, error)| error.code() == "WRONGTYPE"))
}
