//! Durations and rates as people write them.

use std::time::Duration;

/// `500ms`, `30s`, `5m` or `5min`, `12h`, `2d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let millis = match text[split..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// `30/s` with unit `s`, `20/min` with unit `min`; `0` is no limit.
pub(super) fn rate(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim();
    if text == "0" {
        return Some(0);
    }
    let (number, per) = text.split_once('/')?;
    number
        .trim()
        .parse()
        .ok()
        .filter(|number| *number > 0 && per.trim() == unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_them() {
        for (text, value) in [
            ("30s", Some(30_000)),
            ("500ms", Some(500)),
            ("5 min", Some(300_000)),
            ("12h", Some(43_200_000)),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(duration(text), value.map(Duration::from_millis), "{text}");
        }
        assert_eq!(rate("0", "s"), Some(0));
        assert_eq!(rate("20/min", "min"), Some(20));
        for text in ["", "20", "0/s", "x/s", "1/year", "1/min"] {
            assert_eq!(rate(text, "s"), None, "{text}");
        }
    }
}
