//! The clock of one connection: what it is doing, since when, and whether that is too long.
//!
//! Hyper's own header timeout counts the idle time between two requests too, so it cannot be short for heads and
//! long for idle connections. This one tells them apart, and costs a request a few stores instead of a timer: the
//! connection's task looks at it when something may be overdue.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::Limits;

/// Connected, not a byte yet; the time for the head runs.
const FRESH: u8 = 0;
const HEAD: u8 = 1;
const HANDLING: u8 = 2;
const IDLE: u8 = 3;

/// `blocked_since` where the last write went through.
const FREE: u64 = u64::MAX;

/// Written by the connection's stream and service, read by its task, all of which are one task: relaxed order is
/// enough.
#[derive(Debug)]
pub(crate) struct Watch {
    started: Instant,
    phase: AtomicU8,
    /// Milliseconds since `started` at which the phase began.
    since: AtomicU64,
    blocked_since: AtomicU64,
    unread: AtomicBool,
}

/// What a look at the clock found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing before then.
    LookAgainAt(Instant),
    /// The next request has not begun in time: close politely.
    Idle,
    /// The client is too slow, with this: hang up.
    Slow(&'static str),
}

impl Watch {
    /// A connection just accepted, whose first head is awaited.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            phase: AtomicU8::new(FRESH),
            since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(FREE),
            unread: AtomicBool::new(false),
        }
    }

    /// Bytes came in. Between two requests they are the next one's head.
    pub(crate) fn received(&self) {
        match self.phase.load(Relaxed) {
            FRESH => self.phase.store(HEAD, Relaxed),
            IDLE => self.enter(HEAD),
            _head_or_handling => {}
        }
    }

    /// A request's head is complete: the handler's own times count until the guard is dropped.
    pub(crate) fn handling(&self) -> impl Drop {
        self.enter(HANDLING);
        Handling(self)
    }

    /// A write had to wait for the client, or went through.
    pub(crate) fn wrote(&self, blocked: bool) {
        if !blocked {
            self.blocked_since.store(FREE, Relaxed);
        } else if self.blocked_since.load(Relaxed) == FREE {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    /// A request was answered; whether some of its body was left unread.
    pub(crate) fn left_unread(&self, unread: bool) {
        self.unread.store(unread, Relaxed);
    }

    /// Whether the client may still be sending what nobody will read: a body, or a head that was no good.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread.load(Relaxed) || self.phase.load(Relaxed) == HEAD
    }

    /// Looks at the clock; `crowded` where other connections wait for a place.
    pub(crate) fn look(&self, limits: &Limits, crowded: bool) -> Verdict {
        let now = Instant::now();
        let blocked = self.blocked_since.load(Relaxed);
        let blocked = (blocked != FREE).then(|| self.at(blocked, limits.write_timeout));
        if blocked.is_some_and(|due| due <= now) {
            return Verdict::Slow("reading the answer");
        }
        let idle = if crowded {
            limits.idle_timeout.min(limits.header_timeout)
        } else {
            limits.idle_timeout
        };
        let since = self.since.load(Relaxed);
        let due = match self.phase.load(Relaxed) {
            FRESH | HEAD => Some((
                self.at(since, limits.header_timeout),
                Verdict::Slow("sending the head"),
            )),
            IDLE => Some((self.at(since, idle), Verdict::Idle)),
            _handling => None,
        };
        // Whatever begins after this look is due no earlier than this.
        let mut next = now + limits.header_timeout.min(limits.write_timeout).min(idle);
        if let Some((at, verdict)) = due {
            if at <= now {
                return verdict;
            }
            next = next.min(at);
        }
        Verdict::LookAgainAt(blocked.map_or(next, |at| next.min(at)))
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Relaxed);
        self.since.store(self.now(), Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(FREE - 1)
    }

    fn at(&self, since: u64, time: Duration) -> Instant {
        // Times are kept in whole milliseconds, rounded down; one more keeps the client's full time.
        self.started + Duration::from_millis(since + 1) + time
    }
}

struct Handling<'a>(&'a Watch);

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        self.0.enter(IDLE);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn limits() -> Limits {
        Limits::default()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_and_an_idle_connection_seventy_five() {
        let watch = Watch::new();
        advance(secs(9)).await;
        assert!(matches!(watch.look(&limits(), false), Verdict::LookAgainAt(_)));
        advance(secs(2)).await;
        assert_eq!(watch.look(&limits(), false), Verdict::Slow("sending the head"));

        drop(watch.handling());
        advance(secs(74)).await;
        assert!(matches!(watch.look(&limits(), false), Verdict::LookAgainAt(_)));
        assert_eq!(
            watch.look(&limits(), true),
            Verdict::Idle,
            "others wait for the place"
        );
        advance(secs(2)).await;
        assert_eq!(watch.look(&limits(), false), Verdict::Idle);

        watch.received();
        assert!(matches!(watch.look(&limits(), false), Verdict::LookAgainAt(_)));
        advance(secs(6)).await;
        watch.received();
        advance(secs(5)).await;
        assert_eq!(
            watch.look(&limits(), false),
            Verdict::Slow("sending the head"),
            "a trickle wins no time"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_hand_is_never_overdue_here() {
        let watch = Watch::new();
        let handling = watch.handling();
        advance(secs(10_000)).await;
        assert!(matches!(watch.look(&limits(), true), Verdict::LookAgainAt(_)));
        drop(handling);
        assert!(matches!(watch.look(&limits(), true), Verdict::LookAgainAt(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unread_answer_is_slow_after_twenty_seconds() {
        let watch = Watch::new();
        drop(watch.handling());
        watch.wrote(true);
        advance(secs(19)).await;
        watch.wrote(true);
        assert!(matches!(watch.look(&limits(), false), Verdict::LookAgainAt(_)));
        advance(secs(2)).await;
        assert_eq!(watch.look(&limits(), false), Verdict::Slow("reading the answer"));
        watch.wrote(false);
        assert!(matches!(watch.look(&limits(), false), Verdict::LookAgainAt(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_look_comes_in_time_for_whatever_begins_meanwhile() {
        let watch = Watch::new();
        drop(watch.handling());
        let begun = Instant::now();
        let Verdict::LookAgainAt(at) = watch.look(&limits(), false) else {
            panic!("idle, not overdue")
        };
        assert!(at <= begun + limits().header_timeout);
    }
}
