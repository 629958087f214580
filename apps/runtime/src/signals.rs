//! The first signal asks for a stop; the second one is obeyed at once. SIGHUP asks for the playbook to be
//! read again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// SIGTERM, SIGINT and SIGHUP.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Starts to listen; from now on none of them ends the process by itself.
    pub fn listen() -> Result<Signals, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::Work(format!("signals cannot be heard: {error}")));
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: Some(listen(SignalKind::hangup())?),
        })
    }

    /// SIGHUPs since the start, to whoever asks first. A program that has nothing to read again leaves them
    /// unheard.
    pub fn hangups(&mut self) -> Option<Signal> {
        self.hangup.take()
    }

    /// Waits for the next one that ends the program, and gives the exit code that tells of it.
    pub async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
        }
    }

    /// Ends the process at the next signal. What is durable stays, the rest was never promised.
    pub fn exit_at_next(mut self) {
        tokio::spawn(async move {
            let code = self.next().await;
            std::process::exit(code);
        });
    }
}
