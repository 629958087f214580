//! What happened, in words that no messenger owns.

use serde::{Deserialize, Serialize};

use crate::conversation::{Attachment, ContentType, ModelUse, Person};
use crate::id::{AgentId, ChannelMessageId, ChatId, ConversationId, JobId, MessageId, ThreadId, UserId};
use crate::time::Timestamp;

/// What kind of chat an update came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the bot.
    Private,
    /// A group of people.
    Group,
    /// A channel with readers.
    Broadcast,
}

/// A file, or anything else that is no text. Part of it may be unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What it is shown as in the conversation.
    pub content_type: ContentType,
    /// The messenger's word for it: `photo`, `voice`, `sticker`, …
    pub kind: String,
    /// The messenger's handle of the bytes.
    pub file_id: Option<String>,
    /// The name the client's device gave it.
    pub file_name: Option<String>,
    /// The type the client's device gave it.
    pub mime_type: Option<String>,
    /// Its size in bytes, as the messenger says.
    pub size_bytes: Option<i64>,
    /// The album it belongs to.
    pub album: Option<String>,
    /// Text that came with it; empty without.
    pub caption: String,
}

/// What happened in a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "update")]
pub enum UpdateKind {
    /// A text, commands included.
    Text {
        /// The text, cleaned.
        text: String,
    },
    /// A tap on a button.
    Tap {
        /// By which it is answered.
        tap_id: String,
        /// The button's data, as it came: perhaps not ours.
        data: String,
    },
    /// Anything with content that is no text.
    Media(Media),
    /// A shared contact.
    Contact {
        /// The phone number, as it came.
        phone: String,
        /// Whether it is the sender's own.
        own: bool,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// The text of an earlier message changed.
    Edited {
        /// The text now, cleaned.
        text: String,
    },
    /// The person blocked the bot, or let it in again.
    Reachable {
        /// Whether messages arrive.
        reachable: bool,
    },
    /// The person stopped an answer that was being written.
    Stopped {
        /// Which answer: the id its drafts had.
        draft_id: i64,
    },
    /// Of no concern to the desk: group chatter, reactions, service messages.
    Ignored {
        /// What it was.
        what: String,
    },
}

impl UpdateKind {
    /// Which kind it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            UpdateKind::Text { .. } => "text",
            UpdateKind::Tap { .. } => "tap",
            UpdateKind::Media(_) => "media",
            UpdateKind::Contact { .. } => "contact",
            UpdateKind::Location { .. } => "location",
            UpdateKind::Edited { .. } => "edited",
            UpdateKind::Reachable { .. } => "reachable",
            UpdateKind::Stopped { .. } => "stopped",
            UpdateKind::Ignored { .. } => "ignored",
        }
    }
}

/// An update of a messenger, understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The chat.
    pub chat: ChatId,
    /// What kind of chat.
    pub chat_kind: ChatKind,
    /// The thread within it.
    pub thread: Option<ThreadId>,
    /// Who caused it.
    pub from: Person,
    /// The messenger's id of the message concerned.
    pub channel_message_id: Option<ChannelMessageId>,
    /// When it happened, by the messenger's clock.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: UpdateKind,
}

/// What an agent does with a client's chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum AgentAction {
    /// Speaks to the client; claims the chat.
    Say {
        /// What is said.
        text: String,
    },
    /// Leaves an internal note.
    Note {
        /// The note.
        text: String,
    },
    /// Hands the chat back to the bot.
    HandBack,
    /// Closes the case.
    Close,
    /// Asks for the lead card.
    ShowLead,
}

/// An action of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPost {
    /// The agent, if registered.
    pub agent_id: Option<AgentId>,
    /// The name the client sees.
    pub agent_name: String,
    /// What they do.
    pub action: AgentAction,
}

/// What is done with a case from the back office, rather than in its chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseAction {
    /// Closes it, if it is open.
    Close,
    /// Puts it away, if it is closed.
    Archive,
}

/// An action of the back office on one case. On any other case of the client it does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOrder {
    /// The case.
    pub conversation_id: ConversationId,
    /// What is done with it.
    pub action: CaseAction,
    /// Who does it, as the audit log names them.
    pub actor: String,
}

/// A timer that ran out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "timer")]
pub enum TimerFired {
    /// Nobody has said a word for the playbook's time.
    IdleCase {
        /// The case.
        conversation_id: ConversationId,
    },
    /// An answer that the model was asked for is due: whatever it does now comes too late.
    AnswerDue {
        /// The case.
        conversation_id: ConversationId,
        /// The job that asks it.
        asked: JobId,
    },
    /// No more of an album came for a while.
    AlbumComplete {
        /// The case.
        conversation_id: ConversationId,
        /// The album.
        album: String,
        /// How many items had come when the timer was set.
        items: u32,
    },
    /// The agent who owns the chat has not said a word for a while.
    AgentSilent {
        /// The case.
        conversation_id: ConversationId,
        /// The owner's epoch when the timer was set.
        owner_epoch: i64,
    },
    /// The form was left unfinished for a while.
    FormReminder {
        /// The case.
        conversation_id: ConversationId,
    },
    /// A confirmed lead has waited for a while.
    FollowUp {
        /// The case.
        conversation_id: ConversationId,
    },
}

/// Which of a client's limits was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitWindow {
    /// Messages an hour.
    Hour,
    /// Messages a day.
    Day,
}

/// The first message over a limit: the client is told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitNotice {
    /// Which limit.
    pub window: LimitWindow,
    /// Seconds until the window ends.
    pub resets_in_s: u64,
    /// The client.
    pub from: UserId,
}

/// A value that the model found for a field of the lead, with the client's words it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundField {
    /// The playbook's name of the field.
    pub field: String,
    /// The value, as the model put it.
    pub value: String,
    /// The client's message in which its quote stands.
    pub message_id: MessageId,
    /// How sure that is, 0..1.
    pub confidence: f64,
}

/// What the model proposes beside its text. Whether it is done is decided like anything else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelProposals {
    /// To fetch a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hand_over: bool,
    /// To start the lead form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start_form: bool,
    /// To fill fields of the lead; each stands in the client's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FoundField>,
}

/// What came of asking the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ModelOutcome {
    /// It answered, and the answer passed every check.
    Answered {
        /// The text, as Markdown; empty if a proposal says all.
        text: String,
        /// What it proposes.
        proposals: ModelProposals,
        /// What it took.
        llm: ModelUse,
    },
    /// It answered, and the answer may not be given.
    Refused {
        /// Why, in one word: the kind of the check that refused it.
        why: String,
    },
    /// There is no answer.
    Failed {
        /// Why, in one word: the kind of the model's error.
        why: String,
    },
}

/// What came of asking the model, for the job that asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// The case.
    pub conversation_id: ConversationId,
    /// The job that asked.
    pub asked: JobId,
    /// Version of the knowledge it was asked with; a program of before this was told leaves it out.
    #[serde(default)]
    pub knowledge_version: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: ModelOutcome,
}

/// What came of a download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadReport {
    /// The file, as it is now.
    pub attachment: Attachment,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The messenger reported something.
    Update(Box<Update>),
    /// An agent did something.
    Agent(AgentPost),
    /// A timer ran out.
    Timer(TimerFired),
    /// A client wrote more than the limits allow.
    Limited(LimitNotice),
    /// The model was asked, and this came of it.
    Model(ModelReport),
    /// The back office did something with a case.
    Case(CaseOrder),
    /// A file was downloaded, or will not be.
    Download(DownloadReport),
}

impl Event {
    /// Source name of events the desk itself reports.
    pub const DESK_SOURCE: &'static str = "desk";
    /// The newest form of them this build reads.
    pub const DESK_VERSION: i32 = 4;

    /// The oldest form that has this event: a build that does not read it leaves the item to one that
    /// does.
    pub fn desk_version(&self) -> i32 {
        match self {
            Event::Timer(TimerFired::AlbumComplete { .. }) | Event::Download(_) => 3,
            Event::Timer(TimerFired::FormReminder { .. } | TimerFired::FollowUp { .. }) => 4,
            Event::Model(_) | Event::Case(_) => 2,
            Event::Update(_) | Event::Agent(_) | Event::Timer(_) | Event::Limited(_) => 1,
        }
    }

    /// What kind of thing happened, in one word: for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Update(update) => update.what.kind(),
            Event::Agent(_) => "agent",
            Event::Timer(_) => "timer",
            Event::Limited(_) => "limited",
            Event::Model(_) => "model",
            Event::Case(_) => "case",
            Event::Download(_) => "download",
        }
    }
}
