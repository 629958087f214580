//! Long polling: asks the messenger for updates and brings them to the door. One process polls for
//! a bot, the others stand by. The messenger is told that updates are kept only once they are.

use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::id::{BotId, Channel, UpdateId};
use crate::port::messenger::MessengerError;
use crate::port::{UpdateDecoder, UpdateSource};
use crate::time::Timestamp;
use crate::work::Backoff;

use super::door::Door;
use super::process::Process;
use super::stop::Stop;

/// What a poller needs.
#[derive(Clone, Debug)]
pub struct PollerParts {
    /// The process it belongs to.
    pub process: Process,
    /// The door it brings updates to.
    pub door: Door,
    /// Where updates come from.
    pub source: Arc<dyn UpdateSource>,
    /// Who reads them.
    pub decoder: Arc<dyn UpdateDecoder>,
    /// The bot.
    pub bot: BotId,
    /// The channel.
    pub channel: Channel,
    /// How long the messenger may wait for updates before it answers with none.
    pub wait: Duration,
}

/// Why polling cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollerError {
    /// The messenger delivers updates elsewhere: a webhook is set.
    #[error("the messenger does not give updates to bot {bot} here: {why}")]
    DeliveredElsewhere {
        /// The bot.
        bot: BotId,
        /// What the messenger said.
        why: String,
    },
}

/// Polls for one bot.
#[derive(Debug)]
pub struct Poller {
    parts: PollerParts,
}

/// What one round came to.
enum Round {
    /// Updates are kept up to here; ask on at once.
    Kept(Option<UpdateId>),
    /// Not all of them are: wait before asking on.
    Stuck(Option<UpdateId>, Duration),
    /// Another process polls now.
    Lost,
}

impl Poller {
    /// A poller.
    pub fn new(parts: PollerParts) -> Self {
        Poller { parts }
    }

    /// Polls, or stands by, until asked to stop.
    ///
    /// # Errors
    /// [`PollerError`] if asking on is pointless.
    pub async fn run(&self, stop: Stop) -> Result<(), PollerError> {
        let process = &self.parts.process;
        let name = format!("poll:{}", self.parts.bot);
        let mut failures = 0;
        while !stop.is_requested() {
            match process.store.hold(&name, process.owner, process.lease).await {
                Ok(true) => {
                    failures = 0;
                    slog::info!(process.log, "polling for updates");
                    let polled = self.poll(&name, &stop).await;
                    if let Err(error) = process.store.let_go(&name, process.owner).await {
                        slog::warn!(process.log, "the polling lease was not given back"; "error" => %error);
                    }
                    polled?;
                    process.pause(process.lease / 10, &stop).await;
                }
                Ok(false) => {
                    let wait = process.between(process.lease / 6, process.lease / 3);
                    process.pause(wait, &stop).await;
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        slog::error!(process.log, "the polling lease cannot be taken"; "error" => %error);
                    }
                    process
                        .pause(process.backoff(Backoff::WORK, failures), &stop)
                        .await;
                }
            }
        }
        Ok(())
    }

    /// Polls while this process holds the lease.
    async fn poll(&self, name: &str, stop: &Stop) -> Result<(), PollerError> {
        let process = &self.parts.process;
        let mut confirmed = None;
        let mut failures = 0;
        let mut held_at = process.now();
        while !stop.is_requested() {
            let round = {
                let guard = self.keep_lease(name, &mut held_at);
                match select(
                    pin!(self.round(confirmed, &mut failures)),
                    pin!(select(pin!(guard), pin!(stop.requested()))),
                )
                .await
                {
                    Either::Left((round, _)) => round?,
                    Either::Right((Either::Left(_), _)) => Round::Lost,
                    // What is at the door now is kept or comes again.
                    Either::Right((Either::Right(_), _)) => return Ok(()),
                }
            };
            match round {
                Round::Kept(up_to) => confirmed = up_to.or(confirmed),
                Round::Stuck(up_to, wait) => {
                    confirmed = up_to.or(confirmed);
                    process.pause(wait, stop).await;
                }
                Round::Lost => {
                    slog::warn!(process.log, "another process polls now");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Keeps the lease while polling; completes once it is lost, or cannot be kept in time.
    async fn keep_lease(&self, name: &str, held_at: &mut Timestamp) {
        let process = &self.parts.process;
        loop {
            let due = *held_at + process.lease / 3;
            process.clock.sleep_until(due).await;
            let asked_at = process.now();
            match process.store.hold(name, process.owner, process.lease).await {
                Ok(true) => *held_at = asked_at,
                Ok(false) => return,
                Err(_) if asked_at.since(*held_at) > process.lease * 5 / 6 => return,
                Err(_) => {
                    process
                        .clock
                        .sleep_until(asked_at + (process.lease / 15).max(Duration::from_millis(100)))
                        .await;
                }
            }
        }
    }

    /// Asks once and brings what comes to the door.
    async fn round(&self, confirmed: Option<UpdateId>, failures: &mut u32) -> Result<Round, PollerError> {
        let parts = &self.parts;
        let process = &parts.process;
        let bodies = match parts.source.next_updates(confirmed, parts.wait).await {
            Ok(bodies) => bodies,
            Err(MessengerError::Rejected(why)) => {
                return Err(PollerError::DeliveredElsewhere { bot: parts.bot, why });
            }
            Err(error) => {
                *failures += 1;
                if *failures == 1 {
                    slog::error!(process.log, "updates cannot be asked for"; "error" => %error);
                }
                let wait = match error {
                    MessengerError::RateLimited { retry_after, .. } => retry_after,
                    _ => process.backoff(Backoff::WORK, *failures),
                };
                return Ok(Round::Stuck(None, wait));
            }
        };
        if *failures > 0 {
            slog::info!(process.log, "the messenger gives updates again");
        }
        *failures = 0;
        if bodies.is_empty() {
            return Ok(Round::Kept(None));
        }
        let received = parts
            .door
            .receive_all(&*parts.decoder, parts.bot, &parts.channel, bodies)
            .await;
        let Ok(received) = received else {
            return Ok(Round::Stuck(None, process.backoff(Backoff::WORK, 2)));
        };
        let mut up_to = None;
        for update in &received {
            match (&update.outcome, update.update_id) {
                (Err(error), _) if error.is_transient() => {
                    return Ok(Round::Stuck(up_to, process.backoff(Backoff::WORK, 2)));
                }
                (_, Some(id)) => up_to = Some(id),
                (outcome, None) => {
                    slog::error!(process.log, "the messenger gave something that is no update";
                        "outcome" => ?outcome);
                }
            }
        }
        Ok(match up_to {
            Some(_) => Round::Kept(up_to),
            None => Round::Stuck(None, Duration::from_secs(1)),
        })
    }
}
