//! The port kit's promises, kept against the fake server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use frontdesk_core::port::LanguageModel;
use frontdesk_core::port::llm::{PromptPart, Usage};
use frontdesk_fake_llm::{Answer, Call, Condition, Effect, Fault, Hold, Tokens, Told, ToolCall};
use frontdesk_longcat::LongCatModel;
use frontdesk_port_kit::model::{self, Behaviour, Failure, KitModel, ModelHarness};
use serde_json::json;

use crate::scene::{KEY, SOON, Scene};

struct LongCat;

/// A scene whose fake does what it was told, call by call.
struct Scripted {
    scene: Scene,
    model: LongCatModel,
    told: AtomicU64,
}

#[async_trait]
impl ModelHarness for LongCat {
    async fn fresh(&self) -> Box<dyn KitModel> {
        let scene = Scene::start().await;
        Box::new(Scripted {
            model: scene.model(),
            scene,
            told: AtomicU64::new(0),
        })
    }
}

#[async_trait]
impl KitModel for Scripted {
    fn model(&self) -> Arc<dyn LanguageModel> {
        Arc::new(self.model.clone())
    }

    fn then(&self, what: Behaviour) {
        let llm = &self.scene.llm;
        // A fault is for its own call, behind those that were told something before.
        let nth = self.told.fetch_add(1, Ordering::Relaxed) + 1 - llm.stats().calls;
        let fault = |effect| llm.fault(Fault::new(effect).nth(nth));
        match what {
            Behaviour::Answer { text, calls, usage } => {
                let mut answer = Answer::text(text).tokens(tokens(usage)).times(1);
                answer.calls = calls
                    .into_iter()
                    .map(|call| ToolCall {
                        name: call.name,
                        arguments: call.arguments,
                    })
                    .collect();
                llm.answer(answer);
            }
            Behaviour::Silent => {
                llm.answer(Answer::text("too late").hold(Hold::BeforeFirstByte).times(1));
            }
            Behaviour::Fail(failure) => match failure {
                Failure::CutShort => {
                    llm.answer(Answer::text("An answer that is long enough to be cut").times(1));
                    fault(Effect::Truncate { after: 2 });
                }
                Failure::Nothing { usage } => {
                    llm.answer(Answer::text("").tokens(tokens(usage)).times(1));
                }
                Failure::Server => {
                    fault(Effect::InternalError);
                }
                // The gateway gives up: waiting for our own limits is tested elsewhere.
                Failure::Late => {
                    fault(Effect::Refuse {
                        status: 504,
                        kind: "server_error".to_owned(),
                        code: json!("timeout"),
                        message: "Gateway Timeout".to_owned(),
                    });
                }
                Failure::TooMany { retry_after } => {
                    fault(Effect::TooManyRequests {
                        retry_after: retry_after.as_secs(),
                        told: Told::Body,
                    });
                }
                Failure::WrongKey => {
                    fault(Effect::Refuse {
                        status: 401,
                        kind: "authentication_error".to_owned(),
                        code: json!("invalid_api_key"),
                        message: format!("Incorrect API key provided: {KEY}"),
                    });
                }
                Failure::NothingLeft => {
                    fault(Effect::InsufficientQuota);
                }
                Failure::PromptTooLong => {
                    fault(Effect::TooLong);
                }
                Failure::Refused => {
                    fault(Effect::Refuse {
                        status: 400,
                        kind: "invalid_request_error".to_owned(),
                        code: json!("invalid_parameter"),
                        message: "Zephyrine's question is not taken".to_owned(),
                    });
                }
            },
        }
    }

    fn asked(&self) -> Vec<Vec<PromptPart>> {
        self.scene.llm.calls().iter().map(prompt).collect()
    }

    async fn silence(&self) {
        let count = self.told.load(Ordering::Relaxed);
        for condition in [Condition::Calls { count }, Condition::Held { count: 1 }] {
            self.scene.llm.wait_for(condition, SOON).await.unwrap();
        }
    }

    fn secret(&self) -> Option<String> {
        Some(KEY.to_owned())
    }
}

fn tokens(usage: Usage) -> Tokens {
    Tokens {
        prompt: usage.tokens_in,
        cached: usage.tokens_cached,
        completion: usage.tokens_out,
        reasoning: 0,
    }
}

fn prompt(call: &Call) -> Vec<PromptPart> {
    let messages = call.body["messages"].as_array().unwrap().iter();
    messages
        .map(|message| PromptPart {
            role: serde_json::from_value(message["role"].clone()).unwrap(),
            text: message["content"].as_str().unwrap().to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn the_model_conforms() {
    let report = model::conforms(&LongCat).await;
    assert_eq!(report.names.len(), model::checks().len());
}
