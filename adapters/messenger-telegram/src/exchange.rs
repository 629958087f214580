//! One request and its answer, on a thread that may block.

use std::io::Read;
use std::time::Duration;

use ureq::http::{HeaderMap, header};
use ureq::{Agent, SendBody};

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds of a `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
    /// Why the body ends early, if it does.
    pub(crate) cut: Option<String>,
}

/// Nothing came back.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Whether a part of the request's body may have left. All that a call asks for is in the body,
    /// so before that nobody can have acted on it.
    pub(crate) handed_over: bool,
    /// Not redacted: may hold the URL.
    pub(crate) reason: String,
}

/// The request's body. ureq asks for it after it has connected, agreed on TLS and written the
/// headers, and not before; that it was asked is the one sure sign, whatever error comes out.
struct Watched<'a> {
    rest: &'a [u8],
    asked: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.asked = true;
        self.rest.read(buffer)
    }
}

/// Posts `payload` and reads the answer, within `within` altogether and up to `limit` bytes.
pub(crate) fn exchange(
    agent: &Agent,
    url: &str,
    payload: &[u8],
    within: Duration,
    limit: u64,
) -> Result<Answer, Lost> {
    let mut body = Watched {
        rest: payload,
        asked: false,
    };
    let sent = agent
        .post(url)
        .config()
        .timeout_global(Some(within))
        .build()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, payload.len())
        .send(SendBody::from_reader(&mut body));
    let response = sent.map_err(|error| Lost {
        handed_over: body.asked,
        reason: error.to_string(),
    })?;
    let mut answer = Answer {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
        ..Answer::default()
    };
    let mut reader = response.into_body().into_with_config().limit(limit).reader();
    if let Err(error) = reader.read_to_end(&mut answer.body) {
        answer.cut = Some(error.to_string());
    }
    Ok(answer)
}

/// How long an answer asks to wait; some seconds if it does not say.
pub(crate) fn retry_after_of(headers: &HeaderMap) -> Duration {
    const UNNAMED: u64 = 5;
    const LONGEST: u64 = 24 * 3600;
    Duration::from_secs(retry_after(headers).unwrap_or(UNNAMED).min(LONGEST))
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
