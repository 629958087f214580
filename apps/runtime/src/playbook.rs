//! Where the playbook's files come from: the folder that PLAYBOOK names, or the binary itself.

use frontdesk_core::playbook::{Playbook, PlaybookFiles, Problems};
use include_dir::{Dir, include_dir};
use std::path::{Path, PathBuf};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../playbooks/dev2production");

/// Why there is no playbook.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    /// A file or folder cannot be read.
    #[error("PLAYBOOK: {path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not valid.
    #[error("{0}")]
    Invalid(Problems),
}

/// Extensions of the files that make up a playbook; others (notes, pictures) are left alone.
const READ: &[&str] = &["toml", "ftl", "txt", "md"];

/// Reads and checks the playbook.
///
/// # Errors
/// [`PlaybookError`].
pub fn load(folder: Option<&Path>) -> Result<Playbook, PlaybookError> {
    Playbook::parse(&files(folder)?).map_err(PlaybookError::Invalid)
}

/// The files of the playbook.
///
/// # Errors
/// [`PlaybookError::Unreadable`].
pub fn files(folder: Option<&Path>) -> Result<PlaybookFiles, PlaybookError> {
    let mut files = PlaybookFiles::new();
    match folder {
        None => add_built_in(&BUILT_IN, &mut files),
        Some(folder) => add_folder(folder, folder, &mut files)?,
    }
    Ok(files)
}

fn wanted(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| READ.contains(&extension))
}

fn add_built_in(dir: &Dir<'_>, files: &mut PlaybookFiles) {
    for file in dir.files().filter(|file| wanted(file.path())) {
        if let Some(text) = file.contents_utf8() {
            files.insert(slashed(file.path()), text.to_owned());
        }
    }
    for dir in dir.dirs() {
        add_built_in(dir, files);
    }
}

fn add_folder(root: &Path, folder: &Path, files: &mut PlaybookFiles) -> Result<(), PlaybookError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| PlaybookError::Unreadable { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.is_dir() {
            add_folder(root, &path, files)?;
        } else if wanted(&path) {
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            files.insert(slashed(path.strip_prefix(root).unwrap_or(&path)), text);
        }
    }
    Ok(())
}

fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
