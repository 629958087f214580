//! Rate limits: how many messages of one client the desk takes, by the hour and by the day.
//!
//! Counted in the cache before anything is written, in fixed windows from the first message, once
//! per update id and once per album. Without the cache everything passes, and is counted as such.

use serde_json::Value;
use std::time::Duration;

use crate::dialogue::{LimitNotice, LimitWindow};
use crate::id::{BotId, Channel, UserId};
use crate::port::cache::{CountUp, Counted};
use crate::port::messenger::Envelope;

use super::guarded::GuardedCache;

/// Limits per client; 0 switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// Messages an hour.
    pub per_hour: u64,
    /// Messages a day.
    pub per_day: u64,
    /// `/human`, `/forget` and `/privacy` an hour, which count for nothing else.
    pub commands_per_hour: u64,
}

impl Default for RateSettings {
    fn default() -> Self {
        RateSettings {
            per_hour: 60,
            per_day: 500,
            commands_per_hour: 10,
        }
    }
}

/// What the limits say of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may come in.
    Pass,
    /// It is over a limit; the first one of a window brings a notice.
    Over(Option<LimitNotice>),
}

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateStatus {
    /// Messages in the running hour; one above the limit at most.
    pub hour_count: u64,
    /// The limit of the hour.
    pub hour_limit: u64,
    /// How long until the hour is over; zero if none runs.
    pub hour_resets_in: Duration,
    /// Messages in the running day; one above the limit at most.
    pub day_count: u64,
    /// The limit of the day.
    pub day_limit: u64,
    /// How long until the day is over; zero if none runs.
    pub day_resets_in: Duration,
}

/// The limits of one process. Clones are the same.
#[derive(Clone, Debug)]
pub struct RateLimits {
    cache: GuardedCache,
    settings: RateSettings,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// For how long an update's repeats are recognised as such.
const SEEN: Duration = Duration::from_mins(10);

/// Key of the copy of a client's session. It tells, without the store, who owns their chat.
pub(super) fn session_key(bot: BotId, channel: &Channel, user: UserId) -> String {
    format!("session:{bot}:{channel}:{user}")
}

impl RateLimits {
    /// Limits counted in `cache`.
    pub fn new(cache: GuardedCache, settings: RateSettings) -> Self {
        RateLimits { cache, settings }
    }

    /// Counts what an envelope announces, once, and says whether it may come in.
    pub(super) async fn check(&self, bot: BotId, channel: &Channel, envelope: &Envelope) -> Verdict {
        let Some(user) = envelope.user.filter(|_| envelope.counts) else {
            return Verdict::Pass;
        };
        let whose = format!("{bot}:{channel}:{user}");
        // A counter above its limit leaves those after it alone: with a limit of one, a marker lets
        // only its first count through to the windows.
        let marker = |key: String| CountUp {
            key,
            window: SEEN,
            limit: 1,
        };
        let mut counters = vec![marker(format!("rate:seen:{bot}:{}", envelope.update_id))];
        let windows = self.windows(&whose, &envelope.text_start);
        if windows.is_empty() {
            return Verdict::Pass;
        }
        let album = envelope.album.as_ref();
        counters.extend(album.map(|album| marker(format!("rate:album:{whose}:{album}"))));
        let markers = counters.len();
        counters.extend(windows.iter().map(|(_, counter)| counter.clone()));
        let Some(counted) = self.cache.count(&counters).await else {
            return Verdict::Pass;
        };
        if counted.first().is_some_and(|seen| seen.count > 1) {
            // The messenger's own repeat: what became of it the first time is not known here.
            return Verdict::Pass;
        }
        let over = windows
            .iter()
            .zip(&counted[markers..])
            .find(|((_, counter), counted)| counted.count > counter.limit);
        let Some(((window, _), counted)) = over else {
            return Verdict::Pass;
        };
        if self.owned_by_agent(bot, channel, user).await {
            return Verdict::Pass;
        }
        Verdict::Over(self.notice(*window, *counted, &whose, user).await)
    }

    /// Where a client stands; `None` if the cache does not answer.
    pub async fn rate_limit_status(&self, bot: BotId, channel: &Channel, user: UserId) -> Option<RateStatus> {
        let none = Counted {
            count: 0,
            resets_in: Duration::ZERO,
        };
        let whose = format!("{bot}:{channel}:{user}");
        let hour = self.cache.counted(&format!("rate:hour:{whose}")).await?;
        let day = self.cache.counted(&format!("rate:day:{whose}")).await?;
        let (hour, day) = (hour.unwrap_or(none), day.unwrap_or(none));
        Some(RateStatus {
            hour_count: hour.count,
            hour_limit: self.settings.per_hour,
            hour_resets_in: hour.resets_in,
            day_count: day.count,
            day_limit: self.settings.per_day,
            day_resets_in: day.resets_in,
        })
    }

    /// The windows a message counts in. The hour comes first: a refused hour counts no day.
    fn windows(&self, whose: &str, text_start: &str) -> Vec<(LimitWindow, CountUp)> {
        let all = if has_its_own_limit(text_start) {
            vec![(
                LimitWindow::Hour,
                "commands",
                HOUR,
                self.settings.commands_per_hour,
            )]
        } else {
            vec![
                (LimitWindow::Hour, "hour", HOUR, self.settings.per_hour),
                (LimitWindow::Day, "day", DAY, self.settings.per_day),
            ]
        };
        all.into_iter()
            .filter(|(_, _, _, limit)| *limit > 0)
            .map(|(kind, name, window, limit)| {
                let key = format!("rate:{name}:{whose}");
                (kind, CountUp { key, window, limit })
            })
            .collect()
    }

    /// Whether an agent owns the client's chat, as far as the cache knows. Asked only of those over
    /// a limit, so that the others pay nothing for it.
    async fn owned_by_agent(&self, bot: BotId, channel: &Channel, user: UserId) -> bool {
        let copy = self.cache.get(&session_key(bot, channel, user)).await.flatten();
        copy.as_ref()
            .and_then(|copy| copy.get("owner"))
            .and_then(Value::as_str)
            == Some(crate::conversation::Owner::Agent.as_str())
    }

    /// The notice of a window, if it has not been given. A full counter does not grow, so the first
    /// message over it is found with a marker that lives as long as the window.
    async fn notice(
        &self,
        window: LimitWindow,
        counted: Counted,
        whose: &str,
        from: UserId,
    ) -> Option<LimitNotice> {
        let name = match window {
            LimitWindow::Hour => "hour",
            LimitWindow::Day => "day",
        };
        let told = CountUp {
            key: format!("rate:told:{name}:{whose}"),
            window: counted.resets_in.max(Duration::from_secs(1)),
            limit: 1,
        };
        let told = self.cache.count(&[told]).await?;
        let first = told.first().is_some_and(|told| told.count == 1);
        first.then_some(LimitNotice {
            window,
            resets_in_s: counted
                .resets_in
                .as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX),
            from,
        })
    }
}

/// Whether a text is a command that must get through to the desk when nothing else does.
fn has_its_own_limit(text_start: &str) -> bool {
    let Some(command) = text_start
        .split_whitespace()
        .next()
        .and_then(|word| word.strip_prefix('/'))
    else {
        return false;
    };
    let name = command.split_once('@').map_or(command, |(name, _)| name);
    ["human", "forget", "privacy"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_with_a_limit_of_their_own_are_seen_whatever_their_form() {
        for text in [
            "/human",
            "/Human please",
            "/forget@dev2production_bot",
            "  /privacy\nnow",
        ] {
            assert!(has_its_own_limit(text), "{text}");
        }
        for text in ["", "/", "/humans", "human", "say /human", "/start human"] {
            assert!(!has_its_own_limit(text), "{text}");
        }
    }
}
