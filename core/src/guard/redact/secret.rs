//! Keys, tokens and passwords.

use std::ops::Range;

use super::find::{Class, Finds};

/// Claims secrets.
pub(super) fn find(text: &str, finds: &mut Finds) {
    pem_blocks(text, finds);
    bot_tokens(text, finds);
    credentials_of_urls(text, finds);
    let words = words(text);
    web_tokens(text, &words, finds);
    known_prefixes(text, &words, finds);
    labelled(text, finds);
    random(text, finds);
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Stretches of letters, digits, `_` and `-`.
fn words(text: &str) -> Vec<Range<usize>> {
    stretches(text, is_token_char)
}

fn stretches(text: &str, belongs: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| belongs(*c)) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end = at + c.len_utf8(),
            _ => found.push(at..at + c.len_utf8()),
        }
    }
    found
}

const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";

/// From `-----BEGIN` to the end of its `-----END` line; to the end of the text if there is none.
fn pem_blocks(text: &str, finds: &mut Finds) {
    let mut from = 0;
    while let Some(at) = text[from..].find(PEM_BEGIN) {
        let start = from + at;
        let end = text[start..].find(PEM_END).map_or(text.len(), |end| {
            let name = start + end + PEM_END.len();
            let closing = text[name..].find("-----").map_or(0, |dashes| dashes + 5);
            let line = text[name..].find('\n').unwrap_or(text.len() - name);
            name + closing.min(line)
        });
        finds.claim(Class::Secret, start..end);
        from = end;
    }
}

/// Telegram's: the bot's number, a colon, 30 characters and more.
fn bot_tokens(text: &str, finds: &mut Finds) {
    for (colon, _) in text.match_indices(':') {
        let number = text[..colon]
            .bytes()
            .rev()
            .take_while(u8::is_ascii_digit)
            .take(16)
            .count();
        let token = text[colon + 1..]
            .chars()
            .take_while(|c| is_token_char(*c))
            .count();
        if (6..=12).contains(&number) && token >= 30 {
            finds.claim(Class::Secret, colon - number..colon + 1 + token);
        }
    }
}

/// `user:password` in `scheme://user:password@host`.
fn credentials_of_urls(text: &str, finds: &mut Finds) {
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let authority = text[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>'))
            .map_or(text.len(), |end| start + end);
        if let Some(end) = text[start..authority].rfind('@')
            && text[start..start + end].contains(':')
        {
            finds.claim(Class::Secret, start..start + end);
        }
    }
}

/// JSON Web Tokens: three parts of which the first is `{"…` in base64.
fn web_tokens(text: &str, words: &[Range<usize>], finds: &mut Finds) {
    for (at, word) in words.iter().enumerate() {
        if !text[word.clone()].starts_with("eyJ") {
            continue;
        }
        let mut end = word.end;
        for next in words[at + 1..].iter().take(2) {
            if &text[end..next.start] != "." {
                break;
            }
            end = next.end;
        }
        if end > word.end && end - word.start >= 30 {
            finds.claim(Class::Secret, word.start..end);
        }
    }
}

/// How keys begin, and how many characters follow at least.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 16),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("pk_live_", 10),
    ("whsec_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29", 20),
    ("hf_", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("dop_v1_", 30),
    ("shpat_", 20),
    ("SG", 40),
    ("fd_", 20),
    ("AGE-SECRET-KEY-", 20),
];

fn known_prefixes(text: &str, words: &[Range<usize>], finds: &mut Finds) {
    for word in words {
        let key = &text[word.clone()];
        let known = PREFIXES
            .iter()
            .any(|(prefix, more)| key.len() >= prefix.len() + more && key.starts_with(prefix));
        if known {
            finds.claim(Class::Secret, word.clone());
        }
    }
}

/// How a name ends behind which a secret stands, in lower case.
const STRONG: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "private_key",
    "secret_key",
    "пароль",
    "пароля",
    "паролем",
    "секрет",
];

/// The same, for words with other meanings: what follows must look like a secret.
const WEAK: &[&str] = &[
    "pass",
    "token",
    "key",
    "pin",
    "cvv",
    "cvc",
    "otp",
    "login",
    "токен",
    "ключ",
    "пин",
    "код",
    "логин",
];

/// Claims what follows `password:` and its like, and `password` followed by what can be nothing else.
fn labelled(text: &str, finds: &mut Finds) {
    let names = stretches(text, |c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    for name in names {
        let lower = text[name.clone()].to_lowercase();
        let strong = STRONG.iter().any(|known| lower.ends_with(known));
        let weak = WEAK.iter().any(|known| {
            lower
                .strip_suffix(known)
                .is_some_and(|before| !before.ends_with(char::is_alphanumeric))
        });
        if !strong && !weak {
            continue;
        }
        let rest = &text[name.end..];
        let gap = rest.trim_start_matches(['"', '\'', '`', '*', ' ', '\t']);
        let (value, told) = match gap.strip_prefix([':', '=']).or_else(|| gap.strip_prefix('—')) {
            Some(after) => (after.strip_prefix(['>', '=']).unwrap_or(after), true),
            None => (gap.strip_prefix("is ").unwrap_or(gap), false),
        };
        let value = value.trim_start_matches([' ', '\t']);
        let start = text.len() - value.len();
        if let Some(range) = value_at(text, start)
            && ((told && strong) || looks_secret(&text[range.clone()], strong))
        {
            finds.claim(Class::Secret, range);
        }
    }
}

/// The value at `start`: to the closing quote if it is quoted, else to the next blank.
fn value_at(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let quote = rest.chars().next()?;
    if matches!(quote, '"' | '\'' | '`' | '«' | '“') {
        let closing = match quote {
            '«' => '»',
            '“' => '”',
            same => same,
        };
        let inner = &rest[quote.len_utf8()..];
        let line = inner.find('\n').unwrap_or(inner.len());
        if let Some(end) = inner[..line].find(closing) {
            let from = start + quote.len_utf8();
            return (end > 0).then_some(from..from + end);
        }
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let value = rest[..end].trim_end_matches([',', ';', '.', ')', '}', '"', '\'', '!', '?']);
    (!value.is_empty()).then_some(start..start + value.len())
}

fn looks_secret(value: &str, strong: bool) -> bool {
    let digit = value.contains(|c: char| c.is_ascii_digit());
    let other = value.contains(|c: char| !c.is_ascii_digit());
    let length = value.chars().count();
    digit && length >= 4 && (other || strong || length <= 8)
}

/// Claims long stretches that mix upper case, lower case and digits: written by no person.
fn random(text: &str, finds: &mut Finds) {
    for range in stretches(text, |c| is_token_char(c) || matches!(c, '+' | '/' | '=')) {
        let word = &text[range.clone()];
        let has = |kind: fn(&u8) -> bool| word.bytes().any(|b| kind(&b));
        if word.len() >= 32
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && word.matches('/').count() <= word.len() / 12
        {
            finds.claim(Class::Secret, range);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::redact::{Class, find};

    #[test]
    fn secrets() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----";
        for (text, expected) in [
            ("key sk-abcdefghijklmnop1234", "sk-abcdefghijklmnop1234"),
            (
                "ghp_0123456789abcdefghijABCDEFGHIJ012345",
                "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            ),
            ("(AKIAIOSFODNN7EXAMPLE)", "AKIAIOSFODNN7EXAMPLE"),
            (
                "bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw ok",
                "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
            ),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
            ),
            (pem, pem),
            (
                "-----BEGIN PRIVATE KEY-----\nabc",
                "-----BEGIN PRIVATE KEY-----\nabc",
            ),
            ("postgres://app:hunter2@db.example.com/x", "app:hunter2"),
            ("password: hunter", "hunter"),
            ("Password = \"two words\".", "two words"),
            ("DB_PASSWORD=hunter2;", "hunter2"),
            ("{\"api_key\": \"abc\"}", "abc"),
            ("пароль: корова", "корова"),
            ("мой пароль qwerty123, спасибо", "qwerty123"),
            ("the password is Hunter2!", "Hunter2"),
            ("код: 4821", "4821"),
            ("token: abc123", "abc123"),
            (
                "aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ),
        ] {
            let found: Vec<_> = find(text)
                .into_iter()
                .map(|f| (f.class, &text[f.range]))
                .collect();
            assert_eq!(found, [(Class::Secret, expected)], "{text}");
        }
    }

    #[test]
    fn what_is_no_secret() {
        for text in [
            "I forgot my password",
            "the password is wrong",
            "token based login",
            "key: the main thing",
            "how do you keep secrets?",
            "пароль не подходит",
            "sk-learn",
            "https://example.com/docs/kubernetes/installation-of-everything",
            "0123456789abcdef0123456789abcdefa",
            "task-force",
        ] {
            let found = find(text);
            assert!(
                found.iter().all(|f| f.class != Class::Secret),
                "{text}: {found:?}"
            );
        }
    }
}
