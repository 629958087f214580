//! Files: sending and getFile.

use serde_json::{Map, Value, json};

use super::{chat, content, messages};
use crate::answer::{Outcome, Refusal, Success};
use crate::params::Params;
use crate::state::State;
use crate::world::File;

const MAX_DOWNLOAD: u64 = 20 << 20;
const MAX_UPLOAD: u64 = 50 << 20;
const MAX_PHOTO: u64 = 10 << 20;

/// sendDocument and sendPhoto: an upload, a file_id or a URL.
pub(super) fn send(state: &mut State, params: &Params, field: &str) -> Outcome {
    chat(state, params, "chat_id")?;
    let mut fields = content::caption(params, state.config.strict)?;
    let file = if let Some(upload) = params.uploads.iter().find(|upload| upload.field == field) {
        if upload.bytes.is_empty() {
            return Err(Refusal::bad("file must be non-empty"));
        }
        state
            .world
            .add_file(&upload.name, &upload.mime, upload.bytes.clone(), None)
    } else {
        let source = params.text(field).filter(|source| !source.is_empty());
        let source = source.ok_or_else(|| Refusal::bad(format!("there is no {field} in the request")))?;
        if source.starts_with("http://") || source.starts_with("https://") {
            state.world.add_file(
                "from-the-web.bin",
                "application/octet-stream",
                bytes::Bytes::new(),
                None,
            )
        } else {
            let known = state.world.files.get(&source).cloned();
            known.ok_or_else(|| Refusal::bad("wrong file identifier/HTTP URL specified"))?
        }
    };
    let limit = if field == "photo" { MAX_PHOTO } else { MAX_UPLOAD };
    if file.size > limit {
        return Err(Refusal::new(413, "Request Entity Too Large"));
    }
    let (name, value) = object(&file, field);
    fields.insert(name, value);
    messages::post(state, params, fields)
}

/// The field of a Message that carries a file.
pub(crate) fn object(file: &File, field: &str) -> (String, Value) {
    let mut described = Map::new();
    described.insert("file_id".to_owned(), file.id.clone().into());
    described.insert("file_unique_id".to_owned(), file.unique_id.clone().into());
    described.insert("file_size".to_owned(), file.size.into());
    if field == "photo" {
        described.insert("width".to_owned(), 800.into());
        described.insert("height".to_owned(), 600.into());
        return (field.to_owned(), Value::Array(vec![Value::Object(described)]));
    }
    if field == "voice" {
        described.insert("duration".to_owned(), 3.into());
    } else {
        described.insert("file_name".to_owned(), file.name.clone().into());
    }
    described.insert("mime_type".to_owned(), file.mime.clone().into());
    (field.to_owned(), Value::Object(described))
}

pub(super) fn get(state: &State, params: &Params) -> Outcome {
    let id = params.text("file_id").unwrap_or_default();
    let file = state.world.files.get(&id);
    let file = file.ok_or_else(|| Refusal::bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.size > MAX_DOWNLOAD && !state.config.local {
        return Err(Refusal::bad("file is too big"));
    }
    Ok(Success::Result(
        json!({"file_id": file.id, "file_unique_id": file.unique_id,
                              "file_size": file.size, "file_path": file.path}),
    ))
}

/// The bytes at the path that [`get`] named.
pub(crate) fn download(state: &State, params: &Params) -> Outcome {
    let path = params.text("file_path").unwrap_or_default();
    let found = state.world.files.values().find(|file| file.path == path);
    found
        .map(|file| Success::File(file.bytes.clone()))
        .ok_or_else(Refusal::not_found)
}
