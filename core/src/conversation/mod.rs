//! Clients, their conversations (cases), messages and the dialogue's session.

mod client;
mod message;
mod ownership;
mod session;

pub use client::{Client, Person};
pub use message::{ContentType, Message, MessageEdit, ModelUse, SenderType};
pub use ownership::{Conversation, ConversationStatus, IllegalOwnership, Owner};
pub use session::{Awaiting, PendingAnswer, ReadState, Session, SessionState};
