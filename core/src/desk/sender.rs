//! The sender: makes the calls that were decided, each after its intent is committed, and writes
//! down what became of it. Messengers are called outside any transaction, concurrently over chats.

use async_trait::async_trait;
use futures_util::future::{Either, select};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::id::{BotId, Channel};
use crate::port::Messenger;
use crate::port::messenger::{Action, LimitScope, OutboundCall};
use crate::port::metrics::Histogram;
use crate::port::store::{BeginSend, FinishSend, Release, SendIntent, StoreError};
use crate::time::Timestamp;
use crate::work::{Backoff, ClaimedSend, LaneKey, LaneKind, SendOutcome};

use super::calls::{Failed, Given, Waits, make_call};
use super::hands::Held;
use super::pacing::Pacing;
use super::process::Process;
use super::rounds::{Found, Rounds, run_rounds};
use super::stop::Stop;

/// How a sender is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderSettings {
    /// At most this many calls are under way.
    pub slots: usize,
    /// A call that takes longer has an unknown outcome. Longer than the messenger's own limit.
    pub call_limit: Duration,
    /// How long to wait when the messenger does not accept the bot's credentials.
    pub unauthorised_wait: Duration,
}

impl Default for SenderSettings {
    fn default() -> Self {
        SenderSettings {
            slots: 32,
            call_limit: Duration::from_mins(1),
            unauthorised_wait: Duration::from_mins(1),
        }
    }
}

/// What a sender needs.
#[derive(Clone, Debug)]
pub struct SenderParts {
    /// The process it belongs to.
    pub process: Process,
    /// The bots it sends for, and how. Only their lanes are claimed.
    pub messengers: Vec<(BotId, Arc<dyn Messenger>)>,
    /// The pace, one for all senders of a process.
    pub pacing: Pacing,
    /// How it is set.
    pub settings: SenderSettings,
}

/// Sends what waits. Several may run in one process.
#[derive(Debug)]
pub struct Sender {
    parts: SenderParts,
    desks: Vec<(BotId, Channel)>,
    /// Probes in a row that were not answered.
    silent: AtomicU32,
}

/// A call in hand.
pub(super) struct Task {
    claimed: ClaimedSend,
    claimed_at: Timestamp,
    held: Held,
}

/// A call that was made, or could not be.
pub(super) struct Done {
    claimed: ClaimedSend,
    /// Kept until the outcome is written.
    _held: Held,
    outcome: SendOutcome,
}

/// A messenger that takes longer to answer a probe does not answer.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

impl Sender {
    /// A sender.
    pub fn new(parts: SenderParts) -> Self {
        let desks = parts
            .messengers
            .iter()
            .map(|(bot, messenger)| (*bot, messenger.channel()))
            .collect();
        Sender {
            parts,
            desks,
            silent: AtomicU32::new(0),
        }
    }

    /// Sends until asked to stop; the calls under way are finished and written down first.
    pub async fn run(&self, stop: Stop) {
        let process = &self.parts.process;
        let slots = self.parts.settings.slots.max(1);
        run_rounds(self, "replies", process, &process.wakes.replies, slots, &stop).await;
    }

    fn messenger(&self, lane: &LaneKey) -> Option<&dyn Messenger> {
        self.parts
            .messengers
            .iter()
            .zip(&self.desks)
            .find(|(_, (bot, channel))| *bot == lane.bot_id && *channel == lane.channel)
            .map(|((_, messenger), _)| &**messenger)
    }

    /// Whether each messenger that has to repeat a call answers again; asked once per look.
    async fn answering(&self, claimed: &[ClaimedSend]) -> Vec<(BotId, Channel)> {
        let mut answering = Vec::new();
        for ((bot, messenger), desk) in self.parts.messengers.iter().zip(&self.desks) {
            let repeats = claimed.iter().any(|send| {
                let lane = &send.claim.lane;
                send.item.in_flight && lane.bot_id == *bot && lane.channel == desk.1
            });
            if !repeats {
                continue;
            }
            let process = &self.parts.process;
            let deadline = process.clock.sleep_until(process.now() + PROBE_LIMIT);
            match select(messenger.probe(), deadline).await {
                Either::Left((Ok(()), _)) => {
                    self.silent.store(0, Ordering::Relaxed);
                    answering.push(desk.clone());
                }
                Either::Left((Err(_), _)) | Either::Right(_) => {
                    self.silent.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        answering
    }

    /// Puts aside what may not go now, with the time to wait.
    async fn admit(&self, claimed: Vec<ClaimedSend>) -> (Vec<Task>, Vec<Release>) {
        let process = &self.parts.process;
        let now = process.now();
        let tasks: Vec<Task> = claimed
            .iter()
            .map(|send| Task {
                claimed: send.clone(),
                claimed_at: now,
                held: process.hands.hold(LaneKind::Reply, send.claim.clone(), now),
            })
            .collect();
        let answering = self.answering(&claimed).await;
        let may_go = |send: &ClaimedSend| {
            let lane = &send.claim.lane;
            !send.item.in_flight || answering.contains(&(lane.bot_id, lane.channel.clone()))
        };
        let calls: Vec<(&LaneKey, bool)> = claimed
            .iter()
            .filter(|send| may_go(send))
            .map(|send| (&send.claim.lane, is_message(&send.item.outgoing.action)))
            .collect();
        let mut paced = self
            .parts
            .pacing
            .take_all(&calls, process.now())
            .await
            .into_iter();
        let (mut admitted, mut releases) = (Vec::new(), Vec::new());
        for task in tasks {
            let wait = if may_go(&task.claimed) {
                paced.next().and_then(Result::err)
            } else {
                // An outage parks nothing: the one repeat waits until the messenger answers.
                Some(process.backoff(Backoff::WORK, self.silent.load(Ordering::Relaxed)))
            };
            match wait {
                None => admitted.push(task),
                Some(after) => releases.push(Release {
                    claim: task.claimed.claim.clone(),
                    after,
                    counted: false,
                }),
            }
        }
        (admitted, releases)
    }

    /// Commits the intents; what comes back may be called. Never repeated: a second intent would
    /// read as a call whose outcome is unknown.
    async fn begin(&self, tasks: Vec<Task>) -> Result<Vec<Task>, StoreError> {
        let process = &self.parts.process;
        let begins: Vec<BeginSend> = tasks
            .iter()
            .map(|task| BeginSend {
                claim: task.claimed.claim.clone(),
                seq: task.claimed.item.seq,
            })
            .collect();
        let intents = match process.store.begin_sends(&begins).await {
            Ok(intents) => intents,
            Err(error) => {
                let releases: Vec<Release> = begins
                    .into_iter()
                    .map(|begin| Release {
                        claim: begin.claim,
                        after: process.backoff(Backoff::WORK, 1),
                        counted: false,
                    })
                    .collect();
                process.give_back(&LaneKind::Reply, &releases).await?;
                return Err(error);
            }
        };
        let mut go = Vec::new();
        for (task, intent) in tasks.into_iter().zip(intents) {
            let chat = task.claimed.claim.lane.chat.0;
            match intent {
                SendIntent::Go if task.held.holds(process.now(), process.lease) => go.push(task),
                SendIntent::Go | SendIntent::LeaseLost => process.stats.leases_lost.up(),
                SendIntent::Withheld => {
                    process.stats.withheld.up();
                    slog::info!(process.log, "a message was withheld: a person owns the chat"; "chat" => chat);
                }
                SendIntent::Parked => {
                    process.stats.replies_dead.up();
                    slog::error!(process.log, "a call was given up: nobody knows whether it was made";
                        "chat" => chat, "seq" => task.claimed.item.seq, "tries" => task.claimed.item.tries);
                }
            }
        }
        Ok(go)
    }

    /// How long somebody waited for a message that is with the messenger now.
    fn note_reply(&self, send: &ClaimedSend, claimed_at: Timestamp, outcome: &SendOutcome) {
        let (SendOutcome::Sent { .. }, Action::Send { .. }, Some(waited)) =
            (outcome, &send.item.outgoing.action, send.item.waited)
        else {
            return;
        };
        let process = &self.parts.process;
        let seconds = (waited + process.now().since(claimed_at)).as_secs_f64();
        process.metrics.observe(Histogram::ReplySeconds, &[], seconds);
    }

    /// Counts and logs what became of a call; personal data stays out of it.
    fn note(&self, send: &ClaimedSend, outcome: &SendOutcome, failure: Option<&Failed>) {
        let process = &self.parts.process;
        let stats = &process.stats;
        match outcome {
            SendOutcome::Sent { .. } => stats.sent.up(),
            SendOutcome::NotSent { .. } => stats.not_sent.up(),
            SendOutcome::NotBefore { .. } => stats.rate_limited.up(),
            SendOutcome::Refused { .. } => stats.refused.up(),
            SendOutcome::Unknown { .. } => stats.uncertain.up(),
        }
        let Some(failure) = failure else { return };
        let (chat, seq) = (send.claim.lane.chat.0, send.item.seq);
        let (attempt, error) = (send.attempt, &failure.why);
        if failure.for_operators {
            slog::error!(process.log, "a call failed"; "chat" => chat, "seq" => seq, "attempt" => attempt, "error" => error);
        } else {
            slog::warn!(process.log, "a call failed"; "chat" => chat, "seq" => seq, "attempt" => attempt, "error" => error);
        }
    }
}

/// Whether a call counts for its chat too.
fn is_message(action: &Action) -> bool {
    match action {
        Action::Send { .. } => true,
        Action::AnswerTap { .. } | Action::Typing | Action::Draft { .. } => false,
    }
}

#[async_trait]
impl Rounds for Sender {
    type Task = Task;
    type Done = Done;

    async fn look(&self, slots: usize) -> Result<Found<Task>, StoreError> {
        let process = &self.parts.process;
        let room = match self.parts.pacing.room(&self.desks, process.now()) {
            Ok(room) => room,
            Err(wait) => {
                return Ok(Found {
                    tasks: Vec::new(),
                    more: false,
                    again_in: Some(wait.min(Duration::from_secs(2))),
                });
            }
        };
        let claim = process.claim(&self.desks, slots.min(room));
        let claimed = process.store.claim_sends(&claim).await?;
        let more = !claimed.is_empty();
        let (admitted, releases) = self.admit(claimed).await;
        process.give_back(&LaneKind::Reply, &releases).await?;
        let tasks = if admitted.is_empty() {
            admitted
        } else {
            self.begin(admitted).await?
        };
        Ok(Found {
            tasks,
            more,
            again_in: None,
        })
    }

    async fn run(&self, task: Task) -> Done {
        let Task {
            claimed,
            claimed_at,
            held,
        } = task;
        let process = &self.parts.process;
        let outgoing = &claimed.item.outgoing;
        let call = OutboundCall {
            chat: outgoing.lane.chat,
            thread: outgoing.thread,
            action: outgoing.action.clone(),
        };
        let given = match self.messenger(&outgoing.lane) {
            Some(messenger) => {
                let deadline = process
                    .clock
                    .sleep_until(process.now() + self.parts.settings.call_limit);
                match select(Box::pin(make_call(messenger, call)), deadline).await {
                    Either::Left((given, _)) => given,
                    Either::Right(_) => Given::timed_out(),
                }
            }
            None => Given::no_messenger(),
        };
        let waits = Waits {
            again: process.backoff(Backoff::WORK, claimed.attempt.max(claimed.item.tries + 1)),
            unauthorised: self.parts.settings.unauthorised_wait,
        };
        let outcome = given.outcome(&outgoing.repeat, waits);
        if let SendOutcome::NotBefore {
            after,
            scope: LimitScope::Bot,
        } = outcome
        {
            self.parts.pacing.pause(&outgoing.lane, after, process.now());
        }
        self.note(&claimed, &outcome, given.0.as_ref().err());
        self.note_reply(&claimed, claimed_at, &outcome);
        Done {
            claimed,
            _held: held,
            outcome,
        }
    }

    async fn finish(&self, done: Vec<Done>) {
        let process = &self.parts.process;
        let finishes: Vec<FinishSend> = done
            .iter()
            .map(|done| FinishSend {
                claim: done.claimed.claim.clone(),
                seq: done.claimed.item.seq,
                outcome: done.outcome.clone(),
            })
            .collect();
        // What is not written down counts as unknown later: worth trying for long.
        let until = process.now() + process.lease * 2;
        let mut slices: Vec<&[FinishSend]> = vec![&finishes];
        while let Some(slice) = slices.pop() {
            match process.persist(until, || process.store.finish_sends(slice)).await {
                Ok(held) => process
                    .stats
                    .leases_lost
                    .add(held.iter().filter(|held| !**held).count()),
                Err(error) if slice.len() > 1 && !error.is_transient() => slices.extend(slice.chunks(1)),
                Err(error) => {
                    slog::error!(process.log, "outcomes of calls could not be written"; "calls" => slice.len(), "error" => %error);
                }
            }
        }
    }
}
