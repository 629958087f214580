//! What goes wrong, as RFC 9457 has it said. Details are our words, never those of the request.

use std::borrow::Cow;

use frontdesk_core::desk::OfficeError;
use frontdesk_core::port::StoreError;
use hyper::StatusCode;
use hyper::header::{ALLOW, CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::answer::{self, Answer};

/// Seconds after which it may be worth asking again.
const AGAIN_IN: HeaderValue = HeaderValue::from_static("2");

/// Something that is not as it should be.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: Cow<'static, str>,
    /// What 405 lists.
    allow: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem {
            status,
            detail: detail.into(),
            allow: None,
        }
    }

    /// The request itself is wrong.
    pub(crate) fn bad(detail: impl Into<Cow<'static, str>>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn unauthorized() -> Self {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "Show a token that is known and valid: Authorization: Bearer fd_…",
        )
    }

    pub(crate) fn forbidden() -> Self {
        Problem::new(
            StatusCode::FORBIDDEN,
            "The token's agent has not the role for this.",
        )
    }

    pub(crate) fn not_found() -> Self {
        Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.")
    }

    pub(crate) fn method_not_allowed(allow: String) -> Self {
        Problem {
            allow: Some(allow),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "The Allow header lists what this path understands.",
            )
        }
    }

    pub(crate) fn not_json() -> Self {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body must be of the type application/json.",
        )
    }

    pub(crate) fn too_large() -> Self {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is longer than this takes.",
        )
    }

    pub(crate) fn too_slow() -> Self {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
    }

    /// The desk cannot do it now.
    pub(crate) fn not_now(detail: &'static str) -> Self {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    pub(crate) fn broken() -> Self {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here; the log has the details.",
        )
    }

    pub(crate) fn into_answer(self) -> Answer {
        let mut answer = answer::problem(self.status, &self.detail);
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"frontdesk\""),
            );
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, AGAIN_IN);
        }
        if let Some(Ok(allow)) = self.allow.map(HeaderValue::try_from) {
            headers.insert(ALLOW, allow);
        }
        answer
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            Problem::not_now("The database does not answer at present.")
        } else {
            Problem::broken()
        }
    }
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::NotFound => Problem::new(StatusCode::NOT_FOUND, "There is no such thing."),
            OfficeError::Conflict(why) => Problem::new(StatusCode::CONFLICT, why),
            OfficeError::Impossible(why) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why),
            OfficeError::NotNow => Problem::not_now("The desk takes nothing at present."),
            OfficeError::Store(error) => error.into(),
            OfficeError::Files(error) if error.is_transient() => {
                Problem::not_now("File storage does not answer at present.")
            }
            OfficeError::Files(_) | OfficeError::NoRandomness(_) => Problem::broken(),
        }
    }
}
