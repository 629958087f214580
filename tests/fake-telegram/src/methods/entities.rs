//! What stretches of a text are shown as.

use serde_json::Value;

use crate::answer::Refusal;

const MAX_ENTITIES: usize = 100;
const MAX_ENTITY_BYTES: usize = 9500;

/// Kinds of entities that can be sent. Those that Telegram finds in a text by itself are taken and ignored.
const ENTITY_KINDS: [&str; 20] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "date_time",
];

/// The entities of `text`, checked as Telegram does; `strict` refuses what it would cut.
pub(super) fn checked(text: &str, entities: Value, strict: bool) -> Result<Vec<Value>, Refusal> {
    let Value::Array(mut entities) = entities else {
        return Err(Refusal::bad("expected an Array of MessageEntity"));
    };
    entities.retain(|entity| entity["length"].as_i64() != Some(0));
    let bytes: usize = entities
        .iter()
        .flat_map(|entity| [12, bytes_of(&entity["url"]), bytes_of(&entity["language"])])
        .sum();
    if bytes > MAX_ENTITY_BYTES || (strict && entities.len() > MAX_ENTITIES) {
        return Err(Refusal::bad("ENTITIES_TOO_LONG"));
    }
    entities.truncate(MAX_ENTITIES);
    let boundaries = utf16_boundaries(text);
    for entity in &entities {
        check_kind(entity)?;
        check_place(&boundaries, entity)?;
    }
    Ok(entities)
}

/// What a text of an entity takes on the wire.
fn bytes_of(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.len() + 4)
}

fn check_kind(entity: &Value) -> Result<(), Refusal> {
    let cannot = |why: &str| Err(Refusal::bad(format!("can't parse MessageEntity: {why}")));
    match entity["type"].as_str() {
        None => cannot("Can't find field \"type\""),
        Some(kind) if !ENTITY_KINDS.contains(&kind) => cannot("Unsupported type specified"),
        Some("text_link") if entity["url"].as_str().is_none_or(str::is_empty) => {
            cannot("Can't find field \"url\"")
        }
        Some(_) => Ok(()),
    }
}

fn check_place(boundaries: &[bool], entity: &Value) -> Result<(), Refusal> {
    let number = |name: &str| {
        let number = entity[name].as_i64();
        number.and_then(|number| usize::try_from(number).ok())
    };
    let (Some(offset), Some(length)) = (number("offset"), number("length")) else {
        return Err(Refusal::bad("receive an entity with incorrect offset or length"));
    };
    let end = offset.saturating_add(length);
    if end >= boundaries.len() {
        let what = format!("entity beginning at UTF-16 offset {offset} ends after the end of the text");
        return Err(Refusal::bad(what));
    }
    if !boundaries[offset] {
        return Err(Refusal::bad(format!(
            "entity begins in a middle of a UTF-16 symbol at offset {offset}"
        )));
    }
    if !boundaries[end] {
        let what = format!("entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol");
        return Err(Refusal::bad(what));
    }
    Ok(())
}

/// For each UTF-16 offset, the end included, whether a character begins there.
fn utf16_boundaries(text: &str) -> Vec<bool> {
    let mut boundaries = Vec::with_capacity(text.len() + 1);
    for character in text.chars() {
        boundaries.push(true);
        if character.len_utf16() == 2 {
            boundaries.push(false);
        }
    }
    boundaries.push(true);
    boundaries
}
