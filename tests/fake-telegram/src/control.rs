//! The control API under `/fake/`.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::state::Shared;

pub(crate) async fn answer(
    _shared: &Arc<Shared>,
    _method: &Method,
    _path: &str,
    _query: Option<&str>,
    _body: Bytes,
) -> Answer {
    Answer::json(404, &json!({"error": "no such control request"}))
}
