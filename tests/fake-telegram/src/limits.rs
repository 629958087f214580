//! Flood limits: token buckets per chat, per group and for the bot.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::config::RateLimits;

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Seconds until a token is there; 0 if one is.
    fn wait(&mut self, rate: f64, size: f64, now: Instant) -> f64 {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * rate).min(size);
        self.at = now;
        if self.tokens >= 1.0 {
            0.0
        } else {
            (1.0 - self.tokens) / rate
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Buckets {
    chats: HashMap<i64, Bucket>,
    bot: Option<Bucket>,
}

impl Buckets {
    /// Takes one message's worth, or says after how many seconds to try again.
    pub(crate) fn take(&mut self, limits: &RateLimits, chat_id: i64, now: Instant) -> Result<(), u64> {
        let (rate, size) = if chat_id < 0 {
            (limits.group_per_minute / 60.0, limits.group_per_minute)
        } else {
            (limits.chat_per_second, limits.chat_burst.max(1.0))
        };
        let chat = self.chats.entry(chat_id).or_insert(Bucket {
            tokens: size,
            at: now,
        });
        let bot_size = limits.bot_per_second.max(1.0);
        let bot = self.bot.get_or_insert(Bucket {
            tokens: bot_size,
            at: now,
        });
        let wait = chat
            .wait(rate, size, now)
            .max(bot.wait(limits.bot_per_second, bot_size, now));
        if wait > 0.0 {
            let seconds = std::time::Duration::try_from_secs_f64(wait.ceil())
                .unwrap_or_default()
                .as_secs();
            return Err(seconds.max(1));
        }
        chat.tokens -= 1.0;
        bot.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_chat_takes_a_burst_then_one_a_second() {
        let (mut buckets, limits, now) = (Buckets::default(), RateLimits::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(buckets.take(&limits, 1, now), Ok(()));
        }
        assert_eq!(buckets.take(&limits, 1, now), Err(1));
        assert_eq!(buckets.take(&limits, 2, now), Ok(()), "another chat");
        assert_eq!(buckets.take(&limits, 1, now + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let (mut buckets, limits, now) = (Buckets::default(), RateLimits::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(buckets.take(&limits, -5, now), Ok(()));
        }
        assert_eq!(buckets.take(&limits, -5, now), Err(3));
    }
}
