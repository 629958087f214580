//! The messenger: updates come in as bytes, are understood later; messages go out one by one.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::time::Duration;

use crate::dialogue::Update;
use crate::id::{Channel, ChannelMessageId, ChatId, ThreadId, UpdateId, UserId};
use crate::text::RichText;

/// A button of an inline keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What is read on it.
    pub label: String,
    /// What a tap reports: 1–64 bytes, made by the desk only.
    pub data: String,
}

/// What is shown under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyboard {
    /// Rows of buttons that belong to the message.
    Inline(Vec<Vec<Button>>),
    /// One button, in place of the letters, that shares the client's own phone number.
    ShareContact {
        /// What is read on it.
        label: String,
    },
    /// Takes a `ShareContact` away again.
    Remove,
}

/// What is to be done in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// Send a message of at most 4,096 UTF-16 units.
    Send {
        /// What it says.
        content: RichText,
        /// What is shown under it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyboard: Option<Keyboard>,
    },
    /// Answer a tap: ends the button's spinner, with a short text if there is one.
    AnswerTap {
        /// The tap.
        tap_id: String,
        /// At most 200 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Show for some seconds that an answer is being written. Cosmetic: never kept, never repeated.
    Typing,
    /// Show what is written of an answer so far, for some seconds, in place of the last draft with the
    /// same id. Cosmetic: never kept, never repeated. Only where [`Capabilities::drafts`] is set.
    Draft {
        /// Which answer it is of: not 0.
        draft_id: i64,
        /// What is written so far, at most 4,096 UTF-16 units; empty for "thinking".
        text: String,
    },
}

/// What a messenger can show beside messages. Callers degrade to what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// That an answer is being written ([`Action::Typing`]).
    pub typing: bool,
    /// What is written of it so far, with a button that stops it ([`Action::Draft`]).
    pub drafts: bool,
}

/// One call to the messenger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundCall {
    /// Where to.
    pub chat: ChatId,
    /// Which thread of it.
    pub thread: Option<ThreadId>,
    /// What to do.
    pub action: Action,
}

/// What the messenger said of a call that worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The id of the message that carries it, if one does.
    pub channel_message_id: Option<ChannelMessageId>,
}

/// Whether a limit is the chat's or the whole bot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// This chat has to wait.
    Chat,
    /// Everything has to wait.
    Bot,
}

/// What became of a call that did not work. The difference that matters: whether the messenger
/// may have acted.
#[derive(Debug, thiserror::Error)]
pub enum MessengerError {
    /// Nothing was written: it surely did not act.
    #[error("the messenger cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request was written and no clear answer came: it may have acted.
    #[error("it is unknown whether the messenger acted: {0}")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too many calls; it did not act.
    #[error("the messenger asks to wait {} s", retry_after.as_secs())]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
        /// Who has to wait.
        scope: LimitScope,
    },
    /// The person blocked the bot or is gone; nothing will arrive in this chat.
    #[error("the chat cannot be reached any more: {0}")]
    ChatGone(String),
    /// The chat has another id now; it did not act.
    #[error("the chat has moved to {to}")]
    ChatMoved {
        /// The id now.
        to: ChatId,
    },
    /// The thread is gone; it did not act.
    #[error("the thread does not exist any more")]
    ThreadGone,
    /// It does not understand the entities; the same text without them may go.
    #[error("the messenger does not take the entities: {0}")]
    BadEntities(String),
    /// It refuses this call for good.
    #[error("the messenger refuses the call: {0}")]
    Rejected(String),
    /// It does not accept the bot's credentials.
    #[error("the messenger does not accept the bot's credentials: {0}")]
    Unauthorised(String),
}

impl MessengerError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            MessengerError::Unreachable(_)
            | MessengerError::Unknown(_)
            | MessengerError::RateLimited { .. }
            | MessengerError::Unauthorised(_) => true,
            MessengerError::ChatGone(_)
            | MessengerError::ChatMoved { .. }
            | MessengerError::ThreadGone
            | MessengerError::BadEntities(_)
            | MessengerError::Rejected(_) => false,
        }
    }
}

/// What the sender needs of a messenger.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Messenger: Debug + Send + Sync {
    /// The channel it serves.
    fn channel(&self) -> Channel;

    /// Makes one call. What the messenger takes for done already (a message not modified, a tap too
    /// old to answer) is `Ok`. It never retries by itself.
    ///
    /// # Errors
    /// Any [`MessengerError`]. Dropping the future may leave the call done: treat as `Unknown`.
    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError>;

    /// What it can show beside messages, in a private chat. May change: a server that turns out not
    /// to know drafts is not asked again.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Asks the messenger something harmless; `Ok` means that calls are likely to be answered.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    async fn probe(&self) -> Result<(), MessengerError>;
}

/// The little the door reads of an update, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Its id, by which it is deduplicated.
    pub update_id: UpdateId,
    /// The chat whose turn it is: the chat itself, else the user's private chat, else 0.
    pub chat: ChatId,
    /// Who caused it, if one did.
    pub user: Option<UserId>,
    /// Whether it counts for the client's limits: written by a person, in a private chat, and of a
    /// kind that concerns the desk.
    pub counts: bool,
    /// Start of the text or caption, at most 64 characters; commands are seen in it.
    pub text_start: String,
    /// The album it belongs to.
    pub album: Option<String>,
}

/// Why a body is no update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeekError {
    /// It is no JSON object.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It has no id.
    #[error("the body has no `update_id`")]
    NoUpdateId,
}

/// Why kept bytes could not be understood. They stay as a dead letter for a better decoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A kind of update this build does not know.
    #[error("unknown kind of update `{0}`")]
    UnknownKind(String),
    /// Of a kind it knows, but not in its form.
    #[error("malformed update: {0}")]
    Malformed(String),
}

/// Reads the bytes of one source. Pure; never panics, whatever the bytes.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait UpdateDecoder: Debug + Send + Sync {
    /// The source's name, kept with the bytes.
    fn source(&self) -> &'static str;

    /// The version of the form in which the bytes are kept.
    fn version(&self) -> i32;

    /// Reads what the door needs.
    ///
    /// # Errors
    /// [`PeekError`]: then the bytes are not kept.
    fn peek(&self, bytes: &[u8]) -> Result<Envelope, PeekError>;

    /// Understands bytes kept in form `version`.
    ///
    /// # Errors
    /// [`DecodeError`].
    fn decode(&self, bytes: &[u8], version: i32) -> Result<Update, DecodeError>;
}

/// A messenger that is asked for updates (long polling).
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait UpdateSource: Debug + Send + Sync {
    /// Waits for updates, up to `wait`, and returns their bytes in order. Everything up to and
    /// including `confirmed` is kept and need not be given again.
    ///
    /// # Errors
    /// Any [`MessengerError`]; `Rejected` if the messenger delivers elsewhere (a webhook is set).
    async fn next_updates(
        &self,
        confirmed: Option<UpdateId>,
        wait: Duration,
    ) -> Result<Vec<Vec<u8>>, MessengerError>;
}

/// Why a file of the messenger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileSourceError {
    /// It is larger than the messenger hands out.
    #[error("the file is larger than the messenger hands out")]
    TooBig,
    /// The messenger does not have it, or has it no more.
    #[error("the messenger does not have the file: {0}")]
    Gone(String),
    /// The messenger cannot be reached, or did not answer in time.
    #[error("the file cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The bytes broke off.
    #[error("the file broke off: {0}")]
    Cut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too many calls.
    #[error("the messenger asks to wait {} s", retry_after.as_secs())]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// What the messenger says of the file is not acted upon.
    #[error("the messenger's answer is refused: {0}")]
    Refused(String),
}

impl FileSourceError {
    /// Whether the same file may be read later, from its start.
    pub fn is_transient(&self) -> bool {
        match self {
            FileSourceError::Unreachable(_)
            | FileSourceError::Cut(_)
            | FileSourceError::RateLimited { .. } => true,
            FileSourceError::TooBig | FileSourceError::Gone(_) | FileSourceError::Refused(_) => false,
        }
    }
}

/// The bytes of a file as they come.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FileStream: Debug + Send {
    /// How many bytes will come, as far as the transfer itself says: what the messenger said of the file
    /// before is no promise. A stream that ends earlier ends with an error.
    fn size_bytes(&self) -> Option<u64>;

    /// The next bytes, not empty; `None` at the end of a file that came whole.
    ///
    /// # Errors
    /// Any [`FileSourceError`]; `TooBig` once more came than the messenger hands out.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FileSourceError>;
}

/// A messenger that hands out the files its clients send.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FileSource: Debug + Send + Sync {
    /// The largest file that it hands out, in bytes.
    fn max_bytes(&self) -> u64;

    /// Begins to read the file with this handle, from its start. Nothing is retried.
    ///
    /// # Errors
    /// Any [`FileSourceError`].
    async fn open(&self, file_id: &str) -> Result<Box<dyn FileStream>, FileSourceError>;
}
