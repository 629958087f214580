//! A messenger's files, as a test scripts them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_core::port::{FileSource, FileSourceError, FileStream};

use crate::lock;

/// How many bytes come at a time.
const PIECE: usize = 4 << 10;

/// What becomes of one reading of a file.
#[derive(Debug)]
pub enum ScriptedRead {
    /// All of it comes.
    Whole,
    /// So many bytes come, then it breaks off.
    CutAfter(usize),
    /// So many bytes come, then no more, ever.
    StallsAfter(usize),
    /// It does not begin.
    Fails(FileSourceError),
}

/// Hands out the files it was given; of any other it says that it is gone.
///
/// Each reading brings the whole file unless scripted otherwise: the script is used up reading by reading.
#[derive(Clone, Debug)]
pub struct ScriptedFiles {
    max_bytes: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Arc<[u8]>>,
    script: VecDeque<ScriptedRead>,
    opened: Vec<String>,
    /// Readers do not know in advance how much will come.
    unsized_streams: bool,
}

impl ScriptedFiles {
    /// No files yet. `max_bytes` is the largest that will be handed out.
    pub fn new(max_bytes: u64) -> Self {
        ScriptedFiles {
            max_bytes,
            state: Arc::default(),
        }
    }

    /// Has a file.
    pub fn put(&self, file_id: &str, bytes: impl Into<Vec<u8>>) -> &Self {
        let bytes: Vec<u8> = bytes.into();
        lock(&self.state).files.insert(file_id.to_owned(), bytes.into());
        self
    }

    /// Adds to the script of readings.
    pub fn then(&self, read: ScriptedRead) -> &Self {
        lock(&self.state).script.push_back(read);
        self
    }

    /// From now on nobody is told how much will come.
    pub fn without_sizes(&self) -> &Self {
        lock(&self.state).unsized_streams = true;
        self
    }

    /// The files that were opened, in order.
    pub fn opened(&self) -> Vec<String> {
        lock(&self.state).opened.clone()
    }
}

#[derive(Debug)]
struct Reading {
    bytes: Arc<[u8]>,
    at: usize,
    read: ScriptedRead,
    size_bytes: Option<u64>,
    max_bytes: u64,
}

#[async_trait]
impl FileStream for Reading {
    fn size_bytes(&self) -> Option<u64> {
        self.size_bytes
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, FileSourceError> {
        let end = match &self.read {
            ScriptedRead::CutAfter(end) | ScriptedRead::StallsAfter(end) => (*end).min(self.bytes.len()),
            ScriptedRead::Whole | ScriptedRead::Fails(_) => self.bytes.len(),
        };
        if self.at >= end {
            return match &self.read {
                ScriptedRead::CutAfter(_) => Err(FileSourceError::Cut("as scripted".into())),
                ScriptedRead::StallsAfter(_) => std::future::pending().await,
                ScriptedRead::Whole | ScriptedRead::Fails(_) => Ok(None),
            };
        }
        let piece = self.bytes[self.at..end.min(self.at + PIECE)].to_vec();
        self.at += piece.len();
        if self.at as u64 > self.max_bytes {
            return Err(FileSourceError::TooBig);
        }
        Ok(Some(piece))
    }
}

#[async_trait]
impl FileSource for ScriptedFiles {
    fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    async fn open(&self, file_id: &str) -> Result<Box<dyn FileStream>, FileSourceError> {
        let mut state = lock(&self.state);
        state.opened.push(file_id.to_owned());
        let read = state.script.pop_front().unwrap_or(ScriptedRead::Whole);
        if let ScriptedRead::Fails(error) = read {
            return Err(error);
        }
        let Some(bytes) = state.files.get(file_id).cloned() else {
            return Err(FileSourceError::Gone(format!("there is no file {file_id}")));
        };
        let size_bytes = (!state.unsized_streams).then_some(bytes.len() as u64);
        Ok(Box::new(Reading {
            bytes,
            at: 0,
            read,
            size_bytes,
            max_bytes: self.max_bytes,
        }))
    }
}
