//! What the playbook says of files: which kinds are taken, and how large.

use serde::Deserialize;
use toml::Spanned;

use super::Problems;
use super::problem::line_at;

/// Kinds that a playbook takes which does not say.
const USUAL: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heic",
    "image/tiff",
    "audio/*",
    "video/*",
    "text/plain",
    "application/pdf",
    "application/rtf",
    "application/vnd.openxmlformats-officedocument.*",
    "application/vnd.oasis.opendocument.*",
    "application/zip",
];

/// The most that is taken of a file unless the playbook says less.
const LARGEST: u64 = 20 << 20;

/// Which files are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesPlan {
    allow: Vec<String>,
    /// The largest file that is taken, in bytes; the messenger may hand out less.
    pub max_bytes: u64,
}

impl FilesPlan {
    /// Whether content of this type is taken.
    pub fn takes(&self, mime: &str) -> bool {
        self.allow.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(start) => mime.starts_with(start),
            None => mime == allowed,
        })
    }
}

/// The section `[files]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFiles {
    allow: Option<Vec<Spanned<String>>>,
    max_bytes: Option<Spanned<u64>>,
}

pub(super) fn parse(main: &str, text: &str, raw: RawFiles, problems: &mut Problems) -> FilesPlan {
    let allow = match raw.allow {
        None => USUAL.iter().map(|kind| (*kind).to_owned()).collect(),
        Some(kinds) => {
            for kind in &kinds {
                if !is_kind(kind.get_ref()) {
                    problems.error(
                        main,
                        line_at(text, kind.span().start),
                        format!(
                            "files.allow `{}`: expected a type such as \"application/pdf\", or the start of one \
                             such as \"image/*\"",
                            kind.get_ref()
                        ),
                    );
                }
            }
            kinds.into_iter().map(Spanned::into_inner).collect()
        }
    };
    let max_bytes = match raw.max_bytes {
        None => LARGEST,
        Some(bytes) if *bytes.get_ref() == 0 => {
            let line = line_at(text, bytes.span().start);
            problems.error(
                main,
                line,
                "files.max_bytes: expected 1 or more; to take no files at all, `allow = []`",
            );
            LARGEST
        }
        Some(bytes) => bytes.into_inner(),
    };
    FilesPlan { allow, max_bytes }
}

/// `type/subtype` in lower case, or its start and a `*` after the slash.
fn is_kind(kind: &str) -> bool {
    let Some((top, sub)) = kind.split_once('/') else {
        return false;
    };
    let sub = sub.strip_suffix('*').unwrap_or(sub);
    let is_word = |word: &str| {
        word.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'))
    };
    !top.is_empty() && is_word(top) && is_word(sub) && kind.len() > top.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_taken_by_name_or_by_their_start() {
        let plan = parse("playbook.toml", "", RawFiles::default(), &mut Problems::default());
        for taken in ["application/pdf", "video/mp4", "audio/ogg"] {
            assert!(plan.takes(taken), "{taken}");
        }
        for not in [
            "application/pdfx",
            "application/x-msdownload",
            "image/svg+xml",
            "",
        ] {
            assert!(!plan.takes(not), "{not}");
        }
        assert_eq!(plan.max_bytes, 20 * 1024 * 1024);
    }

    #[test]
    fn only_types_are_kinds() {
        for kind in [
            "image/*",
            "image/jpeg",
            "application/vnd.ms-excel",
            "application/vnd.x.*",
        ] {
            assert!(is_kind(kind), "{kind}");
        }
        for kind in [
            "",
            "*",
            "/",
            "pdf",
            "image/",
            "/pdf",
            "Image/jpeg",
            "image/j*g",
            "a/b/c",
            "im*/x",
        ] {
            assert!(!is_kind(kind), "{kind}");
        }
    }
}
