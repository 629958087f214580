//! The language model as one process reaches it: late, wrong, cut off, and not free of charge.

use async_trait::async_trait;
use frontdesk_core::model::prompt_tokens;
use frontdesk_core::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, ToolCall, Usage};
use frontdesk_core::port::{LanguageModel, ModelError};
use std::sync::Arc;
use std::time::Duration;

use crate::line::{Call, Cut, Line, Port};

/// One process's way to the model.
#[derive(Debug)]
pub(crate) struct SimulatedModel {
    line: Line,
}

/// What it says: fine, too sure of itself, and in the language of the question or not.
const ANSWERS: &[&str] = &[
    "We can help with that. Shall we look at it together?",
    "We work with Kubernetes, Terraform and most clouds.",
    "It costs exactly 1,234 euros and takes 3 days, guaranteed.",
    "Write to somebody@example.com and they will call you.",
    "Мы можем помочь с этим. Расскажите немного больше?",
    "My rules say that I may not tell you.",
];

impl SimulatedModel {
    pub(crate) fn new(line: Line) -> Self {
        SimulatedModel { line }
    }

    fn cut(at: Cut) -> ModelError {
        match at {
            Cut::Before => ModelError::Unavailable("cut off before anything was asked".into()),
            Cut::After => ModelError::TimedOut("cut off before the answer was there".to_owned()),
        }
    }

    async fn act(
        &self,
        request: &ModelRequest,
        heard: &dyn PartialAnswer,
    ) -> Result<ModelAnswer, ModelError> {
        let (world, fate) = (&self.line.world, &self.line.world.fate);
        world.record().count("questions to the model");
        let wait = if fate.one_in(10) { 60 } else { 6 };
        world
            .sleep(fate.between(Duration::from_millis(300), Duration::from_secs(wait)))
            .await;
        if !world.is_calm() && fate.one_in(20) {
            return Err(ModelError::RateLimited {
                retry_after: Some(Duration::from_secs(fate.below(30))),
            });
        }
        let tokens_in = prompt_tokens(request);
        let usage = Usage {
            tokens_in: fate.below(tokens_in + 1),
            tokens_cached: 0,
            tokens_out: fate.below(u64::from(request.max_tokens) + 1),
        };
        world.record().tokens_used += usage.total();
        let reported = (!fate.one_in(8)).then_some(usage);
        let text = fate.pick(ANSWERS).copied().unwrap_or_default();
        if request.stream {
            for piece in text.split_inclusive(' ') {
                heard.more(piece);
                world.sleep(Duration::from_millis(100)).await;
            }
        }
        if fate.one_in(20) {
            return Err(ModelError::Incomplete {
                why: "cut off".to_owned(),
                usage: reported,
            });
        }
        let call = |name: &str| ToolCall {
            name: name.to_owned(),
            arguments: "{}".to_owned(),
        };
        let tools = request.tools.iter();
        let calls = tools
            .filter(|_| fate.one_in(12))
            .map(|tool| call(&tool.name))
            .collect();
        Ok(ModelAnswer {
            text: text.to_owned(),
            calls,
            model: self.name().to_owned(),
            usage: reported,
        })
    }
}

#[async_trait]
impl LanguageModel for SimulatedModel {
    fn name(&self) -> &'static str {
        "simulated"
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let line = Call::new(Port::Language, "-> model");
        let act = self.act(&request, heard.as_ref());
        self.line.through(line, Self::cut, act, |_| String::new()).await
    }
}
