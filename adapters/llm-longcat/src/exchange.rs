//! One request and its answer, on a thread that may block; what comes is passed on piece by piece.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use ureq::http::{HeaderMap, HeaderValue, Response, header};
use ureq::{Agent, Body, SendBody};

use crate::wait;

/// How many pieces may wait for their reader; then the thread waits.
const AHEAD: usize = 16;
/// The most of a body that is read at once.
const PIECE: usize = 16 << 10;

/// What is asked for.
pub(crate) struct Ask {
    pub(crate) url: String,
    pub(crate) authorization: HeaderValue,
    /// The body of a POST; without one it is a GET.
    pub(crate) payload: Option<Vec<u8>>,
    /// The most of the answer's body that is read.
    pub(crate) limit: u64,
}

/// What comes.
#[derive(Debug)]
pub(crate) enum Event {
    /// The answer's head: the first of an answer.
    Head(Head),
    /// More of its body.
    Bytes(Vec<u8>),
    /// The body ends as it should.
    End,
    /// The body breaks off. Not redacted.
    Cut(String),
    /// No answer came. Not redacted.
    Lost(String),
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// What `Retry-After` says.
    pub(crate) wait: Option<Duration>,
    /// The body is said to be JSON.
    pub(crate) is_json: bool,
}

/// A call in flight. When it is dropped its connection is shut down, and its thread ends at once if it
/// waits for the network. Names are resolved and connections are made beyond that reach; both have a
/// time-out of their own.
pub(crate) struct Exchange {
    events: mpsc::Receiver<Event>,
    handed_over: Arc<AtomicBool>,
    agent: Agent,
}

impl Exchange {
    /// Begins a call. Its place is free again when its thread ends, and not before.
    pub(crate) fn begin(agent: Agent, ask: Ask, place: OwnedSemaphorePermit) -> Exchange {
        let (sender, events) = mpsc::channel(AHEAD);
        let handed_over = Arc::new(AtomicBool::new(false));
        let (watch, own) = (Arc::clone(&handed_over), agent.clone());
        // Nobody waits for the thread: it ends by itself, and what it says comes by the channel.
        drop(spawn_blocking(move || {
            let _place = place;
            run(&own, &ask, &watch, &sender);
        }));
        Exchange {
            events,
            handed_over,
            agent,
        }
    }

    /// What comes next; `None` if nothing does until then.
    pub(crate) async fn next(&mut self, until: Instant) -> Option<Event> {
        match timeout_at(until, self.events.recv()).await {
            Ok(Some(event)) => Some(event),
            Ok(None) => Some(Event::Lost("its thread ended".to_owned())),
            Err(_) => None,
        }
    }

    /// Whether a part of the request's body may have left. All that is asked is in there, so before
    /// that nobody can have worked on it.
    pub(crate) fn handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Acquire)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

/// The request's body. ureq asks for it after it has connected, agreed on TLS and written the headers,
/// and not before; that it was asked is the one sure sign, whatever error comes out.
struct Watched<'a> {
    rest: &'a [u8],
    asked: &'a AtomicBool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.asked.store(true, Ordering::Release);
        self.rest.read(buffer)
    }
}

fn run(agent: &Agent, ask: &Ask, handed_over: &AtomicBool, events: &mpsc::Sender<Event>) {
    let last = match send(agent, ask, handed_over) {
        Err(error) => Event::Lost(error.to_string()),
        Ok(response) => {
            let head = Head {
                status: response.status().as_u16(),
                wait: wait::in_headers(response.headers()),
                is_json: is_json(response.headers()),
            };
            if events.blocking_send(Event::Head(head)).is_err() {
                return;
            }
            let body = response.into_body().into_with_config().limit(ask.limit).reader();
            pass_on(body, events)
        }
    };
    // An error means that nobody waits for it any more.
    drop(events.blocking_send(last));
}

/// Passes on what comes of a body; gives its end.
fn pass_on(mut body: impl Read, events: &mpsc::Sender<Event>) -> Event {
    let mut buffer = vec![0; PIECE];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Event::End,
            Ok(read) => {
                if events
                    .blocking_send(Event::Bytes(buffer[..read].to_vec()))
                    .is_err()
                {
                    return Event::End;
                }
            }
            Err(error) => return Event::Cut(error.to_string()),
        }
    }
}

fn send(agent: &Agent, ask: &Ask, asked: &AtomicBool) -> Result<Response<Body>, ureq::Error> {
    let Some(payload) = &ask.payload else {
        return agent
            .get(&ask.url)
            .header(header::AUTHORIZATION, &ask.authorization)
            .call();
    };
    let mut body = Watched { rest: payload, asked };
    agent
        .post(&ask.url)
        .header(header::AUTHORIZATION, &ask.authorization)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, payload.len())
        .send(SendBody::from_reader(&mut body))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}
