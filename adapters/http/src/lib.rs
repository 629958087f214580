//! The HTTP side of Frontdesk: webhook, health, metrics and the admin API, on hyper.
//!
//! A driving adapter: it turns requests into calls of three small traits and of the core's back office, and their
//! results into answers. It knows no store, no clock of the business and no setting by name except in the advice
//! of [`BindError`].
//!
//! | file | subject |
//! | --- | --- |
//! | `intake`, `health`, `metrics` | what the adapter drives: [`UpdateIntake`], [`HealthCheck`], [`MetricsPage`] |
//! | `listener` | [`PublicListener`] and [`PrivateListener`]: bind, then serve until told to stop |
//! | `settings`, `secret`, `bind` | [`Limits`], [`WebhookSecret`], [`BindError`] |
//! | `admin` | [`AdminApi`]: its table of routes, its types, and the document made from both |
//! | `routes`, `webhook`, `answer`, `body` | who answers what; every answer is made in `answer` |
//! | `server`, `connection`, `watched`, `watch` | accepting, one connection, and the clock that ends slow ones |
//!
//! # Invariants
//!
//! - The secret is checked before one byte of the body is asked for; without a right one nothing reaches the intake.
//! - 200 is answered only where the intake said [`Intake::Kept`], and its body is empty: Telegram would execute a
//!   method found there. No answer is ever a redirect or 410.
//! - No byte of a request's body gets into a log line or an answer.
//! - Everything a client can make wait has an end: head, body, answer, idle connection, unread answer.
//!
//! TLS is the business of the proxy in front.

mod admin;
mod answer;
mod bind;
mod body;
mod catch;
mod connection;
mod health;
mod intake;
mod listener;
mod metrics;
mod routes;
mod secret;
mod server;
mod settings;
mod throttle;
mod watch;
mod watched;
mod webhook;

pub use admin::AdminApi;
pub use bind::BindError;
pub use health::{HealthCheck, Readiness};
pub use intake::{Intake, UpdateIntake};
pub use listener::{PrivateListener, PublicListener};
pub use metrics::MetricsPage;
pub use secret::{InvalidSecret, WebhookSecret};
pub use settings::{Limits, PrivateSettings, PublicSettings};
