//! The checks of the language model port.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::{BotId, ClientId};
use frontdesk_core::port::llm::{
    Account, ModelAnswer, ModelRequest, PartialAnswer, PromptPart, Role, ToolCall, Usage,
};
use frontdesk_core::port::{LanguageModel, ModelError};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::check::suite;

/// What the kit must know of a model's adapter.
#[async_trait]
pub trait ModelHarness: Sync {
    /// A model that was told nothing yet and shares nothing with those given before.
    async fn fresh(&self) -> Box<dyn KitModel>;
}

/// A model whose far end does as it is told.
#[async_trait]
pub trait KitModel: Send + Sync {
    /// The model.
    fn model(&self) -> Arc<dyn LanguageModel>;

    /// The next call, of those not told of yet, gets this.
    fn then(&self, what: Behaviour);

    /// The prompts that arrived at the far end, in order.
    fn asked(&self) -> Vec<Vec<PromptPart>>;

    /// Waits until a call told [`Behaviour::Silent`] has arrived at the far end.
    async fn silence(&self);

    /// What no error may say, beside the prompt: the key, if there is one.
    fn secret(&self) -> Option<String>;
}

/// What the far end does.
#[derive(Clone, Debug, PartialEq)]
pub enum Behaviour {
    /// Answers, in more than one piece if a stream was asked for and the text is longer than ten
    /// characters.
    Answer {
        /// The text.
        text: String,
        /// What it proposes.
        calls: Vec<ToolCall>,
        /// What it says that it used.
        usage: Usage,
    },
    /// Fails.
    Fail(Failure),
    /// Says nothing, until the caller goes.
    Silent,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A server's error.
    Server,
    /// It takes too long: the adapter's own limit is to be short enough for a test.
    Late,
    /// Too many calls.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The key is wrong.
    WrongKey,
    /// The account is empty.
    NothingLeft,
    /// The prompt is too long.
    PromptTooLong,
    /// The request is refused.
    Refused,
    /// It says a part of its answer, and then it is over without an end.
    CutShort,
    /// It says that it is done, has said nothing, and says that it used this.
    Nothing {
        /// What it used.
        usage: Usage,
    },
}

suite!(
    ModelHarness,
    "language model",
    start,
    [
        an_answer_comes_back,
        the_prompt_arrives_as_it_is,
        the_pieces_heard_are_the_text,
        what_is_no_stream_is_not_heard,
        proposals_come_back_as_they_were_written,
        every_failure_has_its_meaning,
        what_is_cut_short_is_no_answer,
        nothing_is_no_answer_and_its_cost_is_told,
        no_error_tells_the_prompt_or_the_key,
        a_call_is_one_attempt,
        a_dropped_call_is_no_bother,
    ]
);

type Scene = Box<dyn KitModel>;

async fn start(harness: &dyn ModelHarness) -> Scene {
    harness.fresh().await
}

/// Words that occur nowhere but in the kit's prompts.
const MARKS: [&str; 3] = ["Quixotic persona", "Zephyrine's question", "vorpal words before"];

fn request(stream: bool) -> ModelRequest {
    let part = |role, text: &str| PromptPart {
        role,
        text: text.to_owned(),
    };
    ModelRequest {
        parts: vec![
            part(Role::System, MARKS[0]),
            part(Role::User, "Привет 👋\n\"quoted\""),
            part(Role::Assistant, MARKS[2]),
            part(Role::User, MARKS[1]),
        ],
        tools: Vec::new(),
        max_tokens: 500,
        deadline: Duration::from_mins(1),
        stream,
        account: Account {
            bot_id: BotId(1),
            client_id: ClientId(Uuid::nil()),
        },
    }
}

fn says(text: &str) -> Behaviour {
    Behaviour::Answer {
        text: text.to_owned(),
        calls: Vec::new(),
        usage: USED,
    }
}

const USED: Usage = Usage {
    tokens_in: 40,
    tokens_cached: 8,
    tokens_out: 7,
};

/// Keeps what is heard.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn pieces(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PartialAnswer for Heard {
    fn more(&self, piece: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(piece.to_owned());
    }

    fn restart(&self) {
        panic!("a model makes one attempt: there is nothing to begin anew");
    }
}

async fn ask(scene: &Scene, stream: bool) -> (Result<ModelAnswer, ModelError>, Vec<String>) {
    let heard = Arc::new(Heard::default());
    let answer = scene
        .model()
        .answer(request(stream), Arc::clone(&heard) as Arc<dyn PartialAnswer>)
        .await;
    (answer, heard.pieces())
}

async fn answered(scene: &Scene, stream: bool) -> ModelAnswer {
    ask(scene, stream).await.0.expect("it answers")
}

async fn an_answer_comes_back(scene: &Scene) {
    for stream in [true, false] {
        for text in ["Yes.", "From 5,000 €, in two weeks.\n\n– Звоните! 👋"] {
            scene.then(says(text));
            let answer = answered(scene, stream).await;
            assert_eq!(answer.text, text);
            assert_eq!(answer.calls, []);
            assert_eq!(answer.model, scene.model().name());
            assert_eq!(answer.usage, Some(USED));
        }
    }
}

async fn the_prompt_arrives_as_it_is(scene: &Scene) {
    scene.then(says("Yes."));
    answered(scene, true).await;
    assert_eq!(scene.asked(), [request(true).parts]);
}

async fn the_pieces_heard_are_the_text(scene: &Scene) {
    let text = "An answer of some length, in several pieces.\nНа двух языках.";
    scene.then(says(text));
    let (answer, pieces) = ask(scene, true).await;
    assert_eq!(answer.expect("it answers").text, text);
    assert_eq!(pieces.concat(), text);
    assert!(pieces.len() > 1, "{pieces:?}");
    assert!(pieces.iter().all(|piece| !piece.is_empty()), "{pieces:?}");
}

async fn what_is_no_stream_is_not_heard(scene: &Scene) {
    scene.then(says("An answer of some length."));
    let (answer, pieces) = ask(scene, false).await;
    assert!(answer.is_ok());
    assert_eq!(pieces, Vec::<String>::new());
}

async fn proposals_come_back_as_they_were_written(scene: &Scene) {
    let calls: Vec<ToolCall> = [
        ("hand_over", "{\"why\": \"asked, \\\"now\\\"\"}"),
        ("no_tool_of_ours", "not even JSON {"),
        ("start_form", ""),
    ]
    .map(|(name, arguments)| ToolCall {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
    .into();
    for stream in [true, false] {
        for text in ["I fetch someone.", ""] {
            scene.then(Behaviour::Answer {
                text: text.to_owned(),
                calls: calls.clone(),
                usage: USED,
            });
            let answer = answered(scene, stream).await;
            assert_eq!((answer.text.as_str(), answer.calls), (text, calls.clone()));
        }
    }
}

/// Every failure, and the kind of error that it is.
fn failures() -> [(Failure, &'static str); 9] {
    let retry_after = Duration::from_secs(17);
    [
        (Failure::Server, "unavailable"),
        (Failure::Late, "timed_out"),
        (Failure::TooMany { retry_after }, "rate_limited"),
        (Failure::WrongKey, "unauthorised"),
        (Failure::NothingLeft, "quota_exhausted"),
        (Failure::PromptTooLong, "too_long"),
        (Failure::Refused, "rejected"),
        (Failure::CutShort, "incomplete"),
        (Failure::Nothing { usage: USED }, "incomplete"),
    ]
}

async fn fails(scene: &Scene, failure: Failure, stream: bool) -> ModelError {
    scene.then(Behaviour::Fail(failure));
    let (answer, _) = ask(scene, stream).await;
    match answer {
        Ok(answer) => panic!("{failure:?} gives {answer:?}"),
        Err(error) => error,
    }
}

async fn every_failure_has_its_meaning(scene: &Scene) {
    for (failure, kind) in failures() {
        for stream in [true, false] {
            let error = fails(scene, failure, stream).await;
            assert_eq!(error.kind(), kind, "{failure:?}: {error}");
            if let (Failure::TooMany { retry_after }, ModelError::RateLimited { retry_after: said }) =
                (failure, &error)
            {
                assert_eq!(*said, Some(retry_after));
            }
        }
    }
}

async fn what_is_cut_short_is_no_answer(scene: &Scene) {
    for stream in [true, false] {
        let error = fails(scene, Failure::CutShort, stream).await;
        assert!(matches!(error, ModelError::Incomplete { .. }), "{error:?}");
    }
}

async fn nothing_is_no_answer_and_its_cost_is_told(scene: &Scene) {
    for stream in [true, false] {
        match fails(scene, Failure::Nothing { usage: USED }, stream).await {
            ModelError::Incomplete { usage, .. } => assert_eq!(usage, Some(USED)),
            other => panic!("{other:?}"),
        }
    }
}

async fn no_error_tells_the_prompt_or_the_key(scene: &Scene) {
    for (failure, _) in failures() {
        let error = fails(scene, failure, true).await;
        let mut said = format!("{error} {error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            said = format!("{said} {inner} {inner:?}");
            cause = inner.source();
        }
        for mark in MARKS {
            assert!(!said.contains(mark), "{failure:?}: {said}");
        }
        if let Some(secret) = scene.secret() {
            assert!(!said.contains(&secret), "{failure:?} tells the key");
        }
    }
}

async fn a_call_is_one_attempt(scene: &Scene) {
    scene.then(Behaviour::Fail(Failure::Server));
    scene.then(Behaviour::Fail(Failure::CutShort));
    scene.then(says("Yes."));
    assert!(ask(scene, true).await.0.is_err());
    assert!(ask(scene, true).await.0.is_err());
    assert_eq!(answered(scene, true).await.text, "Yes.");
    assert_eq!(scene.asked().len(), 3);
}

async fn a_dropped_call_is_no_bother(scene: &Scene) {
    for stream in [true, false] {
        let heard = Arc::new(Heard::default());
        scene.then(Behaviour::Silent);
        let model = scene.model();
        let mut call = model.answer(request(stream), Arc::clone(&heard) as Arc<dyn PartialAnswer>);
        assert!((&mut call).now_or_never().is_none(), "it is not answered");
        // The call goes on only where it is polled.
        futures_util::select_biased! {
            () = scene.silence().fuse() => {}
            answer = (&mut call).fuse() => panic!("{answer:?}"),
        }
        drop(call);
        scene.then(says("Yes."));
        assert_eq!(answered(scene, stream).await.text, "Yes.");
        assert_eq!(
            heard.pieces(),
            Vec::<String>::new(),
            "nothing is heard of it any more"
        );
    }
}
