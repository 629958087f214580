//! How a fake is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The settings of one fake. `Config::default()` suits most tests; set fields as needed.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one token that is accepted; its digits before the colon are the bot's user id.
    pub token: String,
    /// The bot's user name, without `@`.
    pub bot_username: String,
    /// Factor on Telegram's own waits: webhook back-off, `Retry-After` of the webhook, expiries and the
    /// pause between two setWebhook. 0.01 makes a 2 s back-off 20 ms. What a client counts itself
    /// (long polling, `retry_after`, rate limits, hangs) is never scaled.
    pub time_scale: f64,
    /// Seed of everything random: faults by probability, the cap of the back-off.
    pub seed: u64,
    /// The first `update_id`.
    pub first_update_id: i64,
    /// How often each update is delivered; more than 1 tests deduplication.
    pub deliver_times: u32,
    /// Telegram's flood limits; `None` lets everything through.
    pub rate_limits: Option<RateLimits>,
    /// Scheme and authority (`http://127.0.0.1:8080`) that deliveries go to whatever host the registered
    /// webhook URL names: the part of a reverse proxy that ends TLS.
    pub deliver_to: Option<String>,
    /// How long a webhook may take to answer before it counts as failed (Telegram: 60 s). Not scaled.
    pub answer_timeout: Duration,
    /// Sending to a private chat nobody opened works instead of answering "chat not found".
    pub open_chats: bool,
    /// Behaves as a local Bot API server: plain-HTTP webhooks on any host (on loopback they always work).
    pub local: bool,
    /// The server knows `sendMessageDraft`. Off, it is an older one, which answers 404 to it.
    pub drafts: bool,
    /// Refuses what Frontdesk never sends and Telegram would take: a `parse_mode`, and more than 100
    /// entities (Telegram keeps the first 100).
    pub strict: bool,
    /// Updates and callback queries expire as at Telegram (scaled). Off, they wait for ever.
    pub expire: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: "7000001:fake-telegram-token".to_owned(),
            bot_username: "frontdesk_fake_bot".to_owned(),
            time_scale: 1.0,
            seed: 1,
            first_update_id: 2_000_001,
            deliver_times: 1,
            rate_limits: None,
            deliver_to: None,
            answer_timeout: Duration::from_mins(1),
            open_chats: false,
            local: false,
            drafts: true,
            strict: true,
            expire: true,
        }
    }
}

impl Config {
    /// The bot's user id: the token's digits before the colon.
    pub fn bot_id(&self) -> i64 {
        self.token
            .split(':')
            .next()
            .and_then(|id| id.parse().ok())
            .unwrap_or(7_000_001)
    }

    /// A wait of Telegram's, scaled.
    pub(crate) fn scaled(&self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds * self.time_scale).unwrap_or(Duration::ZERO)
    }
}

/// Flood limits, counted in real time since clients wait in real time.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RateLimits {
    /// Messages per second in one private chat.
    pub chat_per_second: f64,
    /// How many messages one private chat takes at once before that rate counts.
    pub chat_burst: f64,
    /// Messages per second of the whole bot.
    pub bot_per_second: f64,
    /// Messages per minute in one group, all topics together.
    pub group_per_minute: f64,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            chat_per_second: 1.0,
            chat_burst: 3.0,
            bot_per_second: 30.0,
            group_per_minute: 20.0,
        }
    }
}
