//! Every answer this adapter gives.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::json;

pub(crate) type Answer = Response<Full<Bytes>>;

/// 200 without a body: Telegram would execute a method it found in one.
pub(crate) fn kept() -> Answer {
    Response::new(Full::default())
}

pub(crate) fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = with_body(status, "application/json", body);
    header(&mut answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Prometheus' text format, version 0.0.4.
pub(crate) fn metrics(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = with_body(status, "text/plain; version=0.0.4; charset=utf-8", body);
    header(&mut answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A file of a client: to be saved, never to be shown, whatever is in it.
pub(crate) fn file(name: Option<&str>, bytes: Bytes) -> Answer {
    let mut answer = with_body(StatusCode::OK, OCTETS, bytes);
    let disposition = HeaderValue::from_str(&saved_as(name.unwrap_or("file")));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    header(&mut answer, CONTENT_DISPOSITION, disposition);
    header(
        &mut answer,
        X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let alone = HeaderValue::from_static("default-src 'none'; sandbox");
    header(&mut answer, CONTENT_SECURITY_POLICY, alone);
    header(&mut answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The type of bytes that nobody is to look into.
pub(crate) const OCTETS: &str = "application/octet-stream";

/// RFC 6266: the name as UTF-8 in percent escapes, so that no character of it means anything.
fn saved_as(name: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else if write!(text, "%{byte:02X}").is_err() {
            // Writing into a String cannot fail.
            break;
        }
    }
    text
}

pub(crate) fn no_content() -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    header(&mut answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(crate) fn not_found() -> Answer {
    problem(StatusCode::NOT_FOUND, "There is nothing at this path.")
}

pub(crate) fn method_not_allowed(allowed: &'static str) -> Answer {
    let mut answer = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "The Allow header lists what this path understands.",
    );
    header(&mut answer, ALLOW, HeaderValue::from_static(allowed));
    answer
}

pub(crate) fn wrong_secret() -> Answer {
    let mut answer = problem(
        StatusCode::UNAUTHORIZED,
        "The header X-Telegram-Bot-Api-Secret-Token is missing or wrong.",
    );
    let scheme = HeaderValue::from_static("X-Telegram-Bot-Api-Secret-Token");
    header(&mut answer, WWW_AUTHENTICATE, scheme);
    answer
}

pub(crate) fn too_large() -> Answer {
    problem(
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is longer than an update may be.",
    )
}

pub(crate) fn body_too_slow() -> Answer {
    problem(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
}

pub(crate) fn body_broken() -> Answer {
    problem(StatusCode::BAD_REQUEST, "The body could not be read to its end.")
}

pub(crate) fn not_an_update() -> Answer {
    problem(
        StatusCode::BAD_REQUEST,
        "The body is not JSON or has no update_id.",
    )
}

pub(crate) fn try_later(after: Duration) -> Answer {
    let mut answer = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "The update could not be stored; please send it again.",
    );
    header(&mut answer, RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
    answer
}

pub(crate) fn broken() -> Answer {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong here; the log has the details.",
    )
}

/// Rounded up, at least one: zero would mean "at once".
fn whole_seconds(after: Duration) -> u64 {
    after
        .as_secs()
        .saturating_add(u64::from(after.subsec_nanos() > 0))
        .max(1)
}

/// RFC 9457. The detail is ours, never the client's words.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Answer {
    let title = status.canonical_reason().unwrap_or_default();
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail })
        .to_string();
    with_body(status, "application/problem+json", Bytes::from(body))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    header(&mut answer, CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn header(answer: &mut Answer, name: HeaderName, value: HeaderValue) {
    answer.headers_mut().insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_file_leaves_its_quotes() {
        let name = saved_as("a \"b\"; filename=c\r\nX: y ж.pdf");
        let expected =
            "attachment; filename*=UTF-8''a%20%22b%22%3B%20filename%3Dc%0D%0AX%3A%20y%20%D0%B6.pdf";
        assert_eq!(name, expected);
    }

    #[test]
    fn waiting_times_are_rounded_up_and_never_zero() {
        let cases = [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (90_000, 90)];
        for (millis, seconds) in cases {
            assert_eq!(
                whole_seconds(Duration::from_millis(millis)),
                seconds,
                "{millis} ms"
            );
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
