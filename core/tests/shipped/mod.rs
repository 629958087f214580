//! The playbook that ships, read from its folder.
#![expect(clippy::unwrap_used, reason = "part of tests: what fails here fails the test")]

use frontdesk_core::playbook::PlaybookFiles;
use std::path::Path;

/// The files of the shipped playbook.
pub fn shipped_files() -> PlaybookFiles {
    fn read(root: &Path, dir: &Path, files: &mut PlaybookFiles) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../playbooks/dev2production");
    let mut files = PlaybookFiles::new();
    read(&root, &root, &mut files);
    files
}
