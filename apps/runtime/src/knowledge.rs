//! The playbook's trained knowledge: read from DATA_DIR/cache where an earlier process left it, else trained and
//! left there.

use frontdesk_core::knowledge::Knowledge;
use frontdesk_core::playbook::Playbook;
use slog::{Logger, debug};
use std::path::Path;

/// The knowledge of the playbook.
///
/// What is kept is used only if training would give the same; a file that is torn, foreign or of another version
/// is as good as none. Where nothing can be kept, the knowledge is trained at every start, which is no error. Many
/// processes may do this at once: each replaces the whole file, and each one's is right.
pub(crate) fn load(playbook: &Playbook, data_dir: &Path, log: &Logger) -> Knowledge {
    let folder = data_dir.join("cache");
    let file = folder.join("knowledge.bin");
    let kept = std::fs::read(&file)
        .ok()
        .and_then(|bytes| Knowledge::from_bytes(&bytes, playbook));
    if let Some(knowledge) = kept {
        debug!(log, "knowledge read"; "file" => %file.display());
        return knowledge;
    }
    let knowledge = Knowledge::train(playbook);
    match keep(&knowledge, &folder, &file) {
        Ok(()) => debug!(log, "knowledge trained and kept"; "file" => %file.display()),
        Err(error) => {
            debug!(log, "knowledge trained, and trained again at the next start: it cannot be kept";
                "file" => %file.display(), "error" => %error);
        }
    }
    knowledge
}

/// Writes beside the file and renames, so that a reader finds the old file or the new one. A power cut may leave a
/// torn file all the same: the checksum finds it, and it costs one training.
fn keep(knowledge: &Knowledge, folder: &Path, file: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let beside = folder.join(format!("knowledge.bin.{}", std::process::id()));
    let written = std::fs::write(&beside, knowledge.to_bytes()).and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() && beside.exists() {
        std::fs::remove_file(&beside)?;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::load;
    use slog::{Discard, Logger, o};

    #[test]
    fn the_second_start_reads_what_the_first_has_learned() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let file = data.join("cache/knowledge.bin");
        let log = Logger::root(Discard, o!());
        let playbook = crate::playbook::load(None).unwrap();
        let trained = load(&playbook, &data, &log);
        let bytes = trained.to_bytes();
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        let written = file.metadata().unwrap().modified().unwrap();

        let read = load(&playbook, &data, &log);
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(file.metadata().unwrap().modified().unwrap(), written);

        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(load(&playbook, &data, &log).to_bytes(), bytes, "a torn file");
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "and it is whole again");
        let names = std::fs::read_dir(data.join("cache")).unwrap().count();
        assert_eq!(names, 1, "nothing is left beside it");
    }

    #[test]
    fn where_nothing_can_be_kept_it_is_trained() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("file");
        std::fs::write(&data, "no folder").unwrap();
        let playbook = crate::playbook::load(None).unwrap();
        let knowledge = load(&playbook, &data, &Logger::root(Discard, o!()));
        assert!(knowledge.matcher(&playbook.default_locale).is_some());
    }
}
