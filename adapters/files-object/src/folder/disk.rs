//! What is done on the disk. All of it blocks.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use frontdesk_core::port::{FileHead, FilesError};
use frontdesk_core::time::Timestamp;

use super::names;
use super::walk::{self, Page};
use crate::staged;

/// What the disk did not do.
#[derive(Debug, thiserror::Error)]
#[error("{doing} `{name}`: {source}")]
pub(super) struct Trouble {
    doing: &'static str,
    name: String,
    source: io::Error,
}

impl Trouble {
    pub(super) fn new(doing: &'static str, name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        Trouble { doing, name, source }
    }
}

impl From<Trouble> for FilesError {
    fn from(trouble: Trouble) -> Self {
        match trouble.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FilesError::Full,
            _ => FilesError::Unavailable(Box::new(trouble)),
        }
    }
}

/// The folder of everything.
#[derive(Debug)]
pub(super) struct Root {
    kept: PathBuf,
    staged: PathBuf,
}

/// Another process may take an empty folder away between its making and its use: so often it is made
/// anew.
const TRIES: usize = 16;

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Root> {
        private_folders().recursive(true).create(path)?;
        // Where it is does not change with the working folder; a link to it is its owner's choice.
        let path = path.canonicalize()?;
        let root = Root {
            kept: path.join("kept"),
            staged: path.join("staged"),
        };
        for folder in [&root.kept, &root.staged] {
            private_folders().recursive(true).create(folder)?;
            if !fs::symlink_metadata(folder)?.is_dir() {
                return Err(io::Error::other(format!("{} is no folder", folder.display())));
            }
        }
        sync_folder(&path)?;
        Ok(root)
    }

    pub(super) fn begin(&self, name: &str) -> Result<File, Trouble> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(self.staged.join(name))
            .map_err(|error| Trouble::new("beginning", name, error))
    }

    pub(super) fn keep(&self, file: &File, name: &str, key: &str, at: Timestamp) -> Result<(), Trouble> {
        let trouble = |error| Trouble::new("keeping", key, error);
        file.set_modified(system_time(at)).map_err(trouble)?;
        file.sync_all().map_err(trouble)?;
        let staged = self.staged.join(name);
        let kept = self.kept.join(names::path(key));
        for attempt in 1.. {
            self.make_way(key).map_err(trouble)?;
            match fs::rename(&staged, &kept) {
                Ok(()) => break,
                Err(error) => {
                    let taken_away = error.kind() == ErrorKind::NotFound && staged.exists();
                    if !taken_away || attempt == TRIES {
                        return Err(trouble(error));
                    }
                }
            }
        }
        match kept.parent().map_or(Ok(()), sync_folder) {
            // Kept, and deleted by somebody else meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(trouble),
        }
    }

    pub(super) fn abandon(&self, name: &str) -> Result<(), Trouble> {
        match fs::remove_file(self.staged.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Trouble::new("abandoning", name, error)),
            _ => Ok(()),
        }
    }

    pub(super) fn read(&self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let read = self.file(key).and_then(|found| match found {
            Some((path, _)) => fs::read(path).map(Some),
            None => Ok(None),
        });
        absent(read).map_err(|error| Trouble::new("reading", key, error))
    }

    pub(super) fn head(&self, key: &str) -> Result<Option<FileHead>, Trouble> {
        let head = self.file(key).and_then(|found| match found {
            Some((_, metadata)) => head(key.to_owned(), &metadata).map(Some),
            None => Ok(None),
        });
        head.map_err(|error| Trouble::new("looking at", key, error))
    }

    pub(super) fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<FileHead>, Trouble> {
        let mut page = Page::new(after, limit);
        walk::list(&self.kept, "", &mut page)
            .map_err(|error| Trouble::new("listing what comes after", after.unwrap_or_default(), error))?;
        Ok(page.heads)
    }

    pub(super) fn delete(&self, key: &str) -> Result<bool, Trouble> {
        let deleted = self.file(key).and_then(|found| {
            let Some((path, _)) = found else {
                return Ok(None);
            };
            fs::remove_file(&path)?;
            if let Some(folder) = path.parent() {
                // Somebody else may have taken the empty folder away.
                absent(sync_folder(folder).map(Some))?;
                self.prune(folder)?;
            }
            Ok(Some(()))
        });
        let deleted = absent(deleted).map_err(|error| Trouble::new("deleting", key, error))?;
        Ok(deleted.is_some())
    }

    pub(super) fn delete_prefix(&self, prefix: &str) -> Result<usize, Trouble> {
        let (folders, start) = names::split(prefix);
        let deleted = self.folder(&folders).and_then(|found| {
            let Some(folder) = found else {
                return Ok(0);
            };
            let deleted = walk::delete(&folder, start)?;
            self.prune(&folder)?;
            Ok(deleted)
        });
        deleted.map_err(|error| Trouble::new("deleting what begins with", prefix, error))
    }

    pub(super) fn sweep(&self, older_than: Duration, now: Timestamp) -> Result<usize, Trouble> {
        let trouble = |error| Trouble::new("sweeping", "staged", error);
        let mut swept = 0;
        for entry in fs::read_dir(&self.staged).map_err(trouble)? {
            let entry = entry.map_err(trouble)?;
            let old = |name: &str| staged::is_old(name, older_than, now);
            if entry.file_name().to_str().is_some_and(old) {
                // Another process may sweep at the same time.
                match absent(fs::remove_file(entry.path()).map(Some)).map_err(trouble)? {
                    Some(()) => swept += 1,
                    None => {}
                }
            }
        }
        Ok(swept)
    }

    /// The file of a key, if there is one. What is no plain file, or lies behind a link, is none of ours.
    fn file(&self, key: &str) -> io::Result<Option<(PathBuf, fs::Metadata)>> {
        let (folders, name) = names::split(key);
        let Some(folder) = self.folder(&folders)? else {
            return Ok(None);
        };
        let path = folder.join(name);
        let Some(metadata) = absent(fs::symlink_metadata(&path).map(Some))? else {
            return Ok(None);
        };
        if metadata.is_file() {
            Ok(Some((path, metadata)))
        } else {
            Err(io::Error::other("there is something else than a file"))
        }
    }

    /// A chain of folders, if it is there.
    fn folder(&self, folders: &[String]) -> io::Result<Option<PathBuf>> {
        let mut path = self.kept.clone();
        for folder in folders {
            path.push(folder);
            match absent(fs::symlink_metadata(&path).map(Some))? {
                None => return Ok(None),
                Some(metadata) if metadata.is_dir() => {}
                Some(_) => return Err(io::Error::other("there is something else than a folder")),
            }
        }
        Ok(Some(path))
    }

    /// Makes the folders of a key, each durably in the one above it.
    fn make_way(&self, key: &str) -> io::Result<()> {
        let (folders, _) = names::split(key);
        let mut path = self.kept.clone();
        for folder in &folders {
            let above = path.clone();
            path.push(folder);
            match private_folders().create(&path) {
                Ok(()) => sync_folder(&above)?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    // Made by another a moment ago it may not be durable yet, and is after our own
                    // sync of what lies in it only if its name is.
                    if !fs::symlink_metadata(&path)?.is_dir() {
                        return Err(io::Error::other("there is something else than a folder"));
                    }
                    sync_folder(&above)?;
                }
                // Taken away meanwhile: the renaming fails, and all is tried anew.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes away folders that became empty, from the innermost outwards.
    fn prune(&self, folder: &Path) -> io::Result<()> {
        for folder in folder.ancestors().take_while(|folder| *folder != self.kept) {
            match fs::remove_dir(folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => break,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Folders that nobody else may enter.
fn private_folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes durable what names a folder has.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

/// What is not there is no error.
pub(super) fn absent<T>(found: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found,
    }
}

/// What the disk says of a file.
pub(super) fn head(key: String, metadata: &fs::Metadata) -> io::Result<FileHead> {
    let since = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH);
    Ok(FileHead {
        key,
        size_bytes: metadata.len(),
        kept_at: Timestamp::EPOCH + since.unwrap_or_default(),
    })
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + at.since(Timestamp::EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// Linux has a device that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_full_and_nothing_else_is() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = full.write_all(b"x").unwrap_err();
        assert!(matches!(
            FilesError::from(Trouble::new("writing", "x", error)),
            FilesError::Full
        ));
        let error = File::open("/nowhere/at/all").unwrap_err();
        let error = FilesError::from(Trouble::new("reading", "a/b", error));
        assert!(matches!(error, FilesError::Unavailable(_)));
        assert!(error.to_string().contains("reading `a/b`"), "{error}");
    }
}
