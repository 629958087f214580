//! When people are there.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

use crate::time::Timestamp;

/// Weekly hours in a time zone, and days off.
#[derive(Clone, Debug)]
pub struct Hours {
    zone: TimeZone,
    /// Opening hours by weekday, Monday first; several a day are possible.
    weekly: [Vec<(Time, Time)>; 7],
    holidays: BTreeSet<Date>,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// Hours of a zone by its IANA name, never open yet.
    ///
    /// # Errors
    /// What is expected instead.
    pub(super) fn new(zone: &str) -> Result<Hours, String> {
        let zone = TimeZone::get(zone).map_err(|_| {
            format!("`{zone}` is no time zone: expected an IANA name such as \"Europe/Berlin\"")
        })?;
        Ok(Hours {
            zone,
            weekly: Default::default(),
            holidays: BTreeSet::new(),
        })
    }

    /// Adds hours: `days` is `mon` or `mon-fri`, `span` is `09:00-18:00`.
    ///
    /// # Errors
    /// What is expected instead.
    pub(super) fn open(&mut self, days: &str, span: &str) -> Result<(), String> {
        let day = |name: &str| DAYS.iter().position(|day| *day == name.trim());
        let mut ends = days.splitn(2, '-').map(day);
        let from = ends.next().flatten();
        let to = ends.next().unwrap_or(from);
        let (Some(from), Some(to)) = (from, to) else {
            return Err(format!(
                "`{days}` is no weekday or span of them: expected for example \"mon-fri\""
            ));
        };
        let hours = span
            .split_once('-')
            .and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
        let Some((start, end)) = hours.filter(|(start, end)| start < end) else {
            return Err(format!(
                "`{span}` is no span of hours: expected for example \"09:00-18:00\""
            ));
        };
        let count = (to + 7 - from) % 7 + 1;
        for step in 0..count {
            self.weekly[(from + step) % 7].push((start, end));
        }
        for day in &mut self.weekly {
            day.sort();
        }
        Ok(())
    }

    /// Adds a day off.
    ///
    /// # Errors
    /// What is expected instead.
    pub(super) fn close(&mut self, date: &str) -> Result<(), String> {
        let date: Date = date
            .parse()
            .map_err(|_| format!("`{date}` is no date: expected for example \"2026-12-25\""))?;
        self.holidays.insert(date);
        Ok(())
    }

    /// Whether people are there at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let here = now.zoned(&self.zone);
        self.spans(here.date())
            .iter()
            .any(|(start, end)| (*start..*end).contains(&here.time()))
    }

    /// When people are there next, at or after `now`; `None` if never within a year.
    pub fn next_open(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_open(now) {
            return Some(now);
        }
        let here = now.zoned(&self.zone);
        let mut date = here.date();
        for ahead in 0..366 {
            for (start, _) in self.spans(date) {
                if ahead > 0 || *start > here.time() {
                    let at = date.to_datetime(*start).to_zoned(self.zone.clone()).ok()?;
                    return Some(Timestamp::from_micros(at.timestamp().as_microsecond()));
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The local date, weekday (0 is Monday) and clock time of an instant, for a text to a person.
    pub fn local(&self, at: Timestamp) -> LocalTime {
        let here = at.zoned(&self.zone);
        LocalTime {
            date: here.date().to_string(),
            weekday: weekday_index(here.date().weekday()),
            clock: here.strftime("%H:%M").to_string(),
        }
    }

    /// The weekly hours in words that need no language: `Mon 09:00-18:00, …, Europe/Berlin`.
    pub fn weekly(&self) -> String {
        const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let spans = NAMES.iter().zip(&self.weekly).flat_map(|(day, spans)| {
            spans.iter().map(move |(start, end)| {
                format!("{day} {}-{}", start.strftime("%H:%M"), end.strftime("%H:%M"))
            })
        });
        let mut parts: Vec<String> = spans.collect();
        parts.extend(self.zone.iana_name().map(str::to_owned));
        parts.join(", ")
    }

    fn spans(&self, date: Date) -> &[(Time, Time)] {
        if self.holidays.contains(&date) {
            return &[];
        }
        &self.weekly[weekday_index(date.weekday())]
    }
}

/// An instant on the company's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// `2026-12-25`.
    pub date: String,
    /// 0 for Monday.
    pub weekday: usize,
    /// `09:00`.
    pub clock: String,
}

fn weekday_index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Hours {
        let mut hours = Hours::new("Europe/Berlin").unwrap();
        hours.open("mon-fri", "09:00-18:00").unwrap();
        hours.close("2026-12-25").unwrap();
        hours
    }

    #[test]
    fn open_and_next_open_follow_the_zone_weekends_and_holidays() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (now, open, next) in [
            ("2026-11-20T08:00:00Z", true, "2026-11-20T08:00:00Z"),
            ("2026-11-20T17:00:00Z", false, "2026-11-23T08:00:00Z"),
            ("2026-07-20T06:59:59Z", false, "2026-07-20T07:00:00Z"),
            ("2026-12-24T20:00:00Z", false, "2026-12-28T08:00:00Z"),
        ] {
            assert_eq!(berlin().is_open(at(now)), open, "{now}");
            assert_eq!(berlin().next_open(at(now)), Some(at(next)), "{now}");
        }
        assert_eq!(berlin().local(at("2026-11-23T08:00:00Z")).clock, "09:00");
        assert_eq!(berlin().local(at("2026-11-23T08:00:00Z")).weekday, 0);
        assert!(berlin().weekly().starts_with("Mon 09:00-18:00, Tue 09:00-18:00"));
        assert!(berlin().weekly().ends_with("Fri 09:00-18:00, Europe/Berlin"));
    }

    #[test]
    fn what_is_wrong_is_said_with_an_example() {
        assert!(Hours::new("Berlin").unwrap_err().contains("Europe/Berlin"));
        let mut hours = berlin();
        for (days, span) in [("monday", "09:00-10:00"), ("mon", "9-10"), ("mon", "18:00-09:00")] {
            assert!(
                hours.open(days, span).unwrap_err().contains("expected"),
                "{days} {span}"
            );
        }
        assert!(hours.close("25.12.").is_err());
    }
}
