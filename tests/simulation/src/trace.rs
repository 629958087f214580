//! What happened, told to a person. Kept only when a seed is played for its trace.

use frontdesk_core::id::ChatId;
use frontdesk_core::time::Timestamp;
use std::fmt::Write as _;

/// One thing that happened.
#[derive(Debug)]
struct Line {
    at: Timestamp,
    who: String,
    what: String,
    outcome: String,
    /// The chats it was about; none for what concerns everybody.
    chats: Vec<ChatId>,
}

/// What happened, in order.
#[derive(Debug)]
pub(crate) struct Trace {
    began: Timestamp,
    lines: Vec<Line>,
}

/// At most so many lines of a trace are shown: the last ones.
const SHOWN: usize = 60;

impl Trace {
    pub(crate) fn new(began: Timestamp) -> Self {
        Trace {
            began,
            lines: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        at: Timestamp,
        who: &str,
        what: String,
        outcome: String,
        chats: Vec<ChatId>,
    ) {
        self.lines.push(Line {
            at,
            who: who.to_owned(),
            what,
            outcome,
            chats,
        });
    }

    /// The last lines about a chat, or the last of all.
    pub(crate) fn about(&self, chat: Option<ChatId>) -> String {
        let concerns = |line: &&Line| match chat {
            Some(chat) => line.chats.contains(&chat) || line.chats.is_empty(),
            None => true,
        };
        let lines: Vec<&Line> = self.lines.iter().filter(concerns).collect();
        let mut told = String::new();
        let shown = &lines[lines.len().saturating_sub(SHOWN)..];
        if shown.len() < lines.len() {
            told.push_str("  …\n");
        }
        for line in shown {
            let Line {
                who, what, outcome, ..
            } = line;
            let seconds = line.at.since(self.began).as_secs_f64();
            // Writing into a String cannot fail.
            if writeln!(told, "{seconds:>12.3} s  {who:<8} {what:<14} {outcome}").is_err() {
                break;
            }
        }
        told
    }
}
