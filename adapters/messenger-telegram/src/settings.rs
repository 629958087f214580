//! Where the Bot API is and how long to wait for it.

use std::net::IpAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;

use crate::token::BotToken;

/// How to reach the Bot API. Has no `Debug`: it holds the token.
#[derive(Clone)]
pub struct TelegramSettings {
    /// The bot's token.
    pub token: BotToken,
    /// The root of the Bot API: https, or http on this machine.
    pub api_url: String,
    /// The root of its files; `None` for `/file` below `api_url`.
    pub file_url: Option<String>,
    /// The most to wait for a name to be resolved, and again for a connection.
    pub connect_timeout: Duration,
    /// The most to wait for a call altogether.
    pub call_timeout: Duration,
    /// The most to wait for a long poll beyond the time it was asked to take.
    pub poll_slack: Duration,
    /// How many calls may be in flight, long polls aside.
    pub blocking_calls: usize,
    /// How many files may be under way.
    pub downloads: usize,
    /// The most to wait for a file altogether.
    pub download_timeout: Duration,
}

impl TelegramSettings {
    /// Telegram's own server.
    pub const API_URL: &'static str = "https://api.telegram.org";

    /// The defaults: Telegram's own server, 5 s to connect, 30 s a call, 15 s more than a long poll
    /// takes, 16 calls at a time; 4 files at a time, 5 min a file.
    pub fn new(token: BotToken) -> Self {
        TelegramSettings {
            token,
            api_url: Self::API_URL.to_owned(),
            file_url: None,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            poll_slack: Duration::from_secs(15),
            blocking_calls: 16,
            downloads: 4,
            download_timeout: Duration::from_mins(5),
        }
    }

    /// Connections to a server. Those to this machine take no proxy.
    pub(crate) fn agent(&self, loopback: bool) -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The token is in the path: it goes to one host only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .max_idle_connections(self.blocking_calls.max(1))
            .max_idle_connections_per_host(self.blocking_calls.max(1))
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")));
        let config = if loopback { config.proxy(None) } else { config };
        config.build().into()
    }
}

/// A URL that cannot be the root of a Bot API, or of its files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} `{url}`: {problem}; expected for example {default}", default = TelegramSettings::API_URL)]
pub struct BadApiUrl {
    setting: &'static str,
    url: String,
    problem: &'static str,
}

/// The root of a Bot API, fit to be followed by `/bot…`.
pub(crate) struct ApiUrl {
    pub(crate) text: String,
    pub(crate) loopback: bool,
}

/// The setting of a Bot API's root.
pub(crate) const API_URL: &str = "TELEGRAM_API_URL";
/// The setting of its files' root.
pub(crate) const FILE_URL: &str = "TELEGRAM_FILE_URL";

/// Checks the root that a setting names. The token would cross the network in clear over http.
pub(crate) fn check_url(setting: &'static str, url: &str, token: &BotToken) -> Result<ApiUrl, BadApiUrl> {
    let bad = |problem| BadApiUrl {
        setting,
        url: token.redact(url),
        problem,
    };
    let text = url.trim().trim_end_matches('/');
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
            setting,
            url: "[redacted]".to_owned(),
            problem: "a user name or password is not taken",
        });
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(bad("it must end with its path"));
    }
    let loopback = is_loopback(host);
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if loopback => {}
        Some("http") => {
            return Err(bad(
                "http is taken on this machine only, since it shows the token",
            ));
        }
        _ => return Err(bad("it must start with https://")),
    }
    Ok(ApiUrl {
        text: text.to_owned(),
        loopback,
    })
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine() {
        let token = BotToken::parse("1:abcdefghijklmnopqrstuvwxyz").ok().unwrap();
        for (url, loopback) in [
            ("https://api.telegram.org", false),
            ("https://api.telegram.org/", false),
            ("https://bots.example/api", false),
            ("https://127.0.0.1:8443", true),
            ("http://127.0.0.1:8081", true),
            ("http://[::1]:8081/", true),
            ("http://localhost:8081", true),
        ] {
            let checked = check_url(API_URL, url, &token).ok();
            assert_eq!(
                checked.as_ref().map(|checked| checked.loopback),
                Some(loopback),
                "{url}"
            );
            assert_eq!(
                checked.map(|checked| checked.text).as_deref(),
                Some(url.trim_end_matches('/'))
            );
        }
        for url in [
            "",
            "api.telegram.org",
            "http://api.telegram.org",
            "http://10.0.0.1:8081",
            "http://localhost.example",
            "ftp://localhost",
            "https://user:secret@api.telegram.org",
            "https://api.telegram.org/?x=1",
            "https://",
            "https://api.telegram.org/bot1:abcdefghijklmnopqrstuvwxyz?",
            "not a url",
        ] {
            let error = check_url(API_URL, url, &token)
                .err()
                .map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{url} was taken"));
            assert!(error.starts_with("TELEGRAM_API_URL"), "{error}");
            assert!(
                !error.contains("secret") && !error.contains("abcdefghij"),
                "{error}"
            );
        }
    }
}
