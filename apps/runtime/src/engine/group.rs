//! Loops that stop together.

use frontdesk_core::desk::{Stop, StopHandle};
use slog::Logger;
use tokio::task::JoinSet;

/// Loops that stop together.
pub(super) struct Group {
    handle: StopHandle,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Group {
    pub(super) fn new() -> Group {
        let (handle, stop) = StopHandle::new();
        Group {
            handle,
            stop,
            tasks: JoinSet::new(),
        }
    }

    /// Runs a loop, given what it asks whether to end.
    pub(super) fn run<F: Future<Output = ()> + Send + 'static>(&mut self, start: impl FnOnce(Stop) -> F) {
        self.tasks.spawn(start(self.stop.clone()));
    }

    /// Asks all of them to stop.
    pub(super) fn stop(&self) {
        self.handle.stop();
    }

    /// Waits until they have.
    pub(super) async fn finish(mut self, log: &Logger) {
        self.stop();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                slog::error!(log, "a loop ended badly"; "error" => %error);
            }
        }
    }
}
