//! What a client sees while the model works: that an answer is being written, and what is written of
//! it so far. Cosmetic: nothing of it is kept, nothing waits for it but its own last call.

use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::conversation::Owner;
use crate::desk::pacing::Pacing;
use crate::desk::process::Process;
use crate::desk::wake::{Listener, Wake};
use crate::port::Messenger;
use crate::port::llm::PartialAnswer;
use crate::port::messenger::{Action, OutboundCall};
use crate::text::{MESSAGE_UNITS, markdown, split};
use crate::work::LaneKey;

/// A typing status lasts about five seconds.
const TYPING_AGAIN: Duration = Duration::from_secs(4);
/// Drafts of one answer are so far apart at least.
const DRAFT_AGAIN: Duration = Duration::from_secs(1);
/// A cosmetic call that takes longer is given up.
const CALL_LIMIT: Duration = Duration::from_secs(2);

/// What has been heard of an answer.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    text: Mutex<String>,
    ended: AtomicBool,
    news: Wake,
}

impl Hearing {
    fn text(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more will be heard.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.news.notify();
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl PartialAnswer for Hearing {
    fn more(&self, piece: &str) {
        self.text().push_str(piece);
        self.news.notify();
    }

    fn restart(&self) {
        self.text().clear();
    }
}

/// Shows one answer in one chat.
pub(super) struct Presence<'a> {
    pub(super) process: &'a Process,
    pub(super) messenger: &'a dyn Messenger,
    pub(super) pacing: &'a Pacing,
    pub(super) lane: &'a LaneKey,
    pub(super) draft_id: i64,
    /// The owner's epoch when the answer was asked for: a chat that changed hands is left alone.
    pub(super) owner_epoch: i64,
    pub(super) hearing: &'a Hearing,
    /// What of the text so far may be shown; `None` if it may not.
    pub(super) showable: &'a (dyn Fn(&str) -> Option<String> + Send + Sync),
}

impl Presence<'_> {
    /// Shows the answer until it has ended. The call under way then is waited for, so that no draft
    /// comes after the message.
    pub(super) async fn show(&self) {
        let capabilities = self.messenger.capabilities();
        let private = self.lane.chat.0 > 0;
        let drafts = capabilities.drafts && private;
        if !drafts && !capabilities.typing {
            return;
        }
        let mut listener = self.hearing.news.listen();
        let mut shown = String::new();
        let mut typed_at = None;
        while !self.hearing.has_ended() {
            let now = self.process.now();
            let text = if drafts { self.to_show(&shown) } else { None };
            let due = typed_at.is_none_or(|at| now.since(at) >= TYPING_AGAIN);
            let action = match &text {
                Some(text) => Some(Action::Draft {
                    draft_id: self.draft_id,
                    text: text.clone(),
                }),
                None if due && capabilities.typing => Some(Action::Typing),
                None => None,
            };
            if let Some(action) = action
                && self.may_show().await
            {
                self.call(action).await;
                typed_at = Some(now);
                if let Some(text) = text {
                    shown = text;
                }
            }
            self.rest(&mut listener, drafts).await;
        }
    }

    /// The text that is to be shown, if it is another than what is shown.
    fn to_show(&self, shown: &str) -> Option<String> {
        let so_far = self.hearing.text().clone();
        // A draft has no entities: its markup is left out.
        let text = markdown(&(self.showable)(&so_far)?).text;
        let first = split(&text, MESSAGE_UNITS)
            .first()
            .copied()
            .unwrap_or("")
            .trim_end()
            .to_owned();
        (!first.is_empty() && first != shown).then_some(first)
    }

    /// Whether the bot still speaks in this chat, and whether there is room beside its messages.
    async fn may_show(&self) -> bool {
        if !self.pacing.take_cosmetic(self.lane, self.process.now()).await {
            return false;
        }
        let Ok(snapshots) = self.process.store.load(std::slice::from_ref(self.lane)).await else {
            return false;
        };
        let conversation = snapshots
            .first()
            .and_then(|snapshot| snapshot.conversation.as_ref());
        conversation.is_some_and(|open| open.owner != Owner::Agent && open.owner_epoch == self.owner_epoch)
    }

    async fn call(&self, action: Action) {
        let call = OutboundCall {
            chat: self.lane.chat,
            thread: None,
            action,
        };
        let deadline = self.process.clock.sleep_until(self.process.now() + CALL_LIMIT);
        if let Either::Left((Err(error), _)) = select(self.messenger.call(&call), deadline).await {
            slog::debug!(self.process.log, "a cosmetic call failed"; "error" => %error);
        }
    }

    /// Waits for the next draft or typing status to be due.
    async fn rest(&self, listener: &mut Listener, drafts: bool) {
        let process = self.process;
        if drafts {
            // Never more often than this, whatever is heard.
            self.pause(DRAFT_AGAIN).await;
        }
        let again = process.clock.sleep_until(process.now() + TYPING_AGAIN);
        if drafts {
            select(pin!(listener.wait()), again).await;
        } else {
            self.pause(TYPING_AGAIN).await;
        }
    }

    /// Waits, shorter if the answer ends.
    async fn pause(&self, wait: Duration) {
        let process = self.process;
        let mut listener = self.hearing.news.listen();
        let sleep = process.clock.sleep_until(process.now() + wait);
        let ended = async {
            while !self.hearing.has_ended() {
                listener.wait().await;
            }
        };
        select(sleep, pin!(ended)).await;
    }
}
