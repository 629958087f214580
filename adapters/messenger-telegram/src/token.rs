//! The bot's token: the one secret of this crate.

use std::sync::Arc;

use frontdesk_core::id::BotId;

/// A bot's token. It has no `Debug`, `Display` or `Serialize`, so that it cannot slip into a log.
#[derive(Clone)]
pub struct BotToken {
    whole: Arc<str>,
    bot_id: BotId,
}

/// A text that is no token. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a bot token as @BotFather gives it: digits, a colon, then letters, digits, `_` or `-`")]
pub struct NoBotToken;

/// Telegram's are 35 characters; test servers use shorter ones. A token cut short is refused by Telegram
/// itself, clearly; what must not pass is a secret so short that masking it would garble errors.
const SHORTEST_SECRET: usize = 8;

/// What stands in place of a secret in a text.
const MASK: &str = "[redacted]";

impl BotToken {
    /// Reads `123456:ABC…`; blanks around it are ignored.
    ///
    /// # Errors
    /// [`NoBotToken`] if it has not that form.
    pub fn parse(text: &str) -> Result<BotToken, NoBotToken> {
        let text = text.trim();
        let (number, secret) = text.split_once(':').ok_or(NoBotToken)?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let secret_fits = secret.len() >= SHORTEST_SECRET
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !digits || !secret_fits {
            return Err(NoBotToken);
        }
        Ok(BotToken {
            bot_id: BotId(number.parse().map_err(|_| NoBotToken)?),
            whole: text.into(),
        })
    }

    /// The bot's id: the number before the colon.
    pub fn bot_id(&self) -> BotId {
        self.bot_id
    }

    /// For the path of a request, and nothing else.
    pub(crate) fn for_url(&self) -> &str {
        &self.whole
    }

    /// `text` without the token or its secret half. Every text that leaves this crate after a call
    /// passes here.
    pub(crate) fn redact(&self, text: &str) -> String {
        let secret = self.whole.split_once(':').map_or("", |(_, secret)| secret);
        text.replace(&*self.whole, MASK).replace(secret, MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAE_d-0123456789abcdefghijklmnopqrs";

    #[test]
    fn a_token_is_digits_a_colon_and_a_secret() {
        let token = BotToken::parse(&format!(" 8012345678:{SECRET}\n")).ok().unwrap();
        assert_eq!(token.bot_id(), BotId(8_012_345_678));
        assert_eq!(token.for_url(), format!("8012345678:{SECRET}"));
        for wrong in [
            "",
            ":",
            "1:",
            "1:short",
            SECRET,
            &format!(":{SECRET}"),
            &format!("-1:{SECRET}"),
            &format!("1a:{SECRET}"),
            &format!("1:{SECRET}/getMe"),
            &format!("1:{SECRET} x"),
            &format!("99999999999999999999:{SECRET}"),
        ] {
            assert!(BotToken::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn redaction_takes_the_token_and_its_half() {
        let token = BotToken::parse(&format!("1:{SECRET}")).ok().unwrap();
        let text = format!("GET https://x/bot1:{SECRET}/getMe, bot1%3A{SECRET}: refused");
        let redacted = token.redact(&text);
        assert!(!redacted.contains(SECRET), "{redacted}");
        assert!(redacted.ends_with(": refused"), "{redacted}");
    }
}
