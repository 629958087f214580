//! What no program may ever print.

use frontdesk_fake_telegram::Handle;
use std::collections::BTreeSet;

/// The bot's token in every test.
pub const TOKEN: &str = "7000001:AAe2e-token-that-no-output-contains";

/// The webhook's secret in every test.
pub const SECRET: &str = "e2e_webhook-secret_that_no_output_contains";

/// Shorter texts (`Yes`, `/start`) may be in a log line for other reasons.
const SHORTEST_TEXT: usize = 12;

/// How much of a text is looked for: a line may cut it.
const LONGEST_TEXT: usize = 40;

/// Looks through what a program printed.
#[derive(Clone, Debug, Default)]
pub struct Secrecy {
    telegram: Option<Handle>,
    secrets: Vec<String>,
    texts: Vec<String>,
}

impl Secrecy {
    /// Also for what was said at this Telegram, by either side.
    #[must_use]
    pub fn of(telegram: Handle) -> Secrecy {
        Secrecy {
            telegram: Some(telegram),
            ..Secrecy::default()
        }
    }

    /// This may not be printed anywhere.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Secrecy {
        self.secrets.push(secret.to_owned());
        self
    }

    /// This was said in a chat: it may not be in the log.
    #[must_use]
    pub fn text(mut self, text: &str) -> Secrecy {
        self.texts.push(text.to_owned());
        self
    }

    /// Why this output will not do, if so.
    pub(crate) fn broken_by(&self, stdout: &str, stderr: &str) -> Option<String> {
        let token = TOKEN.split_once(':').map_or(TOKEN, |(_, rest)| rest);
        let secrets = [token, SECRET];
        for secret in secrets.into_iter().chain(self.secrets.iter().map(String::as_str)) {
            for (name, output) in [("standard output", stdout), ("standard error", stderr)] {
                if output.contains(secret) {
                    return Some(format!("{name} contains the secret {secret:?}:\n{output}"));
                }
            }
        }
        if stderr.contains("panicked") {
            return Some(format!("it panicked:\n{stderr}"));
        }
        self.said()
            .into_iter()
            .find(|text| stderr.contains(text.as_str()))
            .map(|text| format!("the log contains the message text {text:?}:\n{stderr}"))
    }

    /// Beginnings of everything said, as a JSON log line would spell them.
    fn said(&self) -> BTreeSet<String> {
        let mut texts = self.texts.clone();
        if let Some(telegram) = &self.telegram {
            for chat in telegram.chats() {
                texts.extend(
                    telegram
                        .all_messages(chat)
                        .into_iter()
                        .map(|message| message.text),
                );
            }
        }
        texts
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| line.chars().count() >= SHORTEST_TEXT)
            .map(|line| line.chars().take(LONGEST_TEXT).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_printed_is_found() {
        let keeping = Secrecy::default()
            .secret("hunter2")
            .text("how much is a devops audit?\nThanks");
        assert_eq!(
            keeping.broken_by("how much is a devops audit?", "{\"msg\":\"fine\"}"),
            None
        );
        let part_of_the_token = "bot7000001:AAe2e-token-that-no-output-contains/getMe";
        for (stdout, stderr) in [
            (part_of_the_token, ""),
            ("", part_of_the_token),
            ("", SECRET),
            ("password hunter2", ""),
            ("", "{\"text\":\"how much is a devops audit?\"}"),
            ("", "thread 'main' panicked at"),
        ] {
            assert!(keeping.broken_by(stdout, stderr).is_some(), "{stdout} {stderr}");
        }
    }
}
