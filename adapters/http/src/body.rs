//! A request's body, read to a limit and within a time.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// A body that remembers whether it was read to its end.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    finished: bool,
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyError {
    TooLarge,
    TooSlow,
    Broken(hyper::Error),
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming) -> Self {
        let finished = incoming.is_end_stream();
        Self { incoming, finished }
    }

    /// Whether bytes may still be on their way that nobody will read.
    pub(crate) fn is_unread(&self) -> bool {
        !self.finished
    }

    /// Reads the whole body, unless it is announced or found to be longer than the limit.
    pub(crate) async fn read(&mut self, limit: usize, time: Duration) -> Result<Vec<u8>, BodyError> {
        timeout(time, self.read_all(limit))
            .await
            .unwrap_or(Err(BodyError::TooSlow))
    }

    async fn read_all(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let announced = usize::try_from(self.incoming.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > limit {
            return Err(BodyError::TooLarge);
        }
        let mut whole = Vec::with_capacity(announced);
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self.incoming).poll_frame(cx)).await {
            // Frames that are no data are trailers, which say nothing to us.
            let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else {
                continue;
            };
            if data.len() > limit - whole.len() {
                return Err(BodyError::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
        self.finished = true;
        Ok(whole)
    }
}
