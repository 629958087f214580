//! Lengths of time as a playbook writes them: `30min`, `24h`, `3d`.

use std::time::Duration;
use toml::Spanned;

use super::problem::{Problems, line_at};

/// Longest time that may be asked for, in minutes: a year.
const LONGEST: u64 = 365 * 24 * 60;

/// Reads a length of time; what is none is told.
pub(super) fn parse(
    file: &str,
    text: &str,
    key: &str,
    raw: &Spanned<String>,
    problems: &mut Problems,
) -> Option<Duration> {
    let duration = read(raw.get_ref());
    if duration.is_none() {
        problems.error(
            file,
            line_at(text, raw.span().start),
            format!(
                "{key} `{}`: expected a time of up to a year, such as \"30min\", \"24h\" or \"3d\"",
                raw.get_ref()
            ),
        );
    }
    duration
}

fn read(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let minutes = match unit.trim() {
        "min" => number,
        "h" => number.checked_mul(60)?,
        "d" => number.checked_mul(24 * 60)?,
        _ => return None,
    };
    (1..=LONGEST)
        .contains(&minutes)
        .then(|| Duration::from_secs(minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_and_nothing_else() {
        for (text, minutes) in [
            ("30min", Some(30)),
            ("24h", Some(24 * 60)),
            ("3d", Some(3 * 24 * 60)),
            ("3 d", Some(3 * 24 * 60)),
            ("365d", Some(LONGEST)),
            ("366d", None),
            ("0h", None),
            ("24", None),
            ("h", None),
            ("-1h", None),
            ("1w", None),
            ("99999999999999999999h", None),
        ] {
            let expected = minutes.map(|minutes| Duration::from_secs(minutes * 60));
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
