//! One call of the Bot API: recorded, hit by a fault or a limit, run, answered or cut.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::answer::{Answer, Outcome, Refusal, Success};
use crate::fault::Effect;
use crate::flow::Flow;
use crate::methods;
use crate::params::Params;
use crate::polling;
use crate::state::{Shared, State};

/// What the record and faults call the download of a file; no method of the Bot API has a blank.
pub const DOWNLOAD: &str = "file download";

/// The connection is closed without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

/// What follows the first step of a call, under the lock.
enum Next {
    Answer(Answer),
    Poll,
    Cut,
    HangThenCut(Duration),
}

/// Hands out the file at a path that getFile named.
pub(crate) async fn download(shared: &Arc<Shared>, path: &str) -> Result<Answer, Cut> {
    let values = [("file_path".to_owned(), path.into())];
    answer(shared, DOWNLOAD, Params::of(values.into_iter().collect())).await
}

/// Answers one call.
pub(crate) async fn answer(shared: &Arc<Shared>, method: &str, params: Params) -> Result<Answer, Cut> {
    let (counter, effect, next) = shared.change(|state| {
        let chat_id = methods::chat_id(state, &params, "chat_id");
        let counter = state.record.begin(method, &params.values, chat_id);
        let fault = state.faults.hit(method, chat_id, &mut state.rng);
        state.record.stats.faults_hit += u64::from(fault.is_some());
        let effect = fault.map(|(id, effect)| {
            if let Some(outcome) = state.record.outcome(counter) {
                outcome.fault = Some(id);
            }
            effect
        });
        let next = step(state, method, &params, chat_id, counter, effect.as_ref());
        (counter, effect, next)
    });
    let mut guard = CutGuard {
        shared: Arc::clone(shared),
        counter,
        armed: true,
    };
    let mut answer = match next {
        Next::Answer(answer) => answer,
        Next::Poll => {
            let outcome = polling::get_updates(shared, &params).await;
            shared.change(|state| finish(state, counter, &outcome))
        }
        Next::Cut => return Err(Cut),
        Next::HangThenCut(time) => {
            sleep(time).await;
            return Err(Cut);
        }
    };
    match effect {
        Some(Effect::DropAfter) => return Err(Cut),
        Some(Effect::Slow { seconds }) => sleep(real(seconds)).await,
        Some(Effect::CutBody { after }) => answer.flow = Flow::CutAfter(after),
        Some(Effect::Trickle { bytes, seconds }) => answer.flow = Flow::Trickle(bytes, real(seconds)),
        _ => {}
    }
    guard.armed = false;
    Ok(answer)
}

/// Runs a method that came in the body of a webhook's answer: nobody learns its result.
pub(crate) fn run_from_webhook_answer(state: &mut State, method: &str, params: &Params) {
    let chat_id = methods::chat_id(state, params, "chat_id");
    let counter = state.record.begin(method, &params.values, chat_id);
    let outcome = if methods::is_refused_in_webhook_answer(method) {
        Err(Refusal::bad("method is not allowed in the answer to a webhook"))
    } else {
        methods::call(state, method, params)
    };
    finish(state, counter, &outcome);
    if let Some(outcome) = state.record.outcome(counter) {
        outcome.in_webhook_answer = true;
    }
    state.record.stats.webhook_answers_with_method += 1;
    state
        .record
        .violations
        .push(format!("the answer to the webhook carried the method {method}"));
}

fn step(
    state: &mut State,
    method: &str,
    params: &Params,
    chat_id: Option<i64>,
    counter: u64,
    effect: Option<&Effect>,
) -> Next {
    if let Some(before) = effect.and_then(|effect| before_acting(state, counter, effect)) {
        return before;
    }
    if let (Some(limits), Some(chat_id), true) =
        (state.config.rate_limits, chat_id, methods::is_limited(method))
        && let Err(seconds) = state.buckets.take(&limits, chat_id, Instant::now())
    {
        state.record.stats.rate_limited += 1;
        return Next::Answer(finish(state, counter, &Err(Refusal::too_many(seconds))));
    }
    if method.eq_ignore_ascii_case("getUpdates") {
        return Next::Poll;
    }
    let outcome = if method == DOWNLOAD {
        methods::download(state, params)
    } else {
        methods::call(state, method, params)
    };
    Next::Answer(finish(state, counter, &outcome))
}

/// What an effect does instead of acting; `None` where the call acts first.
fn before_acting(state: &mut State, counter: u64, effect: &Effect) -> Option<Next> {
    let refusal = match effect {
        Effect::TooManyRequests { retry_after } => Refusal::too_many(*retry_after),
        Effect::InternalError => Refusal::new(500, "Internal Server Error: restart"),
        Effect::Blocked => Refusal::new(403, "Forbidden: bot was blocked by the user"),
        Effect::Deactivated => Refusal::new(403, "Forbidden: user is deactivated"),
        Effect::Kicked => Refusal::new(403, "Forbidden: bot was kicked from the supergroup chat"),
        Effect::MigrateTo { to } => Refusal::migrated(*to),
        Effect::CannotParseEntities => {
            Refusal::bad("can't parse entities: Can't find end of the entity starting at byte offset 0")
        }
        Effect::ThreadNotFound => Refusal::bad("message thread not found"),
        Effect::ChatNotFound => Refusal::bad("chat not found"),
        Effect::Refuse { code, description } => Refusal::new(*code, description.clone()),
        Effect::BadGateway => {
            let html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
            finish(
                state,
                counter,
                &Err(Refusal::new(502, "502 Bad Gateway, as HTML")),
            );
            let answer = Answer::bytes("text/html", Bytes::from_static(html.as_bytes()));
            return Some(Next::Answer(Answer {
                status: 502,
                ..answer
            }));
        }
        Effect::Hang { seconds } => return Some(Next::HangThenCut(real(*seconds))),
        Effect::DropBefore => return Some(Next::Cut),
        Effect::DropAfter | Effect::Slow { .. } | Effect::CutBody { .. } | Effect::Trickle { .. } => {
            return None;
        }
    };
    Some(Next::Answer(finish(state, counter, &Err(refusal))))
}

/// Notes the outcome and gives the answer.
fn finish(state: &mut State, counter: u64, outcome: &Outcome) -> Answer {
    let answer = match outcome {
        Ok(success) => success.answer(),
        Err(refusal) => refusal.answer(),
    };
    if let Some(noted) = state.record.outcome(counter) {
        noted.status = Some(answer.status);
        noted.acted = outcome.is_ok();
        noted.message_id = outcome.as_ref().ok().and_then(Success::message_id);
        noted.description = outcome.as_ref().err().map(|refusal| refusal.description.clone());
    }
    answer
}

/// Notes that the client never got the answer, and marks the message this call made.
fn mark_cut(state: &mut State, counter: u64) {
    let Some(call) = state.record.call(counter) else {
        return;
    };
    call.outcome.cut = true;
    call.outcome.status = None;
    let made = call.outcome.message_id.filter(|_| call.outcome.acted);
    let makes = methods::is_limited(&call.method) && !call.method.to_ascii_lowercase().starts_with("edit");
    let chat_id = call.chat_id;
    let chat = chat_id.and_then(|id| state.world.chats.get_mut(&id));
    if let (Some(id), Some(chat), true) = (made, chat, makes)
        && let Some(message) = chat.messages.get_mut(&id)
    {
        message.cut = true;
        state.record.stats.messages_cut += 1;
    }
}

/// Marks its call as cut unless disarmed: also when the client goes away and the server drops the future.
struct CutGuard {
    shared: Arc<Shared>,
    counter: u64,
    armed: bool,
}

impl Drop for CutGuard {
    fn drop(&mut self) {
        if self.armed {
            self.shared.change(|state| mark_cut(state, self.counter));
        }
    }
}

fn real(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}

/// The method and parameters in the body of a webhook's answer, if there are any.
pub(crate) fn method_in_answer(body: &[u8]) -> Option<(String, Params)> {
    let Ok(Value::Object(mut values)) = serde_json::from_slice(body) else {
        return None;
    };
    match values.remove("method") {
        Some(Value::String(method)) => Some((method, Params::of(values))),
        _ => None,
    }
}
