//! Where the model is, how long to wait for it, and how much to take.

use std::net::IpAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;

use crate::key::ApiKey;

/// How to reach a model. Has no `Debug`: it holds the key.
#[derive(Clone)]
pub struct LongCatSettings {
    /// The root of the API, with or without `/v1` at its end: https, or http on this machine.
    pub api_url: String,
    /// The key of the account.
    pub key: ApiKey,
    /// The model's name, exactly as the provider spells it.
    pub model: String,
    /// How long to wait for what.
    pub limits: Limits,
    /// How many calls may be in flight. Each blocks a thread.
    pub calls_at_once: usize,
    /// The most of an answer that is read, in bytes.
    pub answer_limit: u64,
}

/// How long to wait for what. The deadline of a request bounds all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a name to be resolved, and again for a connection.
    pub connect: Duration,
    /// For an answer that comes as a whole.
    pub plain_total: Duration,
    /// For the first of a streamed answer, be it text, thought or proposal.
    pub first_token: Duration,
    /// Between two chunks after it. Comments that keep a connection alive are none.
    pub idle: Duration,
    /// For a streamed answer altogether.
    pub stream_total: Duration,
}

impl Default for Limits {
    /// 5 s to connect, 60 s for a whole answer; of a stream 30 s to the first token, 15 s between two
    /// chunks, 120 s altogether.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(5),
            plain_total: Duration::from_mins(1),
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(15),
            stream_total: Duration::from_mins(2),
        }
    }
}

/// How much longer than we do the transport waits. It is there so that no thread outlives its call for
/// long even if nobody shuts it down.
const BEYOND: Duration = Duration::from_secs(5);

impl LongCatSettings {
    /// LongCat's own server.
    pub const API_URL: &'static str = "https://api.longcat.chat/openai";

    /// The defaults: LongCat's own server, [`Limits::default`], 4 calls at a time, answers of up to
    /// 4 MiB (a stream spends some 200 bytes a token on its frame).
    pub fn new(key: ApiKey, model: impl Into<String>) -> Self {
        LongCatSettings {
            api_url: Self::API_URL.to_owned(),
            key,
            model: model.into(),
            limits: Limits::default(),
            calls_at_once: 4,
            answer_limit: 4 << 20,
        }
    }
}

impl Limits {
    /// The connection of one call that takes up to `total`. No other call shares it: it is shut down
    /// when nobody waits for that call any more.
    pub(crate) fn agent(&self, total: Duration) -> Agent {
        Agent::config_builder()
            .http_status_as_error(false)
            // The key goes to one host only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_resolve(Some(self.connect))
            .timeout_connect(Some(self.connect))
            .timeout_global(Some(total.saturating_add(BEYOND)))
            .max_idle_connections(0)
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .into()
    }
}

/// A URL that cannot be the root of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LONGCAT_API_URL `{url}`: {problem}; expected for example {default}", default = LongCatSettings::API_URL)]
pub struct BadApiUrl {
    url: String,
    problem: &'static str,
}

/// Checks the root of the API; gives it up to and with `/v1`. The key would cross the network in clear
/// over http.
pub(crate) fn check_api_url(url: &str) -> Result<String, BadApiUrl> {
    let bad = |problem| BadApiUrl {
        url: url.to_owned(),
        problem,
    };
    let text = url.trim().trim_end_matches('/');
    let text = text.strip_suffix("/v1").unwrap_or(text).trim_end_matches('/');
    let uri: Uri = text.parse().map_err(|_| bad("it is no URL"))?;
    let host = uri
        .host()
        .filter(|host| !host.is_empty())
        .ok_or_else(|| bad("it has no host"))?;
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(BadApiUrl {
            url: "[redacted]".to_owned(),
            problem: "a user name or password is not taken",
        });
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(BadApiUrl {
            url: "[redacted]".to_owned(),
            problem: "it must end with its path",
        });
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback(host) => {}
        Some("http") => {
            return Err(bad("http is taken on this machine only, since it shows the key"));
        }
        _ => return Err(bad("it must start with https://")),
    }
    Ok(format!("{text}/v1"))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_or_without_its_version_it_is_the_same_root() {
        for (url, root) in [
            (LongCatSettings::API_URL, "https://api.longcat.chat/openai/v1"),
            (
                "https://api.longcat.chat/openai/",
                "https://api.longcat.chat/openai/v1",
            ),
            (
                " https://api.longcat.chat/openai/v1/\n",
                "https://api.longcat.chat/openai/v1",
            ),
            ("https://llm.example", "https://llm.example/v1"),
            ("https://llm.example/v1", "https://llm.example/v1"),
            ("http://127.0.0.1:8082/openai", "http://127.0.0.1:8082/openai/v1"),
            ("http://[::1]:8082", "http://[::1]:8082/v1"),
            ("http://localhost:8082/v1", "http://localhost:8082/v1"),
        ] {
            assert_eq!(check_api_url(url).as_deref(), Ok(root), "{url}");
        }
    }

    #[test]
    fn only_https_or_this_machine() {
        for url in [
            "",
            "/v1",
            "api.longcat.chat",
            "http://api.longcat.chat/openai",
            "http://10.0.0.1:8082",
            "http://localhost.example",
            "ftp://localhost",
            "https://user:secret@api.longcat.chat",
            "https://api.longcat.chat/openai?key=secret",
            "https://",
            "not a url",
        ] {
            let error = check_api_url(url).map_err(|error| error.to_string());
            let error = error.err().unwrap_or_else(|| panic!("{url} was taken"));
            assert!(error.starts_with("LONGCAT_API_URL"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
