//! The HTTP server: the API, and the control API under `/fake/`.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::control;
use crate::plan::{self, Plan};
use crate::play::{self, Body};
use crate::refusal::Refusal;
use crate::request;
use crate::state::{Shared, State};

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
async fn respond(shared: &Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(refused(Refusal::invalid("invalid_json", "the body is too large")));
    };
    let body = body.to_bytes();
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/fake/") {
        let (status, answer) = control::answer(shared, &head.method, rest, head.uri.query(), &body).await;
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(play::response(
            status,
            [kind],
            play::whole(answer.to_string().into()),
        ));
    }
    let key = bearer(&head.headers);
    let route = path.strip_prefix("/openai").unwrap_or(path);
    match (&head.method, route) {
        (&Method::POST, "/v1/chat/completions") => {
            let (counter, plan) = shared.change(|state| begin(state, path, key, &body));
            play::play(shared, counter, plan).await
        }
        (&Method::GET, route) if route.starts_with("/v1/models") => Ok(models(shared, key, route)),
        _ => Ok(refused(Refusal::not_found())),
    }
}

/// Notes a call and decides what becomes of it.
fn begin(state: &mut State, path: &str, key: Option<&str>, body: &Bytes) -> (u64, Plan) {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let request = request::Request::read(&body, &state.config);
    let counter = state.record.begin(path, key, body);
    (
        counter,
        decide(state, counter, key, request).unwrap_or_else(Plan::refuse),
    )
}

fn decide(
    state: &mut State,
    counter: u64,
    key: Option<&str>,
    request: Result<request::Request, Refusal>,
) -> Result<Plan, Refusal> {
    check_key(state, key)?;
    let request = request?;
    let fault = state.faults.hit(&request, &mut state.rng);
    let effect = fault.map(|(id, effect)| {
        state.record.stats.faults_hit += 1;
        state.record.note(counter, |outcome| outcome.fault = Some(id));
        effect
    });
    if let Some(refusal) = effect
        .as_ref()
        .and_then(|effect| plan::refusal(effect, request.prompt_tokens))
    {
        return Err(refusal);
    }
    let (id, answer) = state.script.take(&request);
    state.record.note(counter, |outcome| outcome.answer = id);
    Ok(plan::answer(counter, &request, answer, effect.as_ref()))
}

fn check_key(state: &State, key: Option<&str>) -> Result<(), Refusal> {
    match key {
        None => Err(Refusal::missing_key()),
        Some(key) if key != state.config.key => Err(Refusal::unauthorised()),
        Some(_) => Ok(()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

fn models(shared: &Shared, key: Option<&str>, route: &str) -> Response<Body> {
    let found = shared.quietly(|state| {
        check_key(state, key)?;
        let one = |name: &String| json!({"id": name, "object": "model", "owned_by": "fake", "context_length": state.config.context_tokens});
        let wanted = route.strip_prefix("/v1/models/");
        let known = state.config.models.iter();
        match wanted {
            None => Ok(json!({"object": "list", "data": known.map(one).collect::<Vec<_>>()})),
            Some(wanted) => {
                let mut known = known.filter(|name| *name == wanted);
                known.next().map(one).ok_or_else(Refusal::not_found)
            }
        }
    });
    match found {
        Ok(body) => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            play::response(200, [kind], play::whole(body.to_string().into()))
        }
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Response<Body> {
    play::response(refusal.status, refusal.headers, play::whole(refusal.body.into()))
}
