//! What S3 refuses, told without what nobody should see.
//!
//! Answers to wrong signatures and keys repeat the key's id and what was signed. So the text of an
//! error is cut down to its code before anything else sees it, and of errors only what was being done
//! and why is told.

use std::error::Error;
use std::fmt;

use frontdesk_core::port::FilesError;

/// Codes of answers that mean that there is no room.
const NO_ROOM: [&str; 5] = [
    "QuotaExceeded",
    "StorageQuotaExceeded",
    "InsufficientStorage",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
];

/// The answer says that there is no room.
#[derive(Debug)]
pub(super) struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no room left")
    }
}

impl Error for NoRoom {}

/// Whether an answer of this status and code means that there is no room.
pub(super) fn means_no_room(status: u16, code: &str) -> bool {
    status == 507 || NO_ROOM.contains(&code)
}

/// The code in the text of an error: `NoSuchKey`.
pub(super) fn code(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    let plain = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    if plain { code } else { "" }
}

/// What was being done in the bucket, and why it was not.
#[derive(Debug)]
struct BucketError {
    doing: &'static str,
    source: object_store::Error,
}

impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the bucket: {}", self.doing, self.source)
    }
}

impl Error for BucketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The port's error for one of the library's.
pub(super) fn failed(doing: &'static str, error: object_store::Error) -> FilesError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<NoRoom>() {
            return FilesError::Full;
        }
        cause = inner.source();
    }
    FilesError::Unavailable(Box::new(BucketError { doing, source: error }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_nothing_else() {
        for (body, expected) in [
            (
                "<Error><Code>NoSuchKey</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>",
                "NoSuchKey",
            ),
            ("<Error><Code>a b</Code></Error>", ""),
            ("<html>", ""),
            ("", ""),
        ] {
            assert_eq!(code(body.as_bytes()), expected);
        }
        assert!(means_no_room(507, "") && means_no_room(403, "QuotaExceeded"));
        assert!(!means_no_room(403, "AccessDenied") && !means_no_room(503, "SlowDown"));
    }
}
