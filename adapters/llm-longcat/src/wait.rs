//! How long a provider asks to wait, wherever it says so.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, header};

/// The longest wait taken over.
const LONGEST: Duration = Duration::from_hours(24);

/// The `Retry-After` header: seconds, or a date. A date counts from the answer's own `Date`, so that no
/// clock of ours is needed and none that is wrong does harm.
pub(crate) fn in_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let said = text(header::RETRY_AFTER)?;
    if let Some(wait) = seconds(said) {
        return Some(wait);
    }
    let until = httpdate::parse_http_date(said).ok()?;
    let now = httpdate::parse_http_date(text(header::DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default().min(LONGEST))
}

/// The field `retry_after` of an object: a number of seconds, or one as text.
pub(crate) fn in_body(object: &Value) -> Option<Duration> {
    match object.get("retry_after")? {
        Value::Number(number) => within(number.as_f64()?),
        Value::String(text) => seconds(text.trim()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The number in "try again in 20s" or "retry after 1.5 seconds".
pub(crate) fn in_message(message: &str) -> Option<Duration> {
    let lower = message.to_lowercase();
    let (_, tail) = lower
        .split_once("try again in ")
        .or_else(|| lower.split_once("retry after "))?;
    let digits: String = tail
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let unit = tail[digits.len()..].trim_start();
    let wait = seconds(digits.trim_end_matches('.'))?;
    if unit.starts_with("ms") {
        return Some(wait / 1000);
    }
    if unit.starts_with("min") || (unit.starts_with('m') && !unit.starts_with("mo")) {
        return Some((wait * 60).min(LONGEST));
    }
    Some(wait)
}

fn seconds(text: &str) -> Option<Duration> {
    within(text.parse().ok()?)
}

fn within(seconds: f64) -> Option<Duration> {
    if seconds.is_finite() && seconds >= 0.0 {
        Some(
            Duration::try_from_secs_f64(seconds)
                .unwrap_or(LONGEST)
                .min(LONGEST),
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use ureq::http::HeaderValue;

    use super::*;

    fn header(retry_after: &'static str, date: Option<&'static str>) -> Option<f64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(header::DATE, HeaderValue::from_static(date));
        }
        in_headers(&headers).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn a_header_says_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(header("17", None), Some(17.0));
        assert_eq!(header(" 1.5 ", None), Some(1.5));
        assert_eq!(header("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(30.0));
        assert_eq!(header("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(0.0));
        assert_eq!(header("Sat, 06 Nov 2094 08:00:00 GMT", date), Some(86_400.0));
        assert_eq!(header("99999999999999999999999", None), Some(86_400.0));
        for nothing in ["", "-1", "soon", "NaN", "inf"] {
            assert_eq!(header(nothing, date), None, "{nothing}");
        }
        assert_eq!(header("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
    }

    #[test]
    fn a_body_says_it_as_a_number_or_in_words() {
        assert_eq!(in_body(&json!({"retry_after": 60})), Some(Duration::from_mins(1)));
        assert_eq!(
            in_body(&json!({"retry_after": "2"})),
            Some(Duration::from_secs(2))
        );
        assert_eq!(in_body(&json!({"retry_after": null})), None);
        for (message, wait) in [
            ("Too many requests, try again in 20s.", Some(20_000)),
            ("Retry after 1.5 seconds", Some(1_500)),
            ("Please try again in 300ms", Some(300)),
            ("try again in 2 minutes", Some(120_000)),
            ("try again in 2m", Some(120_000)),
            ("try again in a while", None),
            ("too many requests", None),
        ] {
            assert_eq!(in_message(message), wait.map(Duration::from_millis), "{message}");
        }
    }
}
