//! The dialogue: what happened, what is known, and what to do about it.

mod decision;
mod event;
mod seam;

pub use decision::{ConversationWrite, Decision, Fact};
pub use event::{AgentAction, AgentPost, ChatKind, Event, Media, TimerFired, Update, UpdateKind};
pub use seam::{Decide, Occasion};
