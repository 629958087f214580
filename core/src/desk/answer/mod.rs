//! Answers of the model: a job that reads what was said, asks, shows the answer as it comes, checks
//! it, and reports what came of it to the chat. It decides nothing.

mod judge;
mod presence;
mod prompt;

use async_trait::async_trait;
use futures_util::future::join;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::conversation::ModelUse;
use crate::dialogue::{
    ANSWER_JOB, ANSWER_VERSION, Event, ModelOutcome, ModelReport, Question, Rules, RulesInForce, draft_id,
};
use crate::guard::check::Policy;
use crate::guard::propose;
use crate::guard::untrusted::Fence;
use crate::id::{BotId, JobId};
use crate::playbook::{Entry, Locale, ModelPlan};
use crate::port::llm::{Account, ModelAnswer, ModelRequest};
use crate::port::{LanguageModel, Messenger};
use crate::work::{ClaimedJob, LaneKey};

use super::jobs::{JobFailure, JobKind};
use super::pacing::Pacing;
use super::process::Process;
use judge::Judge;
use presence::{Hearing, Presence};
use prompt::Material;

/// So many messages of a case are read at most.
const HISTORY: usize = 60;
/// What the report needs to be there before the answer is due.
const MARGIN: Duration = Duration::from_millis(1_500);
/// How soon a question that was superseded or stopped is dropped.
const NOTICE: Duration = Duration::from_secs(1);

/// What answers need.
#[derive(Clone, Debug)]
pub struct AnswerParts {
    /// The process they are asked in.
    pub process: Process,
    /// The rules in force.
    pub rules: RulesInForce,
    /// The model, with all that stands around it.
    pub model: Arc<dyn LanguageModel>,
    /// Where answers are shown as they come.
    pub messengers: Vec<(BotId, Arc<dyn Messenger>)>,
    /// The pace, one for all of a process.
    pub pacing: Pacing,
}

/// The kind of job that asks the model. Its payload is a [`Question`].
///
/// A question is asked, and its answer judged, under the rules that were in force when the job began.
#[derive(Debug)]
pub struct AnswerKind {
    parts: AnswerParts,
    /// The rules pinned last.
    pinned: Mutex<Arc<Pinned>>,
}

/// Rules, and by what answers under them are judged.
#[derive(Debug)]
struct Pinned {
    rules: Arc<Rules>,
    policy: Policy,
}

impl Pinned {
    fn new(rules: Arc<Rules>) -> Self {
        let playbook = rules.playbook();
        let policy = Policy::of(playbook, &judge::wording(playbook));
        Pinned { rules, policy }
    }
}

impl AnswerKind {
    /// The kind.
    pub fn new(parts: AnswerParts) -> Self {
        let pinned = Mutex::new(Arc::new(Pinned::new(parts.rules.pin())));
        AnswerKind { parts, pinned }
    }

    /// The rules in force, to be held for one question.
    fn pin(&self) -> Arc<Pinned> {
        let rules = self.parts.rules.pin();
        let mut last = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&last.rules, &rules) {
            *last = Arc::new(Pinned::new(rules));
        }
        Arc::clone(&last)
    }

    fn messenger(&self, lane: &LaneKey) -> Option<&dyn Messenger> {
        let found = self
            .parts
            .messengers
            .iter()
            .find(|(bot, messenger)| *bot == lane.bot_id && messenger.channel() == lane.channel);
        found.map(|(_, messenger)| &**messenger)
    }

    /// Asks, and says what came of it.
    async fn outcome(
        &self,
        job: &ClaimedJob,
        question: &Question,
        pinned: &Pinned,
    ) -> Result<ModelOutcome, JobFailure> {
        let process = &self.parts.process;
        let rules = &pinned.rules;
        let Some(plan) = &rules.playbook().model else {
            return Ok(failed("no_prompt"));
        };
        let stored = process.store.messages(question.conversation_id, HISTORY).await;
        let history = stored.map_err(|error| JobFailure::Again {
            why: format!("what was said cannot be read: {error}"),
            after: Some(Duration::from_secs(1)),
        })?;
        let locale = rules
            .playbook()
            .locale_for(&question.locale)
            .unwrap_or(&rules.playbook().default_locale);
        let mut material = Material {
            playbook: rules.playbook(),
            plan,
            locale,
            now: process.now(),
            entries: Vec::new(),
            history: &history,
            questions: &question.questions,
        };
        let asked: Vec<&str> = material.asked().collect();
        let asked = asked.join("\n");
        if asked.trim().is_empty() {
            return Ok(failed("nothing_asked"));
        }
        material.entries = closest(rules, locale, &asked, plan);
        let prompt_rules = material.rules();
        let fence = Fence::new(process.ids.entropy());
        let judge = Judge::new(&pinned.policy, &material, &prompt_rules, &asked, fence.boundary());
        let request = ModelRequest {
            parts: material.parts(&prompt_rules, &fence),
            tools: propose::tools(&rules.playbook().form),
            max_tokens: plan.answer_tokens,
            deadline: question.due.since(process.now()).saturating_sub(MARGIN),
            stream: self
                .messenger(&job.lane)
                .is_some_and(|messenger| messenger.capabilities().drafts),
            account: Account {
                bot_id: job.lane.bot_id,
                client_id: question.client_id,
            },
        };
        let began = process.now();
        let answer = self.ask(job, question, request, &judge).await;
        let latency = process.now().since(began);
        Ok(match answer {
            Ok(answer) => self.judged(&judge, plan, &answer, latency),
            Err(error) => {
                slog::warn!(process.log, "the model gave no answer"; "conversation_id" => %question.conversation_id,
                    "job_id" => %job.claim.id, "why" => error.kind(), "error" => %error);
                failed(error.kind())
            }
        })
    }

    /// Makes the call, and shows the answer while it comes.
    async fn ask(
        &self,
        job: &ClaimedJob,
        question: &Question,
        request: ModelRequest,
        judge: &Judge<'_>,
    ) -> Result<ModelAnswer, crate::port::ModelError> {
        let hearing = Arc::new(Hearing::default());
        let model = async {
            let answer = self.parts.model.answer(request, hearing.clone()).await;
            hearing.end();
            answer
        };
        let Some(messenger) = self.messenger(&job.lane) else {
            return model.await;
        };
        let showable = |text: &str| judge.showable(text);
        let presence = Presence {
            process: &self.parts.process,
            messenger,
            pacing: &self.parts.pacing,
            lane: &job.lane,
            draft_id: draft_id(JobId(job.claim.id.0)),
            owner_epoch: question.owner_epoch,
            hearing: &hearing,
            showable: &showable,
        };
        join(model, presence.show()).await.0
    }

    fn judged(
        &self,
        judge: &Judge<'_>,
        plan: &ModelPlan,
        answer: &ModelAnswer,
        latency: Duration,
    ) -> ModelOutcome {
        let usage = answer.usage.unwrap_or_default();
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let llm = ModelUse {
            tokens_in: signed(usage.tokens_in),
            tokens_out: signed(usage.tokens_out),
            latency_ms: i64::try_from(latency.as_millis()).unwrap_or(i64::MAX),
            confidence: judge.confidence(&answer.text),
            cost_micros: plan.cost_micros(&answer.model, usage),
            model: answer.model.clone(),
        };
        match judge.verdict(answer) {
            Ok((text, proposals)) => ModelOutcome::Answered { text, proposals, llm },
            Err(why) => {
                self.parts.process.stats.answers_refused.up();
                slog::warn!(self.parts.process.log, "an answer of the model was refused"; "why" => why);
                ModelOutcome::Refused { why: why.to_owned() }
            }
        }
    }
}

/// The entries closest to what is asked, best first.
fn closest<'a>(rules: &'a Rules, locale: &Locale, asked: &str, plan: &ModelPlan) -> Vec<&'a Entry> {
    let found = rules.match_question(locale, asked);
    found
        .candidates
        .iter()
        .take(plan.passages)
        .filter_map(|candidate| rules.playbook().entry(&candidate.slug))
        .collect()
}

fn failed(why: &str) -> ModelOutcome {
    ModelOutcome::Failed { why: why.to_owned() }
}

#[async_trait]
impl JobKind for AnswerKind {
    fn name(&self) -> &'static str {
        ANSWER_JOB
    }

    fn version(&self) -> i32 {
        ANSWER_VERSION
    }

    fn notices_within(&self) -> Option<Duration> {
        Some(NOTICE)
    }

    fn yields_to_stop(&self) -> bool {
        true
    }

    async fn run(&self, job: &ClaimedJob) -> Result<Option<Event>, JobFailure> {
        let question: Question =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobFailure::Never {
                why: format!("no question: {error}"),
            })?;
        let pinned = self.pin();
        let outcome = self.outcome(job, &question, &pinned).await?;
        Ok(Some(Event::Model(ModelReport {
            conversation_id: question.conversation_id,
            asked: job.claim.id,
            knowledge_version: Some(pinned.rules.playbook().knowledge_version.clone()),
            outcome,
        })))
    }
}
