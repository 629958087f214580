//! The two listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use slog::{Logger, info, o};

use crate::bind::{BindError, listen};
use crate::health::HealthRoutes;
use crate::metrics::MetricsRoute;
use crate::routes::{PrivateRoutes, PublicRoutes};
use crate::server::Server;
use crate::webhook::Webhook;
use crate::{AdminApi, HealthCheck, Limits, MetricsPage, PrivateSettings, PublicSettings, UpdateIntake};

/// The listener the messenger reaches.
///
/// | request | answers |
/// | --- | --- |
/// | `POST /webhook/telegram` | 200 with an empty body once kept · 401 wrong or missing secret · 400 not an update · 408 body too slow · 413 body too long · 405 · 503 with `Retry-After` · 404 where no secret is configured: webhook mode is off |
/// | `GET`, `HEAD` `/health/live` | 200 |
/// | `GET`, `HEAD` `/health/ready` | 200 or 503 with the check's report |
///
/// Other paths answer 404, other methods 405, a handler that panics 500; each with a short problem+json body.
#[derive(Debug)]
pub struct PublicListener {
    addr: SocketAddr,
    server: Server<PublicRoutes>,
}

impl PublicListener {
    /// Takes the address. Connections wait in the system's queue until [`serve`](Self::serve).
    ///
    /// # Errors
    ///
    /// [`BindError`] where the address cannot be had, or outside a tokio runtime.
    pub fn bind(
        settings: PublicSettings,
        intake: Arc<dyn UpdateIntake>,
        health: Arc<dyn HealthCheck>,
        log: &Logger,
    ) -> Result<Self, BindError> {
        let PublicSettings {
            addr,
            secrets,
            limits,
        } = settings;
        let (listener, addr) = listen(addr, "LISTEN_ADDR")?;
        let log = log.new(o!("listener" => "public"));
        info!(log, "listening"; "addr" => %addr, "webhook" => !secrets.is_empty());
        let stopping = Arc::new(AtomicBool::new(false));
        let routes = PublicRoutes {
            webhook: Webhook::new(secrets, intake, &limits, log.clone()),
            health: health_routes(health, &stopping, &limits),
        };
        Ok(Self {
            addr,
            server: Server::new(listener, routes, limits, stopping, log),
        })
    }

    /// Where it listens: with port 0 in the settings, the port the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` is done, then stops in order: readiness answers 503; after
    /// [`Limits::stop_notice`] no connection is taken; open requests finish within [`Limits::stop_grace`].
    ///
    /// Dropping the future ends all connections at once.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        self.server.run(stop).await;
    }
}

/// The listener for operators: the health routes of [`PublicListener`], answered even while the public one is
/// crowded; `GET`, `HEAD` `/metrics`: 200 with the page, or 500 where it cannot be written; and the admin API
/// where one is given.
#[derive(Debug)]
pub struct PrivateListener {
    addr: SocketAddr,
    server: Server<PrivateRoutes>,
}

impl PrivateListener {
    /// Takes the address, as [`PublicListener::bind`] does.
    ///
    /// # Errors
    ///
    /// [`BindError`] where the address cannot be had, or outside a tokio runtime.
    pub fn bind(
        settings: PrivateSettings,
        health: Arc<dyn HealthCheck>,
        metrics: Arc<dyn MetricsPage>,
        admin: Option<AdminApi>,
        log: &Logger,
    ) -> Result<Self, BindError> {
        let PrivateSettings { addr, limits } = settings;
        let (listener, addr) = listen(addr, "ADMIN_ADDR")?;
        let log = log.new(o!("listener" => "private"));
        info!(log, "listening"; "addr" => %addr);
        let stopping = Arc::new(AtomicBool::new(false));
        let routes = PrivateRoutes {
            health: health_routes(health, &stopping, &limits),
            metrics: MetricsRoute::new(metrics, limits.ready_timeout),
            admin,
            body_timeout: limits.body_timeout,
            log: log.clone(),
        };
        Ok(Self {
            addr,
            server: Server::new(listener, routes, limits, stopping, log),
        })
    }

    /// Where it listens: with port 0 in the settings, the port the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` is done, then stops as [`PublicListener::serve`] does.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        self.server.run(stop).await;
    }
}

fn health_routes(check: Arc<dyn HealthCheck>, stopping: &Arc<AtomicBool>, limits: &Limits) -> HealthRoutes {
    HealthRoutes::new(
        check,
        Arc::clone(stopping),
        limits.ready_timeout,
        limits.ready_max_age,
    )
}
