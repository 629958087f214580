//! The scripted model passes the kit, and the kit would notice one that breaks its promises.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_core::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, PromptPart, Unheard};
use frontdesk_core::port::{LanguageModel, ModelError};
use frontdesk_memory::ScriptedModel;
use frontdesk_port_kit::model::{self, Behaviour, Failure, KitModel, ModelHarness};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    PiecesLost,
    HeardUnasked,
    TriesAgain,
    CutShortIsFine,
    PromptInErrors,
    CostForgotten,
    CallsForgotten,
    WaitForgotten,
    OnlyTheLastIsAsked,
    EndsInsteadOfWaiting,
}

/// The scripted model with a bug in front of it, or none.
#[derive(Debug)]
struct Faulty {
    inner: ScriptedModel,
    fault: Option<Fault>,
}

#[async_trait]
impl LanguageModel for Faulty {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn answer(
        &self,
        mut request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let quiet: Arc<dyn PartialAnswer> = Arc::new(Unheard);
        let last = request.parts.last().cloned();
        match self.fault {
            Some(Fault::PiecesLost) => self.inner.answer(request, quiet).await,
            Some(Fault::HeardUnasked) => {
                request.stream = true;
                self.inner.answer(request, heard).await
            }
            Some(Fault::OnlyTheLastIsAsked) => {
                request.parts.drain(..request.parts.len() - 1);
                self.inner.answer(request, heard).await
            }
            Some(Fault::EndsInsteadOfWaiting) => {
                let answer = self.inner.answer(request, heard);
                futures_util::FutureExt::now_or_never(answer)
                    .unwrap_or_else(|| Err(ModelError::TimedOut("at once".to_owned())))
            }
            Some(Fault::TriesAgain) => match self.inner.answer(request.clone(), Arc::clone(&heard)).await {
                Err(ModelError::Unavailable(_)) => self.inner.answer(request, heard).await,
                other => other,
            },
            Some(fault) => {
                let answer = self.inner.answer(request, heard).await;
                spoiled(fault, self.name(), answer, last)
            }
            None => self.inner.answer(request, heard).await,
        }
    }
}

fn spoiled(
    fault: Fault,
    model: &str,
    answer: Result<ModelAnswer, ModelError>,
    last: Option<PromptPart>,
) -> Result<ModelAnswer, ModelError> {
    match (fault, answer) {
        (Fault::CutShortIsFine, Err(ModelError::Incomplete { usage, .. })) => Ok(ModelAnswer {
            text: "An ans".to_owned(),
            calls: Vec::new(),
            model: model.to_owned(),
            usage,
        }),
        (Fault::PromptInErrors, Err(ModelError::Rejected(why))) => {
            let text = last.map(|part| part.text).unwrap_or_default();
            Err(ModelError::Rejected(format!("{why}: {text}")))
        }
        (Fault::CostForgotten, Err(ModelError::Incomplete { why, .. })) => {
            Err(ModelError::Incomplete { why, usage: None })
        }
        (Fault::CallsForgotten, Ok(answer)) => Ok(ModelAnswer {
            calls: Vec::new(),
            ..answer
        }),
        (Fault::WaitForgotten, Err(ModelError::RateLimited { .. })) => {
            Err(ModelError::RateLimited { retry_after: None })
        }
        (_, answer) => answer,
    }
}

struct Scripted {
    model: Arc<Faulty>,
}

#[async_trait]
impl KitModel for Scripted {
    fn model(&self) -> Arc<dyn LanguageModel> {
        Arc::clone(&self.model) as Arc<dyn LanguageModel>
    }

    fn then(&self, what: Behaviour) {
        let model = &self.model.inner;
        match what {
            Behaviour::Answer { text, calls, usage } => model.then(Ok(ModelAnswer {
                text,
                calls,
                model: model.name().to_owned(),
                usage: Some(usage),
            })),
            Behaviour::Fail(failure) => model.then_fail(error(failure)),
            Behaviour::Silent => model.then_hang(),
        };
    }

    fn asked(&self) -> Vec<Vec<PromptPart>> {
        let asked = self.model.inner.asked().into_iter();
        asked.map(|request| request.parts).collect()
    }

    /// The far end is asked when the call is first polled.
    async fn silence(&self) {}

    fn secret(&self) -> Option<String> {
        None
    }
}

fn error(failure: Failure) -> ModelError {
    let why = "told so".to_owned();
    match failure {
        Failure::Server => ModelError::Unavailable(why.into()),
        Failure::Late => ModelError::TimedOut(why),
        Failure::TooMany { retry_after } => ModelError::RateLimited {
            retry_after: Some(retry_after),
        },
        Failure::WrongKey => ModelError::Unauthorised(why),
        Failure::NothingLeft => ModelError::QuotaExhausted(why),
        Failure::PromptTooLong => ModelError::TooLong,
        Failure::Refused => ModelError::Rejected(why),
        Failure::CutShort => ModelError::Incomplete { why, usage: None },
        Failure::Nothing { usage } => ModelError::Incomplete {
            why,
            usage: Some(usage),
        },
    }
}

struct Harness(Option<Fault>);

#[async_trait]
impl ModelHarness for Harness {
    async fn fresh(&self) -> Box<dyn KitModel> {
        Box::new(Scripted {
            model: Arc::new(Faulty {
                inner: ScriptedModel::new(),
                fault: self.0,
            }),
        })
    }
}

#[tokio::test]
async fn the_scripted_model_conforms() {
    let report = model::conforms(&Harness(None)).await;
    assert_eq!(report.names.len(), model::checks().len());
}

#[tokio::test]
async fn every_fault_is_caught_by_name() {
    for (fault, name) in [
        (Fault::PiecesLost, "the_pieces_heard_are_the_text"),
        (Fault::HeardUnasked, "what_is_no_stream_is_not_heard"),
        (Fault::TriesAgain, "a_call_is_one_attempt"),
        (Fault::CutShortIsFine, "what_is_cut_short_is_no_answer"),
        (Fault::PromptInErrors, "no_error_tells_the_prompt_or_the_key"),
        (Fault::CostForgotten, "nothing_is_no_answer_and_its_cost_is_told"),
        (Fault::CallsForgotten, "proposals_come_back_as_they_were_written"),
        (Fault::WaitForgotten, "every_failure_has_its_meaning"),
        (Fault::OnlyTheLastIsAsked, "the_prompt_arrives_as_it_is"),
        (Fault::EndsInsteadOfWaiting, "a_dropped_call_is_no_bother"),
    ] {
        let broken = model::broken(&Harness(Some(fault))).await;
        let names: Vec<_> = broken.iter().map(|broken| broken.check).collect();
        assert!(names.contains(&name), "{fault:?}: {names:?}");
    }
}
