//! What `FILES_URL` says.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use frontdesk_core::port::files::is_storage_key;

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesPlace {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket, or what lies under a prefix in it.
    Bucket {
        /// The bucket's name.
        name: String,
        /// What all keys begin with, without slashes at its ends; may be empty.
        prefix: String,
    },
}

/// A text that names no place for files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected file:///FOLDER, file://./FOLDER or s3://BUCKET/PREFIX, with a bucket of a-z 0-9 . - and a prefix of letters, digits, `.`, `_` and `-`"
)]
pub struct BadPlace;

impl FromStr for FilesPlace {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        if let Some(path) = text.strip_prefix("file://") {
            // `file://data` would be a host's name elsewhere: what is meant is not guessed.
            let plain = ["/", "./", "../"].iter().any(|start| path.starts_with(start));
            return if plain && path.trim_matches('/') != "" {
                Ok(FilesPlace::Folder(PathBuf::from(path)))
            } else {
                Err(BadPlace)
            };
        }
        let rest = text.strip_prefix("s3://").ok_or(BadPlace)?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let named = (3..=63).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            && name.starts_with(|first: char| first.is_ascii_alphanumeric());
        // Room is left for a key behind it: an object's name has 1,024 bytes at most.
        if named && (prefix.is_empty() || is_storage_key(prefix) && prefix.len() <= 256) {
            Ok(FilesPlace::Bucket {
                name: name.to_owned(),
                prefix: prefix.to_owned(),
            })
        } else {
            Err(BadPlace)
        }
    }
}

impl fmt::Display for FilesPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilesPlace::Folder(path) => write!(f, "file://{}", path.display()),
            FilesPlace::Bucket { name, prefix } if prefix.is_empty() => write!(f, "s3://{name}"),
            FilesPlace::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for text in [
            "file:///var/lib/frontdesk/files",
            "file://./data/files",
            "file://../files",
            "s3://bucket",
            "s3://my.bucket-1/a/b",
        ] {
            let place: FilesPlace = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
        }
        let with_slash: FilesPlace = "s3://bucket/prefix/".parse().unwrap();
        assert_eq!(with_slash.to_string(), "s3://bucket/prefix");
        for text in [
            "",
            "/var/files",
            "file://",
            "file:///",
            "file://data/files",
            "s3://",
            "s3://ab",
            "s3://Bucket",
            "s3://bucket//x",
            "s3://bucket/../x",
            "s3://key:secret@bucket/x",
            "https://bucket.s3.amazonaws.com",
        ] {
            assert_eq!(text.parse::<FilesPlace>(), Err(BadPlace), "{text}");
        }
    }
}
