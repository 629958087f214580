//! Playing a plan on a connection: waits, holds, bytes, cuts, and the note of how it ended.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::vec::IntoIter;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::plan::{Plan, Step};
use crate::record::End;
use crate::state::Shared;

/// A body; an error drops the connection.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A body that is there at once.
pub(crate) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// A response of these parts.
pub(crate) fn response(
    status: u16,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().extend(headers);
    response
}

/// Plays a plan; an error drops the connection.
pub(crate) async fn play(shared: &Arc<Shared>, counter: u64, plan: Plan) -> io::Result<Response<Body>> {
    // Notes the end, also where the client goes away and the server drops this future or the body.
    let guard = Guard {
        shared: Arc::clone(shared),
        counter,
        ended: false,
    };
    let mut before = Player {
        guard,
        steps: plan.before.into_iter(),
    };
    // Nothing before the status is bytes.
    if let Some(Err(cut)) = before.next().await {
        return Err(cut);
    }
    let status = plan.status;
    shared.change(|state| {
        state
            .record
            .note(counter, |outcome| outcome.status = Some(status));
    });
    let player = Player {
        guard: before.guard,
        steps: plan.body.into_iter(),
    };
    let frames = stream::unfold(player, |mut player| async {
        let next = player.next().await;
        if next.is_none() {
            player.guard.end(End::Answered);
        }
        next.map(|bytes| (bytes.map(Frame::data), player))
    });
    let body = StreamBody::new(frames).boxed_unsync();
    Ok(response(status, plan.headers, body))
}

struct Player {
    guard: Guard,
    steps: IntoIter<Step>,
}

impl Player {
    /// Goes on to the next bytes; `None` at the end, an error at a cut.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let Guard { shared, counter, .. } = &self.guard;
        let counter = *counter;
        while let Some(step) = self.steps.next() {
            match step {
                Step::Wait(time) => sleep(time).await,
                Step::Hold => shared.hold(counter).await,
                Step::Tell(tokens) => shared.change(|state| state.record.tell(counter, tokens)),
                Step::Bytes(bytes) => {
                    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    shared.change(|state| state.record.wrote(counter, length));
                    // A client may go as soon as it has all, before the server asks for more.
                    if self.steps.len() == 0 {
                        self.guard.end(End::Answered);
                    }
                    return Some(Ok(bytes));
                }
                Step::Cut => {
                    // What was written before leaves first: the server flushes where nothing more comes.
                    yield_now().await;
                    self.guard.end(End::Cut);
                    return Some(Err(io::Error::other("cut on request of a fault")));
                }
            }
        }
        None
    }
}

struct Guard {
    shared: Arc<Shared>,
    counter: u64,
    ended: bool,
}

impl Guard {
    fn end(&mut self, end: End) {
        if !self.ended {
            self.ended = true;
            self.shared.change(|state| state.record.end(self.counter, end));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.end(End::ClientGone);
    }
}
