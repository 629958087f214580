//! Folders of text files: the shipped playbook's, and others like it.

use frontdesk_core::playbook::PlaybookFiles;
use std::path::Path;

/// The shipped playbook's files.
pub fn shipped() -> PlaybookFiles {
    files_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/dev2production"))
}

/// Every file of a folder, as it is on disk, by its name within the folder.
pub fn files_in(root: &Path) -> PlaybookFiles {
    let mut files = PlaybookFiles::new();
    add(root, root, &mut files);
    files
}

#[expect(clippy::unwrap_used, reason = "part of a test")]
fn add(root: &Path, folder: &Path, files: &mut PlaybookFiles) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}
