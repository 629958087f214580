//! Rate limits: how many messages of one client the desk takes, by the hour and by the day.
//!
//! Counted in the cache before anything is written, in fixed windows from the first message, once
//! per update id and once per album, in one call to the cache for all that come together. What was
//! turned away once is so again when the messenger repeats it. Without the cache everything passes,
//! and is counted as such.

use serde_json::Value;
use std::time::Duration;

use crate::dialogue::{LimitNotice, LimitWindow};
use crate::id::{BotId, Channel, UserId};
use crate::port::cache::{CountUp, Counted};
use crate::port::messenger::Envelope;

use super::guarded::GuardedCache;
use super::tally::Tally;

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
    tally: Tally,
    settings: RateSettings,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// For how long an update's repeats are recognised as such.
const SEEN: Duration = Duration::from_mins(10);
/// Where the marker of an update or album stands that was let in. Repeats of one that was turned
/// away raise it to two at most.
const LET_IN: u64 = 3;

/// Key of the copy of a client's session. It tells, without the store, who owns their chat.
pub(super) fn session_key(bot: BotId, channel: &Channel, user: UserId) -> String {
    format!("session:{bot}:{channel}:{user}")
}

impl RateLimits {
    /// Limits counted in `cache`.
    pub fn new(cache: GuardedCache, settings: RateSettings) -> Self {
        RateLimits {
            tally: Tally::new(cache),
            settings,
        }
    }

    /// Counts what an envelope announces, once, and says whether it may come in.
    pub(super) async fn check(&self, bot: BotId, channel: &Channel, envelope: &Envelope) -> Verdict {
        let Some(user) = envelope.user.filter(|_| envelope.counts) else {
            return Verdict::Pass;
        };
        let whose = format!("{bot}:{channel}:{user}");
        let windows = self.windows(&whose, &envelope.text_start);
        if windows.is_empty() {
            return Verdict::Pass;
        }
        // A counter above its limit leaves those after it alone: with a limit of one, a marker lets
        // only its first count through to the windows, and they let it through to the end, where
        // the marker is raised to `LET_IN`. One that is seen again stands there, or does not.
        let marker = |key: &str, limit: u64| CountUp {
            key: key.to_owned(),
            window: SEEN,
            limit,
        };
        let seen = format!("rate:seen:{bot}:{}", envelope.update_id);
        let mut counters = vec![marker(&seen, 1)];
        let album = envelope.album.as_ref();
        let album = album.map(|album| format!("rate:album:{whose}:{album}"));
        counters.extend(album.iter().map(|album| marker(album, 1)));
        let markers = counters.len();
        counters.extend(windows.iter().map(|(_, counter)| counter.clone()));
        let last = album.as_ref().unwrap_or(&seen);
        counters.extend((1..LET_IN).map(|_| marker(last, LET_IN)));
        let Some(counted) = self.tally.count(counters).await else {
            return Verdict::Pass;
        };
        if counted.last().is_none_or(|last| last.count >= LET_IN) {
            return Verdict::Pass;
        }
        if self.owned_by_agent(bot, channel, user).await {
            return Verdict::Pass;
        }
        let over = windows
            .iter()
            .zip(&counted[markers..])
            .find(|((_, counter), counted)| counted.count > counter.limit);
        Verdict::Over(match over {
            Some(((window, _), counted)) => {
                let teller = format!("rate:teller:{bot}:{}", envelope.update_id);
                self.notice(*window, *counted, &whose, teller, user).await
            }
            // Turned away before, in a window that is over by now.
            None => None,
        })
    }

    /// Where a client stands; `None` if the cache does not answer.
    pub async fn rate_limit_status(&self, bot: BotId, channel: &Channel, user: UserId) -> Option<RateStatus> {
        let none = Counted {
            count: 0,
            resets_in: Duration::ZERO,
        };
        let whose = format!("{bot}:{channel}:{user}");
        let hour = self.tally.cache().counted(&format!("rate:hour:{whose}")).await?;
        let day = self.tally.cache().counted(&format!("rate:day:{whose}")).await?;
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
        let copy = self
            .tally
            .cache()
            .get(&session_key(bot, channel, user))
            .await
            .flatten();
        copy.as_ref()
            .and_then(|copy| copy.get("owner"))
            .and_then(Value::as_str)
            == Some(crate::conversation::Owner::Agent.as_str())
    }

    /// The notice of a window, if it has not been given. A full counter does not grow, so the first
    /// message over it is found with a marker that lives as long as the window. The update that
    /// brought the notice is remembered as its teller: when the messenger repeats it, because the
    /// notice could not be kept, the notice comes with it again.
    async fn notice(
        &self,
        window: LimitWindow,
        counted: Counted,
        whose: &str,
        teller: String,
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
        let teller = CountUp {
            key: teller,
            window: SEEN,
            limit: 1,
        };
        let told = self.tally.count(vec![told, teller]).await?;
        // Of those that come after the teller, the second marker is left alone: it stands at none.
        let tells = told.last().is_some_and(|teller| teller.count > 0);
        tells.then_some(LimitNotice {
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
