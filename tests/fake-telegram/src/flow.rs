//! Bodies that come as a fault says: broken off, or in a trickle.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// How an answer's body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// All at once.
    Whole,
    /// So many bytes, then the connection ends.
    CutAfter(usize),
    /// So many bytes at a time, with a pause after each.
    Trickle(usize, Duration),
}

/// A body, its whole length announced, whatever comes of it.
#[derive(Debug)]
pub(crate) struct Flowing {
    rest: Bytes,
    flow: Flow,
    /// How much may still come of one that is cut.
    left: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Flowing {
    pub(crate) fn new(bytes: Bytes, flow: Flow) -> Self {
        let left = match flow {
            Flow::CutAfter(left) => left,
            Flow::Whole | Flow::Trickle(..) => usize::MAX,
        };
        Flowing {
            rest: bytes,
            flow,
            left,
            pause: None,
        }
    }
}

impl Body for Flowing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(pause) = &mut self.pause {
            match pause.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => self.pause = None,
            }
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = match self.flow {
            Flow::Whole => self.rest.len(),
            Flow::CutAfter(_) if self.left == 0 => {
                return Poll::Ready(Some(Err(std::io::Error::other("cut on request of a fault"))));
            }
            Flow::CutAfter(_) => self.left.min(self.rest.len()),
            Flow::Trickle(size, pause) => {
                self.pause = Some(Box::pin(tokio::time::sleep(pause)));
                size.clamp(1, self.rest.len())
            }
        };
        self.left -= size;
        let piece = self.rest.split_to(size);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
