//! What is written in answer to one call, step by step: pure, from the request, its answer and its fault.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};

use crate::fault::Effect;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::script::{Answer, Hold};
use crate::tokens::Tokens;
use crate::wire::Wire;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, for so long.
    Wait(Duration),
    /// Nothing, until a test releases the call.
    Hold,
    /// Bytes of the body.
    Bytes(Bytes),
    /// The bytes that follow tell the client these tokens.
    Tell(Tokens),
    /// The connection is dropped.
    Cut,
}

/// An answer as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// What comes before the status.
    pub(crate) before: Vec<Step>,
    /// The body.
    pub(crate) body: Vec<Step>,
}

impl Plan {
    /// A refusal at once.
    pub(crate) fn refuse(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            headers: refusal.headers,
            before: Vec::new(),
            body: vec![Step::Bytes(refusal.body.into())],
        }
    }
}

/// The refusal that an effect is, if it is one.
pub(crate) fn refusal(effect: &Effect, prompt_tokens: u64) -> Option<Refusal> {
    Some(match effect {
        Effect::TooManyRequests { retry_after, told } => Refusal::too_many_requests(*retry_after, *told),
        Effect::Unauthorised => Refusal::unauthorised(),
        Effect::PaymentRequired => Refusal::payment_required(),
        Effect::InsufficientQuota => Refusal::insufficient_quota(),
        Effect::Forbidden => Refusal::forbidden(),
        Effect::Firewall => Refusal::firewall(),
        Effect::TooLong => Refusal::too_long(prompt_tokens.saturating_sub(1), prompt_tokens),
        Effect::InternalError => Refusal::server(500),
        Effect::BadGateway => Refusal::bad_gateway(),
        Effect::Unavailable => Refusal::server(503),
        Effect::Refuse {
            status,
            kind,
            code,
            message,
        } => Refusal::new(*status, kind, code.clone(), message),
        Effect::Redirect { to } => Refusal::redirect(to),
        Effect::Hang
        | Effect::DropBefore
        | Effect::Stall { .. }
        | Effect::Cut { .. }
        | Effect::Truncate { .. }
        | Effect::NoDone
        | Effect::BadJson { .. }
        | Effect::ErrorInside { .. }
        | Effect::Empty
        | Effect::ReasoningOnly
        | Effect::ThinkMarkup { .. }
        | Effect::NullNames
        | Effect::Finish { .. }
        | Effect::Padding { .. } => return None,
    })
}

/// Plans an answer that begins with 200.
pub(crate) fn answer(counter: u64, request: &Request, mut answer: Answer, effect: Option<&Effect>) -> Plan {
    if request.thinks && answer.reasoning.is_empty() {
        "I think about it.".clone_into(&mut answer.reasoning);
    }
    shape(&mut answer, effect);
    let wire = Wire::new(counter, request, &answer, effect == Some(&Effect::NullNames));
    let mut before = Vec::new();
    if answer.first_after_ms > 0 {
        before.push(Step::Wait(Duration::from_millis(answer.first_after_ms)));
    }
    if answer.hold == Some(Hold::BeforeFirstByte) || effect == Some(&Effect::Hang) {
        before.push(Step::Hold);
    }
    if effect == Some(&Effect::DropBefore) {
        before.push(Step::Cut);
    }
    let (kind, body) = if request.stream {
        ("text/event-stream", stream(&wire, &answer, effect))
    } else {
        ("application/json", plain(&wire, &answer, effect))
    };
    Plan {
        status: 200,
        headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        before,
        body,
    }
}

/// Faults of what the model says, not of how it is written.
fn shape(answer: &mut Answer, effect: Option<&Effect>) {
    match effect {
        Some(Effect::Empty) => {
            answer.text.clear();
            answer.calls.clear();
        }
        Some(Effect::ReasoningOnly) => {
            answer.reasoning.push_str(&answer.text);
            answer.text.clear();
            answer.calls.clear();
        }
        Some(Effect::ThinkMarkup { closed }) => {
            let end = if *closed { "</longcat_think>\n\n" } else { " " };
            answer.text = format!("<longcat_think>what to say?{end}{}", answer.text);
        }
        Some(Effect::Finish { reason }) => answer.finish_reason = Some(reason.clone()),
        _ => {}
    }
}

/// Where a fault breaks the answer off, and with what steps instead of the rest.
fn breaks(effect: Option<&Effect>, wire: &Wire<'_>) -> Option<(usize, Vec<Step>)> {
    match effect? {
        Effect::Cut { after } => Some((*after, vec![Step::Cut])),
        Effect::Truncate { after } => Some((*after, Vec::new())),
        Effect::BadJson { after } => Some((*after, vec![Step::Bytes(wire.bad_json())])),
        Effect::ErrorInside { after, code } => Some((*after, vec![Step::Bytes(wire.error(*code))])),
        _ => None,
    }
}

fn stream(wire: &Wire<'_>, answer: &Answer, effect: Option<&Effect>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(Effect::Padding { bytes }) = effect {
        steps.push(Step::Bytes(format!(": {}\n\n", "x".repeat(*bytes)).into()));
    }
    steps.push(Step::Bytes(wire.first()));
    let broken = breaks(effect, wire);
    let pause = (answer.between_ms > 0).then(|| Step::Wait(Duration::from_millis(answer.between_ms)));
    let pieces = wire.pieces();
    for index in 0..=pieces.len() {
        if let Some((after, rest)) = &broken
            && *after == index
        {
            steps.extend(rest.iter().cloned());
            return steps;
        }
        let stalls = matches!(effect, Some(Effect::Stall { after }) if *after == index);
        if stalls || answer.hold == Some(Hold::AfterPieces(index)) {
            steps.push(Step::Hold);
        }
        if let Some(piece) = pieces.get(index) {
            steps.extend(pause.clone());
            steps.push(Step::Bytes(piece.clone()));
        }
    }
    // A break behind the last piece still comes before the end.
    if let Some((_, rest)) = broken {
        steps.extend(rest);
        return steps;
    }
    for (told, bytes) in wire.end() {
        steps.extend(told.map(Step::Tell));
        steps.push(Step::Bytes(bytes));
    }
    if effect != Some(&Effect::NoDone) {
        steps.push(Step::Bytes(Bytes::from_static(b"data: [DONE]\n\n")));
    }
    steps
}

fn plain(wire: &Wire<'_>, answer: &Answer, effect: Option<&Effect>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(Effect::Padding { bytes }) = effect {
        steps.push(Step::Bytes(" ".repeat(*bytes).into()));
    }
    if matches!(answer.hold, Some(Hold::AfterPieces(_))) {
        steps.push(Step::Hold);
    }
    let (told, body) = wire.plain();
    if let Some(Effect::ErrorInside { code, .. }) = effect {
        steps.push(Step::Bytes(wire.error(*code)));
        return steps;
    }
    let middle = body.len() / 2;
    let (start, end) = (body.slice(..middle), body.slice(middle..));
    if let Some((_, rest)) = breaks(effect, wire) {
        steps.push(Step::Bytes(start));
        steps.extend(rest);
        return steps;
    }
    if matches!(effect, Some(Effect::Stall { .. })) {
        steps.extend([Step::Bytes(start), Step::Hold]);
        steps.extend(told.map(Step::Tell));
        steps.push(Step::Bytes(end));
        return steps;
    }
    steps.extend(told.map(Step::Tell));
    steps.push(Step::Bytes(body));
    steps
}
