//! Files that clients send: where they are is asked of the Bot API, their bytes come from its file root.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_core::port::messenger::MessengerError;
use frontdesk_core::port::{FileSource, FileSourceError, FileStream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::http::header;

use crate::client::{Call, TelegramClient};

/// The largest file that Telegram hands out.
const MAX_BYTES: u64 = 20 << 20;
/// How many pieces may wait for their reader; then the connection waits.
const AHEAD: usize = 4;
/// The most of a file that is read at once.
const PIECE: usize = 64 << 10;
/// The longest path taken over.
const PATH_LIMIT: usize = 1_024;

/// Hands out the files of a bot's clients.
///
/// Each download has a connection of its own and blocks a thread; dropping its stream ends both. Where a
/// file is comes from the server and is put into a URL that has the token in it: only a plain relative
/// path is, and nobody is redirected.
#[derive(Clone)]
pub struct TelegramFiles {
    client: TelegramClient,
    permits: Arc<Semaphore>,
}

impl fmt::Debug for TelegramFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelegramFiles")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl TelegramFiles {
    /// The largest file that Telegram hands out, in bytes.
    pub const MAX_BYTES: u64 = MAX_BYTES;

    /// Files of the client's bot, from the file root in its settings.
    pub fn new(client: TelegramClient) -> TelegramFiles {
        let permits = Arc::new(Semaphore::new(client.settings().downloads.max(1)));
        TelegramFiles { client, permits }
    }

    /// Where the file is: a path below the file root.
    async fn path_of(&self, file_id: &str) -> Result<String, FileSourceError> {
        let call = Call::of_bot("getFile", &json!({ "file_id": file_id }));
        let reply = self.client.call(call).await.map_err(said)?;
        let file = reply.fields().object("result").unwrap_or_default();
        let size = file.number("file_size").and_then(|size| u64::try_from(size).ok());
        if size.is_some_and(|size| size > MAX_BYTES) {
            return Err(FileSourceError::TooBig);
        }
        let Some(path) = file.text("file_path") else {
            return Err(FileSourceError::Gone("getFile: it names no path".to_owned()));
        };
        if is_plain(&path) {
            Ok(path.into_owned())
        } else {
            Err(FileSourceError::Refused(
                "getFile: its path is no plain relative one".to_owned(),
            ))
        }
    }
}

/// Whether a path stays below the root it is put behind, and stays a path: no step up, nothing that
/// begins a query, a fragment or an escape.
fn is_plain(path: &str) -> bool {
    path.len() <= PATH_LIMIT
        && path.split('/').all(|part| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~'))
        })
}

/// What getFile said, for a file.
fn said(error: MessengerError) -> FileSourceError {
    match error {
        MessengerError::RateLimited { retry_after, .. } => FileSourceError::RateLimited { retry_after },
        MessengerError::Rejected(why) if why.to_lowercase().contains("too big") => FileSourceError::TooBig,
        MessengerError::Rejected(why) | MessengerError::ChatGone(why) | MessengerError::BadEntities(why) => {
            FileSourceError::Gone(why)
        }
        // Asking has no effect: whether it was heard does not matter.
        other @ (MessengerError::Unreachable(_)
        | MessengerError::Unknown(_)
        | MessengerError::Unauthorised(_)
        | MessengerError::ChatMoved { .. }
        | MessengerError::ThreadGone) => FileSourceError::Unreachable(other.to_string().into()),
    }
}

/// What comes of a download. Texts are redacted.
enum Piece {
    /// The answer's head, with the length it announces.
    Begins(Option<u64>),
    Bytes(Vec<u8>),
    /// All of it came.
    Ends,
    Fails(FileSourceError),
}

/// A download under way.
struct Stream {
    pieces: mpsc::Receiver<Piece>,
    agent: Agent,
    size_bytes: Option<u64>,
    came: u64,
    ended: bool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("size_bytes", &self.size_bytes)
            .field("came", &self.came)
            .finish_non_exhaustive()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A read that nobody waits for any more ends with its connection.
        self.agent.clone().shutdown();
    }
}

#[async_trait]
impl FileSource for TelegramFiles {
    fn max_bytes(&self) -> u64 {
        MAX_BYTES
    }

    async fn open(&self, file_id: &str) -> Result<Box<dyn FileStream>, FileSourceError> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|closed| FileSourceError::Unreachable(closed.into()))?;
        let path = self.path_of(file_id).await?;
        let (sender, pieces) = mpsc::channel(AHEAD);
        let agent = self.client.file_agent();
        let mut stream = Stream {
            pieces,
            agent: agent.clone(),
            size_bytes: None,
            came: 0,
            ended: false,
        };
        let client = self.client.clone();
        // Nobody waits for the thread: it ends by itself, and what it finds comes by the channel.
        drop(spawn_blocking(move || {
            download(&client, &agent, &path, &sender, permit);
        }));
        match stream.pieces.recv().await {
            Some(Piece::Begins(size)) => {
                if size.is_some_and(|size| size > MAX_BYTES) {
                    return Err(FileSourceError::TooBig);
                }
                stream.size_bytes = size;
                Ok(Box::new(stream))
            }
            Some(Piece::Fails(error)) => Err(error),
            Some(Piece::Bytes(_) | Piece::Ends) | None => Err(lost()),
        }
    }
}

#[async_trait]
impl FileStream for Stream {
    fn size_bytes(&self) -> Option<u64> {
        self.size_bytes
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, FileSourceError> {
        if self.ended {
            return Ok(None);
        }
        match self.pieces.recv().await {
            Some(Piece::Bytes(bytes)) => {
                self.came += bytes.len() as u64;
                if self.came > MAX_BYTES {
                    return Err(FileSourceError::TooBig);
                }
                Ok(Some(bytes))
            }
            Some(Piece::Ends) => {
                self.ended = true;
                match self.size_bytes {
                    Some(size) if size != self.came => Err(FileSourceError::Cut(
                        format!("{} of {size} bytes came", self.came).into(),
                    )),
                    _ => Ok(None),
                }
            }
            Some(Piece::Fails(error)) => Err(error),
            Some(Piece::Begins(_)) | None => Err(lost()),
        }
    }
}

fn lost() -> FileSourceError {
    FileSourceError::Cut("its thread ended".into())
}

/// Downloads a file, on a thread that may block.
fn download(
    client: &TelegramClient,
    agent: &Agent,
    path: &str,
    pieces: &mpsc::Sender<Piece>,
    _permit: OwnedSemaphorePermit,
) {
    let last = transfer(client, agent, path, pieces).unwrap_or_else(Piece::Fails);
    // An error means that nobody waits for it any more.
    drop(pieces.blocking_send(last));
}

fn transfer(
    client: &TelegramClient,
    agent: &Agent,
    path: &str,
    pieces: &mpsc::Sender<Piece>,
) -> Result<Piece, FileSourceError> {
    let response = agent
        .get(client.file_url(path))
        .config()
        .timeout_global(Some(client.settings().download_timeout))
        .build()
        // A file is wanted as it is.
        .header(header::ACCEPT_ENCODING, "identity")
        .call()
        .map_err(|error| FileSourceError::Unreachable(client.say("download", &error.to_string()).into()))?;
    match response.status().as_u16() {
        200 => {}
        // Links are good for an hour at least: the next attempt asks for a new one.
        404 | 410 => {
            return Err(FileSourceError::Gone(
                "download: the server does not have it".to_owned(),
            ));
        }
        429 => {
            return Err(FileSourceError::RateLimited {
                retry_after: crate::exchange::retry_after_of(response.headers()),
            });
        }
        status @ 300..=499 => {
            return Err(FileSourceError::Refused(format!("download: status {status}")));
        }
        status => {
            return Err(FileSourceError::Unreachable(
                format!("download: status {status}").into(),
            ));
        }
    }
    let length = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.trim().parse().ok());
    if pieces.blocking_send(Piece::Begins(length)).is_err() {
        return Ok(Piece::Ends);
    }
    // One byte more than is taken, so that what is larger shows.
    let body = response.into_body().into_with_config().limit(MAX_BYTES + 2);
    let mut reader = body.reader();
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Piece::Ends),
            Ok(read) => {
                if pieces
                    .blocking_send(Piece::Bytes(buffer[..read].to_vec()))
                    .is_err()
                {
                    return Ok(Piece::Ends);
                }
            }
            Err(error) => {
                return Err(FileSourceError::Cut(
                    client.say("download", &error.to_string()).into(),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_relative_path_is_one() {
        for path in [
            "documents/file_1.pdf",
            "photos/file_2.jpg",
            "file",
            "a/b/c-d_e.f~1",
        ] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "..",
            "../x",
            "a/../../x",
            "a/./b",
            "a?b",
            "a#b",
            "a%2fb",
            "a%2e%2e/b",
            "a\\b",
            "a b",
            "a\nb",
            "http://x/y",
            "a@b",
            "файл",
            "a;b",
            "a\0",
        ] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(!is_plain(&"a".repeat(PATH_LIMIT + 1)));
    }
}
