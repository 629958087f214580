//! Courtesy: how fast one process sends, so that the messenger need not ask it to slow down.
//!
//! What the messenger does ask (429) is kept in the store and obeyed by every process; this is only
//! one process's own restraint.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::id::{BotId, Channel};
use crate::time::Timestamp;
use crate::work::LaneKey;

/// How fast to send; a rate of 0 switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacingSettings {
    /// Messages a second to one chat, after the burst.
    pub chat_per_second: u32,
    /// Messages to one chat that may go at once.
    pub chat_burst: u32,
    /// Messages a minute to one group.
    pub group_per_minute: u32,
    /// Calls a second of one bot.
    pub bot_per_second: u32,
}

impl Default for PacingSettings {
    fn default() -> Self {
        PacingSettings {
            chat_per_second: 1,
            chat_burst: 3,
            group_per_minute: 20,
            bot_per_second: 30,
        }
    }
}

impl PacingSettings {
    /// No restraint at all.
    pub const OFF: PacingSettings = PacingSettings {
        chat_per_second: 0,
        chat_burst: 0,
        group_per_minute: 0,
        bot_per_second: 0,
    };
}

/// A bucket of `burst` tokens that gains one every `every`.
#[derive(Clone, Copy, Debug)]
struct Rate {
    every: Duration,
    burst: u32,
}

/// When a bucket is full again; that is all there is to know of it.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Timestamp,
}

impl Rate {
    fn new(per: Duration, count: u32, burst: u32) -> Option<Rate> {
        (count > 0).then(|| Rate {
            // Whole microseconds, as the clock counts: less could never be waited for.
            every: Duration::from_micros(u64::try_from((per / count).as_micros()).unwrap_or(u64::MAX)),
            burst: burst.max(1),
        })
    }

    /// How many tokens `bucket` holds at `now`.
    fn tokens(&self, bucket: Bucket, now: Timestamp) -> u32 {
        let missing = bucket
            .full_at
            .since(now)
            .as_micros()
            .div_ceil(self.every.as_micros().max(1));
        self.burst
            .saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX))
    }

    /// How long until `bucket` holds a token.
    fn wait(&self, bucket: Bucket, now: Timestamp) -> Duration {
        bucket
            .full_at
            .since(now)
            .saturating_sub(self.every * (self.burst - 1))
    }

    fn take(&self, bucket: &mut Bucket, now: Timestamp) {
        bucket.full_at = bucket.full_at.max(now) + self.every;
    }
}

#[derive(Debug, Default)]
struct Buckets {
    chats: HashMap<LaneKey, Bucket>,
    bots: HashMap<(BotId, Channel), Bucket>,
    paused: HashMap<(BotId, Channel), Timestamp>,
    /// With more chats than this, those whose bucket is full are forgotten.
    sweep_at: usize,
}

/// The pace of one process. Clones share it; all its senders must.
#[derive(Clone, Debug)]
pub struct Pacing {
    chat: Option<Rate>,
    group: Option<Rate>,
    bot: Option<Rate>,
    buckets: Arc<Mutex<Buckets>>,
}

const SWEEP_AT: usize = 1024;
const FULL: Bucket = Bucket {
    full_at: Timestamp::EPOCH,
};

impl Pacing {
    /// A pace with every bucket full.
    pub fn new(settings: PacingSettings) -> Self {
        let second = Duration::from_secs(1);
        Pacing {
            chat: Rate::new(second, settings.chat_per_second, settings.chat_burst),
            group: Rate::new(
                Duration::from_mins(1),
                settings.group_per_minute,
                settings.chat_burst,
            ),
            bot: Rate::new(second, settings.bot_per_second, settings.bot_per_second),
            buckets: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what one call needs, or says how long it has to wait, taking nothing. A call that is
    /// no message (a tap answered) counts for the bot only.
    pub(super) fn take(&self, lane: &LaneKey, is_message: bool, now: Timestamp) -> Result<(), Duration> {
        let mut guard = self.lock();
        let buckets = &mut *guard;
        let desk = (lane.bot_id, lane.channel.clone());
        let paused = buckets
            .paused
            .get(&desk)
            .map_or(Duration::ZERO, |until| until.since(now));
        if !paused.is_zero() {
            return Err(paused);
        }
        let chat_rate = if lane.chat.0 < 0 { self.group } else { self.chat };
        let chat = chat_rate.filter(|_| is_message);
        let chat_bucket = buckets.chats.get(lane).copied().unwrap_or(FULL);
        let bot_bucket = buckets.bots.get(&desk).copied().unwrap_or(FULL);
        let chat_wait = chat.map_or(Duration::ZERO, |rate| rate.wait(chat_bucket, now));
        let bot_wait = self.bot.map_or(Duration::ZERO, |rate| rate.wait(bot_bucket, now));
        let wait = chat_wait.max(bot_wait);
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(rate) = chat {
            rate.take(buckets.chats.entry(lane.clone()).or_insert(FULL), now);
            buckets.sweep(now);
        }
        if let Some(rate) = self.bot {
            rate.take(buckets.bots.entry(desk).or_insert(FULL), now);
        }
        Ok(())
    }

    /// How many calls of these bots may go now, and if none, how long until one may.
    pub(super) fn room(&self, desks: &[(BotId, Channel)], now: Timestamp) -> Result<usize, Duration> {
        let buckets = self.lock();
        let (mut room, mut soonest) = (0_usize, Duration::MAX);
        for desk in desks {
            let paused = buckets
                .paused
                .get(desk)
                .map_or(Duration::ZERO, |until| until.since(now));
            let bucket = buckets.bots.get(desk).copied().unwrap_or(FULL);
            let wait = self
                .bot
                .map_or(Duration::ZERO, |rate| rate.wait(bucket, now))
                .max(paused);
            soonest = soonest.min(wait);
            if wait.is_zero() {
                let tokens = self.bot.map_or(usize::MAX, |rate| {
                    usize::try_from(rate.tokens(bucket, now)).unwrap_or(usize::MAX)
                });
                room = room.saturating_add(tokens.max(1));
            }
        }
        if room > 0 { Ok(room) } else { Err(soonest) }
    }

    /// Whether a cosmetic call may go now.
    #[expect(clippy::unused_async, reason = "wip")]
    pub async fn take_cosmetic(&self, lane: &LaneKey, now: Timestamp) -> bool {
        self.take(lane, false, now).is_ok()
    }

    /// Lets nothing of this bot go for `wait`, because the messenger asked for it.
    pub(super) fn pause(&self, lane: &LaneKey, wait: Duration, now: Timestamp) {
        let desk = (lane.bot_id, lane.channel.clone());
        let mut buckets = self.lock();
        let until = buckets.paused.entry(desk).or_insert(now);
        *until = (*until).max(now + wait);
    }
}

impl Buckets {
    /// Forgets the chats whose bucket is full, now and then.
    fn sweep(&mut self, now: Timestamp) {
        if self.chats.len() > self.sweep_at.max(SWEEP_AT) {
            self.chats.retain(|_, bucket| bucket.full_at > now);
            self.sweep_at = self.chats.len() * 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ChatId;
    use proptest::prelude::*;

    fn lane(chat: i64) -> LaneKey {
        LaneKey {
            bot_id: BotId(1),
            channel: Channel::TELEGRAM,
            chat: ChatId(chat),
        }
    }

    const START: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_chat_gets_its_burst_then_its_rate_and_taps_count_nothing_there() {
        let pacing = Pacing::new(PacingSettings::default());
        for _ in 0..3 {
            assert_eq!(pacing.take(&lane(7), true, START), Ok(()));
        }
        assert_eq!(pacing.take(&lane(7), true, START), Err(Duration::from_secs(1)));
        assert_eq!(pacing.take(&lane(7), false, START), Ok(()));
        assert_eq!(pacing.take(&lane(8), true, START), Ok(()));
        let later = START + Duration::from_secs(1);
        assert_eq!(pacing.take(&lane(7), true, later), Ok(()));
        assert!(pacing.take(&lane(7), true, later).is_err());
    }

    #[test]
    fn a_group_gets_twenty_a_minute() {
        let pacing = Pacing::new(PacingSettings::default());
        let taken = (0..60)
            .map(|second| START + Duration::from_secs(second))
            .filter(|now| pacing.take(&lane(-5), true, *now).is_ok())
            .count();
        assert!((20..=22).contains(&taken), "{taken}");
    }

    #[test]
    fn a_bot_that_was_asked_to_wait_has_no_room() {
        let pacing = Pacing::new(PacingSettings::OFF);
        let desks = [(BotId(1), Channel::TELEGRAM)];
        assert_eq!(pacing.room(&desks, START), Ok(usize::MAX));
        pacing.pause(&lane(1), Duration::from_secs(9), START);
        assert_eq!(pacing.room(&desks, START), Err(Duration::from_secs(9)));
        assert_eq!(pacing.take(&lane(1), true, START), Err(Duration::from_secs(9)));
        assert_eq!(
            pacing.take(&lane(1), true, START + Duration::from_secs(9)),
            Ok(())
        );
    }

    proptest! {
        #[test]
        fn a_bot_never_sends_more_than_its_burst_and_rate_allow(steps in prop::collection::vec(0_u64..200, 1..300)) {
            let pacing = Pacing::new(PacingSettings::default());
            let desks = [(BotId(1), Channel::TELEGRAM)];
            let (mut now, mut taken, mut elapsed) = (START, 0_u64, 0_u64);
            for (chat, step) in (1_i64..).zip(steps) {
                now = now + Duration::from_millis(step);
                elapsed += step;
                let room = pacing.room(&desks, now);
                let got = pacing.take(&lane(chat), true, now);
                prop_assert_eq!(room.is_ok(), got.is_ok());
                if let Err(wait) = got {
                    prop_assert!(wait >= Duration::from_micros(1));
                    prop_assert!(pacing.room(&desks, now + wait).is_ok());
                }
                taken += u64::from(got.is_ok());
                prop_assert!(taken <= 31 + elapsed * 30 / 1000);
            }
        }
    }
}
