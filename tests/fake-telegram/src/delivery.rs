//! The dispatcher: delivers what is due to the webhook and settles each attempt by Telegram's rules.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::calls;
use crate::lanes::{Attempt, Settled, backoff_seconds, retry_after};
use crate::record::{Delivery, unix_ms, unix_seconds};
use crate::state::{Shared, State};

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
const MAX_ANSWER: usize = 1 << 20;

type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// An attempt with all it needs outside the lock.
#[derive(Debug)]
struct Job {
    attempt: Attempt,
    url: String,
    secret_token: String,
    answer_timeout: Duration,
}

/// What the webhook answered.
#[derive(Debug)]
struct Heard {
    status: u16,
    retry_after: Option<Duration>,
    body: Bytes,
}

/// Runs until dropped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
    let mut attempts = JoinSet::new();
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        let (jobs, next) = shared.quietly(|state| due(state, Instant::now()));
        for job in jobs {
            attempts.spawn(deliver(Arc::clone(&shared), client.clone(), job));
        }
        let next = next.unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
        tokio::select! {
            ended = changes.changed() => if ended.is_err() { return },
            () = sleep_until(next) => {}
            Some(_) = attempts.join_next() => {}
        }
    }
}

fn due(state: &mut State, now: Instant) -> (Vec<Job>, Option<Instant>) {
    let Some(webhook) = state.webhook.clone() else {
        return (Vec::new(), None);
    };
    let mut jobs = Vec::new();
    while let Some(attempt) = state.lanes.take(now, webhook.max_connections) {
        if attempt.number == 1 && !attempt.is_copy() {
            for copy in 1..state.config.deliver_times {
                if is_concurrent(&attempt, copy) {
                    state.lanes.push_copy(&attempt.update, now);
                }
            }
        }
        let url = target(&webhook.url, state.config.deliver_to.as_deref());
        let secret_token = webhook.secret_token.clone();
        jobs.push(Job {
            attempt,
            url,
            secret_token,
            answer_timeout: state.config.answer_timeout,
        });
    }
    (jobs, state.lanes.next_due(webhook.max_connections))
}

/// Extra deliveries go out beside the first one and after it, in turn.
fn is_concurrent(attempt: &Attempt, copy: u32) -> bool {
    (attempt.update.seq + u64::from(copy)).is_multiple_of(2)
}

/// The address a delivery goes to.
fn target(url: &str, deliver_to: Option<&str>) -> String {
    let path = || {
        url.parse::<Uri>()
            .ok()?
            .path_and_query()
            .map(|path| path.as_str().to_owned())
    };
    match deliver_to {
        Some(base) => format!("{}{}", base.trim_end_matches('/'), path().unwrap_or_default()),
        None => url.to_owned(),
    }
}

async fn deliver(shared: Arc<Shared>, client: HttpClient, job: Job) {
    let (at, begun) = (unix_ms(), Instant::now());
    let heard = match timeout(job.answer_timeout, post(&client, &job)).await {
        Ok(heard) => heard,
        Err(_) => Err("Read timeout expired".to_owned()),
    };
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    shared.change(|state| settle(state, &job.attempt, heard, at, took));
}

async fn post(client: &HttpClient, job: &Job) -> Result<Heard, String> {
    let mut request = Request::post(&job.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT_ENCODING, "gzip, deflate");
    if !job.secret_token.is_empty() {
        request = request.header(SECRET_HEADER, &job.secret_token);
    }
    let request = request
        .body(Full::new(job.attempt.update.body.clone()))
        .map_err(|error| error.to_string())?;
    let response = client.request(request).await.map_err(|error| causes(&error))?;
    let status = response.status().as_u16();
    let after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let after = after.and_then(retry_after);
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    Ok(Heard {
        status,
        retry_after: after,
        body,
    })
}

/// An error with its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line = format!("{line}: {inner}");
        cause = inner.source();
    }
    line
}

fn settle(state: &mut State, attempt: &Attempt, heard: Result<Heard, String>, at: u64, took: u64) {
    let now = Instant::now();
    let current = attempt.generation == state.lanes.generation;
    let accepted = heard
        .as_ref()
        .is_ok_and(|heard| (200..300).contains(&heard.status));
    let settled = if accepted {
        Settled::Accepted
    } else {
        let asked = heard.as_ref().ok().and_then(|heard| heard.retry_after);
        retry(state, attempt, asked, now)
    };
    note(state, attempt, &heard, settled, (at, took), now);
    if current {
        if !attempt.is_copy() {
            match settled {
                Settled::Accepted => take(state, attempt, now),
                Settled::Dropped => {
                    state.queue.remove(attempt.update.seq);
                    state.record.stats.updates_expired += 1;
                }
                Settled::Failed { .. } => {}
            }
        }
        state.lanes.settle(attempt, settled, now);
    }
    if let Ok(heard) = heard
        && accepted
        && let Some((method, params)) = calls::method_in_answer(&heard.body)
    {
        calls::run_from_webhook_answer(state, &method, &params);
    }
}

/// When to try again; not at all where that would be after the update's expiry.
fn retry(state: &mut State, attempt: &Attempt, asked: Option<Duration>, now: Instant) -> Settled {
    let wait = if let Some(wait) = asked {
        state.config.scaled(wait.as_secs_f64())
    } else {
        let cap = 60.0 + 60.0 * state.rng.fraction();
        state.config.scaled(backoff_seconds(attempt.failures + 1, cap))
    };
    let retry = now + wait;
    if attempt.update.expires.is_some_and(|expires| retry > expires) {
        return Settled::Dropped;
    }
    Settled::Failed {
        retry,
        backs_off: asked.is_none(),
    }
}

/// The update is forgotten; its later copies are queued.
fn take(state: &mut State, attempt: &Attempt, now: Instant) {
    if state.queue.remove(attempt.update.seq).is_some() {
        state.record.stats.updates_taken += 1;
    }
    for copy in 1..state.config.deliver_times {
        if !is_concurrent(attempt, copy) {
            let later = state.config.scaled(f64::from(copy));
            state.lanes.push_copy(&attempt.update, now + later);
        }
    }
}

fn note(
    state: &mut State,
    attempt: &Attempt,
    heard: &Result<Heard, String>,
    settled: Settled,
    (at, duration_ms): (u64, u64),
    now: Instant,
) {
    let retry_in_ms = match settled {
        Settled::Failed { retry, .. } => u64::try_from(retry.saturating_duration_since(now).as_millis()).ok(),
        Settled::Accepted | Settled::Dropped => None,
    };
    let counts = &mut state.record.stats;
    counts.deliveries += 1;
    if !matches!(settled, Settled::Accepted) {
        counts.deliveries_failed += 1;
        let message = match heard {
            Ok(heard) => format!("Wrong response from the webhook: {}", heard.status),
            Err(error) => error.clone(),
        };
        if let Some(webhook) = &mut state.webhook {
            webhook.last_error = Some((unix_seconds(), message));
        }
    }
    let counter = counts.deliveries;
    state.record.deliveries.push(Delivery {
        counter,
        update_id: attempt.update.id,
        queue: attempt.lane.to_string(),
        attempt: attempt.number,
        copy: attempt.is_copy(),
        at,
        duration_ms,
        status: heard.as_ref().ok().map(|heard| heard.status),
        error: heard.as_ref().err().cloned(),
        retry_in_ms,
    });
}
