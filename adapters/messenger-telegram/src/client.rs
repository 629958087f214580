//! Calls of the Bot API.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_core::id::BotId;
use frontdesk_core::port::messenger::{LimitScope, MessengerError};
use frontdesk_core::text::{clean, clip};
use serde::Serialize;
use slog::{Logger, debug};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};
use ureq::Agent;

use crate::exchange::{Lost, exchange};
use crate::json::{Fields, readable};
use crate::settings::{API_URL, ApiUrl, BadApiUrl, FILE_URL, TelegramSettings, check_url};
use crate::verdict::{is_unknown_method, judge};

/// The most of an answer that is read.
const ANSWER_LIMIT: u64 = 4 << 20;
/// The most of a batch of updates: a hundred of half a mebibyte, and room for their frame.
const BATCH_LIMIT: u64 = 64 << 20;
/// The longest text of an error, in characters.
const REASON_LIMIT: usize = 300;

/// A client of the Bot API. Clones share their connections and their bound on calls in flight.
///
/// Calls block a thread of tokio's blocking pool each. One that nobody waits for any more still ends
/// only with its answer or its timeout, and keeps its place in the bound until then.
#[derive(Clone)]
pub struct TelegramClient {
    inner: Arc<Inner>,
}

struct Inner {
    settings: TelegramSettings,
    api_url: ApiUrl,
    file_url: ApiUrl,
    agent: Agent,
    /// Long polls have connections of their own, so that one can be cut short.
    poll_agent: Mutex<Agent>,
    permits: Arc<Semaphore>,
    log: Logger,
}

impl fmt::Debug for TelegramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelegramClient")
            .field("api_url", &self.inner.api_url.text)
            .field("bot_id", &self.inner.settings.token.bot_id())
            .finish_non_exhaustive()
    }
}

/// One call, ready to go.
pub(crate) struct Call {
    method: &'static str,
    payload: Result<Vec<u8>, serde_json::Error>,
    scope: LimitScope,
    secret: Option<String>,
    /// Whether to tell if the server does not know the method.
    optional: bool,
}

impl Call {
    /// A call of the bot's own.
    pub(crate) fn of_bot(method: &'static str, parameters: &impl Serialize) -> Call {
        Call {
            method,
            payload: serde_json::to_vec(parameters),
            scope: LimitScope::Bot,
            secret: None,
            optional: false,
        }
    }

    /// A call to a chat: its limits are that chat's.
    pub(crate) fn to_chat(method: &'static str, parameters: &impl Serialize) -> Call {
        Call {
            scope: LimitScope::Chat,
            ..Call::of_bot(method, parameters)
        }
    }

    /// Not every server knows the method: one that does not gives a reply that says so, and no error.
    pub(crate) fn optional(self) -> Call {
        Call {
            optional: true,
            ..self
        }
    }

    /// The call holds a secret that no error may repeat.
    pub(crate) fn with_secret(self, secret: &str) -> Call {
        Call {
            secret: Some(secret.to_owned()).filter(|secret| !secret.is_empty()),
            ..self
        }
    }
}

/// The answer to a call that worked, or to an optional one that the server does not know.
pub(crate) struct Reply {
    body: String,
    known: bool,
}

impl Reply {
    /// The answer's fields. A reply that is not complete has none: the call worked all the same.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::read(&self.body).unwrap_or_default()
    }

    /// Whether the server knows the method.
    pub(crate) fn is_known(&self) -> bool {
        self.known
    }
}

impl TelegramClient {
    /// A client as `settings` say. Connects to nothing yet.
    ///
    /// # Errors
    /// [`BadApiUrl`] if a URL is none, or is neither https nor loopback.
    pub fn new(settings: TelegramSettings, log: Logger) -> Result<TelegramClient, BadApiUrl> {
        let api_url = check_url(API_URL, &settings.api_url, &settings.token)?;
        let of_files = settings
            .file_url
            .clone()
            .unwrap_or_else(|| format!("{}/file", api_url.text));
        let file_url = check_url(FILE_URL, &of_files, &settings.token)?;
        let agent = settings.agent(api_url.loopback);
        let poll_agent = settings.agent(api_url.loopback);
        Ok(TelegramClient {
            inner: Arc::new(Inner {
                permits: Arc::new(Semaphore::new(settings.blocking_calls.max(1))),
                poll_agent: Mutex::new(poll_agent),
                agent,
                api_url,
                file_url,
                settings,
                log,
            }),
        })
    }

    /// Cuts every call in flight short and takes no more: for the end of the process, when calls that
    /// nobody waits for would hold it up.
    pub fn shut_down(&self) {
        self.inner.agent.clone().shutdown();
        self.inner.lock_poll_agent().clone().shutdown();
    }

    /// The bot this client acts for.
    pub fn bot_id(&self) -> BotId {
        self.inner.settings.token.bot_id()
    }

    pub(crate) fn settings(&self) -> &TelegramSettings {
        &self.inner.settings
    }

    /// Connections for one file.
    pub(crate) fn file_agent(&self) -> Agent {
        self.inner.settings.agent(self.inner.file_url.loopback)
    }

    /// Where a file is. The token is in it.
    pub(crate) fn file_url(&self, path: &str) -> String {
        let token = self.inner.settings.token.for_url();
        format!("{}/bot{token}/{path}", self.inner.file_url.text)
    }

    /// A text of the outside about `what`, fit to be the text of an error.
    pub(crate) fn say(&self, what: &str, text: &str) -> String {
        self.inner.say(what, text)
    }

    /// Makes a call.
    pub(crate) async fn call(&self, call: Call) -> Result<Reply, MessengerError> {
        let within = self.inner.settings.call_timeout;
        // The semaphore is never closed; were it, nothing would have been written.
        let permit = Arc::clone(&self.inner.permits)
            .acquire_owned()
            .await
            .map_err(|closed| MessengerError::Unreachable(closed.into()))?;
        let inner = Arc::clone(&self.inner);
        let blocking = spawn_blocking(move || {
            let _permit = permit;
            inner.make(&inner.agent, call, within, ANSWER_LIMIT)
        });
        blocking
            .await
            .unwrap_or_else(|error| Err(self.inner.unfinished(&error)))
    }

    /// Makes a call that the API holds back for up to `wait`. If the future is dropped meanwhile, the
    /// connection is closed at once.
    pub(crate) async fn long_poll(&self, call: Call, wait: Duration) -> Result<Reply, MessengerError> {
        let within = wait + self.inner.settings.poll_slack;
        let agent = self.inner.lock_poll_agent().clone();
        let hang_up = HangUp(Some((Arc::clone(&self.inner), agent.clone())));
        let inner = Arc::clone(&self.inner);
        let blocking = spawn_blocking(move || inner.make(&agent, call, within, BATCH_LIMIT));
        let reply = blocking
            .await
            .unwrap_or_else(|error| Err(self.inner.unfinished(&error)));
        hang_up.disarm();
        reply
    }
}

impl Inner {
    fn lock_poll_agent(&self) -> std::sync::MutexGuard<'_, Agent> {
        self.poll_agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread of a call did not end well. One that never started wrote nothing; one that panicked
    /// may have done so at any point.
    fn unfinished(&self, error: &JoinError) -> MessengerError {
        let reason = self.settings.token.redact(&error.to_string());
        if error.is_cancelled() {
            MessengerError::Unreachable(reason.into())
        } else {
            MessengerError::Unknown(reason.into())
        }
    }

    /// The one place where texts of the outside become texts of errors.
    fn say(&self, what: &str, text: &str) -> String {
        let text = clean(&self.settings.token.redact(text)).replace('\n', " ");
        format!("{what}: {}", clip(&text, REASON_LIMIT))
    }

    fn make(&self, agent: &Agent, call: Call, within: Duration, limit: u64) -> Result<Reply, MessengerError> {
        let Call {
            method,
            payload,
            scope,
            secret,
            optional,
        } = call;
        let say = |text: &str| match &secret {
            Some(secret) => self.say(method, &text.replace(secret.as_str(), "[redacted]")),
            None => self.say(method, text),
        };
        let payload = payload.map_err(|error| MessengerError::Rejected(say(&error.to_string())))?;
        let url = format!(
            "{}/bot{}/{method}",
            self.api_url.text,
            self.settings.token.for_url()
        );
        let answer = exchange(agent, &url, &payload, within, limit).map_err(|lost| {
            let Lost {
                handed_over,
                reason,
            } = lost;
            debug!(self.log, "call of Telegram not answered"; "method" => method, "handed_over" => handed_over);
            if handed_over {
                MessengerError::Unknown(say(&reason).into())
            } else {
                MessengerError::Unreachable(say(&reason).into())
            }
        })?;
        debug!(self.log, "call of Telegram answered"; "method" => method, "status" => answer.status);
        let body = readable(&answer.body);
        let known = !(optional && is_unknown_method(&body));
        if known {
            judge(&answer, &body, scope, &say)?;
        }
        let body = body.into_owned();
        Ok(Reply { body, known })
    }
}

/// Closes a long poll's connection when dropped, unless it was disarmed.
struct HangUp(Option<(Arc<Inner>, Agent)>);

impl HangUp {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        if let Some((inner, agent)) = self.0.take() {
            agent.shutdown();
            *inner.lock_poll_agent() = inner.settings.agent(inner.api_url.loopback);
        }
    }
}
