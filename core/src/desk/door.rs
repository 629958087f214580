//! The door: what happened comes in, is counted against the limits and kept, and only then
//! answered.

use futures_channel::oneshot;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

use crate::dialogue::{Event, LimitNotice};
use crate::id::{BotId, Channel, UpdateId};
use crate::port::messenger::{Envelope, PeekError};
use crate::port::metrics::Histogram;
use crate::port::store::Accepted;
use crate::port::{Clock, Metrics, UpdateDecoder};
use crate::time::Timestamp;
use crate::work::{LaneKey, NewInboxItem};

use super::guarded::GuardedCache;
use super::items::desk_item;
use super::process::Process;
use super::rate::{RateLimits, RateSettings, Verdict};
use super::stats::DeskStats;
use super::writer::{DoorWriter, Queue, Request, Row, RowError};

/// How the door is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorSettings {
    /// At most this many items wait to be written; beyond, the door is busy.
    pub queue: usize,
    /// At most this many items are written in one slice.
    pub slice: usize,
    /// With more events than this waiting for their turn, the door is busy; 0 for no bound.
    pub backlog: u64,
    /// What a messenger that was turned away is asked to wait.
    pub retry_after: Duration,
    /// Limits per client.
    pub rates: RateSettings,
    /// Channels whose clients have no limits.
    pub exempt: Vec<Channel>,
}

impl Default for DoorSettings {
    fn default() -> Self {
        DoorSettings {
            queue: 4096,
            slice: 256,
            backlog: 1_000_000,
            retry_after: Duration::from_secs(2),
            rates: RateSettings::default(),
            exempt: vec![Channel::TERMINAL],
        }
    }
}

/// What became of something that came to the door: all of it answers "thank you".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is kept.
    Accepted,
    /// It was kept before.
    Duplicate,
    /// It is over a rate limit and not kept; if it is the first one of its window, a notice is.
    Limited {
        /// The notice.
        notice: Option<LimitNotice>,
    },
}

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// It is no update: bring it never again.
    #[error(transparent)]
    NotAnUpdate(#[from] PeekError),
    /// Too much waits: bring it again later.
    #[error("too much waits; again in {} s", retry_after.as_secs())]
    Busy {
        /// How much later.
        retry_after: Duration,
    },
    /// The store does not answer: bring it again later.
    #[error("the store does not answer; again in {} s", retry_after.as_secs())]
    Unavailable {
        /// How much later.
        retry_after: Duration,
    },
    /// The store will never take it: bring it never again.
    #[error("the store refuses it: {0}")]
    Refused(String),
}

impl DoorError {
    /// Whether the same thing may be taken later.
    pub fn is_transient(&self) -> bool {
        match self {
            DoorError::Busy { .. } | DoorError::Unavailable { .. } => true,
            DoorError::NotAnUpdate(_) | DoorError::Refused(_) => false,
        }
    }
}

/// One of several updates that came together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedUpdate {
    /// Its id, if it is an update.
    pub update_id: Option<UpdateId>,
    /// What became of it.
    pub outcome: Result<Received, DoorError>,
}

/// The door of one process. Clones are the same door; whatever they receive is written by its one
/// [`DoorWriter`].
#[derive(Clone, Debug)]
pub struct Door {
    queue: Arc<Queue>,
    limits: RateLimits,
    stats: Arc<DeskStats>,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn Metrics>,
    settings: Arc<DoorSettings>,
}

/// What came of looking at one body.
struct Admitted {
    /// What is to be written, if anything is.
    item: Option<NewInboxItem>,
    /// What the answer is once it is written; `None` for that of the store.
    answer: Option<Received>,
}

impl Door {
    /// A door and the loop that writes what it receives.
    pub fn new(process: &Process, cache: GuardedCache, settings: DoorSettings) -> (Door, DoorWriter) {
        let queue = Arc::new(Queue::new(settings.queue));
        let writer = DoorWriter::new(process.clone(), Arc::clone(&queue), settings.slice);
        let door = Door {
            queue,
            limits: RateLimits::new(cache, settings.rates),
            stats: Arc::clone(&process.stats),
            clock: Arc::clone(&process.clock),
            metrics: Arc::clone(&process.metrics),
            settings: Arc::new(settings),
        };
        (door, writer)
    }

    /// The limits it counts by.
    pub fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// Receives one update; `Ok` once it is durable.
    ///
    /// # Errors
    /// [`DoorError`]: then it is not kept, or it is unknown; bringing it again is safe.
    pub async fn receive(
        &self,
        decoder: &dyn UpdateDecoder,
        bot: BotId,
        channel: Channel,
        body: Vec<u8>,
    ) -> Result<Received, DoorError> {
        let came_at = self.clock.now();
        self.not_busy()?;
        let envelope = self.peek(decoder, &body)?;
        let admitted = self.admit(decoder, bot, &channel, envelope, body).await;
        let outcome = match self.write(vec![admitted]).await?.pop() {
            Some(outcome) => outcome,
            None => Err(self.unavailable()),
        };
        if outcome.is_ok() {
            self.note_accepted(came_at);
        }
        outcome
    }

    /// Receives updates that came together and keeps their order. Returns once all of them are
    /// durable or turned away, with one outcome each.
    ///
    /// # Errors
    /// [`DoorError`] if none is kept, or it is unknown of all; bringing them again is safe.
    pub async fn receive_all(
        &self,
        decoder: &dyn UpdateDecoder,
        bot: BotId,
        channel: &Channel,
        bodies: Vec<Vec<u8>>,
    ) -> Result<Vec<ReceivedUpdate>, DoorError> {
        let came_at = self.clock.now();
        self.not_busy()?;
        let looked_at = bodies.into_iter().map(|body| async move {
            match self.peek(decoder, &body) {
                Ok(envelope) => {
                    let update_id = envelope.update_id;
                    let admitted = self.admit(decoder, bot, channel, envelope, body).await;
                    (Some(update_id), Ok(admitted))
                }
                Err(error) => (None, Err(error)),
            }
        });
        let mut admitted = Vec::new();
        let mut received: Vec<ReceivedUpdate> = Vec::new();
        for (update_id, looked) in join_all(looked_at).await {
            let outcome = match looked {
                Ok(good) => {
                    admitted.push(good);
                    // Stands until its own outcome is known.
                    Err(self.unavailable())
                }
                Err(error) => Err(error),
            };
            received.push(ReceivedUpdate { update_id, outcome });
        }
        let mut outcomes = self.write(admitted).await?.into_iter();
        for update in received.iter_mut().filter(|update| update.update_id.is_some()) {
            if let Some(outcome) = outcomes.next() {
                if outcome.is_ok() {
                    self.note_accepted(came_at);
                }
                update.outcome = outcome;
            }
        }
        Ok(received)
    }

    /// Keeps what the desk itself reports in a chat's lane: an agent's post, for one. No limit
    /// applies.
    ///
    /// # Errors
    /// [`DoorError`]: then it is not kept, or it is unknown; repeating may report it twice.
    pub async fn report(&self, lane: LaneKey, event: &Event) -> Result<(), DoorError> {
        let item = desk_item(lane, event).map_err(|error| DoorError::Refused(error.to_string()))?;
        let admitted = Admitted {
            item: Some(item),
            answer: None,
        };
        match self.write(vec![admitted]).await?.pop() {
            Some(outcome) => outcome.map(|_| ()),
            None => Err(self.unavailable()),
        }
    }

    /// What came at `came_at` is durable now.
    fn note_accepted(&self, came_at: Timestamp) {
        let seconds = self.clock.now().since(came_at).as_secs_f64();
        self.metrics.observe(Histogram::AcceptSeconds, &[], seconds);
    }

    /// Reads the little the door needs to know.
    fn peek(&self, decoder: &dyn UpdateDecoder, body: &[u8]) -> Result<Envelope, DoorError> {
        decoder.peek(body).map_err(|error| {
            self.stats.not_updates.up();
            DoorError::NotAnUpdate(error)
        })
    }

    /// Counts an update against the limits and says what of it is to be written.
    async fn admit(
        &self,
        decoder: &dyn UpdateDecoder,
        bot: BotId,
        channel: &Channel,
        envelope: Envelope,
        body: Vec<u8>,
    ) -> Admitted {
        let verdict = if self.settings.exempt.contains(channel) {
            Verdict::Pass
        } else {
            self.limits.check(bot, channel, &envelope).await
        };
        let lane = LaneKey {
            bot_id: bot,
            channel: channel.clone(),
            chat: envelope.chat,
        };
        let notice = match verdict {
            Verdict::Pass => {
                return Admitted {
                    item: Some(NewInboxItem {
                        lane,
                        update_id: Some(envelope.update_id),
                        source: decoder.source().to_owned(),
                        source_version: decoder.version(),
                        payload: body,
                    }),
                    answer: None,
                };
            }
            Verdict::Over(notice) => notice,
        };
        self.stats.limited.up();
        let item = notice
            .clone()
            .and_then(|notice| desk_item(lane, &Event::Limited(notice)).ok());
        Admitted {
            // In the place of the update that brought it: brought again, it is a duplicate.
            item: item.map(|item| NewInboxItem {
                update_id: Some(envelope.update_id),
                ..item
            }),
            answer: Some(Received::Limited { notice }),
        }
    }

    /// Has everything written, in order, and says what became of each.
    async fn write(&self, admitted: Vec<Admitted>) -> Result<Vec<Result<Received, DoorError>>, DoorError> {
        let mut answers = Vec::with_capacity(admitted.len());
        let mut items = Vec::with_capacity(admitted.len());
        for Admitted { item, answer } in admitted {
            answers.push((item.is_some(), answer));
            items.extend(item);
        }
        let mut rows = Vec::new().into_iter();
        if !items.is_empty() {
            let (answer, written) = oneshot::channel::<Vec<Row>>();
            if !self.queue.push(Request { items, answer }) {
                return Err(if self.queue.is_closed() {
                    self.unavailable()
                } else {
                    self.busy()
                });
            }
            rows = written.await.map_err(|_| self.unavailable())?.into_iter();
        }
        let outcomes = answers.into_iter().map(|(has_row, answer)| {
            if !has_row {
                return answer.map_or_else(|| Err(self.unavailable()), Ok);
            }
            match rows.next() {
                Some(Ok(accepted)) => Ok(answer.unwrap_or(match accepted {
                    Accepted::New => Received::Accepted,
                    Accepted::Duplicate => Received::Duplicate,
                })),
                Some(Err(RowError::Refused(why))) => Err(DoorError::Refused(why)),
                Some(Err(RowError::Unavailable)) | None => Err(self.unavailable()),
            }
        });
        Ok(outcomes.collect())
    }

    /// Turns away early, before anything is counted.
    fn not_busy(&self) -> Result<(), DoorError> {
        let backlog = self.stats.depth().map_or(0, |depth| depth.turns.waiting);
        if self.queue.is_closed() {
            return Err(self.unavailable());
        }
        if self.queue.is_full() || (self.settings.backlog > 0 && backlog > self.settings.backlog) {
            return Err(self.busy());
        }
        Ok(())
    }

    fn busy(&self) -> DoorError {
        self.stats.busy.up();
        DoorError::Busy {
            retry_after: self.settings.retry_after,
        }
    }

    fn unavailable(&self) -> DoorError {
        DoorError::Unavailable {
            retry_after: self.settings.retry_after,
        }
    }
}
