//! The requests of the library for object storage, made by ureq in threads that may block.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::http::{Request, Response};

use super::refusal::{NoRoom, code, means_no_room};

/// A request and its answer, a part of a large file included.
const WITHIN: Duration = Duration::from_mins(2);
/// A connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Requests at a time.
const AT_ONCE: usize = 16;
/// What is read of the text of an error.
const ERROR_TEXT: u64 = 64 * 1024;

/// Makes the client of a bucket.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Requests::new()))
    }
}

#[derive(Debug)]
struct Requests {
    agent: Agent,
    places: Arc<Semaphore>,
}

impl Requests {
    fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // What is signed is signed for one host only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WITHIN))
            .build();
        Requests {
            agent: config.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

#[async_trait]
impl HttpService for Requests {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let unknown = |error| HttpError::new_boxed(HttpErrorKind::Unknown, error);
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|error| unknown(Box::new(error)))?;
        let agent = self.agent.clone();
        let asked = spawn_blocking(move || {
            let answer = ask(&agent, Request::from_parts(head, body));
            drop(place);
            answer
        });
        asked.await.map_err(|error| unknown(Box::new(error)))?
    }
}

fn ask(agent: &Agent, request: Request<Bytes>) -> Result<HttpResponse, HttpError> {
    let (head, body) = request.into_parts();
    let answer = if body.is_empty() && !head.method.as_str().starts_with('P') {
        agent.run(Request::from_parts(head, ()))
    } else {
        agent.run(Request::from_parts(head, &body[..]))
    };
    let (head, mut body) = answer.map_err(failed)?.into_parts();
    let refused = head.status.is_client_error() || head.status.is_server_error();
    let limit = if refused { ERROR_TEXT } else { u64::MAX };
    let bytes = body.with_config().limit(limit).read_to_vec().map_err(failed)?;
    if !refused {
        return Ok(Response::from_parts(head, HttpResponseBody::from(bytes)));
    }
    let code = code(&bytes);
    if means_no_room(head.status.as_u16(), code) {
        // Trying again at once makes no room.
        return Err(HttpError::new(HttpErrorKind::Unknown, NoRoom));
    }
    Ok(Response::from_parts(
        head,
        HttpResponseBody::from(code.to_owned()),
    ))
}

fn failed(error: ureq::Error) -> HttpError {
    let kind = match &error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            HttpErrorKind::Connect
        }
        ureq::Error::Io(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}
