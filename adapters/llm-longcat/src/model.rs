//! The model: one call from its request to its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, PromptPart, Usage};
use frontdesk_core::port::{LanguageModel, ModelError};
use serde_json::Value;
use slog::{Logger, debug};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::assembly::{Assembly, Said};
use crate::exchange::{Ask, Event, Exchange, Head};
use crate::key::Discretion;
use crate::reading::{Broken, StreamReader, incomplete};
use crate::refusal::{judge, judge_inside, said_inside};
use crate::request;
use crate::settings::{BadApiUrl, LongCatSettings, check_api_url};

/// The most of a refusal's body that is read, in bytes.
const REFUSAL_LIMIT: usize = 64 << 10;

/// A model of LongCat, or of another server with OpenAI's chat completions. Clones, and models made by
/// [`LongCatModel::of_same_account`], share the bound on calls in flight.
///
/// Each call has a connection of its own and blocks a thread of tokio's blocking pool. When its future is
/// dropped the connection is shut down and the thread ends; only then its place is free again.
#[derive(Clone)]
pub struct LongCatModel {
    shared: Arc<Shared>,
    model: Arc<str>,
}

struct Shared {
    settings: LongCatSettings,
    /// Up to and with `/v1`.
    root: String,
    places: Arc<Semaphore>,
    log: Logger,
}

impl fmt::Debug for LongCatModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LongCatModel")
            .field("model", &self.model)
            .field("root", &self.shared.root)
            .finish_non_exhaustive()
    }
}

impl LongCatModel {
    /// A model as `settings` say. Connects to nothing yet.
    ///
    /// # Errors
    /// [`BadApiUrl`] if the URL is none, or is neither https nor loopback.
    pub fn new(settings: LongCatSettings, log: Logger) -> Result<LongCatModel, BadApiUrl> {
        let root = check_api_url(&settings.api_url)?;
        Ok(LongCatModel {
            model: settings.model.as_str().into(),
            shared: Arc::new(Shared {
                root,
                places: Arc::new(Semaphore::new(settings.calls_at_once.max(1))),
                settings,
                log,
            }),
        })
    }

    /// Another model behind the same URL and key. The provider's limits are the key's, so both share
    /// their places.
    #[must_use]
    pub fn of_same_account(&self, model: &str) -> LongCatModel {
        LongCatModel {
            shared: Arc::clone(&self.shared),
            model: model.into(),
        }
    }

    /// How many more calls may begin at once.
    pub fn free_places(&self) -> usize {
        self.shared.places.available_permits()
    }

    /// The names of the models that the account may use: a call that costs nothing, to see whether URL
    /// and key are right.
    ///
    /// # Errors
    /// As for [`LanguageModel::answer`].
    pub async fn models(&self) -> Result<Vec<String>, ModelError> {
        let limit = self.shared.settings.limits.plain_total;
        let mut call = self
            .begin("models", None, &[], Instant::now() + limit, limit)
            .await?;
        let head = call.head(call.until).await?;
        let body = call.whole(&head).await?;
        let listed = body.get("data").and_then(Value::as_array);
        let listed = listed.ok_or_else(|| ModelError::Rejected("its answer lists no models".to_owned()))?;
        let names = listed
            .iter()
            .filter_map(|model| model.get("id").and_then(Value::as_str));
        Ok(names.map(str::to_owned).collect())
    }

    async fn begin<'a>(
        &'a self,
        path: &str,
        payload: Option<Vec<u8>>,
        prompt: &'a [PromptPart],
        until: Instant,
        limit: Duration,
    ) -> Result<Call<'a>, ModelError> {
        let settings = &self.shared.settings;
        let places = Arc::clone(&self.shared.places);
        // The semaphore is never closed; were it, nothing would have been asked either.
        let Ok(place) = timeout_at(until, places.acquire_owned()).await else {
            let why = format!(
                "none of its {} places became free in time",
                settings.calls_at_once
            );
            return Err(ModelError::Unavailable(why.into()));
        };
        let place = place.map_err(|closed| ModelError::Unavailable(closed.into()))?;
        let authorization = settings
            .key
            .for_header()
            .map_err(|error| ModelError::Unauthorised(error.to_string()))?;
        let ask = Ask {
            url: format!("{}/{path}", self.shared.root),
            authorization,
            payload,
            limit: settings.answer_limit,
        };
        Ok(Call {
            exchange: Exchange::begin(settings.limits.agent(limit), ask, place),
            discretion: Discretion {
                key: &settings.key,
                prompt,
            },
            until,
        })
    }

    async fn ask(
        &self,
        request: &ModelRequest,
        heard: &dyn PartialAnswer,
    ) -> Result<ModelAnswer, ModelError> {
        let limits = &self.shared.settings.limits;
        let limit = if request.stream {
            limits.stream_total
        } else {
            limits.plain_total
        };
        let limit = limit.min(request.deadline);
        let until = Instant::now() + limit;
        let payload = request::body(&self.model, request)
            // Nothing of a prompt can fail to be JSON but the schema of a tool.
            .map_err(|_| ModelError::Rejected("the request cannot be written as JSON".to_owned()))?;
        let mut call = self
            .begin("chat/completions", Some(payload), &request.parts, until, limit)
            .await?;
        if !request.stream {
            let top = call.head(until).await?;
            return call.plain(&top, &self.model).await;
        }
        let first = Instant::now() + limits.first_token;
        let top = call.head(first.min(until)).await?;
        if top.is_json || !is_success(top.status) {
            return call.plain(&top, &self.model).await;
        }
        call.stream(first, limits.idle, &self.model, heard).await
    }
}

#[async_trait]
impl LanguageModel for LongCatModel {
    fn name(&self) -> &str {
        &self.model
    }

    async fn answer(
        &self,
        request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let answer = self.ask(&request, &*heard).await;
        match &answer {
            Ok(answer) => {
                let used = answer.usage.unwrap_or_default();
                debug!(self.shared.log, "model answered"; "model" => &*self.model, "stream" => request.stream,
                    "tokens_in" => used.tokens_in, "tokens_out" => used.tokens_out, "calls" => answer.calls.len());
            }
            Err(error) => {
                debug!(self.shared.log, "model did not answer"; "model" => &*self.model, "stream" => request.stream,
                    "kind" => error.kind(), "error" => %error);
            }
        }
        answer
    }
}

/// A call in flight, and what may be said of it.
struct Call<'a> {
    exchange: Exchange,
    discretion: Discretion<'a>,
    /// When the whole of it must be over.
    until: Instant,
}

impl Call<'_> {
    /// Waits for the head of the answer.
    async fn head(&mut self, until: Instant) -> Result<Head, ModelError> {
        let reason = match self.exchange.next(until).await {
            Some(Event::Head(head)) => return Ok(head),
            Some(Event::Lost(reason) | Event::Cut(reason)) => self.discretion.of_transport(&reason),
            Some(Event::Bytes(_) | Event::End) => "its answer has no head".to_owned(),
            None => "nothing came in time".to_owned(),
        };
        Err(if self.exchange.handed_over() {
            ModelError::TimedOut(reason)
        } else {
            ModelError::Unavailable(reason.into())
        })
    }

    /// An answer that comes as a whole, or a refusal.
    async fn plain(&mut self, head: &Head, model: &str) -> Result<ModelAnswer, ModelError> {
        let body = self.whole(head).await?;
        let mut assembly = Assembly::default();
        assembly.body(&body);
        let usage = assembly.usage();
        if body.get("error").is_some_and(|error| !error.is_null()) {
            return Err(self.reported(&body, usage.is_some(), usage));
        }
        let Said { text, calls, .. } = assembly.finish().map_err(|why| incomplete(why, usage))?;
        Ok(ModelAnswer {
            text,
            calls,
            model: model.to_owned(),
            usage,
        })
    }

    /// The whole body of an answer, as JSON.
    async fn whole(&mut self, head: &Head) -> Result<Value, ModelError> {
        let well = is_success(head.status);
        let mut body = Vec::new();
        let cut = loop {
            match self.exchange.next(self.until).await {
                Some(Event::Bytes(bytes)) => body.extend(bytes),
                Some(Event::End | Event::Head(_)) => break None,
                Some(Event::Cut(reason) | Event::Lost(reason)) => {
                    let reason = self.discretion.of_transport(&reason);
                    break Some(incomplete(&format!("it broke off: {reason}"), None));
                }
                None => {
                    break Some(ModelError::TimedOut(
                        "it did not come to its end in time".to_owned(),
                    ));
                }
            }
            if !well && body.len() >= REFUSAL_LIMIT {
                break None;
            }
        };
        if !well {
            return Err(judge(head.status, head.wait, &body, &self.discretion));
        }
        if let Some(error) = cut {
            return Err(error);
        }
        serde_json::from_slice(&body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| incomplete("it is no JSON object", None))
    }

    /// An answer that comes piece by piece.
    async fn stream(
        &mut self,
        first: Instant,
        idle: Duration,
        model: &str,
        heard: &dyn PartialAnswer,
    ) -> Result<ModelAnswer, ModelError> {
        let mut reader = StreamReader::new();
        let mut patience = first;
        loop {
            let chunks = reader.chunks();
            let pushed = match self.exchange.next(patience.min(self.until)).await {
                Some(Event::Bytes(bytes)) => reader.push(&bytes, heard),
                Some(Event::End | Event::Head(_)) => {
                    if let Err(broken) = reader.close(heard) {
                        return Err(self.broken(&broken, &reader));
                    }
                    return reader.finish(model, heard);
                }
                Some(Event::Cut(reason) | Event::Lost(reason)) => {
                    let reason = self.discretion.of_transport(&reason);
                    return Err(incomplete(&format!("it broke off: {reason}"), reader.usage()));
                }
                None => return Err(silent(&reader)),
            };
            if let Err(broken) = pushed {
                return Err(self.broken(&broken, &reader));
            }
            if reader.is_done() {
                return reader.finish(model, heard);
            }
            if reader.has_begun() && reader.chunks() > chunks {
                patience = Instant::now() + idle;
            }
        }
    }

    fn broken(&self, broken: &Broken, reader: &StreamReader) -> ModelError {
        match broken {
            Broken::NoJson => incomplete("a chunk of it is no JSON", reader.usage()),
            Broken::Reported(body) => self.reported(body, reader.has_begun(), reader.usage()),
        }
    }

    /// An error inside an answer that began with 200.
    fn reported(&self, body: &Value, begun: bool, usage: Option<Usage>) -> ModelError {
        let judged = judge_inside(body, &self.discretion).filter(|_| !begun && usage.is_none());
        judged.unwrap_or_else(|| incomplete(&said_inside(body, &self.discretion), usage))
    }
}

/// Nothing more came in time. Where the answer already said what it cost, that must not be lost.
fn silent(reader: &StreamReader) -> ModelError {
    match reader.usage() {
        Some(usage) => incomplete("it stood still before its end", Some(usage)),
        None if reader.has_begun() => ModelError::TimedOut("it stood still".to_owned()),
        None => ModelError::TimedOut("it did not begin in time".to_owned()),
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}
