//! What a message says.

use frontdesk_core::conversation::{ContentType, Person};
use frontdesk_core::dialogue::{Media, UpdateKind};
use frontdesk_core::id::UserId;
use frontdesk_core::text::{clean, clip};

use super::kinds;
use crate::json::Fields;

/// Longest name, handle or type kept, in characters.
const FIELD_LIMIT: usize = 255;

/// A short text of a field; nothing if there is none or it is blank.
fn short(fields: &Fields<'_>, name: &str) -> Option<String> {
    let cleaned = clean(&fields.text(name)?);
    let clipped = clip(&cleaned, FIELD_LIMIT);
    (!clipped.is_empty()).then(|| clipped.to_owned())
}

/// The sender, of whom at least the id is known.
pub(super) fn person(user: &Fields<'_>, id: i64) -> Person {
    let language = short(user, "language_code")
        .filter(|tag| tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    Person {
        user_id: UserId(id),
        username: short(user, "username").map(|name| name.trim_start_matches('@').to_owned()),
        first_name: short(user, "first_name"),
        last_name: short(user, "last_name"),
        language,
        is_bot: user.flag("is_bot"),
    }
}

/// The text of a message or the caption of its file, cleaned; empty if there is none.
pub(super) fn words(message: &Fields<'_>) -> String {
    ["text", "caption"]
        .iter()
        .filter_map(|name| message.text(name))
        .map(|text| clean(&text))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// What a message of a person to the bot says. Never nothing: what no version of the API knows, or
/// what cannot be read, is media of kind `unknown`, so that the person is answered.
pub(super) fn content(message: &Fields<'_>, sender: i64) -> UpdateKind {
    let text = message
        .text("text")
        .map(|text| clean(&text))
        .filter(|text| !text.is_empty());
    if let Some(text) = text {
        return UpdateKind::Text { text };
    }
    if let Some(sizes) = message.objects("photo") {
        return UpdateKind::Media(media(message, "photo", ContentType::Image, &largest(sizes)));
    }
    for (kind, content_type) in kinds::FILES {
        if let Some(file) = message.object(kind) {
            return UpdateKind::Media(media(message, kind, content_type, &file));
        }
    }
    if let Some(contact) = message.object("contact") {
        return match short(&contact, "phone_number") {
            Some(phone) => UpdateKind::Contact {
                phone,
                own: contact.number("user_id") == Some(sender),
            },
            None => thing(message, "contact", ContentType::Contact),
        };
    }
    let venue = message.object("venue").and_then(|venue| venue.object("location"));
    if let Some(place) = venue.or_else(|| message.object("location")) {
        return place_of(&place).unwrap_or_else(|| thing(message, "location", ContentType::Location));
    }
    if let Some(kind) = kinds::THINGS.into_iter().find(|kind| message.has(kind)) {
        return thing(message, kind, ContentType::Other);
    }
    if let Some(what) = kinds::SERVICE.into_iter().find(|kind| message.has(kind)) {
        return UpdateKind::Ignored {
            what: what.to_owned(),
        };
    }
    thing(message, "unknown", ContentType::Other)
}

fn place_of(place: &Fields<'_>) -> Option<UpdateKind> {
    let latitude = place
        .decimal("latitude")
        .filter(|degrees| degrees.abs() <= 90.0)?;
    let longitude = place
        .decimal("longitude")
        .filter(|degrees| degrees.abs() <= 180.0)?;
    Some(UpdateKind::Location { latitude, longitude })
}

fn thing(message: &Fields<'_>, kind: &str, content_type: ContentType) -> UpdateKind {
    UpdateKind::Media(media(message, kind, content_type, &Fields::default()))
}

fn media(message: &Fields<'_>, kind: &str, content_type: ContentType, file: &Fields<'_>) -> Media {
    Media {
        content_type,
        kind: kind.to_owned(),
        file_id: short(file, "file_id"),
        file_name: short(file, "file_name"),
        mime_type: short(file, "mime_type"),
        size_bytes: file.number("file_size").filter(|size| *size >= 0),
        album: album(message),
        caption: message
            .text("caption")
            .map_or_else(String::new, |text| clean(&text)),
    }
}

/// The album a message belongs to.
pub(super) fn album(message: &Fields<'_>) -> Option<String> {
    short(message, "media_group_id").or_else(|| message.number("media_group_id").map(|id| id.to_string()))
}

/// A photo comes in several sizes; the order is not promised.
fn largest(sizes: Vec<Fields<'_>>) -> Fields<'_> {
    sizes
        .into_iter()
        .max_by_key(|size| {
            let side = |name| size.number(name).unwrap_or(0);
            (
                side("width").saturating_mul(side("height")),
                size.number("file_size"),
            )
        })
        .unwrap_or_default()
}
