//! Courtesy: how fast a bot sends, so that the messenger need not ask it to slow down.
//!
//! What the messenger does ask (429) is kept in the store and obeyed by every process. This is
//! restraint of our own, in two stages: each process keeps its own pace, and where processes share a
//! cache, the pace of all of them together is counted there. While the cache is away, the first stage
//! is all there is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::id::{BotId, Channel};
use crate::port::cache::{CountUp, Counted};
use crate::time::Timestamp;
use crate::work::LaneKey;

use super::guarded::GuardedCache;

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

    /// How many tokens are missing.
    fn missing(&self, bucket: Bucket, now: Timestamp) -> u32 {
        self.burst - self.tokens(bucket, now)
    }

    fn put_back(&self, bucket: &mut Bucket) {
        bucket.full_at = bucket.full_at - self.every;
    }
}

#[derive(Debug, Default)]
struct Buckets {
    chats: HashMap<LaneKey, Bucket>,
    bots: HashMap<(BotId, Channel), Bucket>,
    /// What went beside the messages: they do not see it.
    cosmetics: HashMap<(BotId, Channel), Bucket>,
    paused: HashMap<(BotId, Channel), Timestamp>,
    /// With more chats than this, those whose bucket is full are forgotten.
    sweep_at: usize,
}

/// The pace of one process. Clones share it; all its senders must.
#[derive(Clone, Debug)]
pub struct Pacing {
    settings: PacingSettings,
    shared: Option<GuardedCache>,
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
            settings,
            shared: None,
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

    /// The same pace, kept together with every process that counts in `cache` too.
    #[must_use]
    pub fn shared_through(mut self, cache: GuardedCache) -> Self {
        self.shared = Some(cache);
        self
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what each call needs, or says how long it has to wait: of this process first, then of
    /// all of them, in one round trip. See [`take`](Pacing::take) for what a call counts for.
    pub(super) async fn take_all(
        &self,
        calls: &[(&LaneKey, bool)],
        now: Timestamp,
    ) -> Vec<Result<(), Duration>> {
        let mut taken: Vec<Result<(), Duration>> = calls
            .iter()
            .map(|(lane, is_message)| self.take(lane, *is_message, now))
            .collect();
        let Some(cache) = &self.shared else {
            return taken;
        };
        let (mut places, mut groups) = (Vec::new(), Vec::new());
        for (at, (lane, is_message)) in calls.iter().enumerate() {
            let group = self.counters(lane, *is_message);
            if taken[at].is_ok() && !group.is_empty() {
                places.push(at);
                groups.push(group);
            }
        }
        if groups.is_empty() {
            return taken;
        }
        let Some(counted) = cache.count_all(groups.clone()).await else {
            return taken;
        };
        for ((at, group), counted) in places.into_iter().zip(groups).zip(counted) {
            let over = group
                .iter()
                .zip(&counted)
                .position(|(up, counted)| counted.count > up.limit);
            let Some(over) = over else { continue };
            let (lane, is_message) = calls[at];
            let wait = counted[over].resets_in.max(Duration::from_millis(1));
            self.put_back(lane, is_message);
            if self.bot.is_some() && over == 0 {
                // No use in claiming more for this bot until its window is over.
                self.pause(lane, wait, now);
            }
            taken[at] = Err(wait);
        }
        taken
    }

    /// What a call counts for among all processes: the bot first, so that a bot without room costs
    /// its chats nothing. A burst is what fits into one window.
    fn counters(&self, lane: &LaneKey, is_message: bool) -> Vec<CountUp> {
        let settings = &self.settings;
        let whose = format!("{}:{}", lane.bot_id, lane.channel);
        let mut counters = Vec::new();
        if settings.bot_per_second > 0 {
            counters.push(CountUp {
                key: format!("pace:bot:{whose}"),
                window: Duration::from_secs(1),
                limit: settings.bot_per_second.into(),
            });
        }
        let (window, limit) = if lane.chat.0 < 0 {
            (Duration::from_mins(1), settings.group_per_minute)
        } else {
            let burst = settings.chat_burst.max(1);
            let window = Duration::from_secs(1) * burst / settings.chat_per_second.max(1);
            (window, if settings.chat_per_second > 0 { burst } else { 0 })
        };
        if is_message && limit > 0 {
            counters.push(CountUp {
                key: format!("pace:chat:{whose}:{}", lane.chat),
                window,
                limit: limit.into(),
            });
        }
        counters
    }

    /// Whether something nobody misses (typing, a draft) may go to a chat now: only while its next
    /// message would not have to wait, and while messages leave half of the bot's room, here and
    /// among all processes. It takes nothing from messages and delays none.
    pub async fn take_cosmetic(&self, lane: &LaneKey, now: Timestamp) -> bool {
        if !self.take_cosmetic_here(lane, now) {
            return false;
        }
        let (Some(cache), Some(bot)) = (&self.shared, self.counters(lane, false).pop()) else {
            return true;
        };
        let room = (bot.limit / 2).max(1);
        // Without the cache, what this process knows decides.
        let messages = cache.counted(&bot.key).await.flatten();
        if messages.is_some_and(|messages| messages.count >= room) {
            return false;
        }
        let cosmetic = CountUp {
            key: format!("pace:cosmetic:{}:{}", lane.bot_id, lane.channel),
            limit: room,
            ..bot
        };
        let within = |counted: Vec<Counted>| counted.iter().all(|counted| counted.count <= room);
        cache.count(vec![cosmetic]).await.is_none_or(within)
    }

    fn take_cosmetic_here(&self, lane: &LaneKey, now: Timestamp) -> bool {
        let mut guard = self.lock();
        let buckets = &mut *guard;
        let desk = (lane.bot_id, lane.channel.clone());
        let paused = buckets.paused.get(&desk).is_some_and(|until| *until > now);
        let chat = if lane.chat.0 < 0 { self.group } else { self.chat };
        let chat_bucket = buckets.chats.get(lane).copied().unwrap_or(FULL);
        if paused || chat.is_some_and(|rate| !rate.wait(chat_bucket, now).is_zero()) {
            return false;
        }
        let Some(rate) = self.bot else { return true };
        let messages = buckets.bots.get(&desk).copied().unwrap_or(FULL);
        let cosmetics = buckets.cosmetics.entry(desk).or_insert(FULL);
        if rate.missing(messages, now) + rate.missing(*cosmetics, now) > (rate.burst / 2).saturating_sub(1) {
            return false;
        }
        rate.take(cosmetics, now);
        true
    }

    /// Gives back what a call took that does not go after all.
    fn put_back(&self, lane: &LaneKey, is_message: bool) {
        let mut buckets = self.lock();
        let desk = (lane.bot_id, lane.channel.clone());
        let chat = if lane.chat.0 < 0 { self.group } else { self.chat };
        if let (Some(rate), true, Some(bucket)) = (chat, is_message, buckets.chats.get_mut(lane)) {
            rate.put_back(bucket);
        }
        if let (Some(rate), Some(bucket)) = (self.bot, buckets.bots.get_mut(&desk)) {
            rate.put_back(bucket);
        }
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
    fn what_was_given_back_can_be_taken_again() {
        let pacing = Pacing::new(PacingSettings::default());
        for _ in 0..20 {
            assert_eq!(pacing.take(&lane(7), true, START), Ok(()));
            pacing.put_back(&lane(7), true);
        }
        assert_eq!(
            pacing.room(&[(BotId(1), Channel::TELEGRAM)], START),
            Ok(30),
            "as if nothing had been"
        );
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
        fn what_nobody_misses_delays_no_message(steps in prop::collection::vec((0_u64..100, 0_u8..4), 1..300)) {
            let with = Pacing::new(PacingSettings::default());
            let without = Pacing::new(PacingSettings::default());
            let (mut now, mut cosmetics, mut elapsed) = (START, 0_u64, 0_u64);
            for (chat, (step, kind)) in (1_i64..).zip(steps) {
                now = now + Duration::from_millis(step);
                elapsed += step;
                if kind == 0 {
                    prop_assert_eq!(with.take(&lane(chat), true, now), without.take(&lane(chat), true, now));
                } else {
                    cosmetics += u64::from(with.take_cosmetic_here(&lane(chat), now));
                }
                prop_assert!(cosmetics <= 16 + elapsed * 30 / 1000);
            }
        }

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
