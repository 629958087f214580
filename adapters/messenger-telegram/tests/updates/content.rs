//! What a message says.

use frontdesk_core::conversation::ContentType;
use frontdesk_core::dialogue::{ChatKind, Media, UpdateKind};
use frontdesk_core::id::{ChannelMessageId, ChatId, UpdateId, UserId};
use frontdesk_core::port::messenger::Envelope;
use frontdesk_core::time::Timestamp;
use serde_json::{Value, json};

use crate::{decode, ignored, media, message, peek, said, text};

#[test]
fn a_text_is_read_whole() {
    let update = message(json!({"text": " /start summer \u{0}"}));
    assert_eq!(
        peek(&update),
        Envelope {
            update_id: UpdateId(1),
            chat: ChatId(42),
            user: Some(UserId(42)),
            counts: true,
            text_start: "/start summer".to_owned(),
            album: None,
        }
    );
    let update = decode(&update);
    assert_eq!(update.chat, ChatId(42));
    assert_eq!(update.chat_kind, ChatKind::Private);
    assert_eq!(update.thread, None);
    assert_eq!(update.from.user_id, UserId(42));
    assert_eq!(update.from.first_name.as_deref(), Some("Ann"));
    assert_eq!(update.from.language.as_deref(), Some("en"));
    assert_eq!(update.channel_message_id, Some(ChannelMessageId(7)));
    assert_eq!(update.at, Timestamp::from_seconds(1_700_000_000));
    assert_eq!(update.what, text("/start summer"));
}

#[test]
fn files_keep_their_handle_and_names() {
    let file = json!({"file_id": "F", "file_name": "a\u{0}b.pdf", "mime_type": "application/pdf", "file_size": 5_000_000_000_i64});
    for (kind, content_type) in [
        ("document", ContentType::Document),
        ("voice", ContentType::Voice),
        ("audio", ContentType::Document),
        ("video", ContentType::Document),
        ("video_note", ContentType::Document),
        ("animation", ContentType::Document),
        ("live_photo", ContentType::Image),
        ("sticker", ContentType::Other),
    ] {
        let found = media(json!({kind: file, "caption": " look ", "media_group_id": "album"}));
        let wanted = Media {
            content_type,
            kind: kind.to_owned(),
            file_id: Some("F".to_owned()),
            file_name: Some("ab.pdf".to_owned()),
            mime_type: Some("application/pdf".to_owned()),
            size_bytes: Some(5_000_000_000),
            album: Some("album".to_owned()),
            caption: "look".to_owned(),
        };
        assert_eq!(found, wanted);
    }
    let both = media(json!({"animation": {"file_id": "A"}, "document": {"file_id": "D"}}));
    assert_eq!(
        (both.kind.as_str(), both.file_id.as_deref()),
        ("animation", Some("A"))
    );
    let envelope = peek(&message(
        json!({"photo": [], "caption": "/human", "media_group_id": 12}),
    ));
    assert_eq!(
        (envelope.text_start.as_str(), envelope.album.as_deref()),
        ("/human", Some("12"))
    );
}

#[test]
fn of_a_photo_the_largest_size_counts() {
    let photo = media(json!({"photo": [
        {"file_id": "s", "width": 90, "height": 60, "file_size": 900_000},
        {"file_id": "l", "width": 1280, "height": 853, "file_size": 200_000},
        "nonsense",
        {"file_id": "m", "width": 320, "height": 213},
    ]}));
    assert_eq!(photo.content_type, ContentType::Image);
    assert_eq!(
        (photo.file_id.as_deref(), photo.size_bytes),
        (Some("l"), Some(200_000))
    );
    assert_eq!(media(json!({"photo": []})).file_id, None);
}

#[test]
fn contacts_and_places() {
    let contact = |id: Value| {
        said(json!({"contact": {"phone_number": "+4930123456", "first_name": "A", "user_id": id}}))
    };
    let phone = "+4930123456".to_owned();
    assert_eq!(
        contact(json!(42)),
        UpdateKind::Contact {
            phone: phone.clone(),
            own: true
        }
    );
    assert_eq!(
        contact(json!(43)),
        UpdateKind::Contact {
            phone: phone.clone(),
            own: false
        }
    );
    assert_eq!(contact(json!(null)), UpdateKind::Contact { phone, own: false });
    assert_eq!(media(json!({"contact": {"phone_number": 5}})).kind, "contact");

    let here = UpdateKind::Location {
        latitude: 52.5,
        longitude: -13.25,
    };
    let place = json!({"latitude": 52.5, "longitude": -13.25});
    assert_eq!(said(json!({"location": place})), here);
    assert_eq!(
        said(json!({"venue": {"location": place, "title": "x"}, "location": place})),
        here
    );
    assert_eq!(
        media(json!({"location": {"latitude": 91, "longitude": 0}})).kind,
        "location"
    );
    assert_eq!(media(json!({"location": {"latitude": "1"}})).kind, "location");
}

#[test]
fn whatever_a_person_sends_is_answered() {
    for kind in [
        "poll",
        "dice",
        "game",
        "story",
        "paid_media",
        "invoice",
        "checklist",
        "rich_message",
        "giveaway",
    ] {
        let found = media(json!({kind: {"x": 1}}));
        assert_eq!(
            (found.content_type, found.kind.as_str()),
            (ContentType::Other, kind)
        );
    }
    for content in [
        json!({"hologram": {"file_id": "H"}}),
        json!({}),
        json!({"text": 5}),
        json!({"text": "\u{0}  "}),
        json!({"voice": "nonsense"}),
        json!({"photo": {"file_id": "no array"}}),
    ] {
        let found = media(content);
        assert_eq!(
            (found.content_type, found.kind.as_str()),
            (ContentType::Other, "unknown")
        );
    }
}

#[test]
fn service_messages_and_other_bots_are_ignored() {
    for what in [
        "new_chat_members",
        "pinned_message",
        "message_auto_delete_timer_changed",
        "web_app_data",
        "gift",
    ] {
        assert_eq!(said(json!({what: {"x": 1}})), ignored(what));
    }
    let mut bot = message(json!({"text": "hi"}));
    bot["message"]["from"]["is_bot"] = json!(true);
    assert!(!peek(&bot).counts);
    assert_eq!(decode(&bot).what, ignored("bot_message"));
    // Whatever carries a text was written, forwarded or not.
    let forwarded = json!({"text": "hi", "forward_origin": {"type": "hidden_user"}, "reply_to_message": {"pinned_message": {}}});
    assert_eq!(said(forwarded), text("hi"));
}
