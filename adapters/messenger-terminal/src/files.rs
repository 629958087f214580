//! Files that the person at the terminal sends: they are read where they are.

use async_trait::async_trait;
use frontdesk_core::port::{FileSource, FileSourceError, FileStream};
use std::io::ErrorKind;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

/// The largest file that is taken: as at Telegram.
const MAX_BYTES: u64 = 20 << 20;
/// The most of a file that is read at once.
const PIECE: usize = 64 << 10;

/// Reads the files of this machine by their path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalFiles;

impl TerminalFiles {
    /// The largest file that is taken, in bytes.
    pub const MAX_BYTES: u64 = MAX_BYTES;
}

#[derive(Debug)]
struct Reading {
    file: File,
    size_bytes: u64,
    came: u64,
}

#[async_trait]
impl FileSource for TerminalFiles {
    fn max_bytes(&self) -> u64 {
        MAX_BYTES
    }

    async fn open(&self, file_id: &str) -> Result<Box<dyn FileStream>, FileSourceError> {
        let about = tokio::fs::metadata(file_id).await.map_err(said)?;
        // A pipe or a device may never end.
        if !about.is_file() {
            return Err(FileSourceError::Refused("it is no file".to_owned()));
        }
        if about.len() > MAX_BYTES {
            return Err(FileSourceError::TooBig);
        }
        let file = File::open(file_id).await.map_err(said)?;
        Ok(Box::new(Reading {
            file,
            size_bytes: about.len(),
            came: 0,
        }))
    }
}

#[async_trait]
impl FileStream for Reading {
    fn size_bytes(&self) -> Option<u64> {
        Some(self.size_bytes)
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, FileSourceError> {
        let mut piece = vec![0; PIECE];
        let read = self.file.read(&mut piece).await.map_err(said)?;
        piece.truncate(read);
        self.came += read as u64;
        if self.came > MAX_BYTES {
            return Err(FileSourceError::TooBig);
        }
        if read > 0 {
            return Ok(Some(piece));
        }
        if self.came < self.size_bytes {
            return Err(FileSourceError::Cut("the file became shorter".into()));
        }
        Ok(None)
    }
}

fn said(error: std::io::Error) -> FileSourceError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => FileSourceError::Gone(error.to_string()),
        _ => FileSourceError::Unreachable(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(path: &str) -> Result<Vec<u8>, FileSourceError> {
        let mut stream = TerminalFiles.open(path).await?;
        let mut all = Vec::new();
        while let Some(piece) = stream.next().await? {
            all.extend(piece);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn a_file_is_read_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| at.to_be_bytes()[3]).collect();
        std::fs::write(path("a"), &bytes).unwrap();
        assert_eq!(read(&path("a")).await.unwrap(), bytes);
        let larger = std::fs::File::create(path("b")).unwrap();
        larger.set_len(MAX_BYTES + 1).unwrap();
        assert!(matches!(read(&path("b")).await, Err(FileSourceError::TooBig)));
        assert!(matches!(read(&path("c")).await, Err(FileSourceError::Gone(_))));
        assert!(matches!(read(&path(".")).await, Err(FileSourceError::Refused(_))));
    }
}
