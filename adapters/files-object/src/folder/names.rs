//! Keys as paths, and back.
//!
//! A file has the last segment of its key for a name. Folders have theirs with a `+` behind it, which
//! no key has: so `a` and `a/b` lie side by side, as the files `a` and `a+/b`.

use std::path::PathBuf;

/// What tells a folder from a file.
const FOLDER: char = '+';

/// The folders on the way to a key, and the name of its file.
pub(super) fn split(key: &str) -> (Vec<String>, &str) {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    let folders = folders.split('/').filter(|segment| !segment.is_empty());
    (folders.map(folder).collect(), name)
}

/// The name of the folder of a segment.
pub(super) fn folder(segment: &str) -> String {
    format!("{segment}{FOLDER}")
}

/// The segment of a folder's name, if it is one of ours.
pub(super) fn segment(folder: &str) -> Option<&str> {
    folder.strip_suffix(FOLDER)
}

/// The path of a key below the folder of what is kept.
pub(super) fn path(key: &str) -> PathBuf {
    let (folders, name) = split(key);
    let mut path: PathBuf = folders.into_iter().collect();
    path.push(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_never_meet() {
        for (key, expected) in [("a", "a"), ("a/b", "a+/b"), ("a.b/c-d/e_f", "a.b+/c-d+/e_f")] {
            assert_eq!(path(key), PathBuf::from(expected));
        }
        assert_eq!(segment("a+"), Some("a"));
        assert_eq!(segment("a"), None);
    }
}
