//! A language model that sees no personal data.

use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::redact::{Redactor, Restorer};
use crate::port::llm::{ModelAnswer, ModelRequest, PartialAnswer, Role};
use crate::port::{LanguageModel, ModelError};

/// Replaces personal data and secrets in every part of a prompt but the system's, and puts them back
/// in the answer: in its text, in the arguments of its calls, and in the pieces that are heard.
///
/// The map of placeholders lives for the call. The system's parts are the company's own words and go
/// as they are; nothing of a client belongs in them. Stands outside of retries and fallbacks, so that
/// all attempts see one prompt.
#[derive(Debug)]
pub struct Redacted {
    inner: Arc<dyn LanguageModel>,
}

impl Redacted {
    /// The model behind it.
    pub fn new(inner: Arc<dyn LanguageModel>) -> Self {
        Redacted { inner }
    }
}

#[async_trait]
impl LanguageModel for Redacted {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn answer(
        &self,
        mut request: ModelRequest,
        heard: Arc<dyn PartialAnswer>,
    ) -> Result<ModelAnswer, ModelError> {
        let mut redactor = Redactor::new();
        for part in &mut request.parts {
            match part.role {
                Role::System => {}
                Role::User | Role::Assistant => part.text = redactor.redact(&part.text),
            }
        }
        let ear = Arc::new(RestoringEar {
            restorer: Mutex::new(Restorer::new(redactor.clone())),
            heard,
        });
        let mut answer = self.inner.answer(request, ear.clone()).await?;
        ear.end();
        answer.text = redactor.restore(&answer.text);
        for call in &mut answer.calls {
            call.arguments = redactor.restore_json(&call.arguments);
        }
        Ok(answer)
    }
}

/// Puts values back into the pieces, holding back what may become a placeholder.
#[derive(Debug)]
struct RestoringEar {
    restorer: Mutex<Restorer>,
    heard: Arc<dyn PartialAnswer>,
}

impl RestoringEar {
    fn restorer(&self) -> MutexGuard<'_, Restorer> {
        // What it holds is text, whole after any panic.
        self.restorer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let rest = self.restorer().rest();
        if !rest.is_empty() {
            self.heard.more(&rest);
        }
    }
}

impl PartialAnswer for RestoringEar {
    fn more(&self, piece: &str) {
        let piece = self.restorer().more(piece);
        if !piece.is_empty() {
            self.heard.more(&piece);
        }
    }

    fn restart(&self) {
        self.restorer().restart();
        self.heard.restart();
    }
}
