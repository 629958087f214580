//! The messenger as one process reaches it: it acts or does not, and says so or does not.

use async_trait::async_trait;
use frontdesk_core::id::{Channel, ChannelMessageId};
use frontdesk_core::port::messenger::{Action, Capabilities, LimitScope, OutboundCall, Sent};
use frontdesk_core::port::{Messenger, MessengerError};
use std::time::Duration;

use crate::line::{Call, Cut, Line, Port};
use crate::world::channel;

/// One process's way to the messenger.
#[derive(Debug)]
pub(crate) struct SimulatedMessenger {
    line: Line,
}

/// What the messenger has against a call.
enum Objection {
    Nothing,
    Wait(LimitScope),
    Rejects,
    Gone,
    Entities,
}

impl SimulatedMessenger {
    pub(crate) fn new(line: Line) -> Self {
        SimulatedMessenger { line }
    }

    fn cut(at: Cut) -> MessengerError {
        match at {
            Cut::Before => MessengerError::Unreachable("cut off before a byte was written".into()),
            Cut::After => MessengerError::Unknown("cut off before an answer came".into()),
        }
    }

    fn objection(&self) -> Objection {
        let world = &self.line.world;
        if world.is_calm() {
            return Objection::Nothing;
        }
        match world.fate.below(1_000) {
            0..=9 => Objection::Wait(LimitScope::Chat),
            10..=11 => Objection::Wait(LimitScope::Bot),
            12 => Objection::Rejects,
            13 => Objection::Gone,
            14 => Objection::Entities,
            _ => Objection::Nothing,
        }
    }

    /// What the messenger does, once the call has come to it.
    fn act(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        let world = &self.line.world;
        match self.objection() {
            Objection::Wait(scope) => {
                world.record().count("limits of the messenger");
                let seconds = 1 + world.fate.below(20);
                return Err(MessengerError::RateLimited {
                    retry_after: Duration::from_secs(seconds),
                    scope,
                });
            }
            Objection::Rejects => return Err(MessengerError::Rejected("as chance has it".to_owned())),
            Objection::Gone => return Err(MessengerError::ChatGone("blocked".to_owned())),
            Objection::Entities => return Err(MessengerError::BadEntities("as chance has it".to_owned())),
            Objection::Nothing => {}
        }
        world.record().acted(call, self.line.who.group, world.now());
        Ok(Sent {
            channel_message_id: match call.action {
                Action::Send { .. } => {
                    world.telegram.shown(call);
                    Some(ChannelMessageId(world.telegram.next_message()))
                }
                Action::AnswerTap { .. } | Action::Typing | Action::Draft { .. } => None,
            },
        })
    }
}

#[async_trait]
impl Messenger for SimulatedMessenger {
    fn channel(&self) -> Channel {
        channel()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            typing: self.line.world.plan.cosmetics,
            drafts: self.line.world.plan.cosmetics,
        }
    }

    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        let world = &self.line.world;
        let name = match &call.action {
            Action::Send { .. } => "-> send",
            Action::AnswerTap { .. } => "-> answer_tap",
            Action::Typing => "-> typing",
            Action::Draft { .. } => "-> draft",
        };
        let began = world.now();
        let told = |_: &Sent| match &call.action {
            Action::Send { content, .. } => shortened(&content.text),
            other => format!("{other:?}"),
        };
        let line = Call::new(Port::Messenger, name).about([call.chat]);
        // Whoever hears nothing for a minute gives up, and drops this: from here on it is unheard.
        let mut answered = Answered {
            line: &self.line,
            call,
            heard: false,
        };
        let answer = self
            .line
            .through(line, Self::cut, async { self.act(call) }, told)
            .await;
        let late = world.now().since(began) >= Duration::from_mins(1);
        answered.heard = !late && !matches!(answer, Err(MessengerError::Unknown(_)));
        answer
    }

    async fn probe(&self) -> Result<(), MessengerError> {
        let line = Call::new(Port::Messenger, "-> probe");
        self.line
            .through(line, Self::cut, async { Ok(()) }, |()| String::new())
            .await
    }
}

/// Notes at its end whether the answer to a call came to whoever waited for it.
struct Answered<'a> {
    line: &'a Line,
    call: &'a OutboundCall,
    heard: bool,
}

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        if !self.heard {
            self.line.world.record().unheard(self.call, self.line.who.group);
        }
    }
}

/// The start of a text, and the mark at its end.
fn shortened(text: &str) -> String {
    let start: String = text
        .chars()
        .take(24)
        .map(|c| if c == '\n' { ' ' } else { c })
        .collect();
    let mark = text
        .rsplit_once('⟦')
        .map_or("", |(_, mark)| mark.trim_end_matches('⟧'));
    format!("“{start}…” {mark}")
}
