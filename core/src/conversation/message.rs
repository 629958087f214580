//! What was said in a conversation.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, ChannelMessageId, ConversationId, MessageId};
use crate::time::Timestamp;

open_enum! {
    /// Who said it.
    SenderType {
        /// The client.
        User = "user",
        /// The bot.
        Bot = "bot",
        /// An agent.
        Agent = "agent",
        /// Nobody to the client: an internal note, it never leaves.
        Note = "note",
    }
}

open_enum! {
    /// What kind of thing it is.
    ContentType {
        /// Text.
        Text = "text",
        /// A photo.
        Image = "image",
        /// A file.
        Document = "document",
        /// A command such as /start.
        Command = "command",
        /// A voice message.
        Voice = "voice",
        /// A shared contact.
        Contact = "contact",
        /// A place.
        Location = "location",
        /// A tap on a button; the content is its data.
        Button = "button",
        /// Anything else.
        Other = "other",
    }
}

/// What a model had to do with a message of the bot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelUse {
    /// The model, as it is named in the settings.
    pub model: String,
    /// Tokens of the prompt.
    pub tokens_in: i64,
    /// Tokens of the answer.
    pub tokens_out: i64,
    /// From the start of the first call to the complete answer, in milliseconds.
    pub latency_ms: i64,
    /// How far the answer rests on what the company knows, 0..1: see
    /// [`confidence`](crate::guard::check::confidence).
    pub confidence: f64,
    /// What it cost, in millionths of the playbook's currency; `None` for a model without a price.
    pub cost_micros: Option<i64>,
}

/// One row per message. `seq`, its place in the conversation, is assigned by the store's commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The desk's id.
    pub id: MessageId,
    /// The case it belongs to.
    pub conversation_id: ConversationId,
    /// Who said it.
    pub sender_type: SenderType,
    /// The agent, if one said it.
    pub sender_id: Option<AgentId>,
    /// The text; for media the caption.
    pub content: String,
    /// What kind of thing it is.
    pub content_type: ContentType,
    /// The knowledge entry or the dialogue's step it was understood as.
    pub intent: Option<String>,
    /// How sure the matcher was, 0..1.
    pub intent_score: Option<f64>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// What a model had to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<ModelUse>,
    /// The playbook version an answer was based on.
    pub knowledge_version: Option<String>,
    /// The messenger's id of the client's own message, so that edits find it.
    pub channel_message_id: Option<ChannelMessageId>,
    /// Whatever else belongs to it; an object.
    pub metadata: serde_json::Value,
    /// When it was said, by the desk's clock.
    pub created_at: Timestamp,
}

/// A client changed the text of a message sent earlier. The store finds the message by the
/// messenger's id within the conversation's chat, keeps the earlier text under `earlier` in its
/// metadata and sets `edited_at`; an id it does not know changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEdit {
    /// The messenger's id of the client's message.
    pub channel_message_id: ChannelMessageId,
    /// The text now.
    pub content: String,
    /// When it was edited.
    pub edited_at: Timestamp,
}
