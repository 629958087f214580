//! `POST /webhook/telegram`: secret, then body, then the intake.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName};
use hyper::{Method, http::request::Parts};
use slog::{Logger, warn};
use tokio::time::timeout;

use crate::answer::{self, Answer};
use crate::body::{BodyError, RequestBody};
use crate::secret::is_known;
use crate::throttle::Throttle;
use crate::{Intake, Limits, UpdateIntake, WebhookSecret};

const SECRET_HEADER: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");

/// What the client is told where the intake did not answer in time.
const AFTER_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Webhook {
    secrets: Vec<WebhookSecret>,
    intake: Arc<dyn UpdateIntake>,
    body_bytes: usize,
    body_timeout: Duration,
    answer_timeout: Duration,
    log: Logger,
    strangers: Throttle,
    put_off: Throttle,
}

impl Webhook {
    pub(crate) fn new(
        secrets: Vec<WebhookSecret>,
        intake: Arc<dyn UpdateIntake>,
        limits: &Limits,
        log: Logger,
    ) -> Self {
        Self {
            secrets,
            intake,
            body_bytes: limits.body_bytes,
            body_timeout: limits.body_timeout,
            answer_timeout: limits.answer_timeout,
            log,
            strangers: Throttle::new(),
            put_off: Throttle::new(),
        }
    }

    pub(crate) async fn answer(&self, head: &Parts, body: &mut RequestBody) -> Answer {
        if self.secrets.is_empty() {
            // Webhook mode is off: nobody could be authentic here.
            return answer::not_found();
        }
        if head.method != Method::POST {
            return answer::method_not_allowed("POST");
        }
        if !self.is_authentic(&head.headers) {
            if let Some(held_back) = self.strangers.pass() {
                warn!(self.log, "refused a webhook request: wrong or missing secret"; "lines_held_back" => held_back);
            }
            return answer::wrong_secret();
        }
        match body.read(self.body_bytes, self.body_timeout).await {
            Ok(update) => self.hand_over(update).await,
            Err(error) => self.refuse_body(&error),
        }
    }

    /// Exactly one secret header, and a secret we know in it.
    fn is_authentic(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(SECRET_HEADER).iter();
        match (given.next(), given.next()) {
            (Some(secret), None) => is_known(&self.secrets, secret.as_bytes()),
            _ => false,
        }
    }

    async fn hand_over(&self, update: Vec<u8>) -> Answer {
        let intake = match timeout(self.answer_timeout, self.intake.receive(update)).await {
            Ok(intake) => intake,
            Err(_elapsed) => return self.try_later("the intake took too long", AFTER_TIMEOUT),
        };
        match intake {
            Intake::Kept => answer::kept(),
            Intake::NotAnUpdate(why) => {
                warn!(self.log, "refused a webhook request: not an update"; "error" => why);
                answer::not_an_update()
            }
            Intake::TryLater(after) => self.try_later("the intake takes none now", after),
        }
    }

    fn try_later(&self, why: &'static str, after: Duration) -> Answer {
        if let Some(held_back) = self.put_off.pass() {
            warn!(self.log, "put off an update"; "error" => why, "lines_held_back" => held_back);
        }
        answer::try_later(after)
    }

    fn refuse_body(&self, error: &BodyError) -> Answer {
        match error {
            BodyError::TooLarge => {
                warn!(self.log, "refused a webhook request: body too long"; "limit_bytes" => self.body_bytes);
                answer::too_large()
            }
            BodyError::TooSlow => {
                let limit_ms = u64::try_from(self.body_timeout.as_millis()).unwrap_or(u64::MAX);
                warn!(self.log, "refused a webhook request: body too slow"; "limit_ms" => limit_ms);
                answer::body_too_slow()
            }
            BodyError::Broken(source) => {
                warn!(self.log, "a webhook request broke off"; "error" => %source);
                answer::body_broken()
            }
        }
    }
}
