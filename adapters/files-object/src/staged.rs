//! How staged files are called: when one was begun, and what tells it from all others.

use std::time::Duration;

use frontdesk_core::port::{Clock, IdSource};
use frontdesk_core::time::Timestamp;

/// A name for a file that is begun now.
pub(crate) fn name(clock: &dyn Clock, ids: &dyn IdSource) -> String {
    format!("{:016x}-{:032x}", clock.now().as_micros(), ids.entropy())
}

/// Whether what has this name was begun longer than `older_than` ago. What has no such name is not
/// ours, and never old.
pub(crate) fn is_old(name: &str, older_than: Duration, now: Timestamp) -> bool {
    let begun = name
        .get(..16)
        .and_then(|micros| i64::from_str_radix(micros, 16).ok());
    let ours = name.len() == 49 && name.as_bytes()[16] == b'-';
    ours && begun.is_some_and(|begun| now.since(Timestamp::from_micros(begun)) > older_than)
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontdesk_port_kit::memory::{SeededIds, SimulatedClock};

    #[test]
    fn names_tell_their_age_and_foreign_ones_have_none() {
        let clock = SimulatedClock::at(Timestamp::from_seconds(1_800_000_000));
        let name = name(&clock, &SeededIds::new(1));
        let minute = Duration::from_mins(1);
        clock.advance(minute);
        assert!(!is_old(&name, minute, clock.now()));
        clock.advance(Duration::from_micros(1));
        assert!(is_old(&name, minute, clock.now()));
        // A clock that was set back makes nothing old.
        clock.set(Timestamp::EPOCH);
        assert!(!is_old(&name, Duration::ZERO, clock.now()));
        clock.set(Timestamp::from_seconds(1_900_000_000));
        for foreign in ["", "lost+found", ".nfs0001", &name[1..], "00000000000000é0-x"] {
            assert!(!is_old(foreign, minute, clock.now()), "{foreign}");
        }
    }
}
