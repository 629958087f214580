//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use slog::{Logger, debug, error};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

use crate::Limits;
use crate::answer::{self, Answer};
use crate::body::RequestBody;
use crate::catch::caught;
use crate::routes::Routes;
use crate::watch::{Verdict, Watch};
use crate::watched::Watched;

/// Hyper takes no smaller buffer.
const SMALLEST_HEAD: usize = 8 * 1024;

/// What all connections of a listener share.
#[derive(Debug)]
pub(crate) struct Shared<R> {
    pub(crate) routes: R,
    pub(crate) limits: Limits,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) log: Logger,
}

/// Answers the requests of one connection until either side ends it. Once `stop` is true the request in hand is
/// finished and no other one taken.
pub(crate) async fn serve<R: Routes>(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared<R>>,
    mut stop: watch::Receiver<bool>,
) {
    let clock = Arc::new(Watch::new());
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&clock)));
    let service = service_fn(|request| answer(&shared, &clock, request));
    let mut connection = pin!(builder(&shared.limits).serve_connection(io, service));
    let mut look = pin!(sleep_until(Instant::now())); // at once, to learn when next
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(source) = ended {
                    debug!(shared.log, "a connection broke"; "peer" => %peer, "error" => %source);
                }
                return;
            }
            () = look.as_mut() => match clock.look(&shared.limits, shared.places.available_permits() == 0) {
                Verdict::LookAgainAt(at) => look.as_mut().reset(at),
                Verdict::Idle => {
                    connection.as_mut().graceful_shutdown();
                    look.as_mut().reset(Instant::now() + shared.limits.header_timeout);
                }
                Verdict::Slow(doing) => {
                    debug!(shared.log, "hung up on a slow client"; "peer" => %peer, "doing" => doing);
                    return;
                }
            },
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // A client that sent all it has and shut its side still gets its answer.
        .half_close(true)
        // Ours, see `watch`.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes.max(SMALLEST_HEAD));
    builder
}

async fn answer<R: Routes>(
    shared: &Shared<R>,
    clock: &Watch,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let _handling = clock.handling();
    let (head, incoming) = request.into_parts();
    let mut body = RequestBody::new(incoming);
    let mut answer = caught(shared.routes.answer(&head, &mut body))
        .await
        .unwrap_or_else(|_panicked| {
            error!(shared.log, "a request's handler panicked"; "method" => %head.method);
            answer::broken()
        });
    clock.left_unread(body.is_unread());
    if body.is_unread() {
        answer
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}
