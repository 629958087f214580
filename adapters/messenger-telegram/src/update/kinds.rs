//! The words of the Bot API: kinds of updates and of message content, up to version 10.3.

use frontdesk_core::conversation::ContentType;

/// A message to the bot.
pub(super) const MESSAGE: &str = "message";
/// A message to the bot that changed.
pub(super) const EDITED_MESSAGE: &str = "edited_message";
/// A tap on an inline button.
pub(super) const CALLBACK_QUERY: &str = "callback_query";
/// The bot's own standing in a chat changed.
pub(super) const MY_CHAT_MEMBER: &str = "my_chat_member";
/// The button that stops an answer was tapped.
pub(super) const STOPPED: &str = "stopped_message_generation";

/// What the desk understands, and all it asks for.
pub const ALLOWED_UPDATES: [&str; 5] = [MESSAGE, EDITED_MESSAGE, CALLBACK_QUERY, MY_CHAT_MEMBER, STOPPED];

/// Among them, those that nobody wrote: they do not count for a client's limits.
pub(super) const UNWRITTEN: [&str; 2] = [MY_CHAT_MEMBER, STOPPED];

/// Kinds that exist and do not concern the desk. A business account's messages are among them:
/// they were written to a person, not to the bot.
pub(super) const OTHER_UPDATES: [&str; 22] = [
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

/// Content that is one file, and what it is shown as. `animation` comes before `document`, since
/// such messages carry both.
pub(super) const FILES: [(&str, ContentType); 8] = [
    ("animation", ContentType::Document),
    ("document", ContentType::Document),
    ("voice", ContentType::Voice),
    ("audio", ContentType::Document),
    ("video", ContentType::Document),
    ("video_note", ContentType::Document),
    ("live_photo", ContentType::Image),
    ("sticker", ContentType::Other),
];

/// Content that is no file.
pub(super) const THINGS: [&str; 11] = [
    "poll",
    "dice",
    "game",
    "story",
    "paid_media",
    "invoice",
    "checklist",
    "rich_message",
    "giveaway",
    "giveaway_winners",
    "passport_data",
];

/// Messages that nobody wrote.
pub(super) const SERVICE: [&str; 62] = [
    "new_chat_members",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_member",
    "left_chat_participant",
    "chat_owner_left",
    "chat_owner_changed",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "user_shared",
    "chat_shared",
    "gift",
    "unique_gift",
    "gift_upgrade_sent",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "direct_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_completed",
    "managed_bot_created",
    "paid_message_price_changed",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "voice_chat_scheduled",
    "voice_chat_started",
    "voice_chat_ended",
    "voice_chat_participants_invited",
    "web_app_data",
];
