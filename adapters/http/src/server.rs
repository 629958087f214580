//! Accepting connections, and stopping in order.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use slog::{Logger, error, info, warn};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Limits;
use crate::connection::{self, Shared};
use crate::routes::Routes;
use crate::throttle::Throttle;

/// How long to accept nothing after the system could give us no connection, for want of file handles mostly.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// A listener with its routes, not yet accepting.
#[derive(Debug)]
pub(crate) struct Server<R> {
    listener: TcpListener,
    shared: Arc<Shared<R>>,
    stopping: Arc<AtomicBool>,
    crowded: Throttle,
}

impl<R: Routes> Server<R> {
    /// `stopping` is set when the server is told to stop; the health routes read it.
    pub(crate) fn new(
        listener: TcpListener,
        routes: R,
        limits: Limits,
        stopping: Arc<AtomicBool>,
        log: Logger,
    ) -> Self {
        let places = Arc::new(Semaphore::new(
            limits.connections.clamp(1, Semaphore::MAX_PERMITS),
        ));
        let shared = Arc::new(Shared {
            routes,
            limits,
            places,
            log,
        });
        Self {
            listener,
            shared,
            stopping,
            crowded: Throttle::new(),
        }
    }

    /// Serves until `stop`: then readiness fails, for the notice new connections are still taken, then none, and
    /// open requests get the grace to finish. Dropping the future ends everything at once.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let (draining, drain) = watch::channel(false);
        let mut open = JoinSet::new();
        tokio::select! {
            () = stop => {}
            () = self.accept_all(&mut open, &drain) => {}
        }
        self.stopping.store(true, Ordering::Relaxed);
        tokio::select! {
            () = sleep(self.shared.limits.stop_notice) => {}
            () = self.accept_all(&mut open, &drain) => {}
        }
        let Self { listener, shared, .. } = self;
        drop(listener);
        draining.send_replace(true);
        let deadline = Instant::now() + shared.limits.stop_grace;
        while let Ok(Some(ended)) = timeout_at(deadline, open.join_next()).await {
            note(&shared.log, ended);
        }
        if open.is_empty() {
            info!(shared.log, "listener stopped");
        } else {
            warn!(shared.log, "listener stopped with requests unfinished: the grace is over"; "connections" => open.len());
        }
    }

    async fn accept_all(&self, open: &mut JoinSet<()>, drain: &watch::Receiver<bool>) {
        loop {
            let Some((stream, peer, place)) = self.accept().await else {
                return;
            };
            while let Some(ended) = open.try_join_next() {
                note(&self.shared.log, ended);
            }
            let (shared, drain) = (Arc::clone(&self.shared), drain.clone());
            open.spawn(async move {
                connection::serve(stream, peer, shared, drain).await;
                drop(place);
            });
        }
    }

    /// The next connection, once there is a place for it. None only if places were closed, which nobody does.
    async fn accept(&self) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let Shared {
            places, limits, log, ..
        } = &*self.shared;
        if places.available_permits() == 0
            && let Some(held_back) = self.crowded.pass()
        {
            warn!(log, "connections are at their limit; new ones wait";
                "limit" => limits.connections, "lines_held_back" => held_back);
        }
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        loop {
            match self.listener.accept().await.and_then(prepared) {
                Ok((stream, peer)) => return Some((stream, peer, place)),
                Err(source) if is_the_clients(&source) => {}
                Err(source) => {
                    error!(log, "cannot accept connections; trying again"; "error" => %source);
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}

/// Answers are small and complete: waiting to fill a packet would only delay them.
fn prepared((stream, peer): (TcpStream, SocketAddr)) -> io::Result<(TcpStream, SocketAddr)> {
    stream.set_nodelay(true)?;
    Ok((stream, peer))
}

/// The client left between connecting and being accepted.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::NotConnected
            | ErrorKind::InvalidInput
            | ErrorKind::Interrupted
    )
}

fn note(log: &Logger, ended: Result<(), tokio::task::JoinError>) {
    if let Err(source) = ended
        && source.is_panic()
    {
        error!(log, "a connection's task panicked");
    }
}
