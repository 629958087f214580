//! Chats as they were kept, decided again: what another playbook would have said.
//!
//! A kept chat is its messages. [`moments`] reads from them what happened and what the desk said to it;
//! [`decide_again`] gives the same happenings, at their times, to the rules of today and lays both
//! answers side by side. Nothing is written and nobody is asked: where the model answered, or would be
//! asked now, the two agree if both did so, whatever the words.
//!
//! What is not kept is inferred, and may be wrong: which language the client's app had (the one that
//! explains most of what was said), what an agent did without a word (handing back and closing are known
//! by what the desk said). What the bot waited for when the case began is not known. Cases that closed
//! by themselves simply end; texts that nobody caused (limits, reminders) are left out.

mod again;
mod moments;

pub use again::{Again, Ladder, Said, TurnAgain, decide_again};
pub use moments::{Cause, Moment, moments, update_of};

use crate::conversation::{Client, Conversation};
use crate::lead::Lead;
use crate::port::back_office::StoredMessage;

/// A case as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptCase {
    /// Whose it is.
    pub client: Client,
    /// The case.
    pub conversation: Conversation,
    /// Its lead.
    pub lead: Option<Lead>,
    /// All that was said in it, in order.
    pub messages: Vec<StoredMessage>,
}
