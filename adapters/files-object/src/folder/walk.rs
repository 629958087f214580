//! Going through the folders of what is kept, in the order of keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use frontdesk_core::port::FileHead;
use frontdesk_core::port::files::is_storage_key;

use super::disk::{absent, head, sync_folder};
use super::names;

/// What lies in a folder: a file, or a folder with its key's `/`. Sorted by this text, the keys of all
/// that is within come in the order of their bytes: no other key begins as those of a folder do.
struct Entry {
    text: String,
    path: PathBuf,
}

impl Entry {
    fn is_folder(&self) -> bool {
        self.text.ends_with('/')
    }
}

/// The files and folders of ours in a folder, in order. Links and what else there may be are left out.
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let Some(found) = absent(fs::read_dir(folder).map(Some))? else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry?;
        let Some(kind) = absent(entry.file_type().map(Some))? else {
            continue;
        };
        let name = entry.file_name();
        let text = match name.to_str() {
            Some(name) if kind.is_file() && is_storage_key(name) => name.to_owned(),
            Some(name) if kind.is_dir() => match names::segment(name) {
                Some(segment) if is_storage_key(segment) => format!("{segment}/"),
                _ => continue,
            },
            _ => continue,
        };
        let path = entry.path();
        entries.push(Entry { text, path });
    }
    entries.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(entries)
}

/// A page that is being filled.
pub(super) struct Page<'a> {
    after: Option<&'a str>,
    limit: usize,
    pub(super) heads: Vec<FileHead>,
}

impl<'a> Page<'a> {
    pub(super) fn new(after: Option<&'a str>, limit: usize) -> Self {
        let heads = Vec::new();
        Page { after, limit, heads }
    }

    /// Whether keys that begin with `start` may come after what the page begins after.
    fn wants_folder(&self, start: &str) -> bool {
        self.after
            .is_none_or(|after| start > after || after.starts_with(start))
    }

    fn wants(&self, key: &str) -> bool {
        self.after.is_none_or(|after| key > after)
    }
}

/// Adds what is in `folder`, whose keys begin with `start`.
pub(super) fn list(folder: &Path, start: &str, page: &mut Page<'_>) -> io::Result<()> {
    if page.limit == 0 {
        return Ok(());
    }
    for entry in entries(folder)? {
        let key = format!("{start}{}", entry.text);
        if entry.is_folder() {
            if page.wants_folder(&key) {
                list(&entry.path, &key, page)?;
            }
        } else if page.wants(&key)
            && let Some(metadata) = absent(fs::symlink_metadata(&entry.path).map(Some))?
        {
            page.heads.push(head(key, &metadata)?);
        }
        if page.heads.len() >= page.limit {
            return Ok(());
        }
    }
    Ok(())
}

/// Deletes the files of `folder` whose names begin with `start`, and all in folders whose names do.
pub(super) fn delete(folder: &Path, start: &str) -> io::Result<usize> {
    let mut deleted = 0;
    for entry in entries(folder)? {
        if !entry.text.starts_with(start) {
            continue;
        }
        if entry.is_folder() {
            deleted += delete(&entry.path, "")?;
            // Somebody may have kept something in it meanwhile.
            match absent(fs::remove_dir(&entry.path).map(Some)) {
                Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(error),
                _ => {}
            }
        } else if absent(fs::remove_file(&entry.path).map(Some))?.is_some() {
            deleted += 1;
        }
    }
    if deleted > 0 {
        absent(sync_folder(folder).map(Some))?;
    }
    Ok(deleted)
}
