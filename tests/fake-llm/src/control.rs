//! The control API under `/fake/`: the Rust API's twin for tests in any language. The README shows each request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fake::Handle;
use crate::fault::Fault;
use crate::look::{self, Condition};
use crate::script::Answer;
use crate::state::Shared;

/// A request that can't be served: status and reason.
type Refused = (u16, String);
type Control = Result<Value, Refused>;

/// Answers a request of a test: status and body.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &Bytes,
) -> (u16, Value) {
    let fake = Handle(Arc::clone(shared));
    let query = query.unwrap_or_default();
    let answered = match (method.as_str(), path) {
        ("POST", "wait") => wait(shared, body).await,
        ("POST", _) => post(&fake, path, query, body),
        ("GET", _) => get(&fake, path, query),
        ("DELETE", _) => delete(&fake, path, query),
        _ => Err(unknown(path)),
    };
    match answered {
        Ok(value) => (200, value),
        Err((status, reason)) => (status, json!({"error": reason})),
    }
}

fn get(fake: &Handle, path: &str, query: &str) -> Control {
    match path {
        "calls" => {
            let after = number(query, "after")?.unwrap_or(0);
            let mut calls = fake.calls();
            calls.retain(|call| {
                call.counter > after && text(query, "model").is_none_or(|wanted| call.model == wanted)
            });
            to_json(&calls)
        }
        "stats" => to_json(&fake.stats()),
        "answers" => to_json(&fake.answers()),
        "faults" => to_json(&fake.faults()),
        _ => Err(unknown(path)),
    }
}

fn post(fake: &Handle, path: &str, query: &str, body: &Bytes) -> Control {
    match path {
        "answers" => Ok(json!({"id": fake.answer(read::<Answer>(body)?)})),
        "faults" => Ok(json!({"id": fake.fault(read::<Fault>(body)?)})),
        "release" => match number(query, "call")? {
            Some(counter) => Ok(json!({"released": u64::from(fake.release(counter))})),
            None => Ok(json!({"released": fake.release_all()})),
        },
        "reset" => {
            fake.reset();
            Ok(json!({}))
        }
        _ => Err(unknown(path)),
    }
}

fn delete(fake: &Handle, path: &str, query: &str) -> Control {
    match (path, number(query, "id")?) {
        ("answers", Some(id)) => fake.clear_answer(id),
        ("answers", None) => fake.clear_answers(),
        ("faults", Some(id)) => fake.clear_fault(id),
        ("faults", None) => fake.clear_faults(),
        _ => return Err(unknown(path)),
    }
    Ok(json!({}))
}

async fn wait(shared: &Arc<Shared>, body: &Bytes) -> Control {
    let wait: Wait = read(body)?;
    let limit = Duration::from_millis(wait.timeout_ms.unwrap_or(5_000));
    match look::wait(shared, &wait.condition, limit).await {
        Ok(()) => Ok(json!({"held": true})),
        Err(error) => Err((408, error.to_string())),
    }
}

#[derive(Deserialize)]
struct Wait {
    #[serde(flatten)]
    condition: Condition,
    timeout_ms: Option<u64>,
}

/// A value of the query. Names of models need no escapes.
fn text<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn number(query: &str, name: &str) -> Result<Option<u64>, Refused> {
    let number = text(query, name).map(str::parse).transpose();
    number.map_err(|_| (400, format!("{name} is no whole number")))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn to_json(value: &impl serde::Serialize) -> Control {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}

fn unknown(path: &str) -> Refused {
    (404, format!("there is no control request {path}"))
}
