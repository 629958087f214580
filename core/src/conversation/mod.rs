//! Clients, their conversations (cases), messages, attachments and the dialogue's session.

mod attachment;
mod client;
mod message;
mod ownership;
mod session;

pub use attachment::{Attachment, AttachmentStatus, AttachmentWrite, Refusal, shown_name};
pub use client::{Client, Person};
pub use message::{ContentType, Message, MessageEdit, ModelUse, SenderType};
pub use ownership::{Conversation, ConversationStatus, IllegalOwnership, Owner};
pub use session::{
    Awaiting, Caption, LastHeard, PendingAnswer, PendingFile, PendingFiles, ReadState, Session, SessionState,
};
