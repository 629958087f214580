//! One call to a messenger, with the few second tries that are known to be safe, and what its
//! errors mean for the outbox.

use std::time::Duration;

use crate::port::Messenger;
use crate::port::messenger::{Action, LimitScope, MessengerError, OutboundCall, Sent};
use crate::work::{Repeat, SendOutcome};

/// A call that did not work.
#[derive(Debug)]
pub(super) struct Failed {
    /// What it means.
    kind: Kind,
    /// The messenger's words, for the log.
    pub(super) why: String,
    /// Whether somebody has to do something about it.
    pub(super) for_operators: bool,
}

#[derive(Debug)]
enum Kind {
    NotSent,
    Unknown,
    NotBefore { after: Duration, scope: LimitScope },
    Unauthorised,
    Refused { chat_gone: bool },
}

/// What the messenger said in the end.
#[derive(Debug)]
pub(super) struct Given(pub(super) Result<Sent, Failed>);

/// How long the outcomes wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) again: Duration,
    pub(super) unauthorised: Duration,
}

/// Makes a call within one intent. Where the messenger says that it did not act and why, it is
/// asked once more without the reason: in the chat's new place, without the thread, without
/// entities.
pub(super) async fn make_call(messenger: &dyn Messenger, mut call: OutboundCall) -> Given {
    let (mut moved, mut bare) = (false, false);
    loop {
        let error = match messenger.call(&call).await {
            Ok(sent) => return Given(Ok(sent)),
            Err(error) => error,
        };
        match (&error, &mut call.action) {
            (MessengerError::ChatMoved { to }, _) if !moved => {
                moved = true;
                call.chat = *to;
            }
            (MessengerError::ThreadGone, _) if call.thread.is_some() => call.thread = None,
            (MessengerError::BadEntities(_), Action::Send { content, .. }) if !bare => {
                bare = true;
                content.entities.clear();
            }
            _ => return Given(Err(failed(&error))),
        }
    }
}

fn failed(error: &MessengerError) -> Failed {
    let kind = match error {
        MessengerError::Unreachable(_) => Kind::NotSent,
        MessengerError::Unknown(_) => Kind::Unknown,
        MessengerError::RateLimited { retry_after, scope } => Kind::NotBefore {
            after: *retry_after,
            scope: *scope,
        },
        MessengerError::ChatGone(_) => Kind::Refused { chat_gone: true },
        MessengerError::ChatMoved { .. }
        | MessengerError::ThreadGone
        | MessengerError::BadEntities(_)
        | MessengerError::Rejected(_) => Kind::Refused { chat_gone: false },
        MessengerError::Unauthorised(_) => Kind::Unauthorised,
    };
    Failed {
        for_operators: matches!(kind, Kind::Unauthorised | Kind::Refused { chat_gone: false }),
        kind,
        why: error.to_string(),
    }
}

impl Given {
    /// Of a call that was given up while it was under way.
    pub(super) fn timed_out() -> Given {
        Given(Err(Failed {
            kind: Kind::Unknown,
            why: "the messenger did not answer in time".to_owned(),
            for_operators: false,
        }))
    }

    /// Of a call that nobody here can make.
    pub(super) fn no_messenger() -> Given {
        Given(Err(Failed {
            kind: Kind::NotSent,
            why: "no messenger for this bot and channel".to_owned(),
            for_operators: true,
        }))
    }

    /// What it means for the outbox.
    pub(super) fn outcome(&self, repeat: &Repeat, waits: Waits) -> SendOutcome {
        let failed = match &self.0 {
            Ok(sent) => {
                return SendOutcome::Sent {
                    channel_message_id: sent.channel_message_id,
                };
            }
            Err(failed) => failed,
        };
        match failed.kind {
            Kind::NotSent => SendOutcome::NotSent { after: waits.again },
            Kind::Unauthorised => SendOutcome::NotSent {
                after: waits.unauthorised,
            },
            Kind::NotBefore { after, scope } => SendOutcome::NotBefore { after, scope },
            Kind::Refused { chat_gone } => SendOutcome::Refused {
                why: failed.why.clone(),
                chat_gone,
            },
            Kind::Unknown => match repeat {
                Repeat::Free => SendOutcome::NotSent { after: waits.again },
                Repeat::Once | Repeat::Never | Repeat::Unknown(_) => {
                    SendOutcome::Unknown { after: waits.again }
                }
            },
        }
    }
}
