//! What a listener is told: where to listen, whom to trust, how long to wait.

use std::net::SocketAddr;
use std::time::Duration;

use crate::WebhookSecret;

/// Settings of the listener the messenger reaches.
#[derive(Debug, Clone)]
pub struct PublicSettings {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The secret in use and, during a rotation, the one before. With none the webhook is off: its path answers 404.
    pub secrets: Vec<WebhookSecret>,
    /// Bounds on what clients may do.
    pub limits: Limits,
}

impl PublicSettings {
    /// Settings with the usual [`Limits`].
    pub fn new(addr: SocketAddr, secrets: Vec<WebhookSecret>) -> Self {
        Self {
            addr,
            secrets,
            limits: Limits::default(),
        }
    }
}

/// Settings of the listener for operators.
#[derive(Debug, Clone)]
pub struct PrivateSettings {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Bounds on what clients may do.
    pub limits: Limits,
}

impl PrivateSettings {
    /// Settings with the usual [`Limits`].
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            limits: Limits::default(),
        }
    }
}

/// Bounds on what clients may do and on how long stopping takes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections open at once; more wait unaccepted in the system's queue. Default 1,024.
    pub connections: usize,
    /// From the first byte of a request, or from connecting, to the end of its head. Default 10 s.
    pub header_timeout: Duration,
    /// From the end of the head to the end of the body. Default 20 s.
    pub body_timeout: Duration,
    /// From an answer to the first byte of the next request; while connections are at their limit, at most
    /// [`header_timeout`](Self::header_timeout). Default 75 s.
    pub idle_timeout: Duration,
    /// How long the client may leave an answer unread. Default 20 s.
    pub write_timeout: Duration,
    /// How long the intake may take before the client is told to try later; below the 60 s after which Telegram
    /// gives up waiting. Default 30 s.
    pub answer_timeout: Duration,
    /// How long the health check may take before it counts as failed. Default 5 s.
    pub ready_timeout: Duration,
    /// How old a health check's answer may be that is given again. Default 500 ms.
    pub ready_max_age: Duration,
    /// Longest body of an update. Default 1 MiB.
    pub body_bytes: usize,
    /// Longest head of a request, at least 8 KiB. Default 16 KiB.
    pub head_bytes: usize,
    /// Header lines of a request. Default 64.
    pub headers: usize,
    /// On stop, how long readiness answers 503 while connections are still taken, so that a load balancer sees it.
    /// Default 1 s.
    pub stop_notice: Duration,
    /// On stop, how long open requests may take to finish after that. Default 10 s.
    pub stop_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(30),
            ready_timeout: Duration::from_secs(5),
            ready_max_age: Duration::from_millis(500),
            body_bytes: 1024 * 1024,
            head_bytes: 16 * 1024,
            headers: 64,
            stop_notice: Duration::from_secs(1),
            stop_grace: Duration::from_secs(10),
        }
    }
}
