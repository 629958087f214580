//! A messenger that keeps a record instead of telling anybody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use frontdesk_core::id::{Channel, ChannelMessageId, ChatId};
use frontdesk_core::port::messenger::{Action, Capabilities, OutboundCall, Sent};
use frontdesk_core::port::{Messenger, MessengerError};

use crate::lock;

/// What a [`RecordingMessenger`] does with one call.
#[derive(Debug)]
pub enum ScriptedCall {
    /// It acts and says so.
    Works,
    /// It does not act and says why.
    Fails(MessengerError),
    /// It acts, and the answer is lost on the way: the caller sees this error.
    WorksUnheard(MessengerError),
}

/// Records calls; each message it sends gets the next id of its chat, from 1.
///
/// Works unless scripted otherwise: the script is used up call by call, probes have one of their
/// own.
#[derive(Debug)]
pub struct RecordingMessenger {
    channel: Channel,
    capabilities: Capabilities,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<ScriptedCall>,
    probes: VecDeque<MessengerError>,
    calls: Vec<OutboundCall>,
    done: Vec<(OutboundCall, Sent)>,
    last_ids: BTreeMap<ChatId, i64>,
}

impl RecordingMessenger {
    /// A messenger of a channel.
    pub fn new(channel: Channel) -> Self {
        RecordingMessenger {
            channel,
            capabilities: Capabilities::default(),
            state: Mutex::default(),
        }
    }

    /// The same messenger, which can show this beside messages.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Adds to the script of calls.
    pub fn then(&self, call: ScriptedCall) -> &Self {
        lock(&self.state).script.push_back(call);
        self
    }

    /// The call after those scripted so far fails without acting.
    pub fn then_fail(&self, error: MessengerError) -> &Self {
        self.then(ScriptedCall::Fails(error))
    }

    /// The next probe fails.
    pub fn fail_probe(&self, error: MessengerError) -> &Self {
        lock(&self.state).probes.push_back(error);
        self
    }

    /// Every call that was made, whatever became of it, in order.
    pub fn calls(&self) -> Vec<OutboundCall> {
        lock(&self.state).calls.clone()
    }

    /// Every call that it acted on, in order, whether or not the caller heard of it.
    pub fn done(&self) -> Vec<(OutboundCall, Sent)> {
        lock(&self.state).done.clone()
    }

    /// Every call that it acted on since this was asked last: a transcript's next lines.
    pub fn take_done(&self) -> Vec<(OutboundCall, Sent)> {
        std::mem::take(&mut lock(&self.state).done)
    }

    /// The id a message of a chat got last, or would have had from outside: moves the count on, as
    /// a client's own message does.
    pub fn next_message_id(&self, chat: ChatId) -> ChannelMessageId {
        lock(&self.state).next_id(chat)
    }
}

impl State {
    fn next_id(&mut self, chat: ChatId) -> ChannelMessageId {
        let last = self.last_ids.entry(chat).or_insert(0);
        *last += 1;
        ChannelMessageId(*last)
    }

    fn act(&mut self, call: &OutboundCall) -> Sent {
        let sent = Sent {
            channel_message_id: match call.action {
                Action::Send { .. } => Some(self.next_id(call.chat)),
                Action::AnswerTap { .. } | Action::Typing | Action::Draft { .. } => None,
            },
        };
        self.done.push((call.clone(), sent));
        sent
    }
}

#[async_trait]
impl Messenger for RecordingMessenger {
    fn channel(&self) -> Channel {
        self.channel.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        let mut state = lock(&self.state);
        state.calls.push(call.clone());
        match state.script.pop_front().unwrap_or(ScriptedCall::Works) {
            ScriptedCall::Works => Ok(state.act(call)),
            ScriptedCall::Fails(error) => Err(error),
            ScriptedCall::WorksUnheard(error) => {
                state.act(call);
                Err(error)
            }
        }
    }

    async fn probe(&self) -> Result<(), MessengerError> {
        match lock(&self.state).probes.pop_front() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
