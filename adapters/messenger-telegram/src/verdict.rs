//! What an answer of the Bot API means to the desk.

use std::time::Duration;

use frontdesk_core::id::ChatId;
use frontdesk_core::port::messenger::{LimitScope, MessengerError};

use crate::exchange::Answer;
use crate::json::Fields;

/// The wait when a 429 names none.
const WAIT_UNNAMED: u64 = 5;
/// The longest wait taken over. Telegram's longest known are hours.
const WAIT_LONGEST: u64 = 30 * 24 * 3600;

/// Judges an answer. `body` is its text, made readable; `say` makes a text fit to be shown.
///
/// Telegram's `error_code` counts before the status, since proxies change the latter. Descriptions
/// are for people and change; only those named here are told apart, by parts of them.
pub(crate) fn judge(
    answer: &Answer,
    body: &str,
    scope: LimitScope,
    say: &dyn Fn(&str) -> String,
) -> Result<(), MessengerError> {
    let envelope = match Fields::read(body) {
        Ok(envelope)
            if envelope.raw("ok").is_some() || envelope.has("error_code") || envelope.has("description") =>
        {
            envelope
        }
        Ok(_) | Err(_) => return judge_foreign(answer, body, scope, say),
    };
    if envelope.flag("ok") {
        return Ok(());
    }
    let code = envelope
        .number("error_code")
        .unwrap_or_else(|| i64::from(answer.status));
    let description = envelope.text("description").unwrap_or_default();
    let parameters = envelope.object("parameters").unwrap_or_default();
    if let Some(to) = parameters.number("migrate_to_chat_id") {
        return Err(MessengerError::ChatMoved { to: ChatId(to) });
    }
    let said = || say(&format!("{code} {description}"));
    let lower = description.to_lowercase();
    let mentions = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    match code {
        // A chat's own limit and the bot's look the same, however long the wait; a call to a chat is
        // held to be the chat's, as most are. Were it the bot's, each chat would be told in turn.
        429 => {
            let named = parameters
                .number("retry_after")
                .and_then(|seconds| u64::try_from(seconds).ok());
            Err(rate_limited(
                named.or(answer.retry_after).or_else(|| wait_in(&lower)),
                scope,
            ))
        }
        400 if mentions(&[
            "message is not modified",
            "query is too old",
            "query id is invalid",
            "query_id_invalid",
        ]) =>
        {
            Ok(())
        }
        400 if mentions(&["message thread not found", "topic_deleted", "topic_id_invalid"]) => {
            Err(MessengerError::ThreadGone)
        }
        400 if mentions(&[
            "can't parse entities",
            "can't parse messageentity",
            "entities_too_long",
            "entity_",
            "entity begin",
            "entity with incorrect",
        ]) =>
        {
            Err(MessengerError::BadEntities(said()))
        }
        400 | 403
            if mentions(&[
                "bot was blocked",
                "user_is_blocked",
                "deactivated",
                "was kicked",
                "chat was deleted",
                "is not a member",
                "can't initiate conversation",
            ]) =>
        {
            Err(MessengerError::ChatGone(said()))
        }
        401 => Err(MessengerError::Unauthorised(said())),
        // A wrong token is "Not Found"; a method that an old server lacks is "method not found".
        404 if !mentions(&["method"]) => Err(MessengerError::Unauthorised(said())),
        409 if mentions(&["webhook"]) => Err(MessengerError::Rejected(say(&format!(
            "{code} a webhook is set, so updates go there: use TELEGRAM_MODE=webhook, or run \
             `frontdesk telegram delete-webhook` ({description})"
        )))),
        409 => Err(MessengerError::Rejected(say(&format!(
            "{code} another program asks for this bot's updates: stop it, or give it a bot of its own \
             ({description})"
        )))),
        // "chat not found" is here too: it is as likely a wrong token or an id of another bot, and the
        // person must not be written off as gone for that.
        400..=499 => Err(MessengerError::Rejected(said())),
        _ => Err(MessengerError::Unknown(said().into())),
    }
}

/// Whether the server says that it does not know the method. Servers also answer 404 where the token is
/// wrong; then nothing else works either, and any other call tells.
pub(crate) fn is_unknown_method(body: &str) -> bool {
    Fields::read(body).is_ok_and(|envelope| {
        envelope.raw("ok").is_some() && !envelope.flag("ok") && envelope.number("error_code") == Some(404)
    })
}

/// The answer is not the Bot API's: a proxy's page, or the API's own cut short.
fn judge_foreign(
    answer: &Answer,
    body: &str,
    scope: LimitScope,
    say: &dyn Fn(&str) -> String,
) -> Result<(), MessengerError> {
    let status = answer.status;
    if (200..300).contains(&status) && begins_ok(body) {
        return Ok(());
    }
    if status == 429 {
        return Err(rate_limited(answer.retry_after, scope));
    }
    let why = match (&answer.cut, status) {
        (Some(cut), _) => format!("status {status}, and the answer broke off: {cut}"),
        (None, 300..=399) => format!("status {status}: redirected; check TELEGRAM_API_URL"),
        (None, _) => format!("status {status}, and the answer is not the Bot API's"),
    };
    Err(MessengerError::Unknown(say(&why).into()))
}

/// Whether the start of a broken answer says that the call worked.
fn begins_ok(body: &str) -> bool {
    let start: String = body.chars().take(32).filter(|c| !c.is_whitespace()).collect();
    start.starts_with("{\"ok\":true")
}

fn rate_limited(seconds: Option<u64>, scope: LimitScope) -> MessengerError {
    MessengerError::RateLimited {
        retry_after: Duration::from_secs(seconds.unwrap_or(WAIT_UNNAMED).min(WAIT_LONGEST)),
        scope,
    }
}

/// The number in "too many requests: retry after 17".
fn wait_in(description: &str) -> Option<u64> {
    let (_, tail) = description.split_once("retry after ")?;
    let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
