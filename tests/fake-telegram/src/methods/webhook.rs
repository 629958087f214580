//! Registering the webhook.

use std::net::IpAddr;

use hyper::Uri;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::{State, Webhook};

const MAX_SECRET: usize = 256;

pub(super) fn set(state: &mut State, params: &Params) -> Outcome {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return Ok(delete(state, params));
    }
    let now = Instant::now();
    if state.next_set_webhook.is_some_and(|next| now < next) {
        return Err(Refusal::too_many(1));
    }
    state.next_set_webhook = Some(now + state.config.scaled(1.0));

    let plain = check_url(&url, state.config.local)?;
    let secret_token = params.text("secret_token").unwrap_or_default();
    if secret_token.len() > MAX_SECRET {
        return Err(Refusal::bad("secret token is too long"));
    }
    if !secret_token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    {
        return Err(Refusal::bad("secret token contains unallowed characters"));
    }
    let most = if plain { 100_000 } else { 100 };
    let max_connections = params.number("max_connections").unwrap_or(40).clamp(1, most);
    let max_connections = usize::try_from(max_connections).unwrap_or(40);
    let changed_kinds = allow_updates(state, params)?;
    if params.flag("drop_pending_updates") {
        state.queue.clear();
    }
    let new = Webhook {
        url,
        secret_token,
        max_connections,
        last_error: None,
    };
    let same = state.webhook.as_ref().is_some_and(|old| {
        old.url == new.url
            && old.secret_token == new.secret_token
            && old.max_connections == new.max_connections
    });
    if same && !changed_kinds && !params.flag("drop_pending_updates") {
        return Ok(Success::Described(true.into(), "Webhook is already set"));
    }
    state.register(Some(new));
    Ok(Success::Described(true.into(), "Webhook was set"))
}

/// Takes over `allowed_updates` where given; true if that changed anything.
pub(crate) fn allow_updates(state: &mut State, params: &Params) -> Result<bool, Refusal> {
    let Some(kinds) = params.object("allowed_updates")? else {
        return Ok(false);
    };
    let kinds = kinds
        .as_array()
        .ok_or_else(|| Refusal::bad("expected an Array of String"))?;
    let kinds: Vec<String> = kinds
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let changed = kinds != state.allowed_updates;
    state.allowed_updates = kinds;
    Ok(changed)
}

/// Checks a webhook's address; true where it is plain HTTP.
fn check_url(url: &str, local: bool) -> Result<bool, Refusal> {
    let bad = |what: &str| Refusal::bad(format!("bad webhook: {what}"));
    let uri: Uri = url.parse().map_err(|_| bad("invalid webhook URL specified"))?;
    let host = uri.host().ok_or_else(|| bad("invalid webhook URL specified"))?;
    match uri.scheme_str() {
        Some("https") => {
            let port = uri.port_u16().unwrap_or(443);
            if local || [443, 80, 88, 8443].contains(&port) || is_loopback(host) {
                Ok(false)
            } else {
                Err(bad("Webhook can be set up only on ports 80, 88, 443 or 8443"))
            }
        }
        Some("http") if local || is_loopback(host) => Ok(true),
        _ => Err(bad("An HTTPS URL must be provided for webhook")),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

pub(super) fn delete(state: &mut State, params: &Params) -> Success {
    if params.flag("drop_pending_updates") {
        state.queue.clear();
    }
    if state.webhook.is_none() {
        return Success::Described(true.into(), "Webhook is already deleted");
    }
    state.register(None);
    Success::Described(true.into(), "Webhook was deleted")
}

pub(super) fn info(state: &State) -> Success {
    let mut info = Map::new();
    let url = state.webhook.as_ref().map_or("", |webhook| webhook.url.as_str());
    info.insert("url".to_owned(), url.into());
    info.insert("has_custom_certificate".to_owned(), false.into());
    info.insert("pending_update_count".to_owned(), state.queue.len().into());
    if let Some(webhook) = &state.webhook {
        info.insert("max_connections".to_owned(), webhook.max_connections.into());
        if let Some((at, message)) = &webhook.last_error {
            info.insert("last_error_date".to_owned(), (*at).into());
            info.insert("last_error_message".to_owned(), message.clone().into());
        }
    }
    if !state.allowed_updates.is_empty() {
        info.insert("allowed_updates".to_owned(), state.allowed_updates.clone().into());
    }
    Success::Result(Value::Object(info))
}
