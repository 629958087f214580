//! The HTTP server: the Bot API, file downloads, and the control API under `/fake/`.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::answer::{Answer, Refusal};
use crate::calls::{self, Cut};
use crate::control;
use crate::flow::Flowing;
use crate::params::Params;
use crate::state::Shared;

const MAX_BODY: usize = 64 << 20;

/// Serves until dropped; connections end with it.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An accept that fails is one client's loss.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(Arc::clone(&shared), stream));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: tokio::net::TcpStream) {
    let nodelay = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { respond(&shared, request).await }
    });
    let served = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A client that goes away and a cut of our own both end here; the record knows the call.
    drop((nodelay, served));
}

/// An error closes the connection without an answer.
async fn respond(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Flowing>, std::io::Error> {
    let answer = route(shared, request).await;
    let answer = answer.map_err(|Cut| std::io::Error::other("cut on request of a fault"))?;
    let mut response = Response::new(Flowing::new(answer.body, answer.flow));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(answer.content_type),
    );
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

async fn route(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Cut> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(Refusal::new(413, "Request Entity Too Large").answer());
    };
    let body = body.to_bytes();
    let path = head.uri.path();
    let query = head.uri.query();
    if let Some(rest) = path.strip_prefix("/fake/") {
        return Ok(control::answer(shared, &head.method, rest, query, body).await);
    }
    if let Some(rest) = path.strip_prefix("/file/bot") {
        let (token, file) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_token(shared, token) {
            return Ok(Refusal::unauthorized().answer());
        }
        return calls::download(shared, file).await;
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return Ok(Refusal::not_found().answer());
    };
    if !is_token(shared, token) {
        return Ok(Refusal::unauthorized().answer());
    }
    let kind = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    match Params::read(query, kind, &body) {
        Ok(params) => calls::answer(shared, method, params).await,
        Err(refusal) => Ok(refusal.answer()),
    }
}

fn is_token(shared: &Shared, token: &str) -> bool {
    let token = token.replace("%3A", ":").replace("%3a", ":");
    shared.quietly(|state| state.config.token == token)
}
