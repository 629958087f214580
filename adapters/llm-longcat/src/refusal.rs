//! What an answer means that is no answer: statuses and errors of the API, and of what stands before it.

use std::time::Duration;

use frontdesk_core::port::ModelError;
use serde_json::Value;

use crate::key::Discretion;
use crate::wait;

/// An error as the API reports it, read leniently: its envelope, or the object itself.
#[derive(Debug, Default)]
struct Reported {
    kind: String,
    code: String,
    /// Prose: read for what it means, never repeated.
    message: String,
    wait: Option<Duration>,
}

impl Reported {
    fn read(body: &Value) -> Reported {
        let error = body.get("error").filter(|error| !error.is_null());
        let error = error.unwrap_or(body);
        let message = match error {
            Value::String(message) => message.clone(),
            error => text(error, "message"),
        };
        Reported {
            kind: text(error, "type"),
            code: text(error, "code"),
            wait: wait::in_body(error)
                .or_else(|| wait::in_body(body))
                .or_else(|| wait::in_message(&message)),
            message: message.to_lowercase(),
        }
    }

    fn mentions(&self, parts: &[&str]) -> bool {
        let code = self.code.to_lowercase();
        parts
            .iter()
            .any(|part| code.contains(part) || self.message.contains(part))
    }

    fn is_too_long(&self) -> bool {
        self.mentions(&[
            "context_length",
            "context length",
            "context window",
            "maximum context",
            "too many tokens",
            "prompt is too long",
            "input is too long",
        ])
    }

    fn is_quota(&self) -> bool {
        self.mentions(&["quota", "insufficient balance", "insufficient_balance"])
    }

    /// What may be said of it.
    fn said(&self, status: u16, discretion: &Discretion<'_>) -> String {
        let mut said = format!("status {status}");
        for word in [&self.kind, &self.code] {
            if let Some(word) = discretion.word(word) {
                said.push_str(", ");
                said.push_str(word);
            }
        }
        said
    }
}

/// A text or a number, as text.
fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

/// What an answer of this status means. `wait` is what its `Retry-After` says; `body` need be no JSON.
pub(crate) fn judge(
    status: u16,
    wait: Option<Duration>,
    body: &[u8],
    discretion: &Discretion<'_>,
) -> ModelError {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let reported = Reported::read(&body);
    let said = reported.said(status, discretion);
    match status {
        400 | 422 if reported.is_too_long() => ModelError::TooLong,
        402 => ModelError::QuotaExhausted(said),
        403 if reported.is_quota() => ModelError::QuotaExhausted(said),
        401 | 403 => ModelError::Unauthorised(said),
        // It was given up before it was answered; whether it was worked on is not known.
        408 | 504 | 524 => ModelError::TimedOut(said),
        413 => ModelError::TooLong,
        // Some providers say so of an empty account; waiting does not fill it.
        429 if reported.code == "insufficient_quota" => ModelError::QuotaExhausted(said),
        429 => ModelError::RateLimited {
            retry_after: wait.or(reported.wait),
        },
        300..=399 => ModelError::Rejected(format!("{said}: redirected; check LONGCAT_API_URL")),
        404 => ModelError::Rejected(format!(
            "{said}: not there; check LONGCAT_API_URL and the model's name"
        )),
        456 => ModelError::Rejected(format!("{said}: the provider's firewall blocks it")),
        400..=499 => ModelError::Rejected(said),
        _ => ModelError::Unavailable(said.into()),
    }
}

/// What an error inside an answer means that began with 200, where nothing of the answer has come. A
/// server's own error is none here: what came so far may have been charged.
pub(crate) fn judge_inside(body: &Value, discretion: &Discretion<'_>) -> Option<ModelError> {
    let reported = Reported::read(body);
    let code = reported.code.parse().ok();
    let status = code.or(match reported.kind.as_str() {
        "authentication_error" => Some(401),
        "permission_error" => Some(403),
        "rate_limit_error" => Some(429),
        "invalid_request_error" => Some(400),
        _ => None,
    });
    let status = status.filter(|status| (400..500).contains(status))?;
    Some(judge(status, None, body.to_string().as_bytes(), discretion))
}

/// What may be said of an error inside an answer.
pub(crate) fn said_inside(body: &Value, discretion: &Discretion<'_>) -> String {
    let reported = Reported::read(body);
    let words = [&reported.kind, &reported.code];
    let words: Vec<&str> = words.iter().filter_map(|word| discretion.word(word)).collect();
    match words.as_slice() {
        [] => "an error came instead of the rest".to_owned(),
        words => format!("an error came instead of the rest: {}", words.join(", ")),
    }
}
