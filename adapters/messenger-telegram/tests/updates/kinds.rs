//! Every kind of update.

use frontdesk_core::dialogue::{ChatKind, UpdateKind};
use frontdesk_core::id::{ChannelMessageId, ChatId, ThreadId, UserId};
use frontdesk_core::port::messenger::{DecodeError, UpdateDecoder};
use frontdesk_core::time::Timestamp;
use frontdesk_telegram::{ALLOWED_UPDATES, TelegramDecoder};
use serde_json::{Value, json};

use crate::{decode, ignored, message, peek, text, try_decode};

/// A private message of Ann's with `content` on top.

#[test]
fn the_samples_of_the_documentation_are_read() {
    let sample = json!({
        "update_id": 10000,
        "message": {
            "date": 1_441_645_532,
            "chat": {"last_name": "Test Lastname", "id": 1_111_111, "first_name": "Test", "username": "Test"},
            "message_id": 1365,
            "from": {"last_name": "Test Lastname", "id": 1_111_111, "first_name": "Test", "username": "Test"},
            "text": "/start"
        }
    });
    assert!(peek(&sample).counts);
    let update = decode(&sample);
    assert_eq!(update.chat_kind, ChatKind::Private);
    assert_eq!(update.from.last_name.as_deref(), Some("Test Lastname"));
    assert_eq!(update.what, text("/start"));

    let tap = json!({
        "update_id": 10000,
        "callback_query": {
            "id": "4382bfdwdsb323b2d9",
            "from": {"last_name": "Test Lastname", "type": "private", "id": 1_111_111, "first_name": "Test"},
            "data": "Data from button callback",
            "inline_message_id": "1234csdbsk4839"
        }
    });
    assert_eq!(peek(&tap).chat, ChatId(1_111_111));
    let update = decode(&tap);
    assert_eq!(update.chat, ChatId(1_111_111));
    assert_eq!(
        update.what,
        UpdateKind::Tap {
            tap_id: "4382bfdwdsb323b2d9".to_owned(),
            data: "Data from button callback".to_owned()
        }
    );
}

#[test]
fn edits_tell_the_text_now() {
    let edited = |content: Value| {
        let mut update = message(content);
        update["edited_message"] = update["message"].take();
        decode(&update)
    };
    let update = edited(json!({"text": "new\r\nline", "edit_date": 1_700_000_100}));
    assert_eq!(
        update.what,
        UpdateKind::Edited {
            text: "new\nline".to_owned()
        }
    );
    assert_eq!(update.at, Timestamp::from_seconds(1_700_000_100));
    let caption = edited(json!({"photo": [], "caption": "new"}));
    assert_eq!(
        caption.what,
        UpdateKind::Edited {
            text: "new".to_owned()
        }
    );
    let moved = edited(json!({"location": {"latitude": 1, "longitude": 1}}));
    assert_eq!(moved.what, ignored("edited_message"));
}

#[test]
fn taps() {
    let tap = |query: Value| json!({"update_id": 5, "callback_query": query});
    let from = json!({"id": 42, "is_bot": false});
    let old = tap(json!({"id": "1", "from": from, "data": "m:quote",
        "message": {"message_id": 3, "date": 0, "chat": {"id": 42, "type": "private"}, "is_topic_message": true, "message_thread_id": 9}}));
    assert_eq!(peek(&old).chat, ChatId(42));
    let update = decode(&old);
    assert_eq!(
        (update.channel_message_id, update.thread),
        (Some(ChannelMessageId(3)), Some(ThreadId(9)))
    );
    assert_eq!(update.at, Timestamp::EPOCH);
    assert_eq!(
        update.what,
        UpdateKind::Tap {
            tap_id: "1".to_owned(),
            data: "m:quote".to_owned()
        }
    );

    let game = decode(&tap(json!({"id": "1", "from": from, "game_short_name": "g"})));
    assert_eq!(
        game.what,
        UpdateKind::Tap {
            tap_id: "1".to_owned(),
            data: String::new()
        }
    );
    let foreign = decode(&tap(json!({"id": "1", "from": from, "data": "a\u{0}b"})));
    assert_eq!(
        foreign.what,
        UpdateKind::Tap {
            tap_id: "1".to_owned(),
            data: "a\u{fffd}b".to_owned()
        }
    );

    let group = tap(json!({"id": "1", "from": from, "message": {"chat": {"id": -5, "type": "group"}}}));
    assert_eq!((peek(&group).chat, peek(&group).counts), (ChatId(-5), false));
    assert_eq!(decode(&group).what, ignored("group_tap"));
    for broken in [
        json!({"from": from}),
        json!({"id": "1"}),
        json!({"id": {}, "from": from}),
    ] {
        assert!(matches!(try_decode(&tap(broken)), Err(DecodeError::Malformed(_))));
    }
}

#[test]
fn being_blocked_is_seen_in_private_chats_only() {
    let standing = |chat: Value, status: &str| {
        json!({"update_id": 5, "my_chat_member": {
            "chat": chat, "from": {"id": 42}, "date": 1_700_000_000,
            "old_chat_member": {"status": "x"}, "new_chat_member": {"status": status}}})
    };
    let private = json!({"id": 42, "type": "private"});
    assert!(!peek(&standing(private.clone(), "kicked")).counts);
    for (status, what) in [
        ("kicked", UpdateKind::Reachable { reachable: false }),
        ("member", UpdateKind::Reachable { reachable: true }),
        ("astronaut", ignored("my_chat_member")),
    ] {
        assert_eq!(decode(&standing(private.clone(), status)).what, what);
    }
    let group = standing(json!({"id": -42, "type": "supergroup"}), "kicked");
    assert_eq!(decode(&group).what, ignored("my_chat_member"));
}

#[test]
fn groups_and_channels_are_ignored_under_their_own_chat() {
    for (kind, wanted, what) in [
        ("group", ChatKind::Group, "group_message"),
        ("supergroup", ChatKind::Group, "group_message"),
        ("channel", ChatKind::Broadcast, "channel_message"),
        ("galaxy", ChatKind::Group, "group_message"),
    ] {
        let update = message(
            json!({"text": "hi", "chat": {"id": -100_123, "type": kind}, "message_thread_id": 4, "is_topic_message": true}),
        );
        let envelope = peek(&update);
        assert_eq!(
            (envelope.chat, envelope.user, envelope.counts),
            (ChatId(-100_123), Some(UserId(42)), false)
        );
        let update = decode(&update);
        assert_eq!((update.chat_kind, update.thread), (wanted, Some(ThreadId(4))));
        assert_eq!(update.what, ignored(what));
    }
    let reply_chain = message(json!({"text": "hi", "message_thread_id": 4}));
    assert_eq!(decode(&reply_chain).thread, None);
}

#[test]
fn stopping_an_answer() {
    let stop = |body: Value| json!({"update_id": 5, "stopped_message_generation": body});
    let chat = json!({"id": 42, "type": "private", "first_name": "Ann"});
    let update = stop(json!({"chat": chat, "message_thread_id": 9, "draft_id": 9_007_199_254_740_993_i64}));
    let envelope = peek(&update);
    // Nobody wrote it: it does not count for the client's limits.
    assert_eq!((envelope.chat, envelope.counts), (ChatId(42), false));
    assert_eq!(envelope.user, Some(UserId(42)));
    let update = decode(&update);
    assert_eq!((update.chat, update.thread), (ChatId(42), Some(ThreadId(9))));
    assert_eq!(
        (update.chat_kind, update.from.first_name.as_deref()),
        (ChatKind::Private, Some("Ann"))
    );
    assert_eq!(
        update.what,
        UpdateKind::Stopped {
            draft_id: 9_007_199_254_740_993
        }
    );
    let group = decode(&stop(json!({"chat": {"id": -5, "type": "group"}, "draft_id": 1})));
    assert_eq!(group.what, ignored("stopped_message_generation"));
    for broken in [
        json!({"chat": chat}),
        json!({"draft_id": 1}),
        json!({"chat": chat, "draft_id": "x"}),
    ] {
        assert!(matches!(
            try_decode(&stop(broken)),
            Err(DecodeError::Malformed(_))
        ));
    }
}

#[test]
fn every_kind_of_the_api_is_known_and_others_are_kept() {
    let others = [
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "guest_message",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
        "managed_bot",
        "subscription",
    ];
    for kind in others {
        for body in [
            json!({"from": {"id": 9}, "text": "hi"}),
            json!({"user": {"id": 9}}),
            json!({"chat": {"id": 9}}),
        ] {
            let update = json!({"update_id": 2, kind: body});
            let envelope = peek(&update);
            assert_eq!((envelope.chat, envelope.counts), (ChatId(9), false), "{update}");
            assert_eq!(decode(&update).what, ignored(kind));
        }
        let odd = json!({"update_id": 2, kind: 5});
        assert_eq!(peek(&odd).chat, ChatId(0));
        assert_eq!(decode(&odd).what, ignored(kind));
    }
    let future = json!({"update_id": 2, "telepathy": {"from": {"id": 9}}});
    assert_eq!(peek(&future).chat, ChatId(9));
    assert_eq!(
        try_decode(&future),
        Err(DecodeError::UnknownKind("telepathy".to_owned()))
    );
    assert!(matches!(
        try_decode(&json!({"update_id": 2})),
        Err(DecodeError::Malformed(_))
    ));
    for kind in ALLOWED_UPDATES {
        let odd = json!({"update_id": 2, kind: "odd"});
        assert_eq!(peek(&odd).chat, ChatId(0));
        assert!(matches!(try_decode(&odd), Err(DecodeError::Malformed(_))));
    }
    let form = TelegramDecoder.decode(b"{}", 2);
    assert_eq!(form, Err(DecodeError::UnknownKind("form 2".to_owned())));
}
