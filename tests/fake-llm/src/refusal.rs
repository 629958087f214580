//! Refusals: the status, the headers and the body they come with.

use hyper::header::{self, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::fault::Told;

/// A refusal, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: String,
}

/// A day like any other, at which a 429 with a date is given.
const DATE: &str = "Fri, 31 Dec 1999 23:58:00 GMT";

impl Refusal {
    /// A refusal in the API's envelope.
    pub(crate) fn new(status: u16, kind: &str, code: impl Into<Value>, message: impl Into<String>) -> Self {
        let error = json!({"message": message.into(), "type": kind, "code": code.into()});
        Self::of(status, &json!({"error": error}))
    }

    fn of(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: body.to_string(),
        }
    }

    pub(crate) fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", code, message)
    }

    pub(crate) fn too_long(limit: u64, tokens: u64) -> Self {
        let message = format!(
            "This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens."
        );
        Self::invalid("context_length_exceeded", message)
    }

    pub(crate) fn unauthorised() -> Self {
        Self::new(
            401,
            "authentication_error",
            "invalid_api_key",
            "Invalid API key provided",
        )
    }

    pub(crate) fn missing_key() -> Self {
        Self::new(
            401,
            "authentication_error",
            "missing_api_key",
            "No API key provided",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            404,
            "invalid_request_error",
            "not_found",
            "There is nothing at this path",
        )
    }

    pub(crate) fn payment_required() -> Self {
        Self::new(
            402,
            "billing_error",
            "quota_exhausted",
            "The balance of the account is used up",
        )
    }

    pub(crate) fn insufficient_quota() -> Self {
        Self::new(
            403,
            "permission_error",
            "insufficient_quota",
            "The quota is not sufficient",
        )
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(
            403,
            "permission_error",
            "model_not_allowed",
            "The key may not use this model",
        )
    }

    /// The web application firewall answers for itself.
    pub(crate) fn firewall() -> Self {
        let body =
            json!({"status": 456, "message": "Forbidden, the request was blocked", "request_id": "fake-456"});
        Self::of(456, &body)
    }

    pub(crate) fn server(status: u16) -> Self {
        Self::new(status, "server_error", "internal_error", "Internal server error")
    }

    pub(crate) fn bad_gateway() -> Self {
        let html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
            <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        Self {
            status: 502,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))],
            body: html.to_owned(),
        }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut refusal = Self::new(307, "redirect", "moved", "Moved");
        if let Ok(to) = HeaderValue::from_str(to) {
            refusal.headers.push((header::LOCATION, to));
        }
        refusal
    }

    pub(crate) fn too_many_requests(retry_after: u64, told: Told) -> Self {
        let mut error = Map::new();
        let message = match told {
            Told::Message => format!("Too many requests, try again in {retry_after}s"),
            _ => "Too many requests".to_owned(),
        };
        error.insert("message".to_owned(), message.into());
        error.insert("type".to_owned(), "rate_limit_error".into());
        error.insert("code".to_owned(), "rate_limit_exceeded".into());
        if told == Told::Body {
            error.insert("retry_after".to_owned(), retry_after.into());
        }
        let mut refusal = Self::of(429, &json!({"error": error}));
        match told {
            Told::Header => refusal.headers.push((header::RETRY_AFTER, retry_after.into())),
            Told::HeaderDate => refusal.date_headers(retry_after),
            Told::Body | Told::Message | Told::Nowhere => {}
        }
        refusal
    }

    /// A fixed `Date` and a `Retry-After` so long after it, within the hour.
    fn date_headers(&mut self, retry_after: u64) {
        let minutes = 58 + retry_after / 60;
        let (day, hour, minute) = if minutes < 60 {
            ("Fri, 31 Dec 1999", 23, minutes)
        } else {
            ("Sat, 01 Jan 2000", 0, (minutes - 60).min(59))
        };
        let later = format!("{day} {hour:02}:{minute:02}:{:02} GMT", retry_after % 60);
        self.headers.push((header::DATE, HeaderValue::from_static(DATE)));
        if let Ok(later) = HeaderValue::from_str(&later) {
            self.headers.push((header::RETRY_AFTER, later));
        }
    }
}
