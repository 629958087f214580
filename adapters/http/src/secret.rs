//! The webhook's secret and how it is compared.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// Longest secret Telegram accepts.
const LONGEST: usize = 256;

/// What Telegram sends in `X-Telegram-Bot-Api-Secret-Token` so that we know it is Telegram.
///
/// Prints as `WebhookSecret(***)` and cannot be read back.
#[derive(Clone)]
pub struct WebhookSecret(Padded);

/// Not a secret Telegram would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a webhook secret is 1 to 256 characters of A-Z a-z 0-9 _ -")]
pub struct InvalidSecret;

impl WebhookSecret {
    /// A secret of 1 to 256 characters out of `A-Z a-z 0-9 _ -`.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] for anything else; it does not repeat the text.
    pub fn new(text: &str) -> Result<Self, InvalidSecret> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(InvalidSecret);
        }
        Padded::new(text.as_bytes()).map(Self).ok_or(InvalidSecret)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(***)")
    }
}

/// Whether the text is one of the secrets. How long it takes tells neither which, nor how much of one is right,
/// nor how long one is.
pub(crate) fn is_known(secrets: &[WebhookSecret], given: &[u8]) -> bool {
    let Some(given) = Padded::new(given) else {
        return false;
    };
    secrets
        .iter()
        .fold(Choice::from(0), |known, secret| known | secret.0.ct_eq(&given))
        .into()
}

/// A text in a fixed amount of memory, so that texts of different lengths are compared in the same time.
#[derive(Clone)]
struct Padded {
    bytes: [u8; LONGEST],
    length: u64,
}

impl Padded {
    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self {
            bytes,
            length: text.len() as u64,
        })
    }

    fn ct_eq(&self, other: &Self) -> Choice {
        self.bytes.ct_eq(&other.bytes) & self.length.ct_eq(&other.length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> WebhookSecret {
        WebhookSecret::new(text).unwrap()
    }

    #[test]
    fn takes_what_telegram_takes_and_nothing_else() {
        assert!(WebhookSecret::new("aZ0_-").is_ok());
        assert!(WebhookSecret::new(&"x".repeat(256)).is_ok());
        for bad in ["", "a b", "a.b", "пароль", "a\n", &"x".repeat(257)] {
            assert_eq!(WebhookSecret::new(bad).unwrap_err(), InvalidSecret);
        }
    }

    #[test]
    fn never_prints_itself() {
        let printed = format!("{:?} {InvalidSecret}", secret("hunter2"));
        assert!(!printed.contains("hunter2"));
    }

    #[test]
    fn knows_each_of_several_and_no_relative_of_one() {
        let secrets = [secret("current"), secret("previous")];
        assert!(is_known(&secrets, b"current"));
        assert!(is_known(&secrets, b"previous"));
        for stranger in [
            &b""[..],
            b"curren",
            b"currentt",
            b"current\0",
            b"Current",
            &[b'x'; 300],
        ] {
            assert!(!is_known(&secrets, stranger));
        }
        assert!(!is_known(&[], b""));
    }

    proptest! {
        #[test]
        fn is_equality(a in "[A-Za-z0-9_-]{1,256}", b in "[A-Za-z0-9_-]{1,256}") {
            prop_assert!(is_known(&[secret(&a)], a.as_bytes()));
            prop_assert_eq!(is_known(&[secret(&a)], b.as_bytes()), a == b);
        }
    }
}
